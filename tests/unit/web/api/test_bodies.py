"""Reports come in whatever their form; what is no command is told so."""

import asyncio
import time
from typing import Any

import orjson
import pytest
from django.test import Client, RequestFactory

from opendcr.web.api.bodies import DEEPEST, LARGEST, LARGEST_SEEN, LONGEST, body_of, read
from opendcr.web.store.models import Device, Secret
from opendcr.web.store.register import words_of
from tests.support import acting


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    """What a database cannot store is not the same on both."""
    return str(request.param)


def _post(tokens: dict[str, str], raw: bytes, role: str = "device") -> Any:
    headers = {"Authorization": f"Bearer {tokens[role]}"}
    return Client().generic("POST", "/api/commands", raw, "application/json", headers=headers)


def _all_words() -> str:
    return "".join(words_of(Secret.objects.values_list("text", flat=True)).values())


def _started(**data: Any) -> bytes:
    return orjson.dumps(acting.body("StartEmergency", {"area": "toilet", **data}))


@pytest.mark.parametrize("depth", [DEEPEST - 2, DEEPEST + 1, 255, 400, 1100, 100_000])
def test_a_report_nested_to_any_depth_is_taken_and_its_depth_kept_as_text(
    tokens: dict[str, str], depth: int
) -> None:
    raw = _started()[:-1] + b',"zzz":' + b"[" * depth + b'"]"' + b"]" * depth + b"}"
    answer = _post(tokens, raw)
    assert answer.status_code == 200, answer.content
    assert answer.json()["facts"][0]["kind"] == "EmergencyStarted"
    assert "unreadable" in answer.json()["flags"]
    assert _post(tokens, raw).content == answer.content
    assert _all_words().count("[") == depth


def test_what_was_too_deep_reads_back_as_it_was_sent() -> None:
    deep = "[" * 3 + '{"a\\"]":["}"]}' + "]" * 3
    value = read(("[" * DEEPEST + deep + "," + deep + "]" * DEEPEST).encode())
    for _ in range(DEEPEST - 1):
        [value] = value
    assert value == [deep, deep]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (b'"half \\ud800 of one"', "half ? of one"),
        (b'"no \xff text"', "no \ufffd text"),
        (b'"two\nlines"', "two\nlines"),
    ],
)
def test_words_that_are_no_proper_text_are_taken_with_marks(
    tokens: dict[str, str], written: bytes, kept: str
) -> None:
    seen = orjson.dumps(acting.body("Observed", {"response": "alert"}))
    raw = seen[:-2] + b',"note":' + written + b"}}"
    assert _post(tokens, raw).status_code == 200
    assert _all_words() == kept


@pytest.mark.parametrize("number", [b"NaN", b"-Infinity", b"1" * 5000, b"1e999", b"1" * 19 + b"9"])
def test_numbers_beyond_all_bounds_are_kept_apart(tokens: dict[str, str], number: bytes) -> None:
    raw = _started()[:-2] + b',"breaths":' + number + b"}}"
    answer = _post(tokens, raw)
    assert answer.status_code == 200, answer.content
    assert "unreadable" in answer.json()["flags"]


def test_an_emergency_is_taken_at_any_size_with_its_words_cut(tokens: dict[str, str]) -> None:
    raw = _started(note="x" * (2 * LARGEST))
    answer = _post(tokens, raw)
    assert answer.status_code == 200, answer.content
    assert answer.json()["facts"][0]["data"]["area"] == "toilet"
    assert "unreadable" in answer.json()["flags"]
    assert LONGEST <= _all_words().count("x") < LONGEST + 10


def test_an_emergency_too_large_to_read_starts_all_the_same(tokens: dict[str, str]) -> None:
    raw = _started(note="y" * LARGEST_SEEN)
    answer = _post(tokens, raw)
    assert answer.status_code == 200, answer.content
    [started, flag] = answer.json()["facts"]
    assert (started["kind"], started["data"]["area"]) == ("EmergencyStarted", "toilet")
    assert flag["data"]["reason"] == "unreadable"


@pytest.mark.parametrize("size", [2 * LARGEST, LARGEST_SEEN + 1])
def test_another_command_has_a_size_that_is_told(tokens: dict[str, str], size: int) -> None:
    raw = orjson.dumps(acting.body("AddNote", {"note": "x" * size}))
    problem = _post(tokens, raw, "lead").json()["problem"]
    assert (problem["where"], problem["expected"]) == ("the body", "256 kB or less")


CUT_OFF = b'{"id":"c-1","kind":"Observe","mode":"report","data":' + b"[" * 3000


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b'{"id":', CUT_OFF, b"[" * 100_000, b"[" * 300_000, b"[{" * 999, b"\xff", b"x"],
)
def test_what_is_no_json_is_told_so(tokens: dict[str, str], raw: bytes) -> None:
    answer = _post(tokens, raw)
    assert answer.status_code == 422
    assert answer.json()["problem"]["found"] == "no JSON"


def test_a_string_without_an_end_is_passed_once() -> None:
    raw = b'{"id":"' + b"[" * (DEEPEST + 6) + b'","x":"' + b'\\"' * (LARGEST // 2)
    began = time.monotonic()
    with pytest.raises(ValueError):
        read(raw)
    assert time.monotonic() - began < 5  # passed once for each quote, it would take minutes


def test_others_are_served_while_a_large_body_is_read() -> None:
    raw = b'{"id":"x","kind":"StartEmergency","zzz":[' + b"[]," * (LARGEST_SEEN // 4) + b"[]]}"

    async def turns_for_others() -> int:
        reading = asyncio.create_task(body_of(RequestFactory().generic("POST", "/", raw)))
        turns = 0
        while not reading.done():
            await asyncio.sleep(0)
            turns += 1
        assert reading.result()["cut"]
        return turns

    assert asyncio.run(turns_for_others()) > 10


def test_a_name_or_an_id_with_a_nul_is_nobodys(tokens: dict[str, str]) -> None:
    form = {"username": "nur\0se", "password": "a long enough password"}
    assert Client().post("/sign-in", form).status_code == 403
    manager = {"Authorization": f"Bearer {tokens['manager']}"}
    assert Client().post("/device", {"name": "a\0b"}, headers=manager).status_code == 302
    assert Device.objects.filter(name="a b").exists()
    assert Client().get("/api/visits/%00/story", headers=manager).status_code == 422


@pytest.mark.parametrize(
    "named",
    [
        {"author": "s\0"},
        {"author": "s\0", "source": "paper"},
        {"author": "s-lead", "proof": {"key": "k\0", "signature": "x"}},
        {"author": ["s-lead"], "proof": {"key": {}, "signature": 1}},
    ],
)
@pytest.mark.parametrize("role", ["device", "nurse"])
def test_an_author_who_is_no_id_costs_no_report(
    tokens: dict[str, str], named: dict[str, Any], role: str
) -> None:
    command = acting.body("StartEmergency", tapped="2025-02-01T10:00:00Z", **named)
    answer = _post(tokens, orjson.dumps(command), role)
    assert answer.status_code == 200, answer.content
    assert answer.json()["facts"][0]["author"] == "unattributed"


def _named(room: Any, **fields: Any) -> bytes:
    return orjson.dumps(acting.body("Observed", {"response": "alert"}, room=room, **fields))


@pytest.mark.parametrize("named", ["nowhere", "", 7, ["glasgow"]])
def test_a_report_that_names_an_unknown_room_is_recorded_in_the_one_that_there_is(
    tokens: dict[str, str], named: Any
) -> None:
    raw = _named(named)
    answer = _post(tokens, raw)
    assert answer.status_code == 200, answer.content
    assert answer.json()["facts"][0]["room"] == acting.ROOM
    assert answer.json()["flags"] == ["unreadable"]
    assert orjson.loads(_all_words()) == {"room": named}
    assert _post(tokens, raw).content == answer.content


def test_of_several_rooms_a_report_goes_to_the_one_that_knows_its_visit(
    tokens: dict[str, str],
) -> None:
    acting.begun("another")  # comes first by name
    visit = acting.arrived(acting.ROOM)
    answers = [_post(tokens, _named(room, visit=visit)) for room in ("nowhere", None)]
    answers.append(_post(tokens, _named("nowhere", visit="v-0")))
    rooms = [answer.json()["facts"][0]["room"] for answer in answers]
    assert rooms == [acting.ROOM, acting.ROOM, "another"]


def test_an_ask_for_an_unknown_room_is_told_so(tokens: dict[str, str]) -> None:
    answer = _post(tokens, orjson.dumps(acting.body("Arrive", room="nowhere")), "lead")
    assert answer.status_code == 422
    assert answer.json()["problem"]["where"] == "room"
