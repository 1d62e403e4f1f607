"""What other rooms printed: each figure is found, has its source, and is what it says."""

from dataclasses import replace
from datetime import date

import pytest

from opendcr.published import other_rooms, room_figure, source
from opendcr.published.rooms import DUBLIN, FILE, MELBOURNE, SYDNEY, VANCOUVER


def test_four_rooms_ship_each_with_the_addresses_of_its_figures():
    rooms = list(dict.fromkeys((one.site, one.country) for one in other_rooms()))
    countries = ["Australia", "Australia", "Canada", "Ireland"]
    assert rooms == list(zip([SYDNEY, MELBOURNE, VANCOUVER, DUBLIN], countries, strict=True))
    assert all(one.source_url.startswith(("https://", "http://")) for one in other_rooms())
    assert source(FILE).caveats


def test_no_figure_stands_there_twice():
    keys = [(one.site, one.since, one.until, one.measure, one.source_url) for one in other_rooms()]
    assert len(set(keys)) == len(keys)


def test_every_figure_is_a_number_or_says_that_it_is_a_text():
    for one in other_rooms():
        if one.unit == "text":
            with pytest.raises(ValueError, match="could not convert"):
                _ = one.value
        else:
            assert one.value >= 0


def test_every_date_is_one_and_periods_go_forward():
    for one in other_rooms():
        days = [date.fromisoformat(day) for day in (one.since, one.until) if day]
        assert days == sorted(days)


@pytest.mark.parametrize(
    ("site", "measure", "since", "hours"),
    [
        (VANCOUVER, "opening_hours", "2016-08-19", 18),  # to three in the morning
        (MELBOURNE, "opening_hours_weekday", "2019-07-07", 14),
        (DUBLIN, "opening_hours_weekday", "2024-12-22", 8),  # closed at midday
        (DUBLIN, "opening_hours_weekend", "2024-12-22", 7),
    ],
)
def test_opening_hours_are_counted(site, measure, since, hours):
    assert room_figure(site, measure, since).open_hours == hours


def test_dublins_hours_add_up_to_the_printed_week():
    weekday, weekend = (
        room_figure(DUBLIN, f"opening_hours_{days}").open_hours for days in ("weekday", "weekend")
    )
    assert 5 * weekday + 2 * weekend == room_figure(DUBLIN, "open_hours_per_week").value


def test_insites_visits_of_2017_are_its_visits_to_the_injection_room():
    visits = room_figure(VANCOUVER, "visits", "2017-01-01").value
    daily = room_figure(VANCOUVER, "injection_room_visits_per_day", "2017-01-01").value
    assert visits / 365 == pytest.approx(daily, abs=1)


@pytest.mark.parametrize("printed", ["", "all day", "09:00", "9:00-17:00"])
def test_what_is_no_opening_hours_is_told(printed):
    figure = replace(room_figure(VANCOUVER, "opening_hours"), printed=printed)
    with pytest.raises(ValueError, match="is no opening hours"):
        _ = figure.open_hours


def test_a_figure_that_is_not_there_or_not_the_only_one_is_told():
    with pytest.raises(KeyError, match="beds, any to any: 0"):
        room_figure(SYDNEY, "beds")
    with pytest.raises(KeyError, match="visits, any to any: 4"):
        room_figure(DUBLIN, "visits")


def test_no_waiting_time_is_published_as_a_number():
    """What the page on these rooms says: its predictions have nothing to be set beside."""
    waits = [one for one in other_rooms() if "wait" in one.measure]
    assert waits and {one.unit for one in waits} == {"text"}
