"""The reference engine: simulated people and staff whose every act is a command to the real room.

People arrive, wait, use, rest, fall ill and leave; staff seat, look, intervene and record. The
engine reads the room, as staff do, and knows besides only what it has planned. Slow and obvious on
purpose; the measure of every faster engine.
"""

from collections import Counter
from dataclasses import replace

from opendcr.ledger.facts import Refusal
from opendcr.room.policy import Place
from opendcr.room.room import Room
from opendcr.room.rules import earliest_leave
from opendcr.room.stages import IN_BOOTH
from opendcr.simulate.calendar import Act, Calendar, Turn
from opendcr.simulate.comers import Comer, Day, milliseconds
from opendcr.simulate.course import Deed, course
from opendcr.simulate.crowd import Crowd
from opendcr.simulate.identifiers import uuid7
from opendcr.simulate.scenario import ANY, MINUTE, Scenario
from opendcr.simulate.staff import Staff
from opendcr.simulate.stays import Stay
from opendcr.simulate.world import World
from opendcr.streams import stream

# Refusals of one person's place, after which the next in the queue is asked; any other is the room's.
OF_THE_PERSON = frozenset({"visit_not_open", "wrong_stage", "under_age", "excluded"})
# Why the simulation's staff do not ask for a place at all: of somebody with another need, or for a
# place that is open already, it may not be true.
OF_THE_MOMENT = frozenset({"place", "kind", "staff", "emergency"})


class Simulation:
    """One replication of a scenario in a world. `stays` fills as people leave the queue.

    `open` says whether the scenario's room is in its hours.
    """

    def __init__(self, scenario: Scenario, world: World, seed: int, replication: int = 0) -> None:
        self.scenario, self._key = scenario, (seed, replication)
        self.staff = Staff(scenario, world, seed, replication)
        self.calendar = Calendar()
        self._stays: dict[int, Stay] = {}  # by number
        self.comers: dict[str, Comer] = {}  # by visit, while they are here
        self.cleaning: dict[str, int] = {}  # place → when it is ready again
        self._crowd = Crowd(scenario.people, seed, replication)
        self._waiting: dict[str, int] = {}  # visit → when the wait began
        self._obstacle: dict[int, str] = {}  # number → why they did not start at once
        self._for_chair: dict[str, str] = {}  # visit → the place that it has not left yet
        self._resting: set[str] = set()
        self.open = False
        self._closing = False

    @property
    def stays(self) -> list[Stay]:
        """What became of everybody who has left the queue, in the order in which they did."""
        return list(self._stays.values())

    @property
    def room(self) -> Room:
        """The room as it is now."""
        return self.staff.room

    def plan(self, day: Day) -> None:
        """Puts a day's opening, comers and closing on the calendar."""
        if not day.follows_on:
            self.calendar.at(day.opens, Turn.OPENING, 0, self._open)
        for comer in day.comers:
            self.calendar.at(comer.at, Turn.ARRIVAL, comer.number, self._arrival(comer))
        # Opening brings on who works then; a day that follows on has no opening.
        for moment in self.staff.changes(day.opens - int(day.follows_on), day.closes):
            self.calendar.at(moment, Turn.SHIFT, 0, self._change_shift)
        if not day.runs_on:
            self.calendar.at(day.closes, Turn.CLOSING, 0, self._close)

    def run_until(self, until: int | None = None) -> None:
        """Lets everything happen that falls due by `until`; everything, where that is None."""
        self.calendar.run_until(until)

    def _open(self, at: int) -> None:
        self.open, self._closing = True, False
        self.staff.open(at)

    def _change_shift(self, at: int) -> None:
        self.staff.change_shift(at)
        self.seat_waiting(at)

    def _close(self, at: int) -> None:
        """Those who wait go; episodes finish; the doors shut when everybody has left."""
        self.open, self._closing = False, True
        for visit in list(self._waiting):
            self._leave_queue(at, visit, "waiting_at_close", "closing")
        self._shut(at)

    def _shut(self, at: int) -> None:
        if self._closing and not self.comers:
            self._closing = False
            self.staff.shut(at)

    # Coming in

    def _arrival(self, comer: Comer) -> Act:
        def arrive(at: int) -> None:
            person, new = self._crowd.who(comer.number, self.room)
            if new:
                self._register(at, person)
            reasons = {"reasons": ["consume" if comer.consumes else comer.service]}
            answer = self.staff.send(at, "reception", "Arrived", data=reasons, person=person)
            if isinstance(answer, Refusal):
                self._turn_away(at, comer, person, answer.code)
                return
            visit = str(answer[0].visit)
            self.comers[visit] = comer
            if comer.consumes:
                self._join_queue(at, visit, comer)
            else:
                self._care(at, visit, comer)

        return arrive

    def _register(self, at: int, person: str) -> None:
        gender, band = self._crowd.said(person)
        said = {"tier": "1", "gender": gender, "age_band": band}
        self.staff.send(at, "reception", "Registered", data=said, person=person)
        self._accept_terms(at, person)

    def _accept_terms(self, at: int, person: str | None, visit: str | None = None) -> None:
        terms = self.room.standing.current_terms
        if terms is not None:
            accepted = {"terms": terms}
            self.staff.send(at, "reception", "TermsAccepted", visit, accepted, person)

    def _turn_away(self, at: int, comer: Comer, person: str, refused: str) -> None:
        known = {"excluded": "excluded", "under_age": "under_age", "room_not_open": "closing"}
        reason = {"reason": known.get(refused, "other")}
        self.staff.send(at, "reception", "TurnedAway", data=reason, person=person)
        if comer.consumes:
            self._end(Stay(comer.number, at, "turned_away"))

    def _end(self, stay: Stay) -> None:
        self._stays[stay.number] = replace(stay, obstacle=self._obstacle.pop(stay.number, None))

    def _care(self, at: int, visit: str, comer: Comer) -> None:
        self.staff.send(at, "nurse", "ServiceProvided", visit, {"service": comer.service})
        self._end(Stay(comer.number, at, "care"))
        # How long care takes is published nowhere; the time in a booth stands in for it.
        self.calendar.at(at + comer.episode, Turn.CARE, comer.number, self.departure(visit))

    # Waiting

    def _join_queue(self, at: int, visit: str, comer: Comer) -> None:
        self._assess(at, visit, comer)
        self.seat_waiting(at)  # where trainees have freed a place, whoever waited goes first
        obstacle = self._seat(at, visit)
        if obstacle is None:
            return
        self._obstacle[comer.number] = obstacle
        capacity = self.scenario.queue_capacity
        if capacity is not None and len(self._waiting) >= capacity:
            self.staff.send(at, "reception", "TurnedAway", visit, {"reason": "full"})
            self._end(Stay(comer.number, at, "turned_away"))
            self._gone(at, visit)
            return
        self._waiting[visit] = at
        if comer.balks_at is not None and len(self._waiting) > comer.balks_at:
            self._leave_queue(at, visit, "left_waiting", "gave_up_waiting")
            self._stays[comer.number] = replace(self._stays[comer.number], balked=True)
            return
        self.staff.send(at, "reception", "Queued", visit)
        if comer.patience is not None:
            give_up = self._patience(visit)
            self.calendar.at(at + comer.patience, Turn.PATIENCE, comer.number, give_up)

    def _assess(self, at: int, visit: str, comer: Comer) -> None:
        route = self.scenario.routes(comer.need)[0]
        planned = {"substances": list(comer.substances), "route": route}
        self.staff.send(at, "worker", "Assessed", visit, {"outcome": "proceed", **planned})

    def _patience(self, visit: str) -> Act:
        def give_up(at: int) -> None:
            if visit in self._waiting and self._seated_by_others(visit) is None:
                self._leave_queue(at, visit, "left_waiting", "gave_up_waiting")

        return give_up

    def _leave_queue(self, at: int, visit: str, end: str, how: str) -> None:
        since = self._waiting.pop(visit)
        self._end(Stay(self.comers[visit].number, since, end, until=at))
        self.departure(visit, how)(at)

    def seat_waiting(self, at: int) -> None:
        """First come, first served, as far as free places that fit them and staff go."""
        for visit in list(self._waiting):
            if visit not in self.room.visits:  # somebody else has seen them out
                self._leave_queue(at, visit, "left_waiting", "gave_up_waiting")
                continue
            refused = self._seat(at, visit)
            if refused is not None and refused not in OF_THE_PERSON | OF_THE_MOMENT:
                return

    # Using

    def _seat(self, at: int, visit: str) -> str | None:
        """Seats somebody who has come or waited; what stands in the way, or None when it is done."""
        place = self._seated_by_others(visit)
        if place is None:
            place = self.free_place(self.comers[visit].need)
            if place is None or self._closing:
                return "place" if self._closing or self.free_place() is None else "kind"
            obstacle = self.staff.obstacle(place.id)
            if obstacle is not None:
                return obstacle
            refused = self._take(at, visit, place)
            if refused is not None:
                return refused
        self._begin(at, visit, place)
        return None

    def _seated_by_others(self, visit: str) -> Place | None:
        held = self.room.visits.get(visit)
        return self.room.policy.place(held.place) if held and held.stage in IN_BOOTH else None

    def _take(self, at: int, visit: str, place: Place) -> str | None:
        """Asks for the place; what only the person lacks is made up for, and asked once more."""
        refused = self._ask_for(at, visit, place)
        if refused == "terms_not_accepted":
            self._accept_terms(at, self.room.visits[visit].person, visit)
        elif refused == "not_assessed":
            self._assess(at, visit, self.comers[visit])
        else:
            return refused
        return self._ask_for(at, visit, place)

    def _ask_for(self, at: int, visit: str, place: Place) -> str | None:
        answer = self.staff.send(at, "worker", "Seated", visit, {"place": place.id})
        return answer.code if isinstance(answer, Refusal) else None

    def _begin(self, at: int, visit: str, place: Place) -> None:
        comer = self.comers[visit]
        arrived = self._waiting.pop(visit, at)
        route = self.scenario.route_in(comer.need, place)
        used = {"substances": list(comer.substances), "route": route}
        self.staff.send(at, "worker", "ConsumptionStarted", visit, {"place": place.id, **used})
        self.staff.watch(at, visit)
        finished = at + comer.episode
        ill = comer.emergency is not None
        if comer.emergency is not None:
            finished = max(finished, self._plan_emergency(at + comer.emergency, visit, comer))
        self._end(
            Stay(comer.number, arrived, "served", at, finished, emergency=ill, place=place.id)
        )
        complete = self._completion(visit, place.id)
        self.calendar.at(finished, Turn.COMPLETION, comer.number, complete)
        self._look_at(at, visit, comer, finished)

    def free_place(self, need: str = ANY) -> Place | None:
        """A place in which somebody with a need may be seated now."""
        room = self.room
        taken = Counter(visit.place for visit in room.visits.values())
        for place in room.policy.places:
            fits = place.consumption and taken[place.id] < place.capacity
            blocked = (
                place.id in self.cleaning
                or room.standing.value("blocked", place.id)
                or room.emergency_in(place.id)
            )
            if fits and not blocked and self.scenario.fits(need, place):
                return place
        return None

    def _look_at(self, at: int, visit: str, comer: Comer, until: int) -> None:
        every = self.scenario.policy.look_every["none"] * MINUTE
        until = at + comer.emergency if comer.emergency is not None else until
        for time in range(at + every, until, every):
            self.calendar.at(time, Turn.CARE, comer.number, self._look(visit))

    def _look(self, visit: str) -> Act:
        def look(at: int) -> None:
            if visit in self.room.visits:
                seen = {"response": "alert", "concern": "none"}
                self.staff.send(at, "nurse", "Observed", visit, seen)

        return look

    def _plan_emergency(self, start: int, visit: str, comer: Comer) -> int:
        """Puts an emergency's course on the calendar; returns when it is over."""
        rng = stream(*self._key, comer.number, "course")
        id = f"e-{uuid7(comer.at, *self._key, 'emergency', comer.number)}"
        for deed in course(id, comer.substances, comer.care, comer.naloxone, rng):
            turn = Turn.EMERGENCY_END if deed.kind == "EmergencyEnded" else Turn.CARE
            self.calendar.at(start + deed.after, turn, comer.number, self._do(visit, deed))
        return start + comer.care

    def _do(self, visit: str, deed: Deed) -> Act:
        def act(at: int) -> None:
            # Reports are never refused: nothing is to be seen of, or done for, somebody who has
            # left, and what somebody else has ended is over.
            here, running = (
                visit in self.room.visits,
                deed.data["emergency"] in self.room.emergencies,
            )
            starts, ends = deed.kind == "EmergencyStarted", deed.kind == "EmergencyEnded"
            if (here or ends) and (running or starts):
                self.staff.send(at, deed.role, deed.kind, visit, deed.data)
            if ends:
                self.seat_waiting(at)

        return act

    # Leaving the booth

    def _completion(self, visit: str, place: str) -> Act:
        def complete(at: int) -> None:
            self.staff.send(at, "worker", "ConsumptionEnded", visit)
            chairs = self.scenario.chairs
            if chairs is not None and len(self._resting) >= chairs and self._rests(at, visit):
                self._for_chair[visit] = place
            else:
                self._leave_booth(at, visit, place)
            self.seat_waiting(at)

        return complete

    def _rests(self, at: int, visit: str) -> bool:
        comer = self.comers.get(visit)
        ill = self.room.emergency_of(visit) is not None
        return comer is not None and (comer.recovery > 0 or ill or self._earliest(visit) > at)

    def _leave_booth(self, at: int, visit: str, place: str) -> None:
        comer, held = self.comers.get(visit), self.room.visits.get(visit)
        number, turnover = (comer.number, comer.turnover) if comer else (0, 0)
        # Before the person goes, so that nobody is seated where it is still to be made ready.
        for left in {place, (held.place if held else None) or place}:
            self._turn_over(at, left, number, turnover)
        if comer is not None and held is not None and self._rests(at, visit):
            self._resting.add(visit)
            if held.stage in IN_BOOTH:
                self.staff.send(at, "worker", "MovedToRecovery", visit)
            leaves = max(at + comer.recovery, self._earliest(visit))
            self.calendar.at(leaves, Turn.CARE, comer.number, self._end_of_rest(visit))
        else:
            self.departure(visit)(at)

    def _earliest(self, visit: str) -> int:
        held = self.room.visits.get(visit)
        earliest = earliest_leave(self.room, held) if held else None
        return milliseconds(earliest) if earliest else 0

    def _turn_over(self, at: int, place: str, number: int, turnover: int) -> None:
        ready = at + turnover
        if number in self._stays:
            self._stays[number] = replace(self._stays[number], ready=ready)
        self.cleaning[place] = max(ready, self.cleaning.get(place, ready))
        self.calendar.at(ready, Turn.RELEASE, number, self._release(place))

    def _release(self, place: str) -> Act:
        def release(at: int) -> None:
            if self.cleaning.get(place, at) <= at:
                self.cleaning.pop(place, None)
                blocked = self.room.standing.value("blocked", place)
                if blocked is not None and blocked[1] == "turnover":  # another block stays
                    self.staff.send(at, "worker", "PlaceReleased", data={"place": place})
            self.seat_waiting(at)

        return release

    # Going home

    def departure(self, visit: str, how: str = "well") -> Act:
        """Somebody's leaving: where the room does not let them go yet, they try again later."""

        def depart(at: int) -> None:
            answer = self.staff.send(at, "reception", "Departed", visit, {"how": how})
            if isinstance(answer, Refusal) and visit in self.room.visits:
                again = max(self._earliest(visit), at + MINUTE)
                number = self.comers[visit].number if visit in self.comers else 0
                self.calendar.at(again, Turn.CARE, number, self.departure(visit, how))
            else:
                self._gone(at, visit)

        return depart

    def _end_of_rest(self, visit: str) -> Act:
        leave = self.departure(visit)

        def rested(at: int) -> None:
            leave(at)
            self.seat_waiting(at)  # whoever has found a chair left a booth that staff watched

        return rested

    def _gone(self, at: int, visit: str) -> None:
        self.comers.pop(visit, None)
        self._resting.discard(visit)
        while self._for_chair and len(self._resting) < (self.scenario.chairs or 0):
            next_one = next(iter(self._for_chair))
            self._leave_booth(at, next_one, self._for_chair.pop(next_one))
        self._shut(at)
