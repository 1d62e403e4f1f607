"""What the figures of a simulated room say about its size, in sentences that claim no more."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit

from opendcr.simulate.kernel import counts
from opendcr.simulate.pictures import Hours
from opendcr.simulate.results import NONE_SEEN
from opendcr.simulate.simulated import Simulated

HARDLY = 0.01  # of people wait: then nothing that makes waits shorter can change much
MOSTLY = 2 / 3
LEVEL = 0.001  # at which an hour is called the one with most waits, of all hours together


def reading(found: Simulated, hours: Hours) -> list[str]:
    """Whether the queue binds, when and why, and what that rests on."""
    figures = {name: one.mean or 0.0 for name, one in found.figures.items()}
    if not figures["arrivals"]:
        return ["Nobody comes to use in this scenario, so it says nothing about waiting."]
    return [*_load(found, figures), *_binds(found, figures, hours), *_rests_on(found)]


def _load(found: Simulated, figures: dict[str, float]) -> list[str]:
    booths = sum(place.capacity for place in found.scenario.booths)
    days = found.moments.mean("days") / found.moments.mean("replications")
    used = found.moments.mean("used") / found.moments.mean("open")
    return [
        f"{figures['arrivals'] / days:.1f} people a day come to use, and {used:.1f} of {booths} places "
        f"are in use on average while the room is open."
    ]


def _binds(found: Simulated, figures: dict[str, float], hours: Hours) -> list[str]:
    wait, leave = figures["probability_wait"], figures["probability_leave"]
    told = (
        f"{share(wait)} of them do not start at once and {share(leave)} give up waiting; "
        f"the mean wait is {_minutes(figures['mean_wait_minutes'])}."
    )
    if not wait:
        people = found.moments.mean("arrivals") * found.moments.of
        return [
            told,
            f"The queue hardly binds: of {people:,.0f} people simulated nobody waited, so that by "
            f"chance alone at most {share(NONE_SEEN / people)} do.",
        ]
    why = f"Of those who do not start at once, {_why(figures)}."
    if wait < HARDLY:
        return [told, f"The queue hardly binds. {_at_peaks(hours)}", why, _spared(figures)]
    return [told, f"The queue binds. {_at_peaks(hours)}", why]


def _spared(figures: dict[str, float]) -> str:
    """What could shorten the few waits that there are."""
    staff = figures["probability_short_of_staff"] + figures["probability_held_up"]
    if staff > MOSTLY * figures["probability_wait"]:
        return (
            "What waiting there is comes when staff are short or held by an emergency: more places "
            "would spare hardly anybody a wait."
        )
    return (
        "What waiting there is comes when many happen to come at once: more places, hours or staff "
        "could spare few people a wait."
    )


def _at_peaks(hours: Hours) -> str:
    """When people wait: in some hours above all, or whenever the room is open."""
    waited = hours.sums[:, counts.H_WAITED]
    came = hours.sums[:, counts.H_ARRIVALS]
    if not waited.sum():
        return "Hardly anybody waits at any hour."
    order = np.argsort(-waited, kind="stable")
    most = int(np.searchsorted(np.cumsum(waited[order]), MOSTLY * waited.sum())) + 1
    peak = int(np.argmax(waited / np.maximum(came, 1)))
    if not _stands_out(hours, peak):
        return "No hour stands out: as far as chance lets one see, people wait alike at all hours."
    words = (
        f"Waits are most frequent from {peak}:00 to {peak + 1}:00 "
        f"({share(waited[peak] / came[peak])} of those who come then)"
    )
    if most <= np.count_nonzero(came) / 3:
        hours_open = np.count_nonzero(came)
        return f"{words}, and two in three of all waits fall into {most} of {hours_open} hours."
    return f"{words}, and they are spread over the day."


def _stands_out(hours: Hours, peak: int) -> bool:
    """Whether more people wait in an hour than in the others, beyond what chance does.

    By replication, at a level that allows for having looked at every hour first.
    """
    waited = hours.counted[:, :, counts.H_WAITED].astype(np.float64)
    came = hours.counted[:, :, counts.H_ARRIVALS].astype(np.float64)
    others = np.delete(np.arange(waited.shape[1]), peak)
    then = waited[:, peak] / np.maximum(came[:, peak], 1)
    apart = then - waited[:, others].sum(axis=1) / np.maximum(came[:, others].sum(axis=1), 1)
    count = len(apart)
    if count < 2 or not apart.any():
        return False
    error = float(apart.std(ddof=1)) / math.sqrt(count)
    upper = 1 - LEVEL / max(len(hours.seen), 1)
    return float(apart.mean()) > float(stdtrit(count - 1, upper)) * error


def _why(figures: dict[str, float]) -> str:
    wait = figures["probability_wait"]
    staff, held = (
        figures["probability_short_of_staff"] / wait,
        figures["probability_held_up"] / wait,
    )
    return (
        f"{share(max(1 - staff - held, 0.0))} find no place free, {share(staff)} find a place but too few staff to open "
        f"it, and {share(held)} are held up by an emergency"
    )


def _rests_on(found: Simulated) -> list[str]:
    if not found.parts:
        return ["The intervals are what chance alone would do: they take every input as known."]
    part, whole = found.parts["probability_leave"], found.figures["probability_leave"].mean or 0.0
    lines = [
        f"With what the inputs may be, the share who give up lies from {share(part.low)} to "
        f"{share(part.high)} (mean {share(whole)}); no number of replications narrows that."
    ]
    most = sorted(part.influence.items(), key=lambda one: -abs(one[1]))[:3]
    if part.sd and most:
        named = ", ".join(f"{name} ({value:+.2f})" for name, value in most)
        lines.append(f"It follows these inputs most, by rank correlation: {named}.")
    return lines


def share(value: float) -> str:
    """A share in percent, with two figures where it is small."""
    percent = 100 * float(value)
    if 0 < percent < 0.01:
        return "less than 0.01 %"
    return f"{percent:.2g} %" if percent < 10 else f"{percent:.0f} %"


def _minutes(value: float) -> str:
    return f"{60 * value:.1f} seconds" if value < 1 else f"{value:.1f} minutes"


def told(lines: Sequence[str]) -> str:
    """Sentences for people, a line each."""
    return "\n".join(f"- {line}" for line in lines)
