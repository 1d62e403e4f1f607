"""The stages of a visit, as a table that people and programs read.

Each row: a kind of fact, the stages from which an ask for it is taken, and the stage it leads to.
A report is taken from any stage; from one that is not in its row it is flagged. The diagram in
`docs/room.md` is made from this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Stage:
    """Where a visit stands, in words for a person."""

    code: str
    words: str


STAGES: Mapping[str, Stage] = MappingProxyType(
    {
        stage.code: stage
        for stage in (
            Stage("arrived", "at reception"),
            Stage("waiting", "waiting"),
            Stage("stepped_out", "stepped out, place kept"),
            Stage("called", "called"),
            Stage("seated", "in a booth"),
            Stage("consuming", "using"),
            Stage("finished", "finished, still in the booth"),
            Stage("recovery", "resting"),
            Stage("left", "left"),
        )
    }
)

IN_BOOTH = frozenset({"seated", "consuming", "finished"})
IN_PLACE = IN_BOOTH | {"recovery"}  # the stages in which a visit holds a place
HERE = frozenset(STAGES) - {"left"}


@dataclass(frozen=True)
class Step:
    """One row: after `kind`, from one of `before`, a visit stands at `after`."""

    kind: str
    before: frozenset[str]
    after: str


STEPS: Mapping[str, Step] = MappingProxyType(
    {
        step.kind: step
        for step in (
            Step("Queued", frozenset({"arrived", "recovery"}), "waiting"),
            Step("SteppedOut", frozenset({"waiting", "called"}), "stepped_out"),
            Step("CameBack", frozenset({"stepped_out"}), "waiting"),
            Step("Called", frozenset({"waiting"}), "called"),
            Step("Seated", frozenset({"arrived", "waiting", "called", "recovery"}), "seated"),
            Step("ConsumptionStarted", frozenset({"seated", "finished"}), "consuming"),
            Step("ConsumptionEnded", frozenset({"consuming"}), "finished"),
            Step("MovedToRecovery", HERE - {"recovery"}, "recovery"),
            Step("TurnedAway", frozenset({"arrived", "waiting"}), "left"),
            Step("Departed", HERE, "left"),
        )
    }
)


def diagram() -> str:
    """The table as a Mermaid state diagram; one line for each row and stage."""
    lines = ["stateDiagram-v2", "    [*] --> arrived: Arrived"]
    for step in STEPS.values():
        for before in STAGES:
            if before in step.before:
                lines.append(f"    {before} --> {step.after}: {step.kind}")
    return "\n".join([*lines, "    left --> [*]"])
