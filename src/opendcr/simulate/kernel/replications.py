"""Replications of a room by the compiled engine."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from opendcr.simulate.comers import Comer, Day
from opendcr.simulate.kernel import counts, people
from opendcr.simulate.kernel.plain import LAST_PLACE, run_plain
from opendcr.simulate.kernel.tables import (
    CLOSES,
    DAY_BEGINS,
    OPENS,
    SHUTS,
    STAFF,
    Assumed,
    Whole,
    assumed,
    needs_of,
    streams,
)
from opendcr.simulate.kernel.whole import run_whole
from opendcr.simulate.results import Moments, runs, together
from opendcr.simulate.scenario import Scenario
from opendcr.simulate.stays import Stay

OBSTACLES = (None, "place", "staff", "emergency", "kind")

_NOBODY = np.empty((0, people.P_COLUMNS), dtype=np.int64)
_NO_DAYS = np.empty(0, dtype=np.int64)
_NO_HOURS = np.empty((0, len(counts.BY_HOUR)), dtype=np.int64)
_NO_VISITS = np.empty((0, counts.V_COLUMNS), dtype=np.int64)


def replications(
    room: Assumed, seed: int, first: int, count: int, plainly: bool | None = None
) -> Moments:
    """So many replications, from the one of a number on.

    `plainly` is by which of the two compiled ways: the plain queue, or the whole room; None leaves
    it to the room, and only a plain one can go by either.
    """
    whole = np.zeros(len(room.days), dtype=np.int64)
    plainly = is_plain(room) if plainly is None else plainly
    return together(_counted(room, seed, first + at, whole, plainly) for at in range(count))


def rows(room: Assumed, seed: int, first: int, count: int) -> NDArray[np.float64]:
    """What so many replications counted, one by one: replication × `results.COLUMNS`."""
    whole, plainly = np.zeros(len(room.days), dtype=np.int64), is_plain(room)
    each = (_counted(room, seed, first + at, whole, plainly).means for at in range(count))
    return np.stack(list(each))


def in_runs(room: Assumed, seed: int) -> Moments:
    """The first replication, by runs of its days."""
    return _counted(room, seed, 0, runs(len(room.days)), is_plain(room))


def _counted(room: Assumed, seed: int, replication: int, batch_of: Whole, plainly: bool) -> Moments:
    sums = np.zeros((int(batch_of[-1]) + 1, len(counts.FIGURES)), dtype=np.int64)
    bins = np.zeros((len(sums), counts.BINS), dtype=np.int64)
    if plainly:
        run_plain(room, streams(seed, replication), batch_of, sums, bins)
    else:
        _run(room, streams(seed, replication), batch_of, sums, bins)
    return moments(room, batch_of, sums, bins)


def _run(
    room: Assumed,
    drawn: NDArray[np.uint64],
    batch_of: Whole,
    sums: Whole,
    bins: Whole,
    given: Whole = _NOBODY,
    of_day: Whole = _NO_DAYS,
    by_hour: Whole = _NO_HOURS,
    table: Whole = _NO_VISITS,
) -> None:
    """Runs the whole room; again, with more rows, where more people wait or rest than it thought."""
    spare, into = 64, (sums, bins, by_hour, table)
    while not run_whole(room, drawn, given, of_day, spare, batch_of, *into):
        spare *= 8
        for one in into:
            one[:] = 0


def moments(room: Assumed, batch_of: Whole, sums: Whole, bins: Whole) -> Moments:
    """What was counted, beside the time in which it was."""
    open_time = (room.days[:, CLOSES] - room.days[:, OPENS]).astype(np.float64)
    days = np.bincount(batch_of).astype(np.float64)
    hours = np.bincount(batch_of, open_time)
    of_places = hours * room.capacity.sum() - sums[:, counts.NOT_READY]
    share = days / days.sum()
    unserved = sums[:, counts.ARRIVALS] - sums[:, counts.SERVED]
    return Moments.counted(np.column_stack([sums, unserved, days, hours, of_places, share]), bins)


def by_hour(room: Assumed, seed: int, replication: int) -> Whole:
    """One replication by weekday and clock hour: weekday × hour × `counts.BY_HOUR`."""
    hours = np.zeros((counts.WEEK_HOURS, len(counts.BY_HOUR)), dtype=np.int64)
    batch_of = np.zeros(len(room.days), dtype=np.int64)
    sums = np.zeros((1, len(counts.FIGURES)), dtype=np.int64)
    bins = np.zeros((1, counts.BINS), dtype=np.int64)
    _run(room, streams(seed, replication), batch_of, sums, bins, by_hour=hours)
    return hours.reshape(7, 24, -1)


def visits(room: Assumed, given: Whole, of_day: Whole) -> Whole:
    """What becomes of given people (`of_day` of them on each day): visit × `counts.V_COLUMNS`."""
    table = np.zeros((int(given[:, people.P_CONSUMES].sum()), counts.V_COLUMNS), dtype=np.int64)
    batch_of = np.zeros(len(room.days), dtype=np.int64)
    sums = np.zeros((1, len(counts.FIGURES)), dtype=np.int64)
    bins = np.zeros((1, counts.BINS), dtype=np.int64)
    _run(room, streams(0, 0), batch_of, sums, bins, given, of_day, table=table)
    return table


def is_plain(room: Assumed) -> bool:
    """Whether places are all that anybody ever waits for, and are all alike."""
    rules = room.rules
    alike = bool(room.fits.all() and (room.capacity == 1).all())
    nothing_held = not room.emergency.any() or not (rules.staff_held or rules.pauses_seating)
    booths = len(room.capacity)
    needed = max(
        rules.staff_minimum, -(-booths // rules.booths_per_staff) if rules.booths_per_staff else 0
    )
    enough = not needed or (len(room.shifts) == 1 and int(room.shifts[0, STAFF]) >= needed)
    return (
        alike
        and booths <= LAST_PLACE + 1
        and nothing_held
        and enough
        and rules.queue_capacity in (-1, 0)
        and not len(room.balking)
        and rules.chairs < 0
    )


def given_days(scenario: Scenario, days: Sequence[Day]) -> tuple[Assumed, Whole, Whole]:
    """A room with days that are given, their people as a table, and how many come on each."""
    room, needs = assumed(scenario), [need for need, _ in needs_of(scenario)]
    rows = np.zeros((len(days), room.days.shape[1]), dtype=np.int64)
    for at, day in enumerate(days):
        rows[at, [DAY_BEGINS, OPENS, CLOSES]] = day.opens, day.opens, day.closes
    rows[:, SHUTS] = rows[:, CLOSES] + [int(day.runs_on) for day in days]
    table = [_row(comer, needs) for day in days for comer in day.comers]
    given = np.array(table, dtype=np.int64).reshape(-1, people.P_COLUMNS)
    return room._replace(days=rows), given, np.array([len(day.comers) for day in days])


def _row(comer: Comer, needs: Sequence[str]) -> list[int]:
    row = [0] * people.P_COLUMNS
    row[people.P_NUMBER], row[people.P_AT] = comer.number, comer.at
    row[people.P_CONSUMES], row[people.P_NEED] = int(comer.consumes), needs.index(comer.need)
    row[people.P_EPISODE], row[people.P_TURNOVER] = comer.episode, comer.turnover
    row[people.P_RECOVERY], row[people.P_CARE] = comer.recovery, comer.care
    row[people.P_PATIENCE] = people.NOT if comer.patience is None else comer.patience
    row[people.P_ONSET] = people.NOT if comer.emergency is None else comer.emergency
    row[people.P_NALOXONE] = int(comer.naloxone)
    row[people.P_BALKS_AT] = people.NOT if comer.balks_at is None else comer.balks_at
    return row


def stays(scenario: Scenario, days: Sequence[Day]) -> list[Stay]:
    """What becomes of the people of given days, as the reference engine tells it, by number."""
    places, told = scenario.booths, []
    for row in visits(*given_days(scenario, days)).tolist():
        end = counts.ENDS[row[counts.V_END]]
        served, waited = end == "served", end in ("left_waiting", "waiting_at_close")
        told.append(
            Stay(
                row[counts.V_NUMBER],
                row[counts.V_ARRIVED],
                end,
                row[counts.V_STARTED] if served else None,
                row[counts.V_FINISHED] if served else None,
                row[counts.V_UNTIL] if waited else None,
                bool(row[counts.V_EMERGENCY]),
                places[row[counts.V_PLACE]].id if served else None,
                row[counts.V_READY] if served else None,
                OBSTACLES[row[counts.V_OBSTACLE]],
                bool(row[counts.V_BALKED]),
            )
        )
    return told
