"""The whole room in SimPy: the same rules, the same people, and the same order of what ties.

Written twice: `Events` is the leanest that SimPy allows, a callback for each thing that falls due
and no process at all; `Processes` is how a model in SimPy usually reads, a process for each person.
`Drawing` is the latter, drawing its own people from Python's `random` as it goes, as ours does.
Places hold one person each, and seating does not pause in an emergency: the room that is measured
has neither. Nothing but what becomes of each person is kept; ours counts all of its figures.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import simpy

from opendcr.simulate.calendar import Turn
from opendcr.simulate.comers import Comer, Day
from opendcr.simulate.course import NALOXONE_AFTER
from opendcr.simulate.kernel.people import NALOXONE_SHARE
from opendcr.simulate.kernel.tables import shifts_of
from opendcr.simulate.scenario import MINUTE, Duration, Scenario
from rig.queue_peers import Left

_TURN = 1 << 40  # more than there are people
EMERGENCY_END, COMPLETION, RELEASE, CLOSING, SHIFT, PATIENCE, ARRIVAL, CARE = (
    int(turn) * _TURN
    for turn in (Turn.EMERGENCY_END, Turn.COMPLETION, Turn.RELEASE, Turn.CLOSING, Turn.SHIFT,
                 Turn.PATIENCE, Turn.ARRIVAL, Turn.CARE)
)  # fmt: skip


class Person:
    """What somebody brings, and what becomes of them."""

    __slots__ = ("at", "care", "earliest", "end", "episode", "finished", "fits", "number", "onset",
                 "patience", "place", "recovery", "started", "stays_on", "turn", "turnover",
                 "until")  # fmt: skip

    def __init__(
        self, number: int, at: int, fits: int, episode: int, patience: int | None, turnover: int,
        recovery: int, onset: int | None, care: int, stays_on: int,
    ) -> None:  # fmt: skip
        self.number, self.at, self.fits = number, at, fits
        self.episode, self.patience, self.turnover = episode, patience, turnover
        self.recovery, self.onset, self.care = recovery, onset, care
        self.stays_on = stays_on  # how long after the start of their emergency
        self.earliest, self.end = 0, ""
        self.place = self.started = self.finished = self.until = None
        self.turn = None  # in a process: the event of being seated

    def outcome(self) -> tuple[Any, ...]:
        """What `outcome_of` tells of one of ours."""
        place = None if self.place is None else self.place.bit_length() - 1
        return self.number, self.at, self.end, self.started, self.finished, self.until, place


class Due(simpy.Event):
    """Something that falls due; of what falls on one moment the lower rank comes first."""

    def __init__(
        self, env: simpy.Environment, rank: int, after: int, act: Callable[[Any], None] | None,
        person: Person | None = None,
    ) -> None:  # fmt: skip
        self.env, self._value, self._ok = env, person, True
        self.callbacks = [] if act is None else [act]
        self.person = person
        env.schedule(self, rank, after)


class Room:
    """What both have in common: who waits, which places are ready, how many staff are free."""

    def __init__(self, scenario: Scenario, days: Sequence[Day]) -> None:
        self.env = simpy.Environment(0)
        booths, policy = scenario.booths, scenario.policy
        self.fits = {
            need: sum(1 << at for at, place in enumerate(booths) if scenario.fits(need, place))
            for need in (*scenario.needs, "any")
        }
        self.stays_on = NALOXONE_AFTER + policy.stay_after_naloxone * MINUTE
        self.people = [self.person(comer) for day in days for comer in day.comers]
        self.coming, self.closing = iter(self.people), iter([day.closes for day in days])
        self.changes = iter(shifts_of(scenario).tolist())
        self.ready = (1 << len(booths)) - 1  # the places, a bit each, that can be taken
        self.taken, self.staff, self.resting = 0, 0, 0
        self.on_shift, self.held = 0, scenario.emergencies.staff
        # The staff for one place more than are taken.
        self.needed = [policy.needed_staff(taken + 1) for taken in range(len(booths))]
        self.needed.append(1 << 30)
        self.chairs = len(self.people) if scenario.chairs is None else scenario.chairs
        self.waiting: dict[int, Person] = {}
        self.for_chair: deque[Any] = deque()

    def person(self, comer: Comer) -> Person:
        """Somebody who is given."""
        return Person(
            comer.number, comer.at, self.fits[comer.need], comer.episode, comer.patience,
            comer.turnover, comer.recovery, comer.emergency, comer.care,
            self.stays_on if comer.naloxone else 0,
        )  # fmt: skip

    def run(self) -> None:
        """From the first person to the last."""
        self.change_shift_next()
        self.close_next()
        self.start()
        self.env.run()

    def start(self) -> None:
        """Puts what brings people on the calendar."""
        raise NotImplementedError

    def change_shift_next(self) -> None:
        change = next(self.changes, None)
        if change is not None:
            since, self.coming_on = change
            Due(self.env, SHIFT, since - self.env.now, self.change_shift)

    def change_shift(self, event: Due) -> None:
        self.staff += self.coming_on - self.on_shift
        self.on_shift = self.coming_on
        self.change_shift_next()
        self.seat_waiting()

    def close_next(self) -> None:
        closes = next(self.closing, None)
        if closes is not None:
            Due(self.env, CLOSING, closes - self.env.now, self.close)

    def close(self, event: Due) -> None:
        for person in self.waiting.values():
            person.end, person.until = "waiting_at_close", self.env.now
            self.sent_away(person)
        self.waiting.clear()
        self.close_next()

    def seat_waiting(self) -> None:
        """First come, first served, as far as places that fit and staff go."""
        if not self.waiting or not self.ready or self.staff < self.needed[self.taken]:
            return
        for person in list(self.waiting.values()):
            fitting = self.ready & person.fits
            if fitting:
                del self.waiting[person.number]
                self.seat(person, fitting & -fitting)
                if not self.ready or self.staff < self.needed[self.taken]:
                    return

    def seat(self, person: Person, place: int) -> None:
        """Gives somebody a place."""
        raise NotImplementedError

    def sent_away(self, person: Person) -> None:
        """The room has closed upon somebody who waited."""

    def take(self, person: Person, place: int) -> int:
        """Takes a place; how long it is used."""
        now, lasts = self.env.now, person.episode
        self.ready ^= place
        self.taken += 1
        person.end, person.place, person.started = "served", place, now
        onset = person.onset
        if onset is not None:
            over = onset + person.care
            lasts = max(lasts, over)
            if person.stays_on:
                person.earliest = now + onset + person.stays_on
            Due(self.env, CARE + person.number, onset, self.fall_ill)
            Due(self.env, EMERGENCY_END + person.number, over, self.be_well)
        person.finished = now + lasts
        return lasts

    def fall_ill(self, event: Due) -> None:
        self.staff -= self.held

    def be_well(self, event: Due) -> None:
        self.staff += self.held
        self.seat_waiting()


class Events(Room):
    """A callback for each thing that falls due."""

    def start(self) -> None:
        self.next_arrival()

    def next_arrival(self) -> None:
        person = next(self.coming, None)
        if person is not None:
            after = person.at - self.env.now
            Due(self.env, ARRIVAL + person.number, after, self.arrive, person)

    def arrive(self, event: Due) -> None:
        person = event.person
        self.next_arrival()
        fitting = self.ready & person.fits
        if fitting and self.staff >= self.needed[self.taken]:
            self.seat(person, fitting & -fitting)
            return
        self.waiting[person.number] = person
        if person.patience is not None:
            Due(self.env, PATIENCE + person.number, person.patience, self.give_up, person)

    def give_up(self, event: Due) -> None:
        person = event.person
        if person.number in self.waiting:
            del self.waiting[person.number]
            person.end, person.until = "left_waiting", self.env.now

    def seat(self, person: Person, place: int) -> None:
        lasts = self.take(person, place)
        Due(self.env, COMPLETION + person.number, lasts, self.complete, person)

    def complete(self, event: Due) -> None:
        person = event.person
        rests = person.recovery > 0 or person.earliest > self.env.now
        if rests and self.resting >= self.chairs:
            self.for_chair.append(person)  # and stays in the place
        else:
            self.leave(person, rests)
            self.seat_waiting()

    def leave(self, person: Person, rests: bool) -> None:
        if rests:
            self.resting += 1
            lasts = max(person.recovery, person.earliest - self.env.now)
            Due(self.env, CARE + person.number, lasts, self.rested)
        self.taken -= 1
        Due(self.env, RELEASE + person.number, person.turnover, self.release, person)

    def release(self, event: Due) -> None:
        self.ready |= event.person.place
        self.seat_waiting()

    def rested(self, event: Due) -> None:
        self.resting -= 1
        now = self.env.now
        while self.for_chair and self.resting < self.chairs:
            person = self.for_chair.popleft()
            self.leave(person, person.recovery > 0 or person.earliest > now)
        self.seat_waiting()


class Processes(Room):
    """A process for each person."""

    def start(self) -> None:
        self.env.process(self.arrivals())

    def arrivals(self) -> Iterator[simpy.Event]:
        for person in self.coming:
            yield Due(self.env, ARRIVAL + person.number, person.at - self.env.now, None)
            self.env.process(self.stay(person))

    def stay(self, person: Person) -> Iterator[simpy.Event]:
        env = self.env
        fitting = self.ready & person.fits
        if fitting and self.staff >= self.needed[self.taken]:
            lasts = self.take(person, fitting & -fitting)
        else:
            person.turn, self.waiting[person.number] = env.event(), person
            if person.patience is None:
                yield person.turn
            else:
                gives_up = Due(env, PATIENCE + person.number, person.patience, None)
                yield person.turn | gives_up
            if not person.end:
                del self.waiting[person.number]
                person.end, person.until = "left_waiting", env.now
            if person.place is None:
                return
            lasts = person.turn.value
        yield Due(env, COMPLETION + person.number, lasts, None)
        rests = person.recovery > 0 or person.earliest > env.now
        if rests and self.resting >= self.chairs:
            chair = env.event()
            self.for_chair.append(chair)
            yield chair
            rests = person.recovery > 0 or person.earliest > env.now
            self.resting -= 1  # which was kept for them
        self.taken -= 1
        Due(env, RELEASE + person.number, person.turnover, self.release, person)
        if rests:
            self.resting += 1
        self.seat_waiting()
        if rests:
            lasts = max(person.recovery, person.earliest - env.now)
            yield Due(env, CARE + person.number, lasts, None)
            self.resting -= 1
            while self.for_chair and self.resting < self.chairs:
                self.resting += 1
                self.for_chair.popleft().succeed()
            self.seat_waiting()

    def seat(self, person: Person, place: int) -> None:
        person.turn.succeed(self.take(person, place))

    def sent_away(self, person: Person) -> None:
        person.turn.succeed()

    def release(self, event: Due) -> None:
        self.ready |= event.person.place
        self.seat_waiting()


class Drawing(Processes):
    """A process for each person, who is drawn when they come; as many an hour at all hours."""

    def __init__(self, scenario: Scenario, days: Sequence[Day], seed: int) -> None:
        super().__init__(scenario, [replace(day, comers=()) for day in days])
        self.random, self.scenario, self.days = Random(seed), scenario, days
        self.came: list[int] = []  # by day
        self.draw = {
            name: sampler(self.random, getattr(scenario, name))
            for name in ("episode", "patience", "turnover", "recovery")
        } | {"care": sampler(self.random, scenario.emergencies.minutes)}

    def arrivals(self) -> Iterator[simpy.Event]:
        env, draw, random = self.env, self.draw, self.random
        rate = self.scenario.arrivals.per_hour[0] / (60 * MINUTE)
        ill = self.scenario.emergencies.per_1000 / 1000
        needs = [(share, self.fits[need]) for need, share in self.scenario.needs.items()]
        fits_any = self.fits["any"]
        for day in self.days:
            before = len(self.people)
            at = day.opens + random.expovariate(rate)
            while at < day.closes:
                number, fits, share = len(self.people) + 1, fits_any, random.random()
                for part, fitting in needs:
                    if share < part:
                        fits = fitting
                        break
                    share -= part
                episode, onset, care, stays_on = draw["episode"](), None, 0, 0
                if random.random() < ill:
                    onset = int(episode * (0.1 + 0.8 * random.random()))
                    care = max(draw["care"](), 5 * MINUTE)
                    stays_on = self.stays_on if random.random() < NALOXONE_SHARE else 0
                person = Person(
                    number, int(at), fits, episode, draw["patience"](), draw["turnover"](),
                    draw["recovery"](), onset, care, stays_on,
                )  # fmt: skip
                self.people.append(person)
                yield Due(env, ARRIVAL + number, person.at - env.now, None)
                env.process(self.stay(person))
                at += random.expovariate(rate)
            self.came.append(len(self.people) - before)

    def left(self) -> Left:
        """Who came and who gave up, by day."""
        gone = np.array([person.end == "left_waiting" for person in self.people])
        begins = np.cumsum([0, *self.came[:-1]])
        return Left(np.array(self.came), np.add.reduceat(gone.astype(np.int64), begins))


def sampler(random: Random, law: Duration) -> Callable[[], int]:
    """Draws durations by a law, in milliseconds."""
    mean, sd = law.mean * MINUTE, law.sd * MINUTE
    if law.distribution == "exponential":
        return lambda: int(random.expovariate(1 / mean))
    if law.distribution == "lognormal":
        sigma = math.sqrt(math.log1p((sd / mean) ** 2))
        return lambda: int(random.lognormvariate(math.log(mean) - sigma**2 / 2, sigma))
    if law.distribution == "gamma":
        return lambda: int(random.gammavariate((mean / sd) ** 2, sd**2 / mean))
    return lambda: int(mean)
