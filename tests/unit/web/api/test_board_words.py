"""What the web adds to a board: names that tell people apart, and how many have left today."""

from datetime import UTC, datetime, timedelta

import pytest

from opendcr.web.api.boards import boards
from opendcr.web.api.departed import left_today
from opendcr.web.api.labels import labelled
from opendcr.web.store.held import look
from opendcr.web.store.keyring.models import WrappedKey
from tests.support import acting
from tests.unit.web.api.conftest import Ask


def _labels(room: str) -> dict[str, str]:
    shown = acting.orjson.loads(boards(room, ["lead"]).texts["lead"])
    return dict(shown["labels"])


def _codes(room: str) -> dict[str, str]:
    shown = acting.orjson.loads(boards(room, ["lead"]).texts["lead"])
    return {visit["id"]: visit["code"] for visit in shown["visits"]}


def test_two_who_chose_the_same_name_are_told_apart_until_one_leaves(room: str) -> None:
    first = acting.arrived(room, "p-01", "Craig")
    assert _labels(room) == {first: "Craig"}
    second = acting.arrived(room, "p-02", "craig ")
    other = acting.arrived(room, "p-03", "Moira")
    codes, labels = _codes(room), _labels(room)
    assert labels[first].startswith("Craig ") and labels[second].startswith("craig ")
    assert codes[first].startswith(labels[first].split()[-1])
    assert codes[second].startswith(labels[second].split()[-1])
    assert labels[first].casefold() != labels[second].casefold()
    assert labels[other] == "Moira"
    acting.send(room, "Depart", {"how": "well"}, visit=second, mode="report")
    assert _labels(room) == {first: "Craig", other: "Moira"}


def test_a_board_has_codes_where_the_master_key_is_another(room: str, ask: Ask) -> None:
    visit = acting.arrived(room, "p-01", "Craig")
    WrappedKey.objects.update(wrapped=bytes(60))  # under another key
    shown = ask("GET", "/api/board", "lead").json()
    assert shown["names_closed"]
    assert shown["labels"] == {}
    assert [one["id"] for one in shown["visits"]] == [visit]
    assert ask("GET", "/api/reviews", "lead").status_code == 200
    assert acting.send(room, "Depart", {"how": "well"}, visit=visit).status == 200
    [left] = ask("GET", "/api/visits/left", "lead").json()["visits"]
    assert left["label"] == left["code"]
    assert "keys" in ask("GET", "/readyz").json()["failing"]


def test_a_board_whose_names_are_open_says_nothing_of_it(room: str, ask: Ask) -> None:
    acting.arrived(room, "p-01", "Craig")
    assert not ask("GET", "/api/board", "lead").json()["names_closed"]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (("K7M-4Q", "P2X-4Q"), {"v-0": "Craig K7M", "v-1": "Craig P2X"}),
        (("K7M-4Q", "K7M-9R"), {"v-0": "Craig K7M-4Q", "v-1": "Craig K7M-9R"}),
    ],
)
def test_as_much_of_the_code_is_said_as_tells_them_apart(
    room: str, codes: tuple[str, str], expected: dict[str, str]
) -> None:
    people = ("p-01", "p-02")
    for person in people:
        acting.arrived(room, person, "Craig")
    rows = zip(people, codes, strict=True)
    visits = [{"id": f"v-{n}", "person": p, "code": c} for n, (p, c) in enumerate(rows)]
    assert labelled({"visits": visits, "alerts": []}, "")["labels"] == expected


def test_who_left_since_local_midnight_is_counted_and_who_came_back_is_not(room: str) -> None:
    assert left_today(look(room).room, datetime.now(UTC)) == 0
    visits = [acting.arrived(room) for _ in range(3)]
    ended = [
        acting.send(room, "Depart", {"how": "well"}, visit=visit, mode="report").facts[0]
        for visit in visits
    ]
    now = datetime.now(UTC)
    assert left_today(look(room).room, now) == 3
    assert acting.orjson.loads(boards(room, ["lead"]).texts["lead"])["left_today"] == 3
    gone = {"target": ended[0]["id"], "reason": "mistake"}
    retracted = acting.send(room, "Retract", gone)
    assert retracted.status == 200, retracted.said
    assert left_today(look(room).room, now) == 2
    assert left_today(look(room).room, now + timedelta(days=1)) == 0


def test_as_many_are_counted_as_the_list_of_them_has(room: str, ask: Ask) -> None:
    def told() -> tuple[int, int]:
        listed = ask("GET", "/api/visits/left", "lead").json()["visits"]
        return ask("GET", "/api/board", "lead").json()["left_today"], len(listed)

    def left(visit: str) -> dict[str, str]:
        fact: dict[str, str] = acting.send(room, "Depart", {"how": "well"}, visit=visit).facts[0]
        return fact

    came = [acting.send(room, "Arrive").facts[0] for _ in range(3)]
    ended = [left(arrival["visit"]) for arrival in came]
    assert told() == (3, 3)
    never = [ended[0], came[0]]  # nobody was there at all
    gone = [
        acting.send(room, "Retract", {"target": fact["id"], "reason": "mistake"}).facts[0]
        for fact in never
    ]
    assert told() == (2, 2)
    assert acting.send(room, "Retract", {"target": gone[0]["id"], "reason": "mistake"}).facts
    assert told() == (3, 3)
    moved = {"target": ended[1]["id"], "changes": {"visit": ended[2]["visit"]}, "reason": "mistake"}
    assert acting.send(room, "Correct", moved).facts
    assert told() == (2, 2)


def test_the_day_begins_at_the_rooms_midnight_not_at_greenwichs(
    room_database: object,
) -> None:
    evening = datetime(2025, 7, 1, 22, 30, tzinfo=UTC)  # 23:30 in Glasgow
    room = acting.opened(evening)
    for minutes in (0, 20, 40, 50):
        moment = evening + timedelta(minutes=minutes)
        visit = acting.arrived(room, now=moment)
        acting.send(room, "Depart", {"how": "well"}, visit=visit, now=moment, mode="report")
    assert left_today(look(room).room, evening + timedelta(minutes=25)) == 2 + 2
    assert left_today(look(room).room, evening + timedelta(hours=1)) == 2
