"""The whole room, compiled: kinds of place, cleaning, chairs, staff and emergencies, event by event.

It does what the reference engine does, in the same order, without a ledger: given the same people
it makes the same visits. Who gives up is found out when it first matters (when somebody could be
seated, the queue could be full, or the room closes), which changes nothing but the work.

A person is in a seat (one of the places that a booth holds), or in a row of those who wait. Of a seat
one thing at most is due at a time: an emergency begins, it ends, the person has used, the place is
ready again; and so of a chair, on which somebody rests.
"""

import numpy as np

from opendcr.compiling import compiled, helper, inlined
from opendcr.simulate.course import NALOXONE_AFTER
from opendcr.simulate.kernel.bare import bare
from opendcr.simulate.kernel.counts import (
    ARRIVALS,
    BALKED,
    EMERGENCIES,
    END_LEFT,
    END_SENT_AWAY,
    END_SERVED,
    END_TURNED_AWAY,
    FOR_CHAIR,
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
    NOT_FITTING,
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
    week_hour,
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
    calendar,
    due,
    moment_of,
    plan,
    turn_of,
)

# The people inside: a row for each seat, then for each who may wait. These columns come after those
# of the table of people; `I_NEXT` is, of those who wait, the row of the next who does, or that is
# free, and of a seat whether somebody is in it.
(I_ARRIVED, I_GIVES_UP, I_PLACE, I_STARTED, I_FINISHED, I_DAY, I_BATCH, I_HOUR, I_ROW, I_OBSTACLE,
 I_NEXT) = range(P_COLUMNS, P_COLUMNS + 11)  # fmt: skip
I_COLUMNS = P_COLUMNS + 11
NOBODY, SOMEBODY = 0, 1
# The room's own numbers: booths that somebody is in, booths that could take somebody, emergencies
# that run, people on chairs, chairs on the stack of free ones, staff on shift, whether people are
# seated, the first free row, the ends of the ring of seats from which somebody waits for a chair,
# the moment, the last turn that it has come to, the next change of staff, and how many have come.
(TAKEN, USABLE, RUNNING, RESTING, FREE_CHAIRS, ON_SHIFT, SEATING, FREE_ROW, CHAIR_FIRST, CHAIR_LAST,
 NOW, PHASE, SHIFTED, CAME) = range(14)  # fmt: skip
STATES = 14
# Of a booth: how many it holds, how many are in it, until when it is made ready (0 where it is), and
# how many emergencies run in it: beside one nobody is seated.
CAPACITY, OCCUPIED, CLEANED, ILL, FIRST_SEAT = range(5)
FIRST, LAST = range(2)  # of those who wait with one need
NO_PLACE, NO_STAFF, HELD_BY_EMERGENCY, NO_FITTING_PLACE = -1, -2, -3, -4


@compiled
def run_whole(room, streams, given, given_count, spare, batch_of, sums, bins, by_hour, table):
    """One replication: adds to `sums` (run of days × figure), `bins` (run × bin of waits) and
    `by_hour`; False where more people waited, or rested, at a time than the `spare` there are rows
    for.

    `given` are people to take in place of drawn ones, `given_count` of them on each day; none where
    it is empty. `by_hour` (hour of the week × figure) and `table` (of visits) may be empty too.
    """
    days, spans, shifts, fits = room.days, room.spans, room.shifts, room.fits
    capacity = room.capacity
    booths = np.zeros((len(capacity), 5), dtype=np.int64)
    booths[:, CAPACITY] = capacity
    booths[:, FIRST_SEAT] = np.cumsum(capacity) - capacity
    usable = np.ones(len(capacity), dtype=np.int64)
    needed = np.array([_needed(room.rules, count) for count in range(len(capacity) + 2)])
    seats = capacity.sum()
    queues = np.full((len(room.needs), 2), NOT)
    inside = np.zeros((seats + spare, I_COLUMNS), dtype=np.int64)
    for row in range(seats, len(inside)):
        inside[row, I_NEXT] = row + 1 if row + 1 < len(inside) else NOT
    chairs = max(min(room.rules.chairs, spare), 0)
    free_chairs = np.arange(seats, seats + chairs)
    for_chair = np.empty(seats + 1, dtype=np.int64)  # the seats from which people wait, in a ring
    keys, leaf_of, numbers = calendar(seats + chairs)
    state = np.zeros(STATES, dtype=np.int64)
    state[USABLE], state[FREE_CHAIRS], state[FREE_ROW] = len(capacity), chairs, seats
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
                        bare(fits), bare(needed), bare(booths), bare(usable), bare(queues),
                        bare(for_chair), bare(free_chairs), bare(inside), bare(keys),
                        bare(leaf_of), bare(numbers), bare(state), batch_of[day], bare(sums),
                        bare(bins), bare(by_hour), bare(table)):  # fmt: skip
            return False
    return True


@helper
def _run_day(day, source, rules, days, spans, shifts, fits, needed, booths, usable, queues,
             for_chair, free_chairs, inside, keys, leaf_of, numbers, state, batch, sums, bins,
             by_hour, table):  # fmt: skip
    """One day, until its people have come and it has closed; the last one, until all is over."""
    opens, closes = days[day, OPENS], days[day, CLOSES]
    follows_on = day > 0 and days[day - 1, SHUTS] != days[day - 1, CLOSES]
    opening = LATEST if follows_on else due(opens, OPENING)
    closing = LATEST if days[day, SHUTS] != closes else due(closes, CLOSING)
    drains, seats = day == len(days) - 1, len(for_chair) - 1
    comer = hour = 0
    while True:
        while comer < len(source) and source[comer, P_CONSUMES] == 0:
            comer += 1
        arrival = due(source[comer, P_AT], ARRIVAL) if comer < len(source) else LATEST
        changes = (
            due(shifts[state[SHIFTED], SINCE], SHIFT) if state[SHIFTED] < len(shifts) else LATEST
        )
        first = keys[1]
        planned = min(min(opening, closing), arrival)
        if planned == LATEST and not (drains and first < LATEST):
            break
        key = min(min(planned, changes), first)
        now, turn = moment_of(key), turn_of(key)
        state[PHASE] = turn if now > state[NOW] else max(turn, state[PHASE])
        state[NOW] = now
        if key == first:
            leaf = leaf_of[1]
            if leaf >= seats:  # a rest ends
                plan(keys, leaf_of, numbers, leaf, LATEST, 0)
                free_chairs[state[FREE_CHAIRS]] = leaf
                state[FREE_CHAIRS] += 1
                state[RESTING] -= 1
                while state[CHAIR_FIRST] != state[CHAIR_LAST] and state[RESTING] < rules.chairs:
                    up = for_chair[state[CHAIR_FIRST]]
                    state[CHAIR_FIRST] = (state[CHAIR_FIRST] + 1) % len(for_chair)
                    if not _leave_booth(rules, days, spans, inside, keys, leaf_of, numbers, state,
                                        booths, usable, free_chairs, up, now, sums, by_hour,
                                        table):  # fmt: skip
                        return False
            elif turn == COMPLETION:
                if (
                    rules.chairs >= 0
                    and state[RESTING] >= rules.chairs
                    and _rests(rules, inside, leaf, now)
                ):
                    plan(keys, leaf_of, numbers, leaf, LATEST, 0)
                    for_chair[state[CHAIR_LAST]] = leaf
                    state[CHAIR_LAST] = (state[CHAIR_LAST] + 1) % len(for_chair)
                elif not _leave_booth(rules, days, spans, inside, keys, leaf_of, numbers, state,
                                      booths, usable, free_chairs, leaf, now, sums, by_hour,
                                      table):  # fmt: skip
                    return False
            else:
                place, due_next = inside[leaf, I_PLACE], LATEST
                if turn == RELEASE:
                    if booths[place, CLEANED] <= now:
                        booths[place, CLEANED] = 0
                elif turn == CARE:  # an emergency begins
                    state[RUNNING] += 1
                    booths[place, ILL] += 1
                    due_next = due(now + inside[leaf, P_CARE], EMERGENCY_END)
                else:
                    state[RUNNING] -= 1
                    booths[place, ILL] -= 1
                    due_next = due(inside[leaf, I_FINISHED], COMPLETION)
                plan(keys, leaf_of, numbers, leaf, due_next, inside[leaf, P_NUMBER])
                _look(booths, usable, state, place)
        elif key == arrival:
            need = source[comer, P_NEED]
            place = _place_for(rules, state, fits, needed, booths, usable, need)
            if place >= 0:
                row = _seat_in(inside, booths, place)
            else:
                row = state[FREE_ROW]
                if row == NOT:
                    return False
                state[FREE_ROW] = inside[row, I_NEXT]
            for column in range(P_COLUMNS):
                inside[row, column] = source[comer, column]
            inside[row, I_ARRIVED], inside[row, I_DAY] = now, day
            inside[row, I_BATCH], inside[row, I_ROW] = batch, state[CAME]
            inside[row, I_OBSTACLE], inside[row, I_NEXT] = max(-place, 0), NOT
            comer += 1
            state[CAME] += 1
            sums[batch, ARRIVALS] += 1
            if len(by_hour) > 0:
                hour = _hour(days, spans, day, now, hour)
                inside[row, I_HOUR] = week_hour(days, spans, day, days[day, FIRST_SPAN] + hour)
                by_hour[inside[row, I_HOUR], H_ARRIVALS] += 1
            if place >= 0:
                bins[batch, 0] += 1
                _seat(rules, days, spans, inside, keys, leaf_of, numbers, state, booths, usable,
                      row, place, now, day, sums, by_hour)  # fmt: skip
                continue
            sums[batch, WAITED] += 1
            if place == NO_STAFF:
                sums[batch, SHORT_OF_STAFF] += 1
            elif place == HELD_BY_EMERGENCY:
                sums[batch, HELD_UP] += 1
            elif place == NO_FITTING_PLACE:
                sums[batch, NOT_FITTING] += 1
            if len(by_hour) > 0:
                by_hour[inside[row, I_HOUR], H_WAITED] += 1
            waiting = 0
            if rules.queue_capacity >= 0 or inside[row, P_BALKS_AT] >= 0:
                waiting = _count_waiting(days, spans, inside, state, queues, sums, bins, by_hour,
                                         table)  # fmt: skip
            if 0 <= rules.queue_capacity <= waiting:
                bins[batch, 0] += 1
                sums[batch, TURNED_AWAY] += 1
                if len(by_hour) > 0:
                    by_hour[inside[row, I_HOUR], H_TURNED_AWAY] += 1
                if len(table) > 0:
                    _record(table, inside, row, END_TURNED_AWAY, 0)
                _free(inside, state, row)
                continue
            if 0 <= inside[row, P_BALKS_AT] <= waiting:
                sums[batch, BALKED] += 1
                if len(table) > 0:
                    table[inside[row, I_ROW], V_BALKED] = 1
                _leave_queue(days, spans, inside, state, row, now, END_LEFT, sums, bins, by_hour,
                             table)  # fmt: skip
                continue
            patience = inside[row, P_PATIENCE]
            inside[row, I_GIVES_UP] = now + patience if patience >= 0 else LATEST
            if queues[need, FIRST] == NOT:
                queues[need, FIRST] = row
            else:
                inside[queues[need, LAST], I_NEXT] = row
            queues[need, LAST] = row
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
            _send_away(days, spans, inside, state, queues, sums, bins, by_hour, table)
            continue
        # First come, first served, as far as places that fit and staff go.
        while state[SEATING] and state[USABLE] > 0:
            best, best_place = NOT, 0
            for need in range(len(queues)):
                row = queues[need, FIRST]
                while row != NOT and _gave_up(state, inside[row, I_GIVES_UP]):
                    queues[need, FIRST] = inside[row, I_NEXT]
                    _leave_queue(days, spans, inside, state, row, inside[row, I_GIVES_UP],
                                 END_LEFT, sums, bins, by_hour, table)  # fmt: skip
                    row = queues[need, FIRST]
                if row != NOT and (best == NOT or inside[row, P_NUMBER] < inside[best, P_NUMBER]):
                    place = _place_for(rules, state, fits, needed, booths, usable, need)
                    if place >= 0:
                        best, best_place = row, place
            if best == NOT:
                break
            queues[inside[best, P_NEED], FIRST] = inside[best, I_NEXT]
            waited, into = now - inside[best, I_ARRIVED], inside[best, I_BATCH]
            sums[into, WAIT] += waited
            sums[into, WAIT_SERVED] += waited
            bins[into, bin_of(waited)] += 1
            if len(by_hour) > 0:
                by_hour[inside[best, I_HOUR], H_WAIT] += waited
                spread(days, spans, inside[best, I_DAY], inside[best, I_ARRIVED], now, by_hour,
                       H_QUEUE)  # fmt: skip
            seat = _seat_in(inside, booths, best_place)
            for column in range(I_COLUMNS):
                inside[seat, column] = inside[best, column]
            _free(inside, state, best)
            _seat(rules, days, spans, inside, keys, leaf_of, numbers, state, booths, usable, seat,
                  best_place, now, day, sums, by_hour)  # fmt: skip
    return True


@inlined
def _free(inside, state, row):
    """The row of somebody who waits no more is free."""
    inside[row, I_NEXT] = state[FREE_ROW]
    state[FREE_ROW] = row


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
def _look(booths, usable, state, place):
    """Whether a booth could take somebody, after something about it has changed."""
    has_seat = booths[place, OCCUPIED] < booths[place, CAPACITY]
    now = 1 if has_seat and booths[place, CLEANED] == booths[place, ILL] == 0 else 0
    state[USABLE] += now - usable[place]
    usable[place] = now


@inlined
def _place_for(rules, state, fits, needed, booths, usable, need):
    """A booth for somebody with a need, or why there is none now."""
    for place in range(len(usable)):
        if usable[place] and fits[need, place]:
            if rules.pauses_seating and state[RUNNING] > 0:
                return HELD_BY_EMERGENCY
            asked = needed[state[TAKEN] + (1 if booths[place, OCCUPIED] == 0 else 0)]
            if state[ON_SHIFT] < asked:
                return NO_STAFF
            if state[ON_SHIFT] - rules.staff_held * state[RUNNING] < asked:
                return HELD_BY_EMERGENCY
            return place
    return NO_FITTING_PLACE if state[USABLE] > 0 else NO_PLACE


@inlined
def _seat_in(inside, booths, place):
    """The first seat of a booth in which nobody is."""
    seat = booths[place, FIRST_SEAT]
    while inside[seat, I_NEXT] == SOMEBODY:
        seat += 1
    return seat


@helper
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
def _leave_queue(days, spans, inside, state, row, until, end, sums, bins, by_hour, table):
    """Somebody stops waiting without a place."""
    since, batch = inside[row, I_ARRIVED], inside[row, I_BATCH]
    sums[batch, LEFT if end == END_LEFT else SENT_AWAY] += 1
    sums[batch, WAIT] += until - since
    bins[batch, bin_of(until - since)] += 1
    if len(by_hour) > 0:
        hour = inside[row, I_HOUR]
        by_hour[hour, H_LEFT if end == END_LEFT else H_SENT_AWAY] += 1
        by_hour[hour, H_WAIT] += until - since
        spread(days, spans, inside[row, I_DAY], since, until, by_hour, H_QUEUE)
    if len(table) > 0:
        _record(table, inside, row, end, until)
    _free(inside, state, row)


@helper
def _count_waiting(days, spans, inside, state, queues, sums, bins, by_hour, table):
    """How many wait, after everybody who gave up by now has gone."""
    waiting = 0
    for need in range(len(queues)):
        before, row = NOT, queues[need, FIRST]
        while row != NOT:
            following = inside[row, I_NEXT]
            if _gave_up(state, inside[row, I_GIVES_UP]):
                if before == NOT:
                    queues[need, FIRST] = following
                else:
                    inside[before, I_NEXT] = following
                if following == NOT:
                    queues[need, LAST] = before
                _leave_queue(days, spans, inside, state, row, inside[row, I_GIVES_UP], END_LEFT,
                             sums, bins, by_hour, table)  # fmt: skip
            else:
                waiting += 1
                before = row
            row = following
    return waiting


@helper
def _send_away(days, spans, inside, state, queues, sums, bins, by_hour, table):
    """Closing: everybody who still waits goes."""
    for need in range(len(queues)):
        row = queues[need, FIRST]
        while row != NOT:
            following, gives_up = inside[row, I_NEXT], inside[row, I_GIVES_UP]
            end = END_LEFT if _gave_up(state, gives_up) else END_SENT_AWAY
            _leave_queue(days, spans, inside, state, row, min(gives_up, state[NOW]), end, sums,
                         bins, by_hour, table)  # fmt: skip
            row = following
        queues[need, FIRST] = NOT


@inlined
def _seat(rules, days, spans, inside, keys, leaf_of, numbers, state, booths, usable, seat, place,
          now, day, sums, by_hour):  # fmt: skip
    """Somebody begins to use in a seat, whose row already tells of them."""
    while day > 0 and days[day, OPENS] > now:  # the day's last people have come, and it runs on
        day -= 1
    batch, lasts, onset = inside[seat, I_BATCH], inside[seat, P_EPISODE], inside[seat, P_ONSET]
    next_due = LATEST
    if onset >= 0:
        begins, over = now + onset, now + onset + inside[seat, P_CARE]
        lasts = max(lasts, over - now)
        sums[batch, EMERGENCIES] += 1
        if rules.staff_held > 0 or rules.pauses_seating or booths[place, CAPACITY] > 1:
            next_due = due(begins, CARE)
            sums[batch, HELD] += rules.staff_held * within(days, day, begins, over)
            if len(by_hour) > 0:
                for _ in range(rules.staff_held):
                    spread(days, spans, day, begins, over, by_hour, H_HELD)
    finished = now + lasts
    inside[seat, I_PLACE], inside[seat, I_STARTED], inside[seat, I_FINISHED] = place, now, finished
    inside[seat, I_NEXT] = SOMEBODY
    plan(keys, leaf_of, numbers, seat, min(next_due, due(finished, COMPLETION)),
         inside[seat, P_NUMBER])  # fmt: skip
    if booths[place, OCCUPIED] == 0:
        state[TAKEN] += 1
    booths[place, OCCUPIED] += 1
    _look(booths, usable, state, place)
    sums[batch, SERVED] += 1
    sums[batch, USED] += within(days, day, now, finished)
    if len(by_hour) > 0:
        spread(days, spans, day, now, finished, by_hour, H_USED)


@helper
def _earliest(rules, inside, seat):
    """When somebody may leave, by the policy's least stays; 0 where it asks for none."""
    earliest = 0
    if rules.stay_after_use > 0:
        earliest = inside[seat, I_FINISHED] + rules.stay_after_use
    if rules.stay_after_naloxone > 0 and inside[seat, P_NALOXONE] > 0:
        given = inside[seat, I_STARTED] + inside[seat, P_ONSET] + NALOXONE_AFTER
        earliest = max(earliest, given + rules.stay_after_naloxone)
    return earliest


@helper
def _rests(rules, inside, seat, now):
    """Whether somebody needs a chair."""
    return inside[seat, P_RECOVERY] > 0 or _earliest(rules, inside, seat) > now


@inlined
def _leave_booth(rules, days, spans, inside, keys, leaf_of, numbers, state, booths, usable,
                 free_chairs, seat, now, sums, by_hour, table):  # fmt: skip
    """Somebody leaves the seat, to rest or to go home; it is made ready. False where more rest at a
    time than there is room for."""
    number = inside[seat, P_NUMBER]
    if rules.chairs >= 0 and _rests(rules, inside, seat, now):
        if state[FREE_CHAIRS] == 0:
            return False
        state[FREE_CHAIRS] -= 1
        state[RESTING] += 1
        leaves = max(now + inside[seat, P_RECOVERY], _earliest(rules, inside, seat))
        plan(keys, leaf_of, numbers, free_chairs[state[FREE_CHAIRS]], due(leaves, CARE), number)
    place, finished = inside[seat, I_PLACE], inside[seat, I_FINISHED]
    ready = now + inside[seat, P_TURNOVER]
    inside[seat, I_NEXT] = NOBODY
    booths[place, OCCUPIED] -= 1
    if booths[place, OCCUPIED] == 0:
        state[TAKEN] -= 1
    booths[place, CLEANED] = max(ready, booths[place, CLEANED])
    _look(booths, usable, state, place)
    plan(keys, leaf_of, numbers, seat, due(ready, RELEASE), number)
    if ready > finished:
        came = inside[seat, I_DAY]
        sums[inside[seat, I_BATCH], NOT_READY] += within(days, came, finished, ready)
        sums[inside[seat, I_BATCH], FOR_CHAIR] += within(days, came, finished, now)
        if len(by_hour) > 0:
            spread(days, spans, came, finished, ready, by_hour, H_NOT_READY)
    if len(table) > 0:
        _record(table, inside, seat, END_SERVED, 0)
        visit = table[inside[seat, I_ROW]]
        visit[V_STARTED], visit[V_FINISHED] = inside[seat, I_STARTED], finished
        visit[V_READY], visit[V_PLACE] = ready, place
        visit[V_EMERGENCY] = 1 if inside[seat, P_ONSET] >= 0 else 0
    return True


@helper
def _record(table, inside, row, end, until):
    """Writes a person's row of the visit table."""
    visit = table[inside[row, I_ROW]]
    visit[V_NUMBER], visit[V_ARRIVED] = inside[row, P_NUMBER], inside[row, I_ARRIVED]
    visit[V_END], visit[V_UNTIL], visit[V_OBSTACLE] = end, until, inside[row, I_OBSTACLE]
