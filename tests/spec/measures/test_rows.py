"""What the rows of the tables are, where no measure's number tells it."""

from datetime import date

import pytest

from opendcr.ledger.codec import encode
from opendcr.measures import measured
from opendcr.tables import ledger_of, tables_of
from tests.spec.measures.drawn import GLASGOW, drawn


def tables(table, as_at=None):
    return tables_of(ledger_of(GLASGOW, [encode(fact) for fact in drawn(table)]), as_at)


@pytest.mark.parametrize("between", ["ConsumptionEnded", "MovedToRecovery", "Queued", "SteppedOut"])
def test_who_was_away_from_the_booth_in_between_begins_another_episode(between):
    seatings = f"""
happened         | kind      | visit | person | data
2025-02-03 10:00 | Seated    | v-1   |        | place=booth-1
2025-02-03 10:05 | {between} | v-1   |        |
2025-02-03 10:10 | Seated    | v-1   |        | place=booth-2
"""
    assert tables(seatings).episodes["place"].to_list() == ["booth-1", "booth-2"]


def test_of_one_moment_the_facts_count_in_the_order_of_the_ledger():
    found = tables(
        """
happened         | kind               | visit | person | data
2025-02-03 10:00 | Seated             | v-1   |        | place=booth-1
2025-02-03 10:00 | ConsumptionStarted | v-1   |        | place=booth-1 substances=heroin
2025-02-03 10:10 | ConsumptionStarted | v-1   |        | place=booth-1 substances=cocaine
"""
    )
    assert found.episodes["substances"].to_list() == ["snowball"]


def test_every_start_of_use_is_a_row_and_has_an_episode_only_in_a_booth():
    policy = '{"places":[{"id":"booth-1","kind":"injecting"},{"id":"pipe-1","kind":"inhalation"}]}'
    found = tables(
        f"""
id | happened         | kind               | visit | person | data
p  | 2025-02-03 09:00 | PolicyAdopted      |       |        | policy={policy}
s  | 2025-02-03 10:00 | Seated             | v-1   |        | place=booth-1
a  | 2025-02-03 10:05 | ConsumptionStarted | v-1   |        | place=booth-1 substances=heroin
b  | 2025-02-03 10:10 | ConsumptionStarted | v-2   |        | place=pipe-1 substances=crack
"""
    ).consumptions
    rows = found.sort("id").select("id", "visit", "place", "substances", "episode").rows()
    assert rows == [
        ("a", "v-1", "booth-1", ["heroin"], 1),
        ("b", "v-2", "pipe-1", ["crack"], None),
    ]


def test_the_first_in_the_alphabet_stands_for_all_records_of_a_person():
    found = tables(
        """
happened         | kind       | visit | person | data
2025-02-03 10:00 | Registered |       | p-b    | tier=1 gender=woman
2025-02-03 10:01 | Registered |       | p-c    | tier=1
2025-02-03 10:02 | Arrived    | v-1   | p-c    |
2025-02-03 10:03 | Linked     |       | p-c    | other=p-b
2025-02-03 10:04 | Linked     |       | p-b    | other=p-a
"""
    )
    assert found.visits["person"].to_list() == ["p-a"]
    assert found.people.rows() == [("p-a", "woman")]


def test_an_emergency_is_where_and_whose_its_first_start_says():
    found = tables(
        """
happened         | kind             | visit | person | data
2025-02-03 10:05 | EmergencyStarted | v-2   |        | emergency=e-1 place=booth-2
2025-02-03 10:00 | EmergencyStarted | v-1   |        | emergency=e-1 place=booth-1
"""
    ).emergencies
    assert found.select("emergency", "visit", "place").rows() == [("e-1", "v-1", "booth-1")]


def test_a_visit_is_whose_its_first_standing_arrival_says():
    found = tables(
        """
id | happened         | kind      | visit | person | data
a  | 2025-02-03 10:00 | Arrived   | v-1   | p-ann  |
b  | 2025-02-03 10:01 | Arrived   | v-1   | p-bo   |
c  | 2025-02-03 10:02 | Arrived   | v-1   | p-cy   |
d  | 2025-02-03 10:03 | Retracted |       |        | target=a reason=mistake
"""
    ).visits
    assert found["person"].to_list() == ["p-bo"]


def test_what_is_recorded_as_a_day_ends_belongs_to_the_next():
    said = """
happened         | recorded         | kind    | visit | person | data
2025-02-28 10:00 | 2025-02-28 10:00 | Arrived | v-1   | p-ann  |
2025-02-28 23:50 | 2025-03-01 00:00 | Arrived | v-2   | p-bo   |
"""
    assert tables(said, date(2025, 2, 28)).visits["visit"].to_list() == ["v-1"]
    assert tables(said, date(2025, 3, 1)).visits["visit"].to_list() == ["v-1", "v-2"]


def test_days_and_covered_months_are_those_of_the_rooms_zone():
    said = """
happened          | recorded          | kind    | visit | person | data
2025-06-30 23:10Z | 2025-06-30 23:10Z | Arrived | v-1   | p-ann  |
"""
    found = tables(said)
    assert (found.as_at, found.months) == (date(2025, 7, 1), (date(2025, 7, 1),))
    assert tables(said, date(2025, 7, 1)).visits.height == 1


def test_rooms_are_measured_as_at_the_last_day_of_any():
    from dataclasses import replace

    said = "happened | kind | visit | person | data\n{} | Arrived | v-1 | p-ann | \n"
    ledgers = [
        ledger_of(
            header,
            [encode(replace(fact, room=header.room)) for fact in drawn(said.format(day), header)],
        )
        for header, day in (
            (GLASGOW, "2025-02-03 10:00"),
            (replace(GLASGOW, room="edinburgh"), "2025-04-03 10:00"),
        )
    ]
    assert measured(ledgers).as_at == date(2025, 4, 3)
    assert measured(ledgers[::-1]).as_at == date(2025, 4, 3)
