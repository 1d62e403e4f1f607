"""The hash chain: what makes a changed ledger tell.

Each value is SHA-256 over the previous value, a newline, and the RFC 8785 form of the record
without its `chain`; the first previous value is the hash of the header. The chain finds any change
to a ledger whose head is known elsewhere; a ledger rewritten whole can only be told by its head.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace

import orjson
import rfc8785

from opendcr.ledger.codec import Record, encode, encode_header
from opendcr.ledger.facts import Fact, Header
from opendcr.ledger.shapes import Json

_EXACT = 2**53  # beyond it a JSON number loses digits in other readers


def canonical(value: Json) -> bytes:
    """The RFC 8785 form. orjson writes the same bytes, faster, where no number has a fraction and
    no key lies outside the basic plane (its order of keys and ours differ only there)."""
    return (
        orjson.dumps(value, option=orjson.OPT_SORT_KEYS) if _plain(value) else rfc8785.dumps(value)
    )


def _plain(value: Json) -> bool:
    # Plain loops, which are faster: this runs for every value of every fact that is sealed or verified.
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is int:
        return bool(-_EXACT < value < _EXACT)
    if kind is dict:
        for key in value:
            if type(key) is not str or not key.isascii():
                return False
        value = value.values()
    elif kind is not list and kind is not tuple:
        return False
    for one in value:  # noqa: SIM110
        if type(one) is not str and not _plain(one):
            return False
    return True


def first_link(header: Header) -> str:
    """The value before the first fact: the hash of the header."""
    return header_link(encode_header(header))


def header_link(record: Record) -> str:
    """The same, of a header as it stands in a file."""
    return hashlib.sha256(canonical(record)).hexdigest()


def link(previous: str, record: Record) -> str:
    """The chain value of a record; whatever it holds under `chain` does not count."""
    bare = {key: value for key, value in record.items() if key != "chain"}
    return hashlib.sha256(previous.encode() + b"\n" + canonical(bare)).hexdigest()


def seal(facts: Iterable[Fact], seq: int, head: str) -> tuple[Fact, ...]:
    """The facts with their `seq` and `chain`, following the ledger whose last are `seq`, `head`."""
    sealed = []
    for fact in facts:
        seq += 1
        head = link(head, encode(fact) | {"seq": seq})
        sealed.append(replace(fact, seq=seq, chain=head))
    return tuple(sealed)
