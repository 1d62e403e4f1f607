"""Where an id is asked for, nobody's words come into the ledger: they go to the register."""

import pytest

from opendcr.ledger.kinds import KINDS
from opendcr.ledger.shapes import Ident, Many, Shape
from opendcr.web.store.models import Entry, Secret
from opendcr.web.store.register import words_of
from tests.support import acting
from tests.support.engines import RoomDatabase

NAME = "JohnSmith-hiv"


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def room(room_database: RoomDatabase) -> str:
    return acting.opened()


def _ledger() -> str:
    return "".join(Entry.objects.values_list("record", flat=True))


def _register() -> str:
    return "".join(words_of(Secret.objects.values_list("text", flat=True)).values())


def _said(shape: Shape) -> object:
    return [NAME] if isinstance(shape, Many) else NAME


IDS = [
    (kind.fact, key, _said(shape))
    for kind in KINDS.values()
    for key, shape in kind.fields.items()
    if isinstance(shape.each if isinstance(shape, Many) else shape, Ident)
]


def test_a_name_in_any_id_of_a_report_goes_to_the_register(room: str) -> None:
    for fact, key, said in IDS:
        before = _register().count(NAME)
        answer = acting.send(room, fact, {key: said}, "manager", mode="report")
        assert answer.status == 200, (fact, key, answer.said)
        assert answer.flags, (fact, key)
        assert NAME not in _ledger(), (fact, key)
        assert _register().count(NAME) > before, (fact, key)


def test_a_name_in_any_id_of_an_ask_is_not_taken(room: str) -> None:
    for fact, key, said in IDS:
        if not KINDS[fact].body:
            answer = acting.send(room, fact, {key: said}, "manager", mode="ask")
            assert answer.status in (409, 422), (fact, key)
    assert NAME not in _ledger() + _register()


def test_a_name_in_a_correction_goes_to_the_register(room: str) -> None:
    started = acting.send(room, "StartEmergency", {"place": "booth-1"}).facts[0]["id"]
    for data in ({"place": NAME}, {"witness": NAME}, {"batch": NAME}):
        changed = {"target": started, "reason": "mistake", "changes": {"data": data}}
        assert acting.send(room, "Correct", changed, mode="report").status == 200
    assert NAME not in _ledger()
    assert _register().count(NAME) == 3


def test_a_place_that_a_policy_has_had_is_known(room: str) -> None:
    policy = {**acting.POLICY, "places": acting.POLICY["places"][:1]}
    assert acting.send(room, "AdoptPolicy", {"policy": policy}, "manager").status == 200
    [started, *flags] = acting.send(room, "StartEmergency", {"place": "booth-2"}).facts
    assert started["data"]["place"] == "booth-2"
    assert [flag["data"]["reason"] for flag in flags] == ["place_unknown"]


@pytest.mark.parametrize(
    "number",
    ["B12", "NX-2025-0117", "8A3K21", "LOT-AB-12", "12.34", "BATCH-12", "FMXA23", "PRENOXAD1"],
)
def test_a_lot_number_is_taken(room: str, number: str) -> None:
    given = {"intervention": "naloxone", "micrograms": 400, "batch": number, "witness": "s-lead"}
    [fact, *_] = acting.send(room, "GiveIntervention", given).facts
    assert (fact["data"]["batch"], fact["data"]["witness"]) == (number, "s-lead")


@pytest.mark.parametrize("name", ["John23", "MARY-1985", "BATCH-JOHN-1", "Agnes1", "Lynch12"])
def test_a_name_beside_digits_is_no_lot_number(room: str, name: str) -> None:
    given = {"intervention": "naloxone", "micrograms": 400, "batch": name}
    [fact, flag] = acting.send(room, "GiveIntervention", given).facts
    assert fact["data"] == {"intervention": "naloxone", "micrograms": 400}
    assert flag["data"]["reason"] == "unreadable"
    assert name not in _ledger()


@pytest.mark.parametrize("version", ["terms-1", "2026-11", "v3", "version-2.1"])
def test_a_version_of_the_terms_is_taken(room: str, version: str) -> None:
    assert acting.send(room, "PublishTerms", {"terms": version}, "manager").status == 200
