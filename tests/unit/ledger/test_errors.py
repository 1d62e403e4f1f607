"""An error names the line, the key, what was found and what was expected; never anybody's words."""

import pytest

from opendcr.errors import LedgerError
from opendcr.ledger.codec import ENVELOPE, decode, decode_header, encode, encode_header
from opendcr.ledger.facts import Header, Origin
from opendcr.ledger.kinds import KINDS
from tests.unit.ledger.written import facts

NAME = "Morag"  # a word that passes for an id is still somebody's name
SENTENCE = "Morag McTavish of Argyle Street, born 1987"


def record():
    return encode(facts()[1])


@pytest.mark.parametrize("key", ENVELOPE)
def test_a_sentence_in_the_envelope_is_not_repeated(key):
    with pytest.raises(LedgerError) as caught:
        decode({**record(), key: SENTENCE}, "l.jsonl, line 3")
    assert str(caught.value).startswith(f"l.jsonl, line 3, {key}: found a text of 42 characters")
    assert NAME not in str(caught.value)


@pytest.mark.parametrize("words", [NAME, SENTENCE, [SENTENCE], {NAME: SENTENCE}, [[NAME]]])
@pytest.mark.parametrize("kind", KINDS)
def test_words_in_the_data_are_not_repeated(kind, words):
    fields = KINDS[kind].fields
    for key in (key for key, shape in fields.items() if not shape.readable(words)):
        with pytest.raises(LedgerError) as caught:
            decode({**record(), "kind": kind, "data": {key: words}}, "here")
        assert NAME not in str(caught.value)
        assert f"here, data.{key}: found" in str(caught.value)


@pytest.mark.parametrize("key", ENVELOPE)
def test_a_missing_key_is_named(key):
    lacking = {name: value for name, value in record().items() if name != key}
    with pytest.raises(LedgerError, match=f"here, {key}: found nothing; expected "):
        decode(lacking, "here")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("version", 0, "found 0; expected a whole number from 1"),
        ("version", True, "found true"),
        ("seq", 0, "found 0; expected a whole number from 1"),
        ("seq", 1.5, "found 1.5"),
        ("seq", "1", "found '1'; expected a whole number"),
        ("happened", "2025-02-30T10:00:00.000Z", "expected a time such as"),
        ("happened", "2025-02-01T10:00:00", "expected a time such as"),
        ("recorded", "0001-01-01T00:00:00+14:00", "expected a time such as"),
        ("data", [], "found a JSON list; expected an object"),
        ("source", "hearsay", "found 'hearsay'; expected one of tap, paper"),
        ("kind", "Teleported", "found 'Teleported'; expected a kind of fact"),
        ("visit", 7, "found 7; expected the id of a visit, or null"),
    ],
)
def test_what_was_found_and_what_was_expected(key, value, said):
    with pytest.raises(LedgerError) as caught:
        decode({**record(), key: value}, "here")
    assert said in str(caught.value)


def test_what_is_no_object_and_what_lacks_a_required_key():
    with pytest.raises(LedgerError, match="here: found a JSON list; expected a fact"):
        decode([], "here")
    with pytest.raises(LedgerError, match=r"here, data.place: found nothing; expected the id of"):
        decode({**record(), "data": {}}, "here")


@pytest.mark.parametrize(
    ("seed", "reads"), [(0, True), (2**53 - 1, True), (2**53, False), (-1, False)]
)
def test_a_seed_is_a_number_that_every_reader_keeps(seed, reads):
    header = Header("glasgow", "Europe/London", Origin("simulated", scenario="drawn", seed=seed))
    if reads:
        assert decode_header(encode_header(header), "here") == header
    else:
        with pytest.raises(
            LedgerError, match=r"here, origin.seed: found .*; expected 0 to 2\*\*53 - 1"
        ):
            decode_header(encode_header(header), "here")
