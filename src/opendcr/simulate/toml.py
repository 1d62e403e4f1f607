"""Writes a scenario's content as TOML: what the standard library reads and does not write."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def written(content: Mapping[str, Any]) -> str:
    """The content of a file; tables that hold tables are headed, the innermost stand in a line."""
    return "\n".join(_table(content, ())).strip() + "\n"


def _table(table: Mapping[str, Any], name: tuple[str, ...]) -> Iterator[str]:
    plain = {key: value for key, value in table.items() if not _is_headed(value)}
    if name and (plain or not table):
        yield f"\n[{'.'.join(map(_key, name))}]"
    for key, value in plain.items():
        yield f"{_key(key)} = {_value(value)}"
    for key, value in table.items():
        if _is_headed(value):
            yield from _table(value, (*name, key))


def _is_headed(value: Any) -> bool:
    """A table that is no distribution in one line."""
    return isinstance(value, Mapping) and not ("distribution" in value and _is_flat(value))


def _is_flat(value: Mapping[str, Any]) -> bool:
    return not any(isinstance(inner, Mapping) for inner in value.values())


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items())
        return "{" + inner + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return repr(float(value))  # a number of numpy says its type too
    return json.dumps(value, ensure_ascii=False)
