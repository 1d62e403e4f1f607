"""What the figures of a simulated room say about its size, in sentences that claim no more."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri, stdtrit

from opendcr.simulate.kernel import counts
from opendcr.simulate.pictures import WITHOUT, Hours, Parts
from opendcr.simulate.simulated import Simulated

HARDLY = 0.01  # of people wait: then nothing that makes waits shorter can change much
MOSTLY = 2 / 3
LEVEL = 0.001  # at which an hour is called the one with most waits, of all hours together
KEPT = 0.02  # of the places, kept by people who wait for a chair: then chairs are worth a sentence
FEW_DRAWS = 40  # under so many, the 2.5th of a hundred draws is the lowest or nearly so

Figures = dict[str, float]


def reading(found: Simulated, hours: Hours) -> list[str]:
    """Whether the queue binds, when and why, and what that rests on."""
    figures = {name: one.mean or 0.0 for name, one in found.figures.items()}
    if not figures["arrivals"]:
        return ["Nobody comes to use in this scenario, so it says nothing about waiting."]
    return [
        *_load(found, figures),
        *_binds(found, figures, hours),
        *_unserved(figures, hours),
        *_emergencies(found, figures),
        *_rests_on(found),
    ]


def _load(found: Simulated, figures: Figures) -> list[str]:
    days = found.moments.mean("days") / found.moments.mean("replications")
    used = found.moments.mean("used") / found.moments.mean("open")
    seats = found.scenario.seats
    return [
        f"{figures['arrivals'] / days:.1f} people a day come to use, and {used:.1f} of "
        f"{seats} {'place is' if seats == 1 else 'places are'} in use on average while "
        "the room is open."
    ]


def _binds(found: Simulated, figures: Figures, hours: Hours) -> list[str]:
    told = (
        f"{share(figures['probability_wait'])} of them do not start at once and "
        f"{share(figures['probability_leave'])} give up waiting; "
        f"the mean wait is {_minutes(figures['mean_wait_minutes'])}."
    )
    verdict, words = binding(found.figures["probability_wait"].interval)
    lines = [told, " ".join([words, *_when(hours)])]
    if not figures["probability_wait"]:
        return lines
    lines.append(f"Of those who do not start at once, {_why(figures)}.")
    if figures["mean_places_kept"] > KEPT * found.scenario.seats:
        lines.append(
            f"{figures['mean_places_kept']:.1f} places are kept on average by people who have used and "
            "wait for a chair to rest on: more chairs would free them."
        )
    elif verdict == "hardly":
        lines.append(_spared(figures))
    return lines


def binding(interval: tuple[float | None, float | None]) -> tuple[str, str]:
    """Whether waiting limits a room, by the interval of the share who do not start at once."""
    low, high = interval
    if low is None or high is None:
        return "unknown", "Whether the queue binds cannot be told from so few people."
    if high < HARDLY:
        return "hardly", (
            f"The queue hardly binds: at most {share(high)} of people do not start at once, as far as "
            "chance goes."
        )
    if low < HARDLY:
        return "unknown", (
            f"Whether the queue binds cannot be told from so few people: by chance alone from "
            f"{share(low)} to {share(high)} of them do not start at once."
        )
    return "binds", "The queue binds."


def _spared(figures: Figures) -> str:
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


def _when(hours: Hours) -> list[str]:
    """When people wait, where some hours or weekdays stand out."""
    day, week = hours.of_day, hours.of_week
    if not day.each(counts.H_WAITED).sum():
        return []
    lines = []
    hour, weekday = _peak(day), _peak(week)
    if hour is not None:
        waited, came = day.each(counts.H_WAITED), day.each(counts.H_ARRIVALS)
        line = (
            f"Waits are most frequent from {hour}:00 to {hour + 1}:00 "
            f"({share(waited[hour] / came[hour])} of those who come then)"
        )
        order = np.sort(waited)[::-1]
        most = int(np.searchsorted(np.cumsum(order), MOSTLY * waited.sum())) + 1
        opened = len(day.seen)
        if most <= opened / 3:
            line += f", and two in three of all waits fall into {most} of {opened} hours"
        lines.append(f"{line}.")
    if weekday is not None:
        waited, came = week.each(counts.H_WAITED), week.each(counts.H_ARRIVALS)
        others = (waited.sum() - waited[weekday]) / max(came.sum() - came[weekday], 1e-12)
        lines.append(
            f"Of the weekdays {week.names[weekday]} stands out: {share(waited[weekday] / came[weekday])}"
            f" of those who come then do not start at once, {share(others)} on the others."
        )
    if not lines:
        lines.append("No hour and no weekday stands out from the others beyond what chance does.")
    return lines


def _peak(parts: Parts) -> int | None:
    """The part in which the largest share waits, where that is more than chance does.

    By replication, at a level that allows for having looked at every part first.
    """
    waited = parts.counted[:, :, counts.H_WAITED].astype(np.float64)
    came = parts.counted[:, :, counts.H_ARRIVALS].astype(np.float64)
    peak = int(np.argmax(waited.sum(axis=0) / np.maximum(came.sum(axis=0), 1)))
    others = np.delete(np.arange(waited.shape[1]), peak)
    then = waited[:, peak] / np.maximum(came[:, peak], 1)
    apart = then - waited[:, others].sum(axis=1) / np.maximum(came[:, others].sum(axis=1), 1)
    count = len(apart)
    if count < 2 or len(parts.seen) < 2 or not apart.any():
        return None
    error = float(apart.std(ddof=1)) / math.sqrt(count)
    upper = 1 - LEVEL / len(parts.seen)
    return peak if float(apart.mean()) > float(stdtrit(count - 1, upper)) * error else None


def _why(figures: Figures) -> str:
    wait = figures["probability_wait"]
    staff, held, kind = (
        figures[name] / wait
        for name in (
            "probability_short_of_staff",
            "probability_held_up",
            "probability_not_fitting",
        )
    )
    fitting = f", {share(kind)} find only places that do not fit them" if kind else ""
    return (
        f"{share(max(1 - staff - held - kind, 0.0))} find no place free{fitting}, {share(staff)} find a "
        f"place but too few staff to open it, and {share(held)} are held up by an emergency"
    )


def _unserved(figures: Figures, hours: Hours) -> list[str]:
    """Who goes without for another reason than patience, and weekdays on which nobody is served."""
    sent, full = figures["waiting_at_close"], figures["turned_away"]
    lines = []
    if sent + full > figures["left_waiting"]:
        lines.append(
            f"{share(figures['probability_unserved'])} of those who come are not served: "
            f"{share(full / figures['arrivals'])} find the queue full and "
            f"{share(sent / figures['arrivals'])} are sent away at closing."
        )
    week = hours.of_week
    came = week.each(counts.H_ARRIVALS)
    gone = np.sum([week.each(figure) for _, figure in WITHOUT], axis=0)
    none = [week.names[at] for at in week.seen if came[at] and gone[at] >= came[at]]
    if none and len(none) < len(week.seen):
        lines.append(f"Nobody who comes is served on: {', '.join(none)}.")
    return lines


def _emergencies(found: Simulated, figures: Figures) -> list[str]:
    if not figures["emergencies"] or found.scenario.emergencies.hold_up:
        return []
    return [
        "Emergencies hold no staff in this scenario and stop nobody from being seated, so it says "
        "nothing of the waits that they cause."
    ]


def _rests_on(found: Simulated) -> list[str]:
    if not found.parts:
        lines = ["The intervals are what chance alone would do: they take every input as known."]
        policy = found.scenario.policy
        if found.replications == 1 and (policy.opens, policy.closes) == ("00:00", "24:00"):
            lines.append(
                "The room never closes, so that one day's queue is the next day's too: the intervals of "
                "one replication are too narrow where it is long. Take --replications."
            )
        return lines
    if found.draws < FEW_DRAWS:
        return [
            f"{found.draws} draws of the inputs are too few to say how far they matter: take "
            f"{FEW_DRAWS} at least."
        ]
    part, whole = found.parts["probability_leave"], found.figures["probability_leave"].mean or 0.0
    if not part.sd:
        return [
            "What the inputs do to the share who give up is hidden by the chance of "
            f"{found.replications} replications of each draw: more of them would show it."
        ]
    lines = [
        f"With what the inputs may be, the share who give up lies from {share(part.low)} to "
        f"{share(part.high)} in 95 of 100 draws ({share(whole)} of all people in all of them); no "
        "number of replications narrows that."
    ]
    # A rank correlation of nothing spreads by the root of the draws; all of them have been looked at.
    chance = float(ndtri(1 - 0.025 / len(part.influence))) / math.sqrt(found.draws - 1)
    told = [(name, one) for name, one in part.influence.items() if abs(one) > chance]
    if told:
        most = sorted(told, key=lambda one: -abs(one[1]))[:3]
        named = ", ".join(f"{name} ({value:+.2f})" for name, value in most)
        lines.append(f"It follows these inputs most, by rank correlation: {named}.")
    else:
        lines.append(f"Which of them it follows {found.draws} draws do not tell from chance.")
    return lines


def share(value: float) -> str:
    """A share in percent, with two figures where it is small."""
    percent = 100 * float(value)
    if 0 < percent < 0.01:
        return "less than 0.01 %"
    if 99.5 <= percent < 100:
        return "more than 99 %"
    return f"{percent:.2g} %" if percent < 10 else f"{percent:.0f} %"


def _minutes(value: float) -> str:
    return f"{60 * value:.1f} seconds" if value < 1 else f"{value:.1f} minutes"


def told(lines: Sequence[str]) -> str:
    """Sentences for people, a line each."""
    return "\n".join(f"- {line}" for line in lines)
