"""`opendcr calibrate`: a scenario fitted to what was published."""

import math
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from opendcr import __version__
from opendcr.cli.output import emit, json_option, progress
from opendcr.cli.simulate import PATH, seed_option, working
from opendcr.errors import InputError

if TYPE_CHECKING:
    from opendcr.simulate.calibrate import Fit


@click.command(
    "calibrate",
    epilog="Example: opendcr calibrate room.toml months.csv --out fitted.toml",
)
@click.argument("scenario", type=PATH)
@click.argument("targets", type=PATH)
@click.option("--out", type=PATH, required=True, metavar="FITTED.toml", help="The fitted scenario.")
@seed_option
@json_option
def calibrate(scenario: Path, targets: Path, out: Path, seed: int, as_json: bool) -> None:
    """Fit a room's rates to its published months, and say what these months cannot tell.

    TARGETS has the columns period (2025-01), measure (times_accessed, injecting_episodes,
    medical_emergencies) and value. The fitted scenario holds, for each month, how many come, how
    many of them use and how often an emergency begins as distributions: what was published and no
    more. Other unknown inputs of the scenario stay as they are; the answer says of each how far
    the published counts could tell it at all.
    """
    from opendcr.simulate.calibrate import fitted, read_targets
    from opendcr.simulate.toml import written
    from opendcr.simulate.uncertain import read_assumptions
    from opendcr.whole import write_whole

    read, months = read_assumptions(scenario), read_targets(targets)
    if out.resolve() in (scenario.resolve(), targets.resolve()):
        raise InputError("--out", f"{out}, which is read", "another file")
    policy = read.raw.get("room", {}).get("policy")
    if policy is not None and out.resolve().parent != scenario.resolve().parent:
        expected = f"a file beside {scenario.name}, whose policy is looked for there"
        raise InputError("--out", str(out), expected)
    with ExitStack() as stack:
        stack.enter_context(working(None, None))
        with progress("Unknown inputs", len(read.inputs)) as show:
            fit = fitted(read, months, seed, show)
    head = (
        f"# Fitted by opendcr {__version__} to {targets.name} from {scenario.name}, seed {seed}.\n"
        "# Rates by month are posteriors: what was published, and no more.\n\n"
    )
    write_whole(out, head + written(fit.content))
    document = {
        "scenario": read.expected.name,
        "out": str(out),
        "months": list(fit.months),
        "served": fit.served,
        "episodes": {"fitted": fit.episodes[0], "published": fit.episodes[1]},
        "together_sds": fit.together,
        "left": dict(fit.left),
        "inputs": [
            {"name": one.name, "low": one.low, "high": one.high, "count": one.count,
             "sds": one.sds, "identified": one.identified}
            for one in fit.moved
        ],
    }  # fmt: skip
    emit(as_json, document, _text(out, fit))


def _text(out: Path, fit: "Fit") -> str:
    lines = [
        f"Fitted {len(fit.months)} months: {out}",
        f"{100 * fit.served:.2f} % of those who come to use are served under these assumptions, which "
        f"makes {fit.episodes[0]:,.0f} episodes; {fit.episodes[1]:,} are published.",
    ]
    if abs(fit.episodes[0] - fit.episodes[1]) > math.sqrt(fit.episodes[1]):
        lines.append(
            "Under these assumptions the room cannot make what is published: look at its places, its "
            "hours, and how long people stay and wait."
        )
    if fit.left:
        months = ", ".join(
            f"{month} ({people:.1f} people a day)" for month, people in fit.left.items()
        )
        lines.append(f"Nothing is published of these months, which stay as they were: {months}.")
    if fit.moved:
        lines += ["", "What the published counts say of the other unknown inputs:"]
    for one in fit.moved:
        told = "could be told apart" if one.identified else "cannot be told apart: not identified"
        lines.append(
            f"- {one.name}, {one.low:.3g} to {one.high:.3g}: moves {one.count} by "
            f"{one.sds:.2g} of its standard deviation; {told}"
        )
    if fit.together is not None:
        lines.append(
            f"- all of them together: 95 of 100 draws lie {fit.together:.2g} standard deviations of "
            "injecting_episodes apart"
        )
    return "\n".join(lines)
