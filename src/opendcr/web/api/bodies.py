"""A command as it comes over the wire: read as far as it can be, so that no report is lost for its
form.

Text that is no UTF-8 or no proper JSON string is taken with marks in place of what is wrong; what is
nested too deep for any reader becomes text; what is seen of a body is taken at nearly any size.
"""

import json
import math
import re

import orjson
from django.http import HttpRequest

from opendcr.errors import InputError
from opendcr.ledger.kinds import kind_named
from opendcr.ledger.shapes import Json
from opendcr.web.store.threads import reading_large

LARGEST = 256 * 1024  # bytes of a command
LARGEST_SEEN = 2**20  # bytes that are read of a report on a body
AT_ONCE = 16 * 1024  # bytes that are read in the server's own loop; more holds up everybody
LONGEST = 64 * 1024  # characters of one value of a report that is larger than a command may be
DEEPEST = 64  # levels; what lies deeper is kept as text

# A string takes all it can and gives nothing back, so that one without an end is passed but once.
_TOKENS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
_PLAIN = re.compile(
    r'"(id|kind|room|visit|person|tapped|source|author|emergency|place|area)"'
    r'\s*:\s*"([^"\\]{1,64})"'
)


async def body_of(request: HttpRequest) -> Json:
    """The body of a command; raises InputError where it is none, or larger than its kind may be."""
    raw = request.read(LARGEST_SEEN)
    return _body(raw) if len(raw) <= AT_ONCE else await reading_large(_body, raw)


def _body(raw: bytes) -> Json:
    try:
        body = read(raw)
    except ValueError as error:
        if len(raw) < LARGEST_SEEN:
            raise InputError("the body", "no JSON", "a command: a JSON object") from error
        body = _found_in(raw.decode("utf-8", "replace"))
    return body if len(raw) <= LARGEST else _lighter(body, len(raw))


def read(raw: bytes) -> Json:
    """The value of a JSON text, at most DEEPEST levels deep; raises ValueError for what is none."""
    if raw.count(b"[") + raw.count(b"{") > DEEPEST:
        raw = _shallow(raw.decode("utf-8", "replace")).encode()
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return _mended(_leniently(raw.decode("utf-8", "replace")))


def _shallow(text: str) -> str:
    """A JSON text in which what lies too deep has become strings of itself."""
    # One that never comes back up is no JSON, and deeper than a reader should go to find that out.
    parts, depth, start, kept = [], 0, 0, 0
    for token in _TOKENS.finditer(text):
        mark = token.group()
        if mark in "[{":
            depth += 1
            start = token.start() if depth == DEEPEST + 1 else start
        elif mark in "]}":
            depth -= 1
            if depth == DEEPEST:
                parts += [text[kept:start], json.dumps(text[start : token.end()])]
                kept = token.end()
    if depth > DEEPEST:
        raise ValueError("no end to what was begun")
    return "".join([*parts, text[kept:]])


def _leniently(text: str) -> Json:
    return json.loads(
        text, strict=False, parse_int=_whole, parse_float=_fraction, parse_constant=str
    )


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= 18 else digits


def _fraction(digits: str) -> float | str:
    return float(digits) if math.isfinite(float(digits)) else digits


def _mended(value: Json) -> Json:
    """The value with a question mark for half a character, which nothing could store."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_mended(one) for one in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(one) for key, one in value.items()}
    return value


def _lighter(body: Json, size: int) -> Json:
    """A report on a body with its long values cut, and a mark that says so: it gets a review."""
    named = body.get("kind") if isinstance(body, dict) else None
    kind = kind_named(named) if isinstance(named, str) else None
    if kind is None or not kind.body:
        raise InputError("the body", f"{size // 1024} kB", f"{LARGEST // 1024} kB or less")
    data = body.get("data")
    lighter = {key: _cut(value) for key, value in body.items() if key != "data"}
    if isinstance(data, dict):
        lighter["data"] = {key: _cut(value) for key, value in data.items()}
    elif data is not None:
        lighter["data"] = _cut(data)
    return lighter | {"cut": f"what was longer than {LONGEST} characters"}


def _cut(value: Json) -> Json:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return value if len(text) <= LONGEST else text[:LONGEST]


def _found_in(text: str) -> Json:
    """What can be told of a report that is too large to be read whole."""
    found: dict[str, Json] = {}
    for key, value in _PLAIN.findall(text):
        found.setdefault(key, value)
    data = {key: found.pop(key) for key in ("emergency", "place", "area") if key in found}
    return {**found, "data": data, "unread": text[:LONGEST]}
