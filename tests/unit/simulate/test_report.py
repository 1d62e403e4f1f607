"""The page of pictures: its numbers are the simulation's, and it says what it is."""

import csv
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from opendcr.room.policy import Place
from opendcr.simulate.kernel import counts
from opendcr.simulate.pictures import Picture, hours_of, pictures, svg, table
from opendcr.simulate.reading import reading
from opendcr.simulate.report import page, write_report
from opendcr.simulate.scenario import Arrivals, Duration, Emergencies, Shift
from opendcr.simulate.simulated import simulated
from opendcr.simulate.uncertain import Assumptions
from tests.simulated import NEVER_CLOSES, plain

SEED = 4


def found(scenario, replications=40):
    return simulated(Assumptions(None, {}, (), scenario), SEED, replications)


def busy(**changes):
    rates = tuple(9.0 if 12 <= hour < 15 else 3.0 for hour in range(24))
    return plain(3, days=60, arrivals=Arrivals(rates), episode=Duration("gamma", 25.0, 10.0),
                 patience=Duration("exponential", 15.0), **changes)  # fmt: skip


def test_the_hours_add_up_to_the_whole():
    scenario = busy()
    hours, whole = hours_of(scenario, SEED, 20), found(scenario, 20).moments
    for parts in (hours.of_day, hours.of_week):
        add_up(parts, whole)
    assert hours.of_day.seen == list(range(9, 21)) and hours.of_week.seen == list(range(7))


def add_up(parts, whole):
    for of_hour, figure in (
        (counts.H_ARRIVALS, "arrivals"),
        (counts.H_LEFT, "left_waiting"),
        (counts.H_WAIT, "wait"),
        (counts.H_USED, "used"),
    ):
        assert parts.each(of_hour).sum() == pytest.approx(whole.mean(figure), rel=1e-12)
    assert parts.open.sum() == whole.mean("open")


def test_pictures_show_when_people_wait():
    waits, places, without, weekdays, held = pictures(hours_of(busy(), SEED), 3)
    by_hour = dict(zip(waits.parts, waits.series[0][1], strict=True))
    assert max(by_hour, key=by_hour.get) in ("13:00", "14:00")
    assert by_hour["9:00"] < by_hour["13:00"] / 5
    assert 0 < places.top <= 3.1 and without.top < 100
    assert weekdays.parts[0] == "Monday" and len(weekdays.parts) == 7
    assert held.top == 0


def test_a_drawing_has_a_name_and_its_bars_are_as_high_as_their_numbers():
    series = (("one", (2.0, 4.0)), ("other", (1.0, 0.0)))
    picture = Picture("Waits", "minutes", "hour", ("9:00", "10:00"), series, (0.5, 0.0))
    drawn = svg(picture)
    assert 'role="img"' in drawn and 'aria-label="Waits, minutes"' in drawn
    heights = [
        float(one)
        for one in re.findall(
            r'bar-1" x="[\d.]+" y="[\d.]+" width="[\d.]+" height="([\d.]+)"', drawn
        )
    ]
    assert heights[1] == pytest.approx(2 * heights[0], rel=0.01)
    assert table(picture)[1] == ("9:00", "2.00", "1.00", "2.50 to 3.50")
    assert drawn.count('class="interval"') == 1  # of nothing there is none


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.outside = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.outside += [value for name, value in attrs if name in ("src", "href")]


def test_the_page_loads_nothing_and_says_that_it_is_simulated(tmp_path):
    one = found(busy(name="a <room> & more"))
    hours = hours_of(one.scenario, SEED)
    path = write_report(tmp_path / "new" / "folder", one, hours, reading(one, hours))
    text = path.read_text(encoding="utf-8")
    tags = _Tags()
    tags.feed(text)
    assert tags.outside == [] and "script" not in tags.tags
    assert tags.tags.count("svg") == 5 and tags.tags.count("table") == 6
    assert "Nobody in it is real" in text and "a &lt;room&gt; &amp; more" in text
    assert {one.name for one in path.parent.iterdir()} == {"report.html", "hours.csv"}
    with (path.parent / "hours.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 7 * 12 and rows[0]["weekday"] == "Monday" and rows[0]["hour"] == "9"
    for name, figure in (("arrivals", counts.H_ARRIVALS), ("used_minutes", counts.H_USED)):
        total = hours.of_day.each(figure).sum() / (60_000 if "minutes" in name else 1)
        assert sum(float(row[name]) for row in rows) == pytest.approx(total, rel=1e-4)
    assert page(one, hours, []) == page(one, hours, [])


# What the figures say of the room's size.


def test_a_quiet_room_is_said_to_be_quiet():
    scenario = plain(
        8, days=30, arrivals=Arrivals((1.0,) * 24), episode=Duration("exponential", 30.0)
    )
    one = found(scenario)
    told = " ".join(reading(one, hours_of(scenario, SEED)))
    assert "The queue hardly binds" in told
    assert "12.0 people a day" in told or "11.9 people a day" in told


def test_a_room_that_binds_at_a_peak_says_when():
    scenario = busy()
    told = " ".join(reading(found(scenario), hours_of(scenario, SEED)))
    assert "The queue binds." in told
    assert re.search(r"most frequent from 1[34]:00 to 1[45]:00", told)
    assert "fall into" in told


def test_where_people_come_alike_at_all_hours_none_is_called_the_peak():
    """The room never closes, so that no hour follows an empty one."""
    scenario = plain(2, NEVER_CLOSES, days=60, arrivals=Arrivals((2.0,) * 24),
                     episode=Duration("gamma", 25.0, 10.0))  # fmt: skip
    for seed in range(5):
        one = simulated(Assumptions(None, {}, (), scenario), seed, 20)
        assert "No hour and no weekday stands out" in " ".join(
            reading(one, hours_of(scenario, seed))
        )


def test_a_room_that_waits_only_for_staff_says_so():
    scenario = plain(
        8,
        {"booths_per_staff": 1},
        days=60,
        staff=8,
        arrivals=Arrivals((1.5,) * 24),
        episode=Duration("gamma", 30.0, 10.0),
        emergencies=Emergencies(per_1000=15, minutes=Duration("deterministic", 40.0), staff=8),
    )
    one = found(scenario, 200)
    told = " ".join(reading(one, hours_of(scenario, SEED)))
    assert one.figures["probability_held_up"].mean > 0
    assert "held up by an emergency" in told


def test_a_room_that_waits_for_chairs_says_so():
    scenario = plain(6, days=60, chairs=1, arrivals=Arrivals((4.0,) * 24),
                     episode=Duration("gamma", 20.0, 10.0),
                     recovery=Duration("gamma", 60.0, 10.0))  # fmt: skip
    one = found(scenario)
    told = " ".join(reading(one, hours_of(scenario, SEED)))
    assert "more chairs would free them" in told
    assert one.figures["mean_places_kept"].mean > 2


def test_a_room_whose_places_do_not_fit_says_so():
    booths = (
        Place("a", "injecting", "1"),
        Place("b", "injecting", "2"),
        Place("c", "inhalation", "3"),
    )
    scenario = plain(1, {"places": booths, "routes": ("intravenous", "inhaled")}, days=60,
                     needs={"inhalation": 0.8}, arrivals=Arrivals((3.0,) * 24))  # fmt: skip
    one = found(scenario)
    told = " ".join(reading(one, hours_of(scenario, SEED)))
    assert "find only places that do not fit them" in told
    assert one.figures["probability_not_fitting"].mean > 0.5 * one.figures["probability_wait"].mean


def test_a_weekday_that_binds_is_named_and_one_without_staff_too():
    factors = (0.6, 0.6, 0.6, 0.6, 0.6, 7.0, 0.6)
    rota = tuple(Shift("00:00", "24:00", 4, (day,)) for day in range(6))
    scenario = plain(8, {"booths_per_staff": 2}, days=84, rota=rota,
                     arrivals=Arrivals((1.5,) * 24, factors),
                     patience=Duration("exponential", 20.0))  # fmt: skip
    told = " ".join(reading(found(scenario), hours_of(scenario, SEED)))
    assert "Nobody who comes is served on: Sunday." in told
    every_day = replace(scenario, rota=(), staff=4)
    told = " ".join(reading(found(every_day), hours_of(every_day, SEED)))
    assert "Of the weekdays Saturday stands out" in told


def test_too_few_people_say_nothing_of_whether_the_queue_binds():
    scenario = plain(
        8, days=1, arrivals=Arrivals((5.0,) * 24), episode=Duration("exponential", 35.0)
    )
    told = " ".join(reading(found(scenario, 2), hours_of(scenario, SEED)))
    assert "Whether the queue binds cannot be told from so few people" in told


def test_emergencies_that_hold_nobody_are_no_evidence_about_staff():
    scenario = plain(2, days=60, emergencies=Emergencies(per_1000=50))
    told = " ".join(reading(found(scenario), hours_of(scenario, SEED)))
    assert "Emergencies hold no staff in this scenario" in told


def test_people_sent_away_are_said_where_they_are_more_than_those_who_give_up():
    scenario = plain(1, days=60, arrivals=Arrivals((4.0,) * 24))
    told = " ".join(reading(found(scenario), hours_of(scenario, SEED)))
    assert "of those who come are not served" in told and "are sent away at closing" in told


def test_nobody_is_no_evidence():
    scenario = plain(1, arrivals=Arrivals((0.0,) * 24))
    assert reading(found(scenario), hours_of(scenario, SEED)) == [
        "Nobody comes to use in this scenario, so it says nothing about waiting."
    ]
    assert np.isfinite(pictures(hours_of(scenario, SEED), 1)[0].top)
