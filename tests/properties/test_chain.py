"""The chain against its definition, written out once more with nothing of ours."""

import hashlib
import json

import rfc8785
from hypothesis import given

from opendcr.ledger.chain import canonical, first_link
from opendcr.ledger.codec import encode, encode_header
from opendcr.ledger.facts import Header, Origin
from tests import strategies


def reference_chain(header, records):
    """SHA-256 over the previous value, a newline, and the RFC 8785 form of the record without
    `chain`; the first previous value is the hash of the header.

    The invented records hold no fractions and only ASCII keys: for these, JSON with sorted keys,
    no spaces and unescaped characters is the RFC 8785 form.
    """
    value = hashlib.sha256(_canonical(header)).hexdigest()
    values = []
    for record in records:
        bare = {key: one for key, one in record.items() if key != "chain"}
        value = hashlib.sha256(value.encode() + b"\n" + _canonical(bare)).hexdigest()
        values.append(value)
    return values


def _canonical(value):
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


PLAIN = ("Arrived", "Assessed", "Seated", "Observed", "SuppliesIssued", "Retracted", "NoteAdded")


@given(strategies.ledgers(max_size=12, kinds=PLAIN))
def test_sealed_facts_have_the_chain_of_the_definition(ledger):
    header, facts = ledger
    records = [encode(fact) for fact in facts]
    assert [fact.chain for fact in facts] == reference_chain(encode_header(header), records)
    assert [fact.seq for fact in facts] == list(range(1, len(facts) + 1))


def test_the_first_value_is_the_hash_of_the_headers_bytes():
    header = Header("glasgow", "Europe/London", Origin("recorded"))
    line = (
        b'{"opendcr":"ledger","origin":{"kind":"recorded"},"room":"glasgow",'
        b'"timezone":"Europe/London","version":1}'
    )
    assert hashlib.sha256(line).hexdigest() == first_link(header)


def test_keys_beyond_the_basic_plane_are_in_the_standards_order():
    value = {"\ue000": 1, "\U00010000": 2}
    assert canonical(value) == rfc8785.dumps(value)
