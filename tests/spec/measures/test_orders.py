"""Which of two facts wins, and ledgers of newer versions."""

import polars as pl
import pytest

from opendcr.errors import LedgerError
from opendcr.ledger.codec import encode
from opendcr.ledger.files import LedgerWriter
from opendcr.measures import measured
from opendcr.tables import ledger_of, read_ledger
from tests.spec.measures.drawn import GLASGOW, drawn


def months(table, name):
    ledger = ledger_of(GLASGOW, [encode(fact) for fact in drawn(table)])
    rows = measured([ledger], [name]).rooms[0].rows
    return {row.period: row.numerator for row in rows if not row.group and row.numerator}


def test_the_last_correction_of_each_thing_wins():
    # The third says nothing of the visit's time: there the second still has its say.
    assert months(
        """
id | happened         | kind      | visit | person | data
a  | 2025-02-03 10:00 | Arrived   | v-1   | p-ann  |
b  | 2025-04-01 10:00 | Corrected | v-1   |        | target=a reason=mistake changes={"happened":"2025-03-03T10:00:00Z"}
c  | 2025-04-01 11:00 | Corrected | v-1   |        | target=a reason=mistake changes={"happened":"2025-04-03T10:00:00Z"}
d  | 2025-04-01 12:00 | Corrected | v-1   |        | target=a reason=mistake changes={"person":"p-bo"}
""",
        "times_accessed",
    ) == {"2025-04": 1}


LINKS = """
id | happened         | recorded         | kind     | visit | person | data
a  | 2025-02-03 10:00 |                  | Arrived  | v-1   | p-ann  |
b  | 2025-02-03 11:00 |                  | Arrived  | v-2   | p-anne |
c  | 2025-02-05 10:00 | 2025-02-05 10:00 | Unlinked |       | p-ann  | other=p-anne
d  | {when} 10:00 | 2025-02-06 10:00 | Linked   |       | p-anne | other=p-ann
"""


@pytest.mark.parametrize(("when", "people"), [("2025-02-06", 1), ("2025-02-04", 2)])
def test_of_linked_and_unlinked_the_one_that_happened_last_decides(when, people):
    # A link entered late does not undo the parting that came after it.
    assert months(LINKS.format(when=when), "service_users") == {"2025-02": people}


def test_who_is_linked_through_another_is_one_person():
    assert months(
        """
happened         | kind    | visit | person | data
2025-02-03 10:00 | Arrived | v-1   | p-a    |
2025-02-03 11:00 | Arrived | v-2   | p-c    |
2025-02-03 12:00 | Linked  |       | p-a    | other=p-b
2025-02-03 13:00 | Linked  |       | p-c    | other=p-b
""",
        "service_users",
    ) == {"2025-02": 1}


def test_a_policy_counts_from_when_it_was_adopted_and_the_first_before_it_too():
    smoking = '{"places":[{"id":"room-1","kind":"inhalation"}]}'
    injecting = '{"places":[{"id":"room-1","kind":"injecting"}]}'
    assert months(
        f"""
happened         | kind          | visit | person | data
2025-02-03 10:00 | Seated        | v-1   | p-ann  | place=room-1
2025-02-04 10:00 | PolicyAdopted |       |        | policy={smoking}
2025-02-05 10:00 | Seated        | v-2   | p-ann  | place=room-1
2025-03-04 10:00 | PolicyAdopted |       |        | policy={injecting}
2025-03-05 10:00 | Seated        | v-3   | p-ann  | place=room-1
""",
        "injecting_episodes",
    ) == {"2025-03": 1}


NAMED_LATER = """
id | happened         | kind            | visit | person | data
a  | 2025-02-03 10:00 | Arrived         | v-1   |        |
b  | 2025-02-03 10:05 | ServiceProvided | v-1   | p-ann  | service=shower
c  | 2025-02-04 10:00 | Arrived         | v-2   |        |
d  | 2025-02-04 10:05 | ServiceProvided | v-2   |        | service=shower
"""


def test_whoever_gives_a_name_during_the_visit_came_under_it():
    assert months(NAMED_LATER, "times_accessed") == {"2025-02": 1}
    assert months(NAMED_LATER, "service_users") == {"2025-02": 1}


def test_a_name_that_was_taken_back_or_given_by_a_correction_counts_so():
    retracted = "e | 2025-02-05 10:00 | Retracted | v-1 | | target=b reason=mistake\n"
    assert months(NAMED_LATER + retracted, "times_accessed") == {}
    named = '{"person":"p-bo"}'
    also = f"e | 2025-02-05 10:00 | Corrected | v-2 | | target=d reason=mistake changes={named}\n"
    assert months(NAMED_LATER + also, "times_accessed") == {"2025-02": 2}


def test_a_fact_of_a_newer_version_is_refused_from_parquet_too(tmp_path):
    path, newer = tmp_path / "ledger.parquet", tmp_path / "newer.parquet"
    with LedgerWriter(path, GLASGOW) as ledger:
        ledger.write(
            drawn("happened | kind | visit | person | data\n2025-02-03 10:00 | Arrived | v-1 | | ")
        )
    metadata = pl.read_parquet_metadata(path)
    kept = {key: metadata[key] for key in ("opendcr", "opendcr.end")}
    frame = pl.read_parquet(path).with_columns(version=pl.lit(2, pl.Int64))
    frame.write_parquet(newer, metadata=kept)
    assert measured([read_ledger(path)]).rooms[0].rows
    with pytest.raises(LedgerError, match="version 2 of Arrived"):
        measured([read_ledger(newer)])


def test_a_parquet_file_without_the_ledgers_columns_is_refused(tmp_path):
    path = tmp_path / "other.parquet"
    pl.DataFrame({"kind": ["Arrived"]}).write_parquet(path, metadata={"opendcr": HEADER})
    with pytest.raises(LedgerError, match="expected column 'seq' of type Int64"):
        read_ledger(path)


HEADER = (
    '{"opendcr":"ledger","version":1,"room":"glasgow","timezone":"Europe/London",'
    '"origin":{"kind":"recorded"}}'
)


@pytest.mark.parametrize("left_out", [slice(1, None), slice(0, None, 2)])
def test_facts_with_gaps_in_their_numbers_are_told(left_out):
    facts = [encode(fact) for fact in drawn(LINKS.format(when="2025-02-06"))][left_out]
    with pytest.raises(LedgerError, match="facts numbered from 1 without gaps"):
        measured([ledger_of(GLASGOW, facts)], ["service_users"])
