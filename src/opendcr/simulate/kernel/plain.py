"""The plain queue, compiled: places that are all alike, and nothing but they to wait for.

Where everybody may take every place and neither staff nor chairs can be short, whoever comes next
gets the place that is free first, so that no calendar is needed: one pass over the people.
"""

import numpy as np

from opendcr.compiling import compiled
from opendcr.simulate.kernel.bare import bare
from opendcr.simulate.kernel.counts import (
    ARRIVALS,
    EMERGENCIES,
    LEFT,
    NOT_READY,
    SENT_AWAY,
    SERVED,
    TURNED_AWAY,
    USED,
    WAIT,
    WAIT_SERVED,
    WAITED,
    bin_of,
    within,
)
from opendcr.simulate.kernel.numbers import EXPONENTIAL, FIRST, KIND, exponential, whole
from opendcr.simulate.kernel.people import (
    bits_of,
    care_of,
    class_of,
    consumes,
    episode_of,
    first_person,
    gap,
    onset_of,
    patience_of,
    turnover_of,
)
from opendcr.simulate.kernel.tables import (
    CLOCK,
    CLOSES,
    DAY_BEGINS,
    EPISODE,
    EPISODE_LAW,
    FIRST_SPAN,
    HOUR,
    LENGTH,
    MONTH,
    OFFSET,
    OPENS,
    ORDINAL,
    PATIENCE,
    PATIENCE_LAW,
    SHUTS,
    SPANS,
    TURNOVER_LAW,
)

PLACE_BITS = 10
LAST_PLACE = (1 << PLACE_BITS) - 1  # a room with a place beyond it is no plain one


@compiled
def run_plain(room, drawn_from, batch_of, sums, bins):
    """One replication: adds to `sums` (run of days × figure) and to `bins` (run × bin of waits)."""
    days, spans = bare(room.days), bare(room.spans)
    laws, values, mix = bare(room.laws), bare(room.values), bare(room.mix)
    streams, places = bare(drawn_from), len(room.capacity)
    by_substance = False  # whether it matters what somebody brings
    for law in range(EPISODE_LAW + 1, len(laws)):
        for column in range(laws.shape[1]):
            by_substance |= laws[law, column] != laws[EPISODE_LAW, column]
    loses, turns_over = room.rules.queue_capacity == 0, laws[TURNOVER_LAW, KIND] >= 0
    # A call for a duration costs more than an exponential one, which stands in the loop itself.
    plain_episode = not by_substance and laws[EPISODE_LAW, KIND] == EXPONENTIAL
    plain_patience = laws[PATIENCE_LAW, KIND] == EXPONENTIAL
    mean_episode, mean_patience = laws[EPISODE_LAW, FIRST], laws[PATIENCE_LAW, FIRST]
    # From when on each place is free, with its number in the low bits: so the least of them, which
    # the processor finds many at a time, says both.
    free = np.arange(places)
    for day in range(len(days)):
        opens, closes, shuts = days[day, OPENS], days[day, CLOSES], days[day, SHUTS]
        month, share, chance = days[day, MONTH], room.consuming[day], room.emergency[day]
        arrivals = served = left = turned = sent = waited = ill = 0
        wait = wait_served = used = not_ready = 0
        waits = bins[batch_of[day]]
        for hour in range(days[day, SPANS]):
            span = days[day, FIRST_SPAN] + hour
            start = days[day, DAY_BEGINS] + spans[span, OFFSET]
            length = spans[span, LENGTH]
            rate = room.per_hour[spans[span, CLOCK]] * room.factor[day]
            if rate <= 0.0 or start + length <= opens or start >= closes:
                continue
            length = min(length, closes - start)
            person, mean = first_person(days[day, ORDINAL], hour), HOUR / rate
            since = gap(streams, person, mean)
            while since < length:
                at = start + np.int64(since)
                comer = person
                person += 1
                since += gap(streams, person, mean)
                if at < opens or not consumes(streams, share, comer):
                    continue
                arrivals += 1
                soonest = free[0]
                for other in range(1, places):
                    soonest = min(soonest, free[other])
                place, begun = soonest & LAST_PLACE, soonest >> PLACE_BITS
                if begun <= at:
                    begun = at
                    waits[0] += 1
                else:
                    waited += 1
                    if loses:
                        turned += 1
                        waits[0] += 1
                        continue
                    until = begun
                    if plain_patience:
                        bits = bits_of(streams, PATIENCE, comer)
                        patience = whole(exponential(bits) * mean_patience)
                    else:
                        patience = patience_of(streams, laws, values, comer)
                    gave_up = patience >= 0 and at + patience < begun
                    if gave_up:
                        until = at + patience
                    if until > shuts or (gave_up and until == shuts):
                        gave_up, until = False, shuts
                        sent += 1
                    elif gave_up:
                        left += 1
                    else:
                        wait_served += until - at
                    wait += until - at
                    waits[bin_of(until - at)] += 1
                    if until < begun:
                        continue
                served += 1
                if plain_episode:
                    lasts = whole(exponential(bits_of(streams, EPISODE, comer)) * mean_episode)
                else:
                    drawn = class_of(streams, mix, month, comer) if by_substance else 0
                    lasts = episode_of(streams, laws, values, drawn, comer)
                if chance > 0.0:
                    onset = onset_of(streams, chance, lasts, comer)
                    if onset >= 0:
                        ill += 1
                        lasts = max(lasts, onset + care_of(streams, laws, values, comer))
                finished = begun + lasts
                if finished <= closes:
                    used += lasts
                else:
                    used += within(days, day, begun, finished)
                ready = finished
                if turns_over:
                    ready += turnover_of(streams, laws, values, comer)
                    not_ready += within(days, day, finished, ready)
                free[place] = ready << PLACE_BITS | place
        into = sums[batch_of[day]]
        into[ARRIVALS] += arrivals
        into[SERVED] += served
        into[LEFT] += left
        into[TURNED_AWAY] += turned
        into[SENT_AWAY] += sent
        into[WAITED] += waited
        into[EMERGENCIES] += ill
        into[WAIT] += wait
        into[WAIT_SERVED] += wait_served
        into[USED] += used
        into[NOT_READY] += not_ready
