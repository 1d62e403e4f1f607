"""The whole room, compiled: kinds of place, cleaning, chairs, staff and emergencies, event by event.

It does what the reference engine does, in the same order, without a ledger: given the same people
it makes the same visits. Who gives up is found out when it first matters (when somebody could be
seated, the queue could be full, or the room closes), which changes nothing but the work.
"""

import numpy as np

from opendcr.simulate.course import NALOXONE_AFTER
from opendcr.simulate.kernel.bare import bare
from opendcr.simulate.kernel.compiling import compiled, helper, inlined
from opendcr.simulate.kernel.counts import (
    ARRIVALS,
    BALKED,
    EMERGENCIES,
    END_LEFT,
    END_SENT_AWAY,
    END_SERVED,
    END_TURNED_AWAY,
    H_ARRIVALS,
    H_HELD,
    H_LEFT,
    H_NOT_READY,
    H_QUEUE,
    H_SENT_AWAY,
    H_TURNED_AWAY,
    H_USED,
    H_WAIT,
    H_WAITED,
    HELD,
    HELD_UP,
    LEFT,
    NOT_READY,
    SENT_AWAY,
    SERVED,
    SHORT_OF_STAFF,
    TURNED_AWAY,
    USED,
    V_ARRIVED,
    V_BALKED,
    V_EMERGENCY,
    V_END,
    V_FINISHED,
    V_NUMBER,
    V_OBSTACLE,
    V_PLACE,
    V_READY,
    V_STARTED,
    V_UNTIL,
    WAIT,
    WAIT_SERVED,
    WAITED,
    bin_of,
    spread,
    within,
)
from opendcr.simulate.kernel.people import (
    NOT,
    P_AT,
    P_BALKS_AT,
    P_CARE,
    P_COLUMNS,
    P_CONSUMES,
    P_EPISODE,
    P_NALOXONE,
    P_NEED,
    P_NUMBER,
    P_ONSET,
    P_PATIENCE,
    P_RECOVERY,
    P_TURNOVER,
    draw_day,
)
from opendcr.simulate.kernel.tables import (
    CLOCK,
    CLOSES,
    DAY_BEGINS,
    FIRST_SPAN,
    LENGTH,
    OFFSET,
    OPENS,
    SHUTS,
    SINCE,
    SPANS,
    STAFF,
)
from opendcr.simulate.kernel.turns import (
    ARRIVAL,
    CARE,
    CLOSING,
    COMPLETION,
    EMERGENCY_END,
    LATEST,
    OPENING,
    PATIENCE,
    RELEASE,
    SHIFT,
    due,
    moment_of,
    pop,
    push,
    turn_of,
)

# A person in the room has a slot; these are its columns, after those of the table of people. `S_NEXT`
# is the slot of the next who waits, or the next that is free; `S_PENDING` how much of theirs is due.
(S_ARRIVED, S_GIVES_UP, S_PLACE, S_STARTED, S_FINISHED, S_DAY, S_BATCH, S_HOUR, S_ROW, S_OBSTACLE,
 S_NEXT, S_PENDING) = range(P_COLUMNS, P_COLUMNS + 12)  # fmt: skip
S_COLUMNS = P_COLUMNS + 12
# The room's own numbers: places taken, emergencies that run, people on chairs, staff on shift,
# whether people are seated, the calendar's size, the first free slot, the ends of the ring of those
# who wait for a chair, the moment, the last turn that it has come to, the next change of staff, and
# how many have come to use.
(TAKEN, RUNNING, RESTING, ON_SHIFT, SEATING, SIZE, FREE_SLOT, CHAIR_FIRST, CHAIR_LAST, NOW,
 PHASE, SHIFTED, CAME) = range(13)  # fmt: skip
STATES = 13
# Of a booth: how many it holds, how many are in it, until when it is made ready (0 where it is), and
# how many emergencies run in it: beside one nobody is seated.
CAPACITY, OCCUPIED, CLEANED, ILL = range(4)
FIRST, LAST = range(2)  # of those who wait with one need
NO_PLACE, NO_STAFF, HELD_BY_EMERGENCY = -1, -2, -3


@compiled
def run_whole(room, streams, given, given_count, slot_count, batch_of, sums, bins, by_hour, table):
    """One replication: adds to `sums` (run of days × figure), `bins` (run × bin of waits) and
    `by_hour`; False where more people were in the room at a time than there are slots for.

    `given` are people to take in place of drawn ones, `given_count` of them on each day; none where
    it is empty. `by_hour` (clock hour × figure) and `table` (of visits) may be empty too.
    """
    days, spans, shifts, fits = room.days, room.spans, room.shifts, room.fits
    capacity = room.capacity
    booths = np.zeros((len(capacity), 4), dtype=np.int64)
    booths[:, CAPACITY] = capacity
    seats = capacity.sum()
    queues = np.full((len(room.needs), 2), NOT)
    chairs = np.empty(seats + 1, dtype=np.int64)  # who waits for one, in a ring
    slots = np.zeros((slot_count, S_COLUMNS), dtype=np.int64)
    for slot in range(slot_count):
        slots[slot, S_NEXT] = slot + 1 if slot + 1 < slot_count else NOT
    # Of a person at most three things are due at a time: the end of the episode and both ends of an
    # emergency, or the place's release and the end of a rest. Nothing else looks at this bound.
    most = 3 * slot_count
    keys, who = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    state = np.zeros(STATES, dtype=np.int64)
    while state[SHIFTED] < len(shifts) and shifts[state[SHIFTED], SINCE] <= days[0, OPENS]:
        state[ON_SHIFT] = shifts[state[SHIFTED], STAFF]
        state[SHIFTED] += 1
    drawn = len(given_count) == 0
    people = np.empty((256, P_COLUMNS), dtype=np.int64)
    number = 0
    for day in range(len(days)):
        if drawn:
            people, count = draw_day(room, streams, day, number, people)
        else:
            count = given_count[day]
        source = people[:count] if drawn else given[number : number + count]
        number += count
        # All of these are used again on the next day, or belong to the caller: see `bare`.
        if not _run_day(day, bare(source), room.rules, bare(days), bare(spans), bare(shifts),
                        bare(fits), bare(booths), bare(queues), bare(chairs), bare(slots),
                        bare(keys), bare(who), bare(state), batch_of[day], bare(sums), bare(bins),
                        bare(by_hour), bare(table)):  # fmt: skip
            return False
    return True


@helper
def _run_day(day, source, rules, days, spans, shifts, fits, booths, queues, chairs, slots, keys,
             who, state, batch, sums, bins, by_hour, table):  # fmt: skip
    """One day, until its people have come and it has closed; the last one, until all is over."""
    opens, closes = days[day, OPENS], days[day, CLOSES]
    follows_on = day > 0 and days[day - 1, SHUTS] != days[day - 1, CLOSES]
    opening = LATEST if follows_on else due(opens, OPENING)
    closing = LATEST if days[day, SHUTS] != closes else due(closes, CLOSING)
    drains = day == len(days) - 1
    comer = hour = 0
    while True:
        while comer < len(source) and source[comer, P_CONSUMES] == 0:
            comer += 1
        arrival = due(source[comer, P_AT], ARRIVAL) if comer < len(source) else LATEST
        changes = (
            due(shifts[state[SHIFTED], SINCE], SHIFT) if state[SHIFTED] < len(shifts) else LATEST
        )
        first = keys[0] if state[SIZE] > 0 else LATEST
        planned = min(min(opening, closing), arrival)
        if planned == LATEST and not (drains and first < LATEST):
            break
        key = min(min(planned, changes), first)
        now, turn = moment_of(key), turn_of(key)
        state[PHASE] = turn if now > state[NOW] else max(turn, state[PHASE])
        state[NOW] = now
        if key == first:
            slot = who[0]
            state[SIZE] = pop(keys, who, slots, state[SIZE])
            slots[slot, S_PENDING] -= 1
            if turn == COMPLETION:
                if (
                    rules.chairs >= 0
                    and state[RESTING] >= rules.chairs
                    and _rests(rules, slots, slot, now)
                ):
                    chairs[state[CHAIR_LAST]] = slot
                    state[CHAIR_LAST] = (state[CHAIR_LAST] + 1) % len(chairs)
                    slots[slot, S_PENDING] += 1
                else:
                    _leave_booth(rules, days, spans, slots, keys, who, state, booths, slot,
                                 now, sums, by_hour, table)  # fmt: skip
            elif turn == RELEASE:
                if booths[slots[slot, S_PLACE], CLEANED] <= now:
                    booths[slots[slot, S_PLACE], CLEANED] = 0
            elif turn == EMERGENCY_END:
                state[RUNNING] -= 1
                booths[slots[slot, S_PLACE], ILL] -= 1
            elif slots[slot, S_FINISHED] > now:  # within the episode: an emergency begins
                state[RUNNING] += 1
                booths[slots[slot, S_PLACE], ILL] += 1
            else:  # a rest ends
                state[RESTING] -= 1
                while state[CHAIR_FIRST] != state[CHAIR_LAST] and state[RESTING] < rules.chairs:
                    up = chairs[state[CHAIR_FIRST]]
                    state[CHAIR_FIRST] = (state[CHAIR_FIRST] + 1) % len(chairs)
                    slots[up, S_PENDING] -= 1
                    _leave_booth(rules, days, spans, slots, keys, who, state, booths, up,
                                 now, sums, by_hour, table)  # fmt: skip
            if slots[slot, S_PENDING] == 0:
                _free(slots, state, slot)
        elif key == arrival:
            slot = state[FREE_SLOT]
            if slot == NOT:
                return False
            state[FREE_SLOT] = slots[slot, S_NEXT]
            for column in range(P_COLUMNS):
                slots[slot, column] = source[comer, column]
            slots[slot, S_ARRIVED], slots[slot, S_DAY] = now, day
            slots[slot, S_BATCH], slots[slot, S_ROW] = batch, state[CAME]
            slots[slot, S_NEXT], slots[slot, S_PENDING] = NOT, 0
            comer += 1
            state[CAME] += 1
            sums[batch, ARRIVALS] += 1
            if len(by_hour) > 0:
                hour = _hour(days, spans, day, now, hour)
                slots[slot, S_HOUR] = spans[days[day, FIRST_SPAN] + hour, CLOCK]
                by_hour[slots[slot, S_HOUR], H_ARRIVALS] += 1
            need = slots[slot, P_NEED]
            place = _place_for(rules, state, fits, booths, need)
            slots[slot, S_OBSTACLE] = max(-place, 0)
            if place >= 0:
                bins[batch, 0] += 1
                _seat(rules, days, spans, slots, keys, who, state, booths, slot, place, now,
                      day, sums, by_hour)  # fmt: skip
                continue
            sums[batch, WAITED] += 1
            if place == NO_STAFF:
                sums[batch, SHORT_OF_STAFF] += 1
            elif place == HELD_BY_EMERGENCY:
                sums[batch, HELD_UP] += 1
            if len(by_hour) > 0:
                by_hour[slots[slot, S_HOUR], H_WAITED] += 1
            waiting = 0
            if rules.queue_capacity >= 0 or slots[slot, P_BALKS_AT] >= 0:
                waiting = _count_waiting(days, spans, slots, state, queues, sums, bins, by_hour,
                                         table)  # fmt: skip
            if 0 <= rules.queue_capacity <= waiting:
                bins[batch, 0] += 1
                sums[batch, TURNED_AWAY] += 1
                if len(by_hour) > 0:
                    by_hour[slots[slot, S_HOUR], H_TURNED_AWAY] += 1
                if len(table) > 0:
                    _record(table, slots, slot, END_TURNED_AWAY, 0)
                _free(slots, state, slot)
                continue
            if 0 <= slots[slot, P_BALKS_AT] <= waiting:
                sums[batch, BALKED] += 1
                if len(table) > 0:
                    table[slots[slot, S_ROW], V_BALKED] = 1
                _leave_queue(days, spans, slots, state, slot, now, END_LEFT, sums, bins, by_hour,
                             table)  # fmt: skip
                continue
            patience = slots[slot, P_PATIENCE]
            slots[slot, S_GIVES_UP] = now + patience if patience >= 0 else LATEST
            if queues[need, FIRST] == NOT:
                queues[need, FIRST] = slot
            else:
                slots[queues[need, LAST], S_NEXT] = slot
            queues[need, LAST] = slot
            continue
        elif key == changes:
            state[ON_SHIFT] = shifts[state[SHIFTED], STAFF]
            state[SHIFTED] += 1
        elif key == opening:
            state[SEATING] = 1
            opening = LATEST
        else:
            state[SEATING] = 0
            closing = LATEST
            _send_away(days, spans, slots, state, queues, sums, bins, by_hour, table)
            continue
        # First come, first served, as far as places that fit and staff go.
        while state[SEATING]:
            best, best_place = NOT, 0
            for need in range(len(queues)):
                slot = queues[need, FIRST]
                while slot != NOT and _gave_up(state, slots[slot, S_GIVES_UP]):
                    queues[need, FIRST] = slots[slot, S_NEXT]
                    _leave_queue(days, spans, slots, state, slot, slots[slot, S_GIVES_UP],
                                 END_LEFT, sums, bins, by_hour, table)  # fmt: skip
                    slot = queues[need, FIRST]
                if slot != NOT and (best == NOT or slots[slot, P_NUMBER] < slots[best, P_NUMBER]):
                    place = _place_for(rules, state, fits, booths, need)
                    if place >= 0:
                        best, best_place = slot, place
            if best == NOT:
                break
            queues[slots[best, P_NEED], FIRST] = slots[best, S_NEXT]
            waited, into = now - slots[best, S_ARRIVED], slots[best, S_BATCH]
            sums[into, WAIT] += waited
            sums[into, WAIT_SERVED] += waited
            bins[into, bin_of(waited)] += 1
            if len(by_hour) > 0:
                by_hour[slots[best, S_HOUR], H_WAIT] += waited
                spread(days, spans, slots[best, S_DAY], slots[best, S_ARRIVED], now, by_hour,
                       H_QUEUE)  # fmt: skip
            _seat(rules, days, spans, slots, keys, who, state, booths, best, best_place, now,
                  day, sums, by_hour)  # fmt: skip
    return True


@inlined
def _free(slots, state, slot):
    """The slot of somebody who has gone is free."""
    slots[slot, S_NEXT] = state[FREE_SLOT]
    state[FREE_SLOT] = slot


@helper
def _hour(days, spans, day, now, at):
    """The clock hour of a day in which a moment lies, from one that is not after it."""
    first, begins = days[day, FIRST_SPAN], days[day, DAY_BEGINS]
    while (
        at < days[day, SPANS] - 1
        and now >= begins + spans[first + at, OFFSET] + spans[first + at, LENGTH]
    ):
        at += 1
    return at


@inlined
def _place_for(rules, state, fits, booths, need):
    """A place for somebody with a need, or why there is none now."""
    for place in range(len(booths)):
        room_in_it = booths[place, OCCUPIED] < booths[place, CAPACITY]
        if room_in_it and fits[need, place] and booths[place, CLEANED] == booths[place, ILL] == 0:
            if rules.pauses_seating and state[RUNNING] > 0:
                return HELD_BY_EMERGENCY
            needed = _needed(rules, state[TAKEN] + (1 if booths[place, OCCUPIED] == 0 else 0))
            if state[ON_SHIFT] < needed:
                return NO_STAFF
            if state[ON_SHIFT] - rules.staff_held * state[RUNNING] < needed:
                return HELD_BY_EMERGENCY
            return place
    return NO_PLACE


@inlined
def _needed(rules, open_booths):
    """The staff that so many open booths need, as `Policy.needed_staff` says."""
    by_booths = 0
    if rules.booths_per_staff > 0:
        by_booths = (open_booths + rules.booths_per_staff - 1) // rules.booths_per_staff
    return max(rules.staff_minimum, by_booths)


@inlined
def _gave_up(state, moment):
    """Whether a patience that ends at a moment has ended by now, in the order of turns."""
    return moment < state[NOW] or (moment == state[NOW] and state[PHASE] > PATIENCE)


@helper
def _leave_queue(days, spans, slots, state, slot, until, end, sums, bins, by_hour, table):
    """Somebody stops waiting without a place."""
    since, batch = slots[slot, S_ARRIVED], slots[slot, S_BATCH]
    sums[batch, LEFT if end == END_LEFT else SENT_AWAY] += 1
    sums[batch, WAIT] += until - since
    bins[batch, bin_of(until - since)] += 1
    if len(by_hour) > 0:
        hour = slots[slot, S_HOUR]
        by_hour[hour, H_LEFT if end == END_LEFT else H_SENT_AWAY] += 1
        by_hour[hour, H_WAIT] += until - since
        spread(days, spans, slots[slot, S_DAY], since, until, by_hour, H_QUEUE)
    if len(table) > 0:
        _record(table, slots, slot, end, until)
    _free(slots, state, slot)


@helper
def _count_waiting(days, spans, slots, state, queues, sums, bins, by_hour, table):
    """How many wait, after everybody who gave up by now has gone."""
    waiting = 0
    for need in range(len(queues)):
        before, slot = NOT, queues[need, FIRST]
        while slot != NOT:
            following = slots[slot, S_NEXT]
            if _gave_up(state, slots[slot, S_GIVES_UP]):
                if before == NOT:
                    queues[need, FIRST] = following
                else:
                    slots[before, S_NEXT] = following
                if following == NOT:
                    queues[need, LAST] = before
                _leave_queue(days, spans, slots, state, slot, slots[slot, S_GIVES_UP], END_LEFT,
                             sums, bins, by_hour, table)  # fmt: skip
            else:
                waiting += 1
                before = slot
            slot = following
    return waiting


@helper
def _send_away(days, spans, slots, state, queues, sums, bins, by_hour, table):
    """Closing: everybody who still waits goes."""
    for need in range(len(queues)):
        slot = queues[need, FIRST]
        while slot != NOT:
            following, gives_up = slots[slot, S_NEXT], slots[slot, S_GIVES_UP]
            end = END_LEFT if _gave_up(state, gives_up) else END_SENT_AWAY
            _leave_queue(days, spans, slots, state, slot, min(gives_up, state[NOW]), end, sums,
                         bins, by_hour, table)  # fmt: skip
            slot = following
        queues[need, FIRST] = NOT


@inlined
def _seat(rules, days, spans, slots, keys, who, state, booths, slot, place, now, day, sums,
          by_hour):  # fmt: skip
    """Somebody begins to use in a place."""
    while day > 0 and days[day, OPENS] > now:  # the day's last people have come, and it runs on
        day -= 1
    batch, lasts, onset = slots[slot, S_BATCH], slots[slot, P_EPISODE], slots[slot, P_ONSET]
    if onset >= 0:
        begins, over = now + onset, now + onset + slots[slot, P_CARE]
        lasts = max(lasts, over - now)
        sums[batch, EMERGENCIES] += 1
        if rules.staff_held > 0 or rules.pauses_seating or booths[place, CAPACITY] > 1:
            slots[slot, S_PENDING] += 2
            state[SIZE] = push(keys, who, slots, state[SIZE], due(begins, CARE), slot)
            state[SIZE] = push(keys, who, slots, state[SIZE], due(over, EMERGENCY_END), slot)
            sums[batch, HELD] += rules.staff_held * within(days, day, begins, over)
            if len(by_hour) > 0:
                for _ in range(rules.staff_held):
                    spread(days, spans, day, begins, over, by_hour, H_HELD)
    finished = now + lasts
    slots[slot, S_PLACE], slots[slot, S_STARTED], slots[slot, S_FINISHED] = place, now, finished
    slots[slot, S_PENDING] += 1
    state[SIZE] = push(keys, who, slots, state[SIZE], due(finished, COMPLETION), slot)
    if booths[place, OCCUPIED] == 0:
        state[TAKEN] += 1
    booths[place, OCCUPIED] += 1
    sums[batch, SERVED] += 1
    sums[batch, USED] += (
        lasts if finished <= days[day, CLOSES] else within(days, day, now, finished)
    )
    if len(by_hour) > 0:
        spread(days, spans, day, now, finished, by_hour, H_USED)


@helper
def _earliest(rules, slots, slot):
    """When somebody may leave, by the policy's least stays; 0 where it asks for none."""
    earliest = 0
    if rules.stay_after_use > 0:
        earliest = slots[slot, S_FINISHED] + rules.stay_after_use
    if rules.stay_after_naloxone > 0 and slots[slot, P_NALOXONE] > 0:
        given = slots[slot, S_STARTED] + slots[slot, P_ONSET] + NALOXONE_AFTER
        earliest = max(earliest, given + rules.stay_after_naloxone)
    return earliest


@helper
def _rests(rules, slots, slot, now):
    """Whether somebody needs a chair."""
    return slots[slot, P_RECOVERY] > 0 or _earliest(rules, slots, slot) > now


@inlined
def _leave_booth(rules, days, spans, slots, keys, who, state, booths, slot, now, sums, by_hour,
                 table):  # fmt: skip
    """Somebody leaves the place, to rest or to go home; it is made ready."""
    if rules.chairs >= 0 and _rests(rules, slots, slot, now):
        state[RESTING] += 1
        leaves = max(now + slots[slot, P_RECOVERY], _earliest(rules, slots, slot))
        slots[slot, S_PENDING] += 1
        state[SIZE] = push(keys, who, slots, state[SIZE], due(leaves, CARE), slot)
    place, finished = slots[slot, S_PLACE], slots[slot, S_FINISHED]
    ready = now + slots[slot, P_TURNOVER]
    booths[place, OCCUPIED] -= 1
    if booths[place, OCCUPIED] == 0:
        state[TAKEN] -= 1
    booths[place, CLEANED] = max(ready, booths[place, CLEANED])
    slots[slot, S_PENDING] += 1
    state[SIZE] = push(keys, who, slots, state[SIZE], due(ready, RELEASE), slot)
    if ready > finished:
        came = slots[slot, S_DAY]
        sums[slots[slot, S_BATCH], NOT_READY] += within(days, came, finished, ready)
        if len(by_hour) > 0:
            spread(days, spans, came, finished, ready, by_hour, H_NOT_READY)
    if len(table) > 0:
        _record(table, slots, slot, END_SERVED, 0)
        visit = table[slots[slot, S_ROW]]
        visit[V_STARTED], visit[V_FINISHED] = slots[slot, S_STARTED], finished
        visit[V_READY], visit[V_PLACE] = ready, place
        visit[V_EMERGENCY] = 1 if slots[slot, P_ONSET] >= 0 else 0


@helper
def _record(table, slots, slot, end, until):
    """Writes a person's row of the visit table."""
    visit = table[slots[slot, S_ROW]]
    visit[V_NUMBER], visit[V_ARRIVED] = slots[slot, P_NUMBER], slots[slot, S_ARRIVED]
    visit[V_END], visit[V_UNTIL], visit[V_OBSTACLE] = end, until, slots[slot, S_OBSTACLE]
