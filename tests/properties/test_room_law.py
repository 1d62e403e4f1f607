"""The first law: a report is never refused. And what every answer of `decide` keeps."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendcr.ledger.codec import decode, encode, whole_milliseconds
from opendcr.ledger.facts import Command, Refusal
from opendcr.ledger.kinds import BODY_KINDS, KINDS
from opendcr.room.decide import decide
from opendcr.room.intake import intake
from opendcr.room.permissions import PERMISSIONS, may
from opendcr.room.room import origin_of
from tests.histories import SECRETS, histories, lived
from tests.strategies import data_of, json_values
from tests.world import World

roles = st.sampled_from((*PERMISSIONS, "nobody"))
kinds = st.sampled_from(tuple(KINDS))


@given(histories(), kinds, roles, st.data())
def test_no_history_makes_decide_refuse_a_report(acts, kind, role, data):
    world = lived(acts)
    body = _body(world, kind, data.draw(data_of(KINDS[kind])), "report")
    body["visit"] = data.draw(st.sampled_from((*world.room.visits, "v-unknown", None)))
    answer = world.send(body, role=role)
    assert isinstance(answer, tuple) and answer


@given(histories(), st.sampled_from(sorted(BODY_KINDS)), roles, st.booleans(), st.data())
def test_no_mode_role_or_state_makes_decide_refuse_what_is_of_a_body(acts, kind, role, ask, data):
    world = lived(acts)
    said = data.draw(data_of(KINDS[kind]))
    visit = data.draw(st.sampled_from((*world.room.visits, "v-unknown", None)))
    command = Command("c-1", kind, "ask" if ask else "report", "calton", "unattributed", role,
                      "t-1", "device", said, visit=visit)  # fmt: skip
    answer = decide(world.room, command, world.now)
    assert not isinstance(answer, Refusal)
    assert answer[0].kind == kind


@given(histories(), kinds, st.dictionaries(st.sampled_from(("data", "visit", "tapped", "person",
       "offset_ms", "because", "mode", "other", "offset_age_ms")), json_values()))  # fmt: skip
def test_no_body_makes_a_report_be_refused(acts, kind, rest):
    world = lived(acts[:6])
    body = {**rest, "id": "c-1", "kind": kind, "mode": "report"}
    assert isinstance(world.send(body), tuple)


@given(histories())
def test_every_fact_reads_back_and_no_two_are_the_same(acts):
    world = lived(acts)
    assert [decode(encode(fact), "here") for fact in world.facts] == world.facts
    assert len({fact.id for fact in world.facts}) == len(world.facts)


@given(histories())
def test_nothing_happens_after_it_is_recorded_and_milliseconds_are_whole(acts):
    for fact in lived(acts).facts:
        assert fact.happened <= fact.recorded
        assert fact.happened == whole_milliseconds(fact.happened)
        assert fact.recorded == whole_milliseconds(fact.recorded)


@given(histories())
def test_no_free_text_is_in_a_fact(acts):
    ledger = json.dumps([encode(fact) for fact in lived(acts).facts], ensure_ascii=False)
    assert not [words for words in SECRETS if words in ledger]


@given(histories())
def test_the_same_command_in_the_same_room_gives_the_same_answer(acts):
    world = lived(acts)
    command = world.command(intake(world.body("Arrived", "Ari", {})))
    assert decide(world.room, command, world.now) == decide(world.room, command, world.now)


@pytest.mark.parametrize("role", (*PERMISSIONS, "nobody"))
def test_a_role_may_do_what_the_table_says_and_its_reports_are_kept(role):
    world = World()
    for kind in KINDS:
        ask = Command("c-1", kind, "ask", "calton", "s-1", role, "t-1", "tap", {})
        answer = decide(world.room, _complete(ask), world.now)
        refused = isinstance(answer, Refusal) and answer.code == "not_permitted"
        assert refused == (not may(role, kind)), kind
        report = replace(_complete(ask), mode="report")
        assert isinstance(decide(world.room, report, world.now), tuple), kind


def test_a_report_that_its_role_may_not_send_is_held_in_a_flag():
    world = World()
    (held,) = world.send(_body(world, "RoomClosed", {}, "report"), role="reception")
    assert (held.kind, held.data["reason"], held.data["kind"]) == (
        "ReviewFlagged", "not_permitted", "RoomClosed")  # fmt: skip
    assert world.room.state == "open"


@given(histories(), st.data())
def test_whoever_may_not_send_a_kind_may_not_amend_it(acts, data):
    world = lived(acts)
    target = data.draw(st.sampled_from(world.facts))
    origin = origin_of(target, world.archive) or target
    body = _body(world, "Retracted", {"target": target.id, "reason": "mistake"}, "ask")
    answer = world.send(body, role="reception")
    forbidden = isinstance(answer, Refusal) and answer.code == "not_permitted"
    assert forbidden == (not may("reception", origin.kind))


def _complete(command: Command) -> Command:
    required = KINDS[command.kind].required
    return replace(command, missing=tuple(required))


def _body(world: World, kind: str, data: Any, mode: str) -> dict[str, Any]:
    return world.body(kind, None, data) | {"mode": mode}
