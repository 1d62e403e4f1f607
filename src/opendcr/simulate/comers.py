"""Who comes to a simulated room, when, and what they bring with them: drawn before the day begins."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from opendcr.catalogue.care import SERVICES
from opendcr.room.hours import at_local, zone
from opendcr.simulate.scenario import MINUTE, Scenario
from opendcr.simulate.streams import stream

HOUR = 60 * MINUTE


@dataclass(frozen=True, slots=True)
class Comer:
    """One person's coming. Times are milliseconds: `at` since 1970, the others as they last.

    `patience` is None for somebody who waits as long as it takes. `emergency` is when in the
    episode one begins, None where none does.
    """

    number: int
    at: int
    consumes: bool
    substances: tuple[str, ...]
    service: str
    episode: int
    patience: int | None
    turnover: int
    recovery: int
    emergency: int | None


@dataclass(frozen=True, slots=True)
class Day:
    """One day's opening: from `opens` to `closes`, milliseconds since 1970, and who comes.

    A room that never closes has days that follow on from the day before and run on into the next.
    """

    opens: int
    closes: int
    comers: tuple[Comer, ...]
    follows_on: bool = False
    runs_on: bool = False


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def days(scenario: Scenario, seed: int, replication: int = 0) -> Iterator[Day]:
    """The days of one replication, in order; people are numbered through."""
    number = 0
    for at in range(scenario.days):
        day = datetime.combine(scenario.start + timedelta(days=at), datetime.min.time())
        opens = milliseconds(at_local(day, scenario.policy.opens, scenario.timezone))
        closes = milliseconds(at_local(day, scenario.policy.closes, scenario.timezone))
        rng = stream(seed, replication, "arrivals", day.date())
        times = [time for time in _times(scenario, day, rng) if opens <= time < closes]
        month = day.strftime("%Y-%m")
        comers = tuple(
            _comer(scenario, month, number + index, time, seed, replication)
            for index, time in enumerate(times, 1)
        )
        number += len(comers)
        never_closes = (scenario.policy.opens, scenario.policy.closes) == ("00:00", "24:00")
        yield Day(
            opens,
            closes,
            comers,
            follows_on=never_closes and at > 0,
            runs_on=never_closes and at < scenario.days - 1,
        )


def _times(scenario: Scenario, day: datetime, rng: np.random.Generator) -> list[int]:
    """The times of a Poisson process whose rate changes with the clock hour."""
    times: list[int] = []
    for start, end, hour in _clock_hours(day, scenario.timezone):
        rate = scenario.arrivals.rate(day.date(), hour)
        count = rng.poisson(rate * (end - start) / HOUR)
        times.extend(start + int(offset) for offset in rng.integers(0, end - start, size=count))
    return sorted(times)


def _clock_hours(day: datetime, timezone: str) -> Iterator[tuple[int, int, int]]:
    """A local day in spans of one clock hour: from, until, and the hour that the clock shows.

    The day on which summer time begins has 23 of them; that on which it ends shows one hour twice.
    """
    start = milliseconds(at_local(day, "00:00", timezone))
    midnight = milliseconds(at_local(day, "24:00", timezone))
    while start < midnight:
        local = datetime.fromtimestamp(start / 1000, zone(timezone))
        end = min(start + (60 - local.minute) * MINUTE, midnight)
        yield start, end, local.hour
        start = end


def _comer(
    scenario: Scenario, month: str, number: int, at: int, seed: int, replication: int
) -> Comer:
    def draw(purpose: str) -> np.random.Generator:
        return stream(seed, replication, number, purpose)

    episode = scenario.episode.draw(draw("episode"))
    care = draw("care")
    return Comer(
        number=number,
        at=at,
        consumes=bool(draw("consumes").random() < scenario.arrivals.consuming(month)),
        substances=_brought(scenario, month, draw("substances")),
        service=SERVICES.codes[int(care.integers(len(SERVICES)))],
        episode=episode,
        patience=scenario.patience.draw(draw("patience")) if scenario.patience else None,
        turnover=scenario.turnover.draw(draw("turnover")) if scenario.turnover else 0,
        recovery=scenario.recovery.draw(draw("recovery")) if scenario.recovery else 0,
        emergency=_emergency(scenario, month, episode, draw("emergency")),
    )


def _brought(scenario: Scenario, month: str, rng: np.random.Generator) -> tuple[str, ...]:
    mix = scenario.mix(month)
    edges = np.cumsum(list(mix.values()))
    chosen = int(np.searchsorted(edges, rng.random() * edges[-1], side="right"))
    return tuple(list(mix)[min(chosen, len(mix) - 1)].split("+"))


def _emergency(
    scenario: Scenario, month: str, episode: int, rng: np.random.Generator
) -> int | None:
    if rng.random() >= scenario.emergencies.probability(month):
        return None
    return int(episode * rng.uniform(0.1, 0.9))
