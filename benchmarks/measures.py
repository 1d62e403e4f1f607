"""The measures over ten million facts: sixteen rooms like Glasgow's for five years, from Parquet.

    python benchmarks/measures.py [--rooms 16] [--years 5]

One year of one room is invented (27 visits a day, seven in ten of them with an episode, one fact in
a hundred corrected or retracted) and relabelled into the other rooms and years; the chains of the
copies are not true, and nothing here verifies them. The peer is the plain loop over facts that the
tests compare the tables with, on one year of one room, in the same run and to the same numbers; its
time for all is that time by the number of facts. Files are written to a temporary folder that is
removed afterwards.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from opendcr.ledger.chain import first_link, seal
from opendcr.ledger.codec import encode, encode_header
from opendcr.ledger.facts import Fact, Header, Origin
from opendcr.ledger.files import LedgerWriter, open_ledger
from opendcr.ledger.parquet import END_KEY, HEADER_KEY, ROW_GROUP, frame_of
from opendcr.measures import measured
from opendcr.measures.plainly import Plainly
from opendcr.tables import read_ledger

OPENED = datetime(2021, 1, 1, 9, tzinfo=UTC)
VISITS_A_DAY, PEOPLE = 27, 420
INVENTED = Origin("simulated", scenario="benchmark", seed=1)
SUBSTANCES = (["cocaine"], ["heroin"], ["heroin", "cocaine"], ["ketamine"])
BOOTHS = [f"booth-{number}" for number in range(1, 9)]
PLACES = [{"id": booth, "kind": "injecting"} for booth in BOOTHS]

MEASURING = """
import json, resource, sys, time
from opendcr.measures import measured
from opendcr.tables import read_ledger
start = time.perf_counter()
rooms = measured([read_ledger(path) for path in sys.argv[1:]]).rooms
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "peak_mb": peak, "rows": sum(len(r.rows) for r in rooms)}))
"""


class Year:
    """One invented year of one room, or its first days."""

    def __init__(self, seed: int, days: int) -> None:
        self.days = days
        self.draw = random.Random(seed)
        self.people = [f"p-{self.draw.getrandbits(64):016x}" for _ in range(PEOPLE)]

    def facts(self) -> list[Fact]:
        """The year's facts, unsealed, in the order in which they happened."""
        stays = [
            stay for day in range(self.days) for stay in self._day(OPENED + timedelta(days=day))
        ]
        return [*self._opening(), *sorted(stays, key=lambda fact: fact.recorded)]

    def _opening(self) -> Iterator[Fact]:
        yield self._fact("PolicyAdopted", OPENED, None, None, policy={"places": PLACES})
        for person in self.people:
            gender = self.draw.choice(("man", "man", "man", "woman"))
            yield self._fact("Registered", OPENED, None, person, tier="1", gender=gender)

    def _day(self, opens: datetime) -> Iterator[Fact]:
        for _ in range(VISITS_A_DAY):
            arrived = opens + timedelta(milliseconds=self.draw.randrange(11 * 3_600_000))
            stay = list(self._visit(arrived))
            yield from stay
            yield from self._amendments(stay)

    def _visit(self, arrived: datetime) -> Iterator[Fact]:
        clock, visit = arrived, f"v-{self.draw.getrandbits(64):016x}"
        person = self.draw.choice(self.people) if self.draw.random() < 0.97 else None
        steps = (
            self._episode()
            if self.draw.random() < 0.7
            else [("ServiceProvided", {"service": "shower"})]
        )
        for kind, data in [
            ("Arrived", {"reasons": ["consume"]}),
            *steps,
            ("Departed", {"how": "well"}),
        ]:
            yield self._fact(kind, clock, visit, person, **data)
            clock += timedelta(milliseconds=self.draw.randrange(30_000, 300_000))

    def _episode(self) -> list[tuple[str, dict]]:
        place = self.draw.choice(BOOTHS)
        used = self.draw.choices(SUBSTANCES, (67, 22, 10, 1))[0]
        looks = self.draw.randint(2, 7)
        steps = [
            ("Assessed", {"outcome": "proceed"}), ("Queued", {}), ("Called", {"place": place}),
            ("Seated", {"place": place}), ("Allocated", {"observer": "s-3"}),
            ("SuppliesIssued", {"items": {"needle_syringe": 1}}),
            ("ConsumptionStarted", {"place": place, "substances": used, "route": "intravenous"}),
            *[("Observed", {"response": "alert", "breaths": 14})] * looks,
            ("ConsumptionEnded", {}), ("SuppliesReturned", {"items": {"needle_syringe": 1}}),
            ("MovedToRecovery", {"place": "chair-1"}), ("Observed", {"concern": "none"}),
        ]  # fmt: skip
        if self.draw.random() < 0.014:
            emergency = f"e-{self.draw.getrandbits(64):016x}"
            steps.insert(8, ("EmergencyStarted", {"emergency": emergency, "place": place}))
        return steps

    def _amendments(self, stay: list[Fact]) -> Iterator[Fact]:
        for fact in stay:
            if self.draw.random() < 0.01:
                target = {"target": fact.id, "reason": "mistake"}
                kind = self.draw.choice(("Corrected", "Corrected", "Retracted"))
                if kind == "Corrected":
                    target["changes"] = {"happened": _iso(fact.happened - timedelta(minutes=5))}
                later = fact.recorded + timedelta(minutes=20)
                yield self._fact(kind, later, fact.visit, fact.person, **target)

    def _fact(self, kind: str, happened: datetime, visit, person, **data) -> Fact:
        return Fact(
            id=self._uuid(), command=self._uuid(), kind=kind, version=1, room="room-0",
            visit=visit, person=person, happened=happened, recorded=happened, author="s-1",
            entered_by=None, role="nurse", device="t-1", source="simulation", data=data,
        )  # fmt: skip

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self.draw.getrandbits(128), version=4))


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def write_room(year: pl.DataFrame, room: int, years: int, path: Path) -> int:
    """One room's file: the year again and again, with names, times and order of its own."""
    header = encode_header(Header(f"room-{room}", "Europe/London", INVENTED))
    copies = [relabelled(year, room, number) for number in range(years)]
    ledger = pl.concat(copies)
    end = {"end": True, "seq": ledger.height, "chain": ledger["chain"][-1]}
    ledger.write_parquet(
        path,
        metadata={HEADER_KEY: json.dumps(header), END_KEY: json.dumps(end)},
        row_group_size=ROW_GROUP,
        compression="zstd",
    )
    return ledger.height


def relabelled(year: pl.DataFrame, room: int, number: int) -> pl.DataFrame:
    """The year as another year of another room: ids differ by year, people by room alone."""
    mark = f"{room:02}{number:02}"
    later = pl.duration(days=365 * number)
    marked = pl.col("data").struct.with_fields(
        pl.field("emergency") + mark, pl.field("target") + mark
    )
    return year.with_columns(
        pl.col("seq") + number * year.height,
        pl.col("happened") + later,
        pl.col("recorded") + later,
        pl.col("visit") + mark,
        pl.col("person") + f"{room:02}",
        pl.col("id") + mark,
        marked.alias("data"),
        room=pl.lit(f"room-{room}"),
    ).select(year.columns)


def plainly(path: Path) -> tuple[float, int]:
    """Seconds and facts of the peer over one ledger file, its numbers checked against ours."""
    start = time.perf_counter()
    facts = list(open_ledger(path).facts())
    counted = Plainly(facts, "Europe/London")
    seconds = time.perf_counter() - start
    for row in (
        measured([read_ledger(path)], ["times_accessed", "injecting_episodes"]).rooms[0].rows
    ):
        plain = counted.visits if row.measure == "times_accessed" else counted.episodes
        if plain[row.period] != row.numerator:
            raise SystemExit(f"{row.measure} {row.period}: {plain[row.period]}, {row.numerator}")
    return seconds, len(facts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rooms", type=int, default=16)
    parser.add_argument("--years", type=int, default=5)
    parser.add_argument("--days", type=int, default=365, help="of each year with anything in it")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="opendcr-benchmark-") as folder:
        compare(chosen.rooms, chosen.years, chosen.days, Path(folder))


def compare(rooms: int, years: int, days: int, folder: Path) -> None:
    header = Header("room-0", "Europe/London", INVENTED)
    sealed = seal(Year(1, days).facts(), 0, first_link(header))
    year = frame_of([encode(fact) for fact in sealed])
    paths = [folder / f"room-{room}.parquet" for room in range(rooms)]
    facts = sum(write_room(year, room, years, path) for room, path in enumerate(paths))
    size = sum(path.stat().st_size for path in paths)
    one = folder / "one.parquet"
    write_one(sealed, header, one)
    print(f"{facts:,} facts, {rooms} rooms, {years} years, {size / 2**20:,.0f} MB of Parquet")
    measuring = [sys.executable, "-c", MEASURING, *map(str, paths)]
    ours = json.loads(subprocess.run(measuring, check=True, stdout=subprocess.PIPE).stdout)
    seconds, subset = plainly(one)
    scaled = seconds * facts / subset
    print(f"{'':28}{'facts':>12}{'seconds':>10}{'peak MB':>10}")
    print(f"{'tables, all measures':28}{facts:12,}{ours['seconds']:10.2f}{ours['peak_mb']:10,.0f}")
    print(f"{'plain loop, one room-year':28}{subset:12,}{seconds:10.2f}")
    print(f"{'plain loop, scaled to all':28}{facts:12,}{scaled:10.0f}")
    print(f"{ours['rows']:,} rows; {scaled / ours['seconds']:.0f} times the plain loop's speed")


def write_one(sealed: tuple[Fact, ...], header: Header, path: Path) -> None:
    with LedgerWriter(path, header) as ledger:
        ledger.write(sealed)


if __name__ == "__main__":
    main()
