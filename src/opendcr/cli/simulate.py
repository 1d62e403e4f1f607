"""`opendcr simulate`: simulated rooms, and the ledgers that they make."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from opendcr.cli.output import emit, json_option, progress
from opendcr.errors import InputError

if TYPE_CHECKING:
    from opendcr.ledger.facts import Fact, Header
    from opendcr.simulate.results import Estimate
    from opendcr.simulate.scenario import Scenario

SEED = 1
_PATH = click.Path(path_type=Path)
_MOST = 2**53 - 1  # of a seed: a ledger's header holds it as a JSON number
_UNITS = {
    "arrivals": "people",
    "served": "people",
    "left_waiting": "people",
    "turned_away": "people",
    "waiting_at_close": "people",
    "emergencies": "emergencies",
    "probability_wait": "of arrivals",
    "probability_leave": "of arrivals",
    "mean_wait_minutes": "minutes",
    "mean_wait_served_minutes": "minutes",
    "wait_p95_minutes": "minutes",
    "mean_queue_length": "people",
    "occupancy": "of open place-time",
}


@click.group("simulate", epilog="Example: opendcr simulate room examples/glasgow/room.toml")
def simulate() -> None:
    """Simulate a room."""


@simulate.command(
    "room",
    epilog="Example: opendcr simulate room room.toml --replications 20 --ledger room.parquet",
)
@click.argument("scenario", type=_PATH)
@click.option("--replications", type=click.IntRange(1, 1_000_000), default=1, show_default=True)
@click.option("--seed", type=click.IntRange(0, _MOST), default=SEED, show_default=True)
@click.option(
    "--workers",
    type=click.IntRange(1, 512),
    default=1,
    show_default=True,
    help="Processes that run replications after the first.",
)
@click.option("--scheduler", metavar="ADDRESS", help="A Dask scheduler that runs them instead.")
@click.option(
    "--ledger",
    type=_PATH,
    metavar="OUT",
    help="Write the first replication's ledger: .jsonl or .parquet.",
)
@json_option
def room_command(
    scenario: Path,
    replications: int,
    seed: int,
    workers: int,
    scheduler: str | None,
    ledger: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Simulate the room of a scenario, and say how long people wait and how many are served.

    The same scenario, seed and version give the same figures, whatever the workers. With one
    replication, runs of its days stand in for replications in the intervals.
    """
    from opendcr.simulate.room import header, replicated
    from opendcr.simulate.scenario_file import read_scenario

    read = read_scenario(scenario)
    with (
        _executor(scheduler, min(workers, replications - 1)) as executor,
        _ledger(ledger, header(read, seed)) as write,
        progress("Simulated days", read.days * replications) as show,
    ):
        figures = replicated(read, seed, replications, executor, write, show)
    document = {
        "scenario": read.name,
        "seed": seed,
        "replications": replications,
        "results": {name: one.to_data() for name, one in figures.items()},
    }
    emit(as_json, document, _text(read, seed, replications, figures))


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


@contextmanager
def _executor(scheduler: str | None, workers: int) -> Iterator[Executor | None]:
    """What runs the replications after the first; None: this process."""
    with ExitStack() as stack:
        if scheduler is not None:
            yield _on_cluster(stack, scheduler)
        elif workers > 1:
            yield _in_processes(stack, workers)
        else:
            yield None


def _in_processes(stack: ExitStack, workers: int) -> Executor:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Spawned, not forked: a fork of a process with threads (Polars has some) can hang.
    pool = ProcessPoolExecutor(workers, get_context("spawn"))
    stack.callback(pool.shutdown, cancel_futures=True)
    return pool


def _on_cluster(stack: ExitStack, address: str) -> Any:
    from distributed import Client  # type: ignore[import-not-found,unused-ignore]

    try:
        client = stack.enter_context(Client(address, timeout="10s"))
    except (OSError, ValueError, TypeError) as error:
        expected = "the address of a Dask scheduler, such as tcp://127.0.0.1:8786"
        raise InputError("--scheduler", f"nothing that answers at '{address}'", expected) from error
    return client.get_executor()


def _text(
    scenario: "Scenario", seed: int, replications: int, figures: "dict[str, Estimate]"
) -> str:  # fmt: skip
    times = "replication" if replications == 1 else "replications"
    lines = [
        f"Simulated: {scenario.name}, {scenario.days:,} days, seed {seed}, {replications} {times}.",
        f"{'':26}{'mean':>12}  95 % interval",
    ]
    for name, one in figures.items():
        data = one.to_data()
        mean, low, high = (_number(data[key]) for key in ("mean", "low", "high"))
        between = f"{low} to {high}" if data["se"] is not None else "-"
        lines.append(f"{name.replace('_', ' '):26}{mean:>12}  {between:24}{_UNITS[name]}")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
