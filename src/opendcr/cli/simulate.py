"""`opendcr simulate`: simulated rooms, and the ledgers that they make."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from opendcr.cli.output import emit, json_option, out_folder, progress, say
from opendcr.errors import InputError
from opendcr.simulate.words import number

if TYPE_CHECKING:
    from opendcr.ledger.facts import Fact, Header
    from opendcr.simulate.scenario import Scenario
    from opendcr.simulate.simulated import Simulated
    from opendcr.simulate.sweep import Workers

SEED = 1
PATH = click.Path(path_type=Path)
_MOST = 2**53 - 1  # of a seed: a ledger's header holds it as a JSON number
_UNITS = {
    "arrivals": "people",
    "served": "people",
    "left_waiting": "people",
    "turned_away": "people",
    "waiting_at_close": "people",
    "balked": "people",
    "emergencies": "emergencies",
    "probability_wait": "of arrivals",
    "probability_leave": "of arrivals",
    "probability_unserved": "of arrivals",
    "probability_short_of_staff": "of arrivals",
    "probability_held_up": "of arrivals",
    "probability_not_fitting": "of arrivals",
    "mean_wait_minutes": "minutes",
    "mean_wait_served_minutes": "minutes",
    "wait_p95_minutes": "minutes",
    "mean_queue_length": "people",
    "occupancy": "of open place-time",
    "mean_staff_held": "staff",
    "mean_places_kept": "places",
}


@click.group("simulate", epilog="Example: opendcr simulate room examples/glasgow/room.toml")
def simulate() -> None:
    """Simulate a room."""


seed_option = click.option("--seed", type=click.IntRange(0, _MOST), default=SEED, show_default=True)
workers_option = click.option(
    "--workers", type=click.IntRange(1, 512), help="Cores to use; all of them where left out."
)
scheduler_option = click.option(
    "--scheduler", metavar="ADDRESS", help="A Dask scheduler whose workers do it instead."
)


@simulate.command(
    "room",
    epilog="Example: opendcr simulate room room.toml --replications 1000 --ledger room.parquet",
)
@click.argument("scenario", type=PATH)
@click.option("--replications", type=click.IntRange(1, 10_000_000), default=1, show_default=True)
@click.option(
    "--draws",
    type=click.IntRange(2, 1_000_000),
    help="Draws of the inputs that are distributions; 200 where left out.",
)
@seed_option
@workers_option
@scheduler_option
@click.option(
    "--ledger",
    type=PATH,
    metavar="OUT",
    help="Write the first replication's ledger: .jsonl or .parquet.",
)
@click.option(
    "--out",
    type=PATH,
    metavar="DIR",
    help="Write report.html, with pictures by the hour, and hours.csv, their numbers, there.",
)
@json_option
def room_command(
    scenario: Path,
    replications: int,
    draws: int | None,
    seed: int,
    workers: int | None,
    scheduler: str | None,
    ledger: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Simulate the room of a scenario, and say how long people wait and how many are served.

    Numbers of the scenario may be distributions: then --replications are run of each of --draws,
    and the figures say apart what chance and what the inputs do to them. The same scenario, seed
    and version give the same figures, whatever the workers; an interrupted run goes on where it
    was when the same command is given again. With one replication, runs of its days stand in for
    replications in the intervals.
    """
    from opendcr.simulate.pictures import hours_of, hours_of_draws
    from opendcr.simulate.reading import reading
    from opendcr.simulate.room import header
    from opendcr.simulate.simulated import planned, simulated
    from opendcr.simulate.uncertain import read_assumptions

    read = read_assumptions(scenario)
    if draws is not None and not read.inputs:
        raise InputError("--draws", str(draws), "a scenario in which some number is a distribution")
    if out is not None:
        out_folder(out)
    each, of = planned(read, replications, draws)
    with ExitStack() as stack:
        write = stack.enter_context(_ledger(ledger, header(read.expected, seed)))
        doing = stack.enter_context(working(workers, scheduler))
        with progress("Replications", each * of) as show:
            found = simulated(read, seed, replications, draws, doing, say, show)
        if ledger is not None:
            _write_first(read.drawn(seed, 0) if read.inputs else read.expected, seed, write)
        hours = hours_of_draws(read, seed) if read.inputs else hours_of(read.expected, seed)
        lines = reading(found, hours)
    document = {
        "scenario": read.expected.name,
        "seed": seed,
        "replications": found.replications,
        "draws": found.draws,
        "results": {
            name: one.to_data() | found.parts_of(name) for name, one in found.figures.items()
        },
        "reading": lines,
    }
    if out is not None:
        from opendcr.simulate.report import write_report

        write_report(out, found, hours, lines)
    emit(as_json, document, _text(found, lines))


def _write_first(
    scenario: "Scenario", seed: int, write: "Callable[[Sequence[Fact]], None]"
) -> None:  # fmt: skip
    from opendcr.simulate.room import replicate

    with progress("Days of the ledger", scenario.days) as show:
        replicate(scenario, seed, 0, write, show)


@contextmanager
def working(workers: int | None, scheduler: str | None) -> "Iterator[Workers]":
    """Who does the work: a cluster's workers where an address is given, else cores of this machine.

    Says so where the room must be compiled first.
    """
    from opendcr.simulate.kernel.ready import ready
    from opendcr.simulate.sweep import Cluster, Cores

    with ExitStack() as stack:
        if scheduler is not None:
            yield Cluster(stack, scheduler)
        else:
            ready(say)
            yield Cores(stack, workers)


@contextmanager
def _ledger(
    path: Path | None, header: "Header"
) -> "Iterator[Callable[[Sequence[Fact]], None]]":  # fmt: skip
    if path is None:
        yield lambda facts: None
        return
    from opendcr.ledger.files import LedgerWriter

    with LedgerWriter(path, header) as writer:
        yield writer.write


def _text(found: "Simulated", lines: Sequence[str]) -> str:
    from opendcr.simulate.reading import told

    times = "replication" if found.replications == 1 else "replications"
    scenario = found.scenario
    of = f" of each of {found.draws:,} draws" if found.parts else ""
    table = [
        f"Simulated: {scenario.name}, {scenario.days:,} days, seed {found.seed}, "
        f"{found.replications:,} {times}{of}.",
        f"{'':28}{'mean':>12}  {'95 % interval of the mean':27}"
        + ("inputs: 95 in 100" if found.parts else ""),
    ]
    for name, one in found.figures.items():
        data = one.to_data()
        mean, low, high = (number(data[key]) for key in ("mean", "low", "high"))
        between = f"{low} to {high}" if data["se"] is not None else "-"
        table.append(
            f"{name.replace('_', ' '):28}{mean:>12}  {between:27}{_spread(found, name)}{_UNITS[name]}"
        )
    return "\n".join([*table, "", told(lines)])


def _spread(found: "Simulated", name: str) -> str:
    if not found.parts:
        return ""
    part = found.parts.get(name)
    return f"{f'{number(part.low)} to {number(part.high)}' if part else '-':24}"
