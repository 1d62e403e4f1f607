"""Facts and records: there and back, whatever is in them."""

import json
from dataclasses import replace

import orjson
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from opendcr.errors import LedgerError
from opendcr.ledger.chain import canonical
from opendcr.ledger.codec import decode, decode_header, encode, encode_header
from opendcr.ledger.kinds import KINDS, Kind
from opendcr.ledger.shapes import Document, Flag, Ident
from tests import strategies

PER_KIND = settings().max_examples // 8


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=PER_KIND)
@given(data=st.data())
def test_a_fact_of_each_kind_comes_back_from_the_text_of_its_record(kind, data):
    fact = replace(data.draw(strategies.facts(kind)), seq=1, chain="0" * 64)
    assert decode(orjson.loads(canonical(encode(fact))), "here") == fact
    for key, value in fact.data.items():
        shape = KINDS[kind].fields[key]
        assert shape.readable(value) and shape.plausible(value)


@given(st.sampled_from([2**53, 2.0**53, -3e16, 2**70, float("nan"), "\ud800", {"a\udfff": 1}]))
def test_a_document_that_would_not_come_back_is_unreadable(value):
    shape = Document("a policy")
    assert not shape.readable({"key": value})
    assert not shape.readable({"key": [{"deeper": value}]})
    assert shape.readable({"key": [1e21, 2**53 - 1, -0.5, "text", None, True]})


def test_a_document_nested_without_end_is_unreadable():
    document: dict = {}
    for _ in range(5000):
        document = {"in": document}
    assert not Document("a policy").readable(document)


@given(strategies.headers())
def test_a_header_comes_back_from_its_record(header):
    assert decode_header(json.loads(json.dumps(encode_header(header))), "here") == header


@given(strategies.json_values())
def test_our_canonical_form_is_that_of_rfc_8785(value):
    assert canonical(value) == rfc8785.dumps(value)


@given(st.sampled_from([2**53, -(2**53), 2**64, float("nan"), float("inf"), {1: 2}, "\ud800"]))
def test_what_has_no_canonical_form_is_an_error(value):
    for wrapped in (value, [value], {"key": value}):
        with pytest.raises((ValueError, TypeError)):
            canonical(wrapped)


@given(strategies.facts("Arrived"), strategies.json_objects())
def test_keys_that_a_newer_ledger_may_have_pass(fact, more):
    newer = {f"newer {key}": value for key, value in more.items()}
    record = encode(replace(fact, seq=1, chain="0" * 64))
    decoded = decode({**record, **newer, "data": {**record["data"], **newer}}, "here")
    assert decoded.data == {**fact.data, **newer}


GREW = Kind(
    "Arrived",
    "Arrive",
    "visit",
    "arrived",
    {"door": Ident("a door"), "first": Flag()},
    version=3,
    upgrades={
        1: lambda data: {**data, "door": data["entrance"]},
        2: lambda data: {**data, "first": data["door"] == "front"},
    },
)


@given(strategies.facts("Arrived"), strategies.idents)
def test_an_old_version_is_upgraded_step_by_step_and_its_record_stays(fact, entrance):
    old = encode(replace(fact, seq=1, chain="0" * 64, data={"entrance": entrance}))
    before = canonical(old)
    decoded = decode(old, "here", {"Arrived": GREW})
    assert decoded.version == 3
    assert decoded.data == {"entrance": entrance, "door": entrance, "first": entrance == "front"}
    assert canonical(old) == before


def test_a_version_that_is_not_known_yet_is_an_error():
    record = {**_record(), "version": 4}
    with pytest.raises(LedgerError, match=r"here, version: found version 4 of Arrived"):
        decode(record, "here", {"Arrived": GREW})


def _record():
    fact = strategies.facts("Arrived").map(lambda one: replace(one, seq=1, chain="0" * 64, data={}))
    return encode(_one(fact))


def _one(strategy):
    found = []

    @given(strategy)
    def keep(value):
        found.append(value)

    keep()
    return found[0]
