"""What staff see is a function of the facts and the clock, with names that hold."""

import json
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from opendcr.ledger.codec import instant
from opendcr.room.attention import attention
from opendcr.room.board import board
from tests.histories import SECRETS, histories, lived


@given(histories())
def test_every_board_is_json_without_free_text(acts):
    world = lived(acts)
    drawn = json.dumps(world.board(), ensure_ascii=False)
    assert json.loads(drawn) == world.board()
    assert not [words for words in SECRETS if words in drawn]


@given(histories())
def test_the_same_facts_from_the_start_show_the_same(acts):
    world = lived(acts)
    assert board(world.folded(), world.now) == world.board()


@given(histories(), st.integers(0, 600))
def test_a_notice_keeps_its_name_while_nothing_happens(acts, minutes):
    world = lived(acts)
    later = attention(world.room, world.now + timedelta(minutes=minutes))
    names = {(one.rule, one.subject, one.due) for one in later}
    assert {(one.rule, one.subject, one.due) for one in world.notices()} <= names
    assert len(names) == len(later)


@given(histories(), st.data())
def test_a_notice_that_somebody_acknowledges_says_so(acts, data):
    world = lived(acts)
    if not world.notices():
        return
    notice = data.draw(st.sampled_from(world.notices()))
    said = {"rule": notice.rule, "subject": notice.subject, "due": instant(notice.due)}
    visit = notice.subject if notice.subject in world.room.visits else None
    world.send(world.body("Acknowledged", None, said) | {"visit": visit})
    again = [one for one in world.notices() if (one.rule, one.subject) == said_of(said)]
    assert [one.acknowledged for one in again if one.due == notice.due] == [True]


@given(histories(size=40))
def test_more_people_than_a_place_holds_are_shown(acts):
    world = lived(acts)
    crowded = {place.id for place in world.room.policy.places
               if len(world.room.in_place(place.id)) > place.capacity}  # fmt: skip
    assert {one.subject for one in world.notices("over_capacity")} == crowded
    shown = {one["id"] for one in world.board()["places"] if len(one["visits"]) > one["capacity"]}
    assert shown == crowded


def said_of(said: dict[str, str]) -> tuple[str, str]:
    return said["rule"], said["subject"]
