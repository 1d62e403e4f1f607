"""Nothing that a tablet sends is lost, and no words slip into a fact."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendcr.errors import InputError
from opendcr.ledger.kinds import KINDS
from opendcr.ledger.shapes import whole_numbers
from opendcr.room.intake import intake
from tests.strategies import data_of, json_objects, json_values
from tests.world import SMALL

ENVELOPE = ("visit", "person", "tapped", "offset_ms", "offset_age_ms", "because", "mode", "source")
kinds = st.sampled_from(tuple(KINDS))


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """Reports with an id and a kind, and anything else."""
    kind = draw(kinds | st.just("Levitated"))
    keys = st.sampled_from((*KINDS[kind].fields, "x")) if kind in KINDS else st.just("x")
    data = draw(st.dictionaries(keys, json_values()) | json_values())
    rest = draw(st.dictionaries(st.sampled_from((*ENVELOPE, "more")), json_values()))
    return {**rest, "id": "c-1", "kind": kind, "data": data, "mode": "report"}


@given(bodies())
def test_a_report_with_an_id_and_a_kind_is_taken_whatever_it_says(body):
    assert intake(body).mode == "report"


@given(bodies())
def test_every_value_of_a_report_is_in_its_data_its_texts_or_set_aside(body):
    taken = intake(body)
    data = body["data"] if isinstance(body["data"], dict) else {}
    for key, value in data.items():
        whole = [taken.data.get(key), taken.texts.get(key), taken.unreadable.get(f"data.{key}"),
                 taken.unreadable.get("data", {}).get(key) if "data" in taken.unreadable else None]  # fmt: skip
        if value is not None and not _blank(value) and key != "changes":
            assert any(_same(value, one) for one in whole), (key, value, whole)
    for key in (*ENVELOPE, "more"):
        value = body.get(key)
        if value is not None and key not in taken.unreadable:
            assert key in ENVELOPE
            said = getattr(taken, key)
            assert said is not None


@given(
    json_objects(), st.dictionaries(st.sampled_from(("place", "outcome", "note")), json_values())
)
def test_every_change_of_a_correction_is_made_or_set_aside(changes, data):
    given_changes = {**changes, "data": data}
    said = {"target": "f-1", "reason": "mistake", "changes": given_changes}
    taken = intake({"id": "c-1", "kind": "Corrected", "mode": "report", "data": said})
    for key in changes.keys() - {"data"}:
        aside = f"data.changes.{key}" in taken.unreadable
        assert aside != (key in taken.data["changes"])
    for key in data:
        aside = f"data.changes.data.{key}" in taken.unreadable
        assert aside != (key in taken.data["changes"]["data"])


@given(kinds, st.text("agns ", min_size=5).filter(lambda words: " " in words), st.data())
def test_words_never_reach_the_data_of_a_fact(kind, words, data):
    keys = st.sampled_from((*KINDS[kind].fields, "x"))
    secret = f"Agnes {words}"
    hidden = st.sampled_from((secret, [secret], {"data": {"note": secret}}, {secret: 1}))
    said = data.draw(st.dictionaries(keys, hidden))
    taken = intake({"id": "c-1", "kind": kind, "mode": "report", "data": said, "visit": secret})
    assert secret not in json.dumps([taken.data, taken.visit, taken.person, taken.because])


@given(json_values().filter(lambda value: value and not _blank(value)))
def test_an_emergency_is_one_whatever_a_client_calls_it_and_stays_another_than_others(called):
    named = [kind for kind in KINDS.values() if "emergency" in kind.fields]
    bodies = [{"id": f"c-{at}", "kind": kind.fact, "data": {"emergency": called}}
              for at, kind in enumerate(named)]  # fmt: skip
    ids = {intake(body).data.get("emergency") for body in bodies}
    assert len(ids) == 1
    (id,) = ids
    assert KINDS["EmergencyStarted"].fields["emergency"].plausible(id)
    other = intake({**bodies[0], "data": {"emergency": f"not {called}"}})
    assert other.data["emergency"] != id


@given(kinds, st.data())
def test_a_plausible_ask_fits_by_either_name_of_its_kind(name, data):
    kind = KINDS[name]
    said = data.draw(data_of(kind)) | {"note": "fine"} if "note" in kind.fields else {}
    said = {**data.draw(data_of(kind)), **said}
    said |= {"policy": SMALL} if "policy" in said else {}
    said |= {"changes": {"person": None}} if "changes" in said else {}
    said |= {key: "words" for key in ("name", "code") if key in said and name == "Registered"}
    said.pop("report", None)
    by_fact = intake({"id": "c-1", "kind": name, "mode": "ask", "data": said})
    by_command = intake({"id": "c-1", "kind": kind.command, "mode": "ask", "data": said})
    assert by_fact == by_command and not by_fact.missing and not by_fact.unreadable


@pytest.mark.parametrize(
    ("kind", "said", "key"),
    [
        ("Seat", {"data": {}}, "data.place"),
        ("Seat", {"data": {"place": "two words"}}, "data.place"),
        ("Seat", {"data": {"place": "booth-1", "price": 3}}, "data.price"),
        ("Assess", {"data": {"outcome": "sideways"}}, "data.outcome"),
        ("SupplyNaloxone", {"data": {"kits": 900}}, "data.kits"),
        ("Arrive", {"visit": "Agnes"}, "visit"),
        ("Arrive", {"tapped": "yesterday"}, "tapped"),
        ("Arrive", {"tapped": "0001-01-01T00:00:00Z"}, "tapped"),
        ("Arrive", {"mode": "wish"}, "mode"),
        ("Correct", {"data": {"target": "f-1", "reason": "mistake", "changes": {"kind": "X"}}},
         "data.changes.kind"),
        ("AdoptPolicy", {"data": {"policy": {"rooms": {}}}}, "data.policy"),
        ("Levitate", {}, "kind"),
    ],
)  # fmt: skip
def test_an_ask_that_does_not_fit_names_the_key(kind, said, key):
    with pytest.raises(InputError) as problem:
        intake({"id": "c-1", "kind": kind, **said})
    assert problem.value.where == key


@pytest.mark.parametrize("body", [None, [], "x", {}, {"id": 3, "kind": "Arrive"}, {"id": "c-1"}])
def test_without_an_id_and_a_kind_there_is_no_command(body):
    with pytest.raises(InputError):
        intake(body)


def _blank(value: Any) -> bool:
    return isinstance(value, str) and not value.strip()


def _same(value: Any, other: Any) -> bool:
    # A whole number is one however it is written.
    said, kept = (json.dumps(whole_numbers(one)) for one in (value, other))
    return other is not None and said == kept
