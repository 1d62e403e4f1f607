"""This room's months beside Glasgow's published ones: tables to show, and no conclusions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from opendcr.measures import MEASURES, Measure, RoomMeasured
from opendcr.published import thistle_months, thistle_totals
from opendcr.web.insight.wording import count, count_more, month, one_decimal, points_more

Values = Mapping[str, float]  # by month, `2025-02`

SHARES = {"cocaine": "Cocaine", "heroin": "Heroin", "snowball": "Snowball"}
HERE, THERE = "This room", "Glasgow, published"


@dataclass(frozen=True)
class Column:
    """One series of a table, by month."""

    heading: str
    values: Values
    written: Callable[[float], str] = count

    def cell(self, period: str) -> str | None:
        """What is printed for a month; None where there is no figure."""
        return self.written(self.values[period]) if period in self.values else None


@dataclass(frozen=True)
class Group:
    """Columns under one heading."""

    heading: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Table:
    """Months down, series across, and the measures whose definitions stand under it."""

    title: str
    unit: str
    measures: tuple[Measure, ...]
    groups: tuple[Group, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        return self.measures[0].name

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(column for group in self.groups for column in group.columns)

    @property
    def rows(self) -> list[tuple[str, list[str | None]]]:
        """Each month that any series has, in words, with its cells."""
        months = sorted(set().union(*(column.values for column in self.columns)))
        return [(month(one), [column.cell(one) for column in self.columns]) for one in months]


def tables(room: RoomMeasured | None) -> list[Table]:
    """The page's tables; without a room, Glasgow's alone."""
    here, there = _Here(room), _Glasgow()
    return [
        _service_users(here, there),
        _counted("times_accessed", here, there),
        _counted("injecting_episodes", here, there),
        _emergencies(here, there),
        _shares(here, there),
    ]


def common_months(room: RoomMeasured) -> list[str]:
    """The months that both have."""
    return sorted({row.period for row in room.rows} & {one.period for one in thistle_months()})


class _Here:
    """The room's values by measure, group and month."""

    def __init__(self, room: RoomMeasured | None) -> None:
        self._rows = room.rows if room else ()

    def values(self, measure: str, **group: str) -> Values:
        return {
            row.period: row.value
            for row in self._rows
            if row.measure == measure and row.group == group and row.value is not None
        }


class _Glasgow:
    """Glasgow's printed values by measure and month; its totals under the month they end in."""

    def values(self, measure: str) -> Values:
        return {one.period: one.value for one in thistle_months() if one.measure == measure}

    def since_opening(self, measure: str) -> Values:
        return {one.period[-10:-3]: one.value for one in thistle_totals() if one.measure == measure}

    def notes(self, measure: str) -> tuple[str, ...]:
        found = [one for one in thistle_months() if one.measure == measure and one.note]
        return tuple(f"Glasgow, {month(one.period)}: {one.note}." for one in found)


def _service_users(here: _Here, there: _Glasgow) -> Table:
    measure = MEASURES["service_users"]
    columns = (
        Column("in the month", here.values(measure.name)),
        Column("since opening", here.values(measure.name, span="since_opening")),
    )
    printed = Column("since opening", there.since_opening(measure.name))
    notes = (
        "Glasgow prints people since its opening on 13 January 2025, not people by month. A person "
        "who comes in two months counts in each, so months never add up to people since opening.",
    )
    groups = (Group(HERE, columns), Group(THERE, (printed,)))
    return Table(measure.title, measure.unit, (measure,), groups, notes)


def _counted(name: str, here: _Here, there: _Glasgow) -> Table:
    measure = MEASURES[name]
    own, printed = here.values(name), there.values(name)
    groups = (
        Group(HERE, (Column("in the month", own),)),
        Group(THERE, (Column("in the month", printed),)),
        Group("Difference", (Column("here less Glasgow", difference(own, printed), count_more),)),
    )
    return Table(measure.title, measure.unit, (measure,), groups, there.notes(name))


def _emergencies(here: _Here, there: _Glasgow) -> Table:
    measure, rate = MEASURES["medical_emergencies"], MEASURES["emergencies_per_1000_injections"]
    printed = there.values(measure.name)
    printed_rate = per_1000(printed, there.values("injecting_episodes"))
    per = "per 1,000 injecting episodes"
    own = here.values(measure.name), here.values(rate.name)
    groups = (
        Group(HERE, (Column("in the month", own[0]), Column(per, own[1], one_decimal))),
        Group(THERE, (Column("in the month", printed), Column(per, printed_rate, one_decimal))),
    )
    notes = (
        "Glasgow prints emergencies and episodes; its rate is worked out here from the two. No "
        "difference is shown: until the two definitions of an emergency are known to agree, the "
        "figures are not like with like.",
        *there.notes(measure.name),
    )
    return Table(measure.title, measure.unit, (measure, rate), groups, notes)


def _shares(here: _Here, there: _Glasgow) -> Table:
    measure = MEASURES["substance_share"]
    groups = [_share(code, words, here, there) for code, words in SHARES.items()]
    other = Column("here", here.values(measure.name, substance="other"), one_decimal)
    notes = (
        "Differences are in percentage points. Glasgow prints no `other`, and does not say whether "
        "it counts episodes or substances.",
        *there.notes("substance_share_cocaine"),
    )
    return Table(
        measure.title, measure.unit, (measure,), (*groups, Group("Other", (other,))), notes
    )


def _share(code: str, words: str, here: _Here, there: _Glasgow) -> Group:
    own = here.values("substance_share", substance=code)
    printed = there.values(f"substance_share_{code}")
    return Group(
        words,
        (
            Column("here", own, one_decimal),
            Column("Glasgow", printed, one_decimal),
            Column("difference", difference(own, printed), points_more),
        ),
    )


def difference(own: Values, other: Values) -> Values:
    """Own less other in the months that both have."""
    return {period: own[period] - other[period] for period in own if period in other}


def per_1000(events: Values, episodes: Values) -> Values:
    """Events per 1,000 episodes in the months that have both and some episode."""
    return {
        period: 1000 * events[period] / episodes[period]
        for period in events
        if episodes.get(period)
    }
