"""`opendcr plan`: booths, hours and staff of a room compared."""

import math
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from opendcr.cli.output import emit, json_option, progress, say
from opendcr.cli.simulate import (
    PATH,
    scheduler_option,
    seed_option,
    workers_option,
    working,
)
from opendcr.errors import InputError
from opendcr.simulate.words import number

if TYPE_CHECKING:
    from opendcr.simulate.plan import Compared, Comparison, Interval, Staffing

_CLOCK = "a local time such as 21:00, or several with commas"


@click.command(
    "plan",
    epilog="Example: opendcr plan room.toml --places 6,8,10 --closes 21:00,24:00 --staff 8,8/sun:7",
)
@click.argument("scenario", type=PATH)
@click.option("--places", metavar="N,…", help="Numbers of places to use in; 6-8 is 6,7,8.")
@click.option("--opens", metavar="HH:MM,…", help="Opening times.")
@click.option("--closes", metavar="HH:MM,…", help="Closing times.")
@click.option("--staff", metavar="N,…", help="Numbers of staff; 8/sun:7 is one fewer on Sundays.")
@click.option(
    "--target",
    type=click.FloatRange(0, 1),
    default=0.05,
    show_default=True,
    help="The share of those who come that may go without: give up, or be turned or sent away.",
)
@click.option(
    "--replications",
    type=click.IntRange(2, 1_000_000),
    help="Of each plan to begin with: 10 where left out; with inputs that are not known, draws of "
    "them: 100.",
)
@click.option(
    "--most",
    type=click.IntRange(2, 1_000_000),
    default=2_560,
    show_default=True,
    help="Replications of a plan on which the smallest turns, at most.",
)
@seed_option
@workers_option
@scheduler_option
@json_option
def plan(
    scenario: Path,
    places: str | None,
    opens: str | None,
    closes: str | None,
    staff: str | None,
    target: float,
    replications: int | None,
    most: int,
    seed: int,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Compare plans of a room, and find the smallest in which few go without.

    Every combination of the numbers and times given is compared with the scenario as it is, which
    comes first. All plans see the same people. A plan is under the target where its whole interval
    is, and the smallest is the one with the fewest staff-hours a week, then booth-hours. Plans on
    which that turns get more replications; what stays undetermined is said.

    A room that opens longer gets the people whom the scenario's rates bring in those hours: a
    scenario with one rate for all hours says that as many come at night as by day.
    """
    from opendcr.simulate.plan import compared, plans
    from opendcr.simulate.sweep import kept_for
    from opendcr.simulate.uncertain import read_assumptions

    if math.isnan(target):
        raise InputError("--target", "nan", "a share from 0 to 1")
    if replications is not None and most < replications:
        raise InputError("--most", str(most), f"the {replications} of --replications at least")
    read = read_assumptions(scenario)
    alternatives = plans(
        read,
        _several("--places", places, _count),
        _several("--opens", opens, _time("--opens")),
        _several("--closes", closes, _time("--closes")),
        _several("--staff", staff, _staffing),
    )
    with ExitStack() as stack:
        doing = stack.enter_context(working(workers, scheduler))
        kept = kept_for("plan", read, seed, say)
        with progress("Replications") as show:
            found = compared(read, alternatives, target, seed, replications, most,
                             workers=doing, kept=kept, progress=show)  # fmt: skip
    document = {
        "scenario": read.expected.name,
        "seed": seed,
        "target": target,
        "plans": [_data(one) for one in found.plans],
        "smallest": found.smallest,
        "undetermined": list(found.open),
        "reading": (lines := reading(found)),
    }
    emit(as_json, document, _text(read.expected.name, found, lines))


def _several(option: str, said: str | None, read: Any) -> list[Any]:
    if said is None:
        return [None]
    values = [read(each) for one in said.split(",") for each in _spelled_out(one.strip())]
    return list(dict.fromkeys(values)) if option != "--staff" else values


def _spelled_out(said: str) -> list[str]:
    """6-8 is 6, 7 and 8."""
    first, dash, last = said.partition("-")
    if dash and said.isascii() and all(one.isdecimal() and len(one) < 5 for one in (first, last)):
        return [str(one) for one in range(int(first), int(last) + 1)] or [said]
    return [said]


def _count(said: str) -> int:
    if not said.isascii() or not said.isdigit() or not 1 <= int(said) <= 1000:
        raise InputError("--places", f"'{said}'", "a whole number from 1 to 1000")
    return int(said)


def _time(option: str) -> Any:
    from opendcr.keyed import Table

    def read(said: str) -> str:
        try:
            return Table("", "", {"at": said}).clock("at", said)
        except InputError as error:
            raise InputError(option, f"'{said}'", _CLOCK) from error

    return read


def _staffing(said: str) -> "Staffing":
    from opendcr.simulate.plan import Staffing
    from opendcr.simulate.scenario import WEEKDAYS

    first, *days = said.split("/")
    by_weekday = {}
    for one in days:
        day, colon, staff = one.partition(":")
        if day not in WEEKDAYS or not colon:
            raise InputError("--staff", f"'{said}'", f"such as 8/sun:7, of {', '.join(WEEKDAYS)}")
        by_weekday[WEEKDAYS.index(day)] = _people(staff, said)
    return Staffing(_people(first, said), by_weekday)


def _people(staff: str, said: str) -> int:
    if not staff.isascii() or not staff.isdigit() or int(staff) > 1000:
        raise InputError("--staff", f"'{said}'", "a whole number up to 1000, such as 8 or 8/sun:7")
    return int(staff)


def _data(one: "Compared") -> dict[str, Any]:
    policy = one.scenario.policy
    return {
        "places": len(one.scenario.booths),
        "opens": policy.opens,
        "closes": policy.closes,
        "staff": one.staff,
        "staff_hours": one.size.staff_hours,
        "booth_hours": one.size.booth_hours,
        "replications": one.replications,
        "draws": one.draws,
        "results": {name: interval.to_data() for name, interval in one.figures.items()},
        "difference": {name: interval.to_data() for name, interval in one.differences.items()},
        "verdict": one.verdict,
        "chance_under": one.chance_under,
        "inputs": None
        if one.inputs is None
        else dict(zip(("low", "high"), one.inputs, strict=True)),
        "notes": list(one.notes),
    }


def reading(found: "Comparison") -> list[str]:
    """What the comparison says, in sentences."""
    from opendcr.simulate.reading import binding

    first, wait = found.plans[0], found.plans[0].figures["probability_wait"]
    _, words = binding((wait.low, wait.high))
    lines = [f"As it is: {words[0].lower()}{words[1:]}", *_smallest(found)]
    for note in dict.fromkeys(note for one in found.plans for note in one.notes):
        numbers = ", ".join(str(at) for at, one in enumerate(found.plans, 1) if note in one.notes)
        lines.append(f"Plan {numbers}: {note}")
    if first.draws is not None:
        lines.append(
            f"Intervals are of the mean over {first.draws:,} draws of what is not known; in 95 of 100 "
            "draws the share who go without lies in the range beside it."
        )
    lines.append(
        "A verdict allows for all plans and all looks at them. An interval is of its plan alone, and "
        "plans that got more replications until they lay under the target are shown a little better "
        "than they are."
    )
    lines.append(
        "All plans meet the same people, so that a difference is known better than either of the two; "
        "it is of the replications that both have. Staff of every role are alike here."
    )
    lines.append(
        "Who goes without has come and is not served: gives up waiting, finds the queue full, or is "
        "sent away at closing."
    )
    lines.append(
        "These are what the scenario's assumptions make them; a plan is weighed by more than waits."
    )
    return lines


def _smallest(found: "Comparison") -> Iterator[str]:
    """The smallest plan that is under the target, or why there is none to name."""
    target = f"{100 * found.target:g} %"
    keeps = f"keep the share who go without under {target}"
    under = [str(at) for at, one in enumerate(found.plans, 1) if one.verdict == "under"]
    if found.smallest is not None:
        one, first = found.plans[found.smallest], found.plans[0]
        served = one.figures["served_per_day"].mean
        fewer = first.figures["served_per_day"].mean - served
        apart = f", {fewer:.1f} fewer than plan 1" if fewer >= 0.05 else ""
        if one.chance_under is not None:
            apart += (
                ". It is under the target on the mean over what the inputs may be, and in "
                f"{100 * one.chance_under:.0f} of 100 draws of them"
            )
        yield (
            f"The smallest of the plans that {keeps} is number {found.smallest + 1}: {words_of(one)}. "
            f"It serves {served:.1f} people a day{apart}."
        )
    elif under:
        yield (
            f"Plans that {keeps}: {', '.join(under)}. How many work in them is not known in the "
            "scenario, so none is called the smallest; --staff says it."
        )
    elif found.open:
        yield f"No plan is known to {keeps}."
    else:
        yield f"None of these plans is known to {keeps}."
    if found.open:
        numbers = ", ".join(str(at + 1) for at in found.open)
        yield (
            f"Smaller, and undetermined after the most replications: {numbers}. More of them (--most) "
            f"would tell, unless a share lies at {target} itself."
        )


def words_of(one: "Compared") -> str:
    """A plan in words."""
    policy = one.scenario.policy
    return (
        f"{len(one.scenario.booths)} places, {policy.opens} to {policy.closes}, staff {one.staff}"
    )


def _text(name: str, found: "Comparison", lines: list[str]) -> str:
    drawn = found.plans[0].draws is not None
    heading = ["", "places", "open", "staff", "staff-h", "come", "served", "go without %",
               "95 % interval", "points to plan 1", "give up %", "wait, min", "in use %"]  # fmt: skip
    heading += ["95 in 100 draws", "under"] if drawn else []
    rows = [[*heading, "runs", "verdict"]]
    for at, one in enumerate(found.plans, 1):
        policy, figures = one.scenario.policy, one.figures
        gone, apart = figures["probability_unserved"], one.differences["probability_unserved"]
        row = [
            str(at), str(len(one.scenario.booths)), f"{policy.opens}-{policy.closes}", one.staff,
            _hours(one), f"{figures['arrivals_per_day'].mean:.1f}",
            f"{figures['served_per_day'].mean:.1f}", f"{100 * gone.mean:.3g}",
            f"{100 * gone.low:.3g} to {100 * gone.high:.3g}", _points(at, apart),
            f"{100 * figures['probability_leave'].mean:.3g}",
            number(figures["mean_wait_minutes"].mean), f"{100 * figures['occupancy'].mean:.1f}",
        ]  # fmt: skip
        if one.inputs is not None and one.chance_under is not None:
            row.append(f"{100 * one.inputs[0]:.3g} to {100 * one.inputs[1]:.3g}")
            row.append(f"{100 * one.chance_under:.0f} %")
        rows.append([*row, f"{one.replications:,}", one.verdict])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = [f"Plans of: {name}. Target: {100 * found.target:g} % go without."]
    for row in rows:
        *cells, last = (f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
        table.append("  ".join([*cells, last.strip()]))
    return "\n".join([*table, "", *(f"- {line}" for line in lines)])


def _hours(one: "Compared") -> str:
    return f"{one.size.staff_hours:,.0f}" if one.rostered else "-"


def _points(at: int, apart: "Interval") -> str:
    """A difference in points with its interval; nothing for the plan that others differ from."""
    if at == 1:
        return ""
    mean, low, high = (f"{100 * value:+.3g}" for value in (apart.mean, apart.low, apart.high))
    return f"{mean} ({low} to {high})"
