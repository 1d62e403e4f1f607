"""The shipped figures: each has its source, adds up, and says what the news said."""

import csv
import io
from importlib.resources import files

import pytest

from opendcr.published import (
    change,
    lowest_since,
    registered_deaths,
    source,
    sources,
    suspected_deaths,
    thistle_definitions,
    thistle_facility,
    thistle_months,
    thistle_totals,
)
from opendcr.published.figures import HALF_YEAR, YEAR

PACKAGE = files("opendcr.published")
SHIPPED = sorted(one.name for one in PACKAGE.iterdir() if one.name.endswith(".csv"))


def test_every_shipped_file_is_described_and_every_description_has_its_file():
    assert [f"{one.file}.csv" for one in sorted(sources(), key=lambda one: one.file)] == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_row_has_a_value_and_a_source(name):
    rows = list(csv.DictReader(io.StringIO(PACKAGE.joinpath(name).read_text(encoding="utf-8"))))
    assert rows
    for row in rows:
        assert row["source_url"].strip(), row
        assert row.get("value", "printed").strip(), row


@pytest.mark.parametrize("one", sources(), ids=lambda one: one.file)
def test_every_source_says_who_when_under_what_licence_and_with_what_caveats(one):
    assert one.publisher and one.edition and one.retrieved and one.licence and one.caveats
    assert one.source_url.startswith("https://")


@pytest.mark.parametrize(
    ("measure", "printed"),
    [("times_accessed", 6147), ("injecting_episodes", 4068), ("medical_emergencies", 56)],
)
def test_glasgows_months_add_up_to_the_printed_totals(measure, printed):
    months = [one.value for one in thistle_months() if one.measure == measure]
    total = next(one.value for one in thistle_totals() if one.measure == measure)
    assert len(months) == 8
    assert sum(months) == total == printed


def test_women_and_men_add_up_to_glasgows_printed_people():
    people = {one.measure: one.value for one in thistle_totals()}
    assert people["service_users_male"] + people["service_users_female"] == people["service_users"]


def test_glasgows_definition_of_an_emergency_is_known_to_be_cut_off():
    incomplete = [one.term for one in thistle_definitions() if not one.complete]
    assert incomplete == ["Medical emergencies"]


def test_the_place_has_eight_booths_and_is_open_from_nine_to_nine():
    place = thistle_facility()
    hours = (place["opening_time"], place["closing_time"])
    assert (place["injecting_booths"], *hours) == ("8", "09:00", "21:00")


def test_registered_deaths_of_2022_were_the_lowest_since_2017():
    # National Records of Scotland, by year of registration: a five-year low.
    assert lowest_since(registered_deaths(), "2022") == "2017"
    assert change(registered_deaths(), "2017", "2022").difference == 1051 - 934


def test_suspected_deaths_rose_in_the_first_half_of_2023():
    # Police Scotland's management information, as printed for each half-year.
    risen = change(suspected_deaths(HALF_YEAR), "2022H1", "2023H1")
    assert (risen.earlier.value, risen.later.value, risen.difference) == (562, 600, 38)
    assert round(risen.percent) == 7


def test_quarters_add_up_to_the_printed_halves_and_years():
    quarters = {one.period: one.value for one in suspected_deaths()}
    for half in suspected_deaths(HALF_YEAR):
        year = half.period[:4]
        assert quarters[f"{year}Q1"] + quarters[f"{year}Q2"] == half.value
    for year in suspected_deaths(YEAR):
        assert sum(quarters[f"{year.period}Q{n}"] for n in range(1, 5)) == year.value


def test_a_missing_quarter_is_missing_and_not_zero():
    assert "2025Q2" not in {one.period for one in suspected_deaths()}
    with pytest.raises(KeyError):
        change(suspected_deaths(), "2025Q1", "2025Q2")


def test_the_two_series_of_deaths_are_kept_apart():
    registered = {one.file for one in registered_deaths()}
    suspected = {one.file for one in suspected_deaths()}
    assert registered.isdisjoint(suspected)
    assert any("not the same series" in caveat for caveat in source(*suspected).caveats)


def test_lowest_since_is_none_at_a_records_low_and_the_year_before_after_a_rise():
    assert lowest_since(registered_deaths(), "1997") is None
    assert lowest_since(registered_deaths(), "2023") == "2022"
