"""The compiled room against peers: a plain queue in SimPy and Ciw, the whole room in SimPy; starts.

    python benchmarks/room.py [--days 1000] [--replications 40] [--repeats 5] [--starts 5] [--warm]

All run one after the other on one core, and by turns, so that each repeat is of all of them. Peers
make one long run; ours makes replications of as many days, and draws its people as it goes. The
queue's peers must agree with ours, and all with Erlang A, on the probability of leaving, within
five standard errors; the whole room in SimPy is given the people that ours draws, and must make the
same visits: who used when and where, who gave up when; where it draws its own, as many must leave.
Otherwise the program stops.
"""

import argparse
import gc
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from rig import queue_peers, room_peers
from rig.draws import drawn, drawn_whole
from rig.times import machine

from opendcr.room.policy import DEFAULT, Place
from opendcr.simulate.comers import Day, days
from opendcr.simulate.kernel import replications as ours
from opendcr.simulate.kernel.tables import assumed, streams
from opendcr.simulate.results import Moments
from opendcr.simulate.scenario import Arrivals, Duration, Emergencies, Scenario, Shift
from opendcr.simulate.stays import Stay

SEED = 1
ERRORS = 5  # standard errors by which a probability may differ
QUEUE = queue_peers.Queue(per_hour=10, places=8, episode=35, patience=20, open_hours=12)
START = "import time; begun = time.perf_counter(); from opendcr.simulate.kernel.ready import ready"
FIRST_CALL = f"{START}; imported = time.perf_counter(); ready(lambda words: None)"
TOLD = "print(imported - begun, time.perf_counter() - imported)"


@dataclass
class Way:
    """One way of simulating: `prepare` returns what is timed."""

    name: str
    prepare: Callable[[], Callable[[], Any]]
    people: Callable[[Any], int]
    seconds: list[float] = field(default_factory=list)
    result: Any = None

    def run(self) -> None:
        """One repeat. What was there before is nothing that the collector has to search."""
        act = self.prepare()
        gc.collect()
        gc.freeze()
        begun = time.perf_counter()
        self.result = act()
        self.seconds.append(time.perf_counter() - begun)
        gc.unfreeze()

    @property
    def rate(self) -> float:
        """People a second, by the median repeat."""
        return self.people(self.result) / statistics.median(self.seconds)

    def line(self, measured: float) -> str:
        """A line of a table: people, people a second, and how many times this `measured` is."""
        people = self.people(self.result)
        slow, quick = people / max(self.seconds), people / min(self.seconds)
        span = f"({slow:,.0f}–{quick:,.0f})"
        times = (
            f"{measured / self.rate:.2f}" if measured < self.rate else f"{measured / self.rate:.0f}"
        )
        return f"{self.name:42}{people:12,}{self.rate:14,.0f} {span:27}{times:>8}"


HEADINGS = f"{'':42}{'people':>12}{'people/s':>14} {'(slowest–quickest)':27}{'ours ÷':>8}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--days", type=int, default=1000, help="of one replication or long run")
    parser.add_argument("--replications", type=int, default=40, help="of ours; two at least")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--starts", type=int, default=5, help="of the command line")
    parser.add_argument("--warm", action="store_true", help="nothing that has to be compiled first")
    chosen = parser.parse_args()
    print(machine())
    the_queue(chosen.days, chosen.replications, chosen.repeats)
    the_room(chosen.days, chosen.replications, chosen.repeats)
    the_starts(chosen.starts, chosen.warm)
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")


def measured(ways: Sequence[Way], repeats: int) -> None:
    """Runs all of them by turns."""
    for _ in range(repeats):
        for way in ways:
            way.run()


def table(ways: Sequence[Way], peers: Sequence[Way]) -> None:
    """Prints a line for each, the first of which is ours, and what that is to the quickest peer."""
    fast, quickest = ways[0], max(peers, key=lambda way: way.rate)
    print(HEADINGS)
    for way in ways:
        print(way.line(fast.rate))
    leanest = max(ways[1:], key=lambda way: way.rate if "SimPy" in way.name else 0)
    told = f"{fast.rate / quickest.rate:.0f} times the quickest peer ({quickest.name})"
    if leanest is not quickest:
        told += f"; {fast.rate / leanest.rate:.0f} times the quickest way of SimPy ({leanest.name})"
    print(told)


# The queue


def the_queue(count: int, of: int, repeats: int) -> None:
    """One stage, places that are alike, patience."""
    scenario = queue(count)
    room = assumed(scenario)
    first = ours.replications(room, SEED, 0, 2)  # compiled, and the share who wait
    waits = first.mean("waited") / first.mean("arrivals")
    drawn(room, streams(SEED, 0), waits)
    until = 60 * QUEUE.open_hours * count

    def in_ciw() -> Callable[[], Any]:
        made = queue_peers.ciw_simulation(QUEUE, SEED)
        return lambda: made.simulate_until_max_time(until) or made

    def came(left: queue_peers.Left) -> int:
        return int(left.came.sum())

    fast = Way("ours", lambda: lambda: ours.replications(room, SEED, 0, of), arrived)
    floor = Way("its random numbers alone", lambda: lambda: [
        drawn(room, streams(SEED, at), waits)[0] for at in range(of)], sum)  # fmt: skip
    example, processes, events = (
        Way(name, lambda by=by: lambda: by(QUEUE, count, SEED), came)
        for name, by in (("SimPy, as its example is written", queue_peers.simpy_example),
                         ("SimPy, the same, pared down", queue_peers.simpy_processes),
                         ("SimPy, callbacks alone", queue_peers.simpy_events))
    )  # fmt: skip
    ciw = Way("Ciw, which does not close", in_ciw, lambda done: done.nodes[0].number_of_individuals)
    ways = [fast, floor, example, processes, events, ciw]
    measured(ways, repeats)
    if floor.people(floor.result) != fast.people(fast.result):
        raise SystemExit("the random numbers are not of the same people")
    print(f"\nThe queue: {QUEUE.per_hour:g} people an hour, {QUEUE.places} places, "
          f"{QUEUE.episode:g} min, patience {QUEUE.patience:g} min, days of "
          f"{QUEUE.open_hours:g} h; median of {repeats}")  # fmt: skip
    table(ways, [example, ciw])
    peers = {way.name: way.result.probability() for way in (example, processes, events)}
    agree_on_leaving(count, of, fast.result, peers, queue_peers.ciw_left(ciw.result, until))


def queue(count: int) -> Scenario:
    """The plain queue as a scenario."""
    booths = tuple(Place(f"booth-{n}", "injecting", str(n)) for n in range(1, QUEUE.places + 1))
    return Scenario(
        name="queue",
        start=date(2025, 1, 1),
        days=count,
        timezone="UTC",
        policy=replace(DEFAULT, places=booths, opens="09:00", closes="21:00"),
        arrivals=Arrivals((float(QUEUE.per_hour),) * 24),
        episode=Duration("exponential", QUEUE.episode),
        patience=Duration("exponential", QUEUE.patience),
    )


def arrived(moments: Moments) -> int:
    """All who came in all replications."""
    return round(moments.mean("arrivals") * moments.of)


def agree_on_leaving(
    count: int,
    of: int,
    fast: Moments,
    peers: dict[str, tuple[float, float]],
    ciw: queue_peers.Left,
) -> None:
    """Prints the probabilities of leaving; stops where one is too far from what it should be."""
    scenario = queue(count)
    always = replace(scenario, policy=replace(scenario.policy, opens="00:00", closes="24:00"))
    open_days = ours.replications(assumed(always), SEED, 0, of)
    closing = {"ours": leaving(fast)} | peers
    never = {"ours": leaving(open_days), "Ciw": ciw.probability()}
    weights = [1 / error**2 for _, error in closing.values()]
    common = math.fsum(
        value * weight for (value, _), weight in zip(closing.values(), weights, strict=True)
    ) / math.fsum(weights)
    for words, value, told in (("which closes, in common", common, closing),
                               ("never closes, Erlang A", QUEUE.erlang_a(), never)):  # fmt: skip
        said = "; ".join(f"{name} {mean:.6f} ± {se:.6f}" for name, (mean, se) in told.items())
        print(f"left waiting ({words} {value:.6f}): {said}")
        for name, (mean, error) in told.items():
            if abs(mean - value) > ERRORS * error:
                raise SystemExit(f"{name} is {abs(mean - value) / error:.1f} standard errors off")


def leaving(moments: Moments) -> tuple[float, float]:
    """Our probability of leaving and its standard error."""
    found = moments.figures()["probability_leave"]
    return float(found.mean or 0.0), float(found.se or 0.0)


# The room


def the_room(count: int, of: int, repeats: int) -> None:
    """Kinds of place, cleaning, chairs, a rota, emergencies that hold staff."""
    scenario = whole_room(count)
    room, played = assumed(scenario), list(days(scenario, SEED))
    with_days = ours.given_days(scenario, played)
    ours.replications(room, SEED, 0, 1)  # compiled
    drawn_whole(room, streams(SEED, 0))
    expected = [told(stay, scenario) for stay in ours.stays(scenario, played)]

    def peer(kind: type[room_peers.Room]) -> Callable[[], Callable[[], Any]]:
        def prepare() -> Callable[[], Any]:
            made = kind(scenario, played)
            return lambda: made.run() or made

        return prepare

    fast = Way("ours", lambda: lambda: ours.replications(room, SEED, 0, of), arrived)
    floor = Way("its people drawn and nothing else", lambda: lambda: [
        drawn_whole(room, streams(SEED, at)) for at in range(of)], sum)  # fmt: skip
    visits = Way("ours, people given, visits kept", lambda: lambda: ours.visits(*with_days), len)
    events, processes = (
        Way(f"SimPy, {words}, people given", peer(kind), lambda made: len(made.people))
        for words, kind in (("callbacks", room_peers.Events),
                            ("a process each", room_peers.Processes))
    )  # fmt: skip
    drawing = Way("SimPy, a process each, drawing them", lambda: drawing_peer(scenario, played),
                  lambda made: len(made.people))  # fmt: skip
    ways = [fast, floor, visits, events, processes, drawing]
    measured(ways, repeats)
    for way in (events, processes):
        found = [person.outcome() for person in way.result.people]
        apart = sum(one != other for one, other in zip(found, expected, strict=True))
        if apart:
            raise SystemExit(f"{way.name}: {apart} of {len(expected)} visits are not ours")
    print(f"\nThe whole room: 6 + 2 places, cleaning, {scenario.chairs} chairs, a rota, emergencies; "
          f"{len(expected):,} visits, the same by all; median of {repeats}")  # fmt: skip
    table(ways, [events, processes, drawing])
    print(what_happens(fast.result))
    (ours_mean, ours_error), (mean, error) = (
        leaving(fast.result),
        drawing.result.left().probability(),
    )
    print(
        f"left waiting: ours {ours_mean:.5f} ± {ours_error:.5f}; {drawing.name} {mean:.5f} ± {error:.5f}"
    )
    if abs(mean - ours_mean) > ERRORS * math.hypot(error, ours_error):
        raise SystemExit(f"{drawing.name}: another share leaves")


def drawing_peer(scenario: Scenario, played: Sequence[Day]) -> Callable[[], Any]:
    """A run of the whole room in SimPy that draws its own people."""
    made = room_peers.Drawing(scenario, played, SEED)
    return lambda: made.run() or made


def whole_room(count: int) -> Scenario:
    """A busy room in which everything is short at times."""
    plain = queue(count)
    booths = tuple(
        Place(f"booth-{n}", "injecting" if n <= 6 else "accessible", str(n)) for n in range(1, 9)
    )
    return replace(
        plain,
        name="room",
        policy=replace(plain.policy, places=booths, booths_per_staff=2),
        needs={"injecting": 0.6, "accessible": 0.1},
        episode=Duration("lognormal", 35.0, 20.0),
        turnover=Duration("deterministic", 3.0),
        recovery=Duration("gamma", 25.0, 15.0),
        chairs=6,
        staff=5,
        rota=(Shift("09:00", "21:00", 3), Shift("11:00", "19:00", 2)),
        emergencies=Emergencies(14.0, minutes=Duration("lognormal", 25.0, 10.0), staff=2),
    )


def told(stay: Stay, scenario: Scenario) -> tuple[Any, ...]:
    """What becomes of somebody, as `Person.outcome` tells it."""
    numbers = {place.id: at for at, place in enumerate(scenario.booths)}
    place = None if stay.place is None else numbers[stay.place]
    return stay.number, stay.arrived, stay.end, stay.started, stay.finished, stay.until, place


def what_happens(moments: Moments) -> str:
    """One line: how often what is measured comes about."""
    arrivals = moments.mean("arrivals")
    shares = ", ".join(
        f"{words} {100 * moments.mean(name) / arrivals:.1f}"
        for words, name in (("wait", "waited"), ("for staff", "short_of_staff"),
                            ("for an emergency", "held_up"), ("leave", "left_waiting"),
                            ("have an emergency", "emergencies"))
    )  # fmt: skip
    return f"of 100 people: {shares}"


# Starts


def the_starts(count: int, warm: bool) -> None:
    """How long commands take to answer, and how long the first compiled call does."""
    program = [sys.executable, "-c", "from opendcr.cli import main; main()"]
    print(f"\nStarts: a process each; median of {count}\n{'':50}{'seconds':>9}")
    for words in ("--help", "simulate room --help"):
        taken = [seconds_of([*program, *words.split()]) for _ in range(count)]
        print(seconds(f"opendcr {words}", taken))
    first_call()  # whatever has changed is compiled
    starts = [first_call() for _ in range(count)]
    print(seconds("importing the compiled room", [imports for imports, _ in starts]))
    print(seconds("first compiled call, of all, from the cache", [call for _, call in starts]))
    if not warm:
        with tempfile.TemporaryDirectory() as empty:
            _, call = first_call(Path(empty))
            print(seconds("the same with an empty cache", [call]))


def seconds(words: str, taken: Sequence[float]) -> str:
    """A line of the table of starts."""
    span = f" ({min(taken):.3f}–{max(taken):.3f})" if len(taken) > 1 else ""
    return f"{words:50}{statistics.median(taken):9.3f}{span}"


def seconds_of(command: Sequence[str]) -> float:
    """How long a command takes, on the clock on the wall."""
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def first_call(cache: Path | None = None) -> tuple[float, float]:
    """The seconds of importing the compiled room, and of calling all of it once, in a new process;
    with a cache of its own, which may be empty."""
    environment = dict(os.environ)
    if cache is not None:
        environment.pop("NUMBA_CACHE_DIR", None)
        environment["XDG_CACHE_HOME"] = str(cache)
    done = subprocess.run(
        [sys.executable, "-c", f"{FIRST_CALL}; {TOLD}"],
        env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    imports, call = map(float, done.stdout.split())
    return imports, call


if __name__ == "__main__":
    main()
