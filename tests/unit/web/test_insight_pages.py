"""The pages of evidence, through Django: who may read them, and what stands in them."""

import csv
import io
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from opendcr.measures import MEASURES
from opendcr.web.store.archive import head_of
from opendcr.web.store.held import rooms
from opendcr.web.store.ledgers import begin
from opendcr.web.store.measured import room_measures
from opendcr.web.store.visible import VISIBLE
from opendcr.web.store.write import row
from tests.support.engines import RoomDatabase
from tests.support.evidence import INVENTED, one_more_visit, staff_it, store_room

READERS = {"lead", "manager", "analyst"}

one_engine = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def site(room_database: RoomDatabase) -> None:
    store_room()


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=role))
    return client


def rows(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


@one_engine
@pytest.mark.parametrize("address", ["/evidence", "/evidence/measures", "/evidence/room.csv"])
def test_a_stranger_is_led_to_the_sign_in_and_back(site: None, address: str) -> None:
    answer = Client().get(address)

    assert answer.status_code == 302
    assert answer["Location"] == "/sign-in?next=" + address.replace("/", "%2F")


@one_engine
@pytest.mark.parametrize("role", sorted(set(VISIBLE) - {"device"}))
def test_evidence_is_for_those_who_answer_for_the_service(site: None, role: str) -> None:
    answer = signed_in(role).get("/evidence")

    assert answer.status_code == (200 if role in READERS else 403)
    if role not in READERS:
        words = answer.content.decode()
        assert "not for your role" in words
        assert "shift lead, service manager, analyst" in words
        assert "Glasgow" not in words


@one_engine
def test_the_months_stand_beside_glasgow_with_what_names_them(site: None) -> None:
    words = signed_in("analyst").get("/evidence").content.decode()

    assert "simulated: two-months, seed 7" in words
    assert "2 March 2025" in words
    assert head_of("invented")[1] in words
    assert "February 2025" in words
    # Two arrivals of a registered person in February, where Glasgow printed 684.
    assert '<td class="number">684</td><td class="number">\N{MINUS SIGN}682</td>' in words
    assert "Not released" in words


@one_engine
def test_scotland_says_what_the_news_said(site: None) -> None:
    words = signed_in("manager").get("/evidence").content.decode()

    assert "2022 (1,051) was the lowest since 2017" in words
    assert (
        "600 suspected deaths in January to June 2023: 38 more (7 percent) than the 562 in "
        "January to June 2022." in words
    )


@one_engine
def test_every_measure_is_explained(site: None) -> None:
    words = signed_in("lead").get("/evidence/measures").content.decode()

    for measure in MEASURES.values():
        assert f'id="{measure.name}"' in words
        assert measure.why.split(":")[0].replace("'", "&#x27;") in words


def test_a_new_fact_is_in_the_measures_without_reading_the_old_ones_again(
    site: None, counted_statements
) -> None:
    before = room_measures("invented")
    with counted_statements() as again:
        assert room_measures("invented") is before
    seq, head = head_of("invented")
    row(one_more_visit(seq, head)).save(force_insert=True)
    with counted_statements() as further:
        after = room_measures("invented")

    assert accesses(before) == {"2025-02": 2, "2025-03": 2}
    assert accesses(after) == {"2025-02": 2, "2025-03": 3}
    assert len(again) == 1, "only the head is read"
    assert all('seq" > 12' in sql for sql in further if 'record"' in sql)


def accesses(known) -> dict[str, int]:
    found = known.measured.rooms[0].rows
    return {one.period: one.numerator for one in found if one.measure == "times_accessed"}


@pytest.fixture
def counted_statements():
    """Counts the statements of a block: `with counted() as statements`."""

    @contextmanager
    def counted():
        statements: list[str] = []
        with CaptureQueriesContext(connection) as captured:
            yield statements
        statements += [query["sql"] for query in captured.captured_queries]

    return counted


@one_engine
def test_the_rooms_figures_are_marked_as_not_released(site: None) -> None:
    answer = signed_in("analyst").get("/evidence/room.csv")

    assert answer.status_code == 200
    assert "unreleased-invented-2025-03-02.csv" in answer["Content-Disposition"]
    one = signed_in("analyst").get("/evidence/room.csv?measure=service_users")
    assert "unreleased-invented-service_users-2025-03-02.csv" in one["Content-Disposition"]
    assert {one["status"] for one in rows(answer)} == {"unreleased: for use inside the service"}
    assert {one["measure"] for one in rows(answer)} == set(MEASURES)
    assert {one["origin"] for one in rows(answer)} == {"simulated"}


@one_engine
def test_a_shift_lead_reads_the_page_but_takes_no_file_of_the_room_away(site: None) -> None:
    lead = signed_in("lead")

    assert lead.get("/evidence/room.csv").status_code == 403
    assert "room.csv" not in lead.get("/evidence").content.decode()


@one_engine
@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ("glasgow-by-month", {"period": "2025-02", "measure": "times_accessed", "value": "684"}),
        ("scotland-registered-deaths", {"period": "2022", "value": "1051"}),
        ("scotland-suspected-deaths-half-years", {"period": "2023H1", "value": "600"}),
    ],
)
def test_published_figures_go_out_with_their_sources(
    site: None, series: str, expected: dict[str, str]
) -> None:
    found = rows(signed_in("lead").get(f"/evidence/published/{series}.csv"))

    assert any(expected.items() <= one.items() for one in found)
    assert all(one["source_url"] and one["licence"] for one in found)


@one_engine
@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/evidence?room=elsewhere", 422, "no such room"),
        ("/evidence/room.csv?measure=deaths", 422, "no such measure"),
        ("/evidence/published/nothing.csv", 404, "Nothing is here"),
    ],
)
def test_what_is_not_there_is_said(site: None, address: str, status: int, said: str) -> None:
    answer = signed_in("analyst").get(address)

    assert answer.status_code == status
    assert said in answer.content.decode()


@one_engine
def test_a_room_without_facts_shows_glasgow_alone(room_database: RoomDatabase) -> None:
    begin(INVENTED)
    staff_it()
    words = signed_in("analyst").get("/evidence").content.decode()

    assert rooms() == ["invented"]
    assert "Nothing has been recorded in this room yet" in words
    assert '<td class="number">684</td>' in words
