"""Displacement as a design reads it from its own cells: what may be said of where events went."""

from collections.abc import Iterator, Mapping

from opendcr.evaluate.decision import holds, span
from opendcr.evaluate.estimate import Estimate, Part

NET = "net of displacement"  # all rings but the farthest, at all hours
NET_INSIDE = "net of displacement, inside hours"


def looked(found: Estimate) -> Mapping[str, Part]:
    """The parts that are of where events may have gone, by name."""
    return {name: one for name, one in (found.parts or {}).items() if one.displacement}


def risen(found: Estimate) -> Mapping[str, Part]:
    """Those of which a rise is shown, by what the design itself assumes."""
    return {name: one for name, one in looked(found).items() if one.risen}


def sentence(found: Estimate, of: str = "") -> str:
    """What must be said beside an answer where displacement is shown; empty where it is not."""
    rises = [f"in {name}, {_span(one)}" for name, one in risen(found).items()]
    if not rises:
        return ""
    return f"Displacement{of and f' of {of}'} is shown: {'; '.join(rises)}.{_net(found)}"


def told(found: Estimate, of: str) -> str:
    """What was found of displacement, shown or not, as sentences; empty where it is not read."""
    if not looked(found):
        return ""
    said = [*_each(found)]
    if not said:
        said = ["not to be told: no ring lies between the near ones and the farthest"]
    return f"Displacement of {of} into other rings is {'; '.join(said)}.{_net(found)}"


def _net(found: Estimate) -> str:
    """What is left of the fall, as a sentence after another; empty where nothing says so."""
    net = (found.parts or {}).get(NET_INSIDE)
    return f" In all rings but the farthest together, inside hours: {_span(net)}." if net else ""


def _each(found: Estimate) -> Iterator[str]:
    """By part that rests on what the design itself assumes: shown, not shown, or not to be told."""
    for name, one in looked(found).items():
        if one.assumes:
            continue
        if one.interval is None:
            yield f"not to be told in {name}: these data allow no interval"
        else:
            yield f"{'shown' if one.risen else 'not shown'} in {name}: {_span(one)}"


def _span(part: Part) -> str:
    if part.interval is None:
        return "no interval could be given"
    level = "" if part.level is None else f" ({holds(part.level)} interval)"
    return f"{span(part.interval)}{level}"
