"""Ledgers drawn as tables: a fact a line, times on the clock of the wall.

    happened         | kind    | visit | person | data
    2025-02-03 10:00 | Arrived | v-1   | p-ann  |

A `recorded` column, where there is one, holds a later time of recording; else a fact is recorded
when it happened, or with the fact before it where that was recorded later. An `id` column names
facts that others point at. Data is `key=value`, lists with `+`, the rest as JSON without
spaces; a route that is not drawn is intravenous. A time ending in Z is UTC; others are in the
ledger's zone.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import orjson

from opendcr.ledger.chain import first_link, seal
from opendcr.ledger.facts import Fact, Header, Origin

GLASGOW = Header("glasgow", "Europe/London", Origin("recorded"))
SIMULATED = Header("glasgow", "Europe/London", Origin("simulated", scenario="drawn", seed=1))

DRAWN_LESS = {"ConsumptionStarted": {"route": "intravenous"}}
LISTS = ("substances", "reasons", "needs")


def drawn(table: str, header: Header = GLASGOW) -> tuple[Fact, ...]:
    """The sealed facts of a drawing."""
    lines = [line for line in table.splitlines() if line.strip()]
    names = _cells(lines[0])
    recorded = datetime.min.replace(tzinfo=UTC)
    facts = []
    for number, line in enumerate(lines[1:], 1):
        cells = dict(zip(names, _cells(line), strict=True))
        fact = _fact(cells, number, header, recorded)
        recorded = fact.recorded
        facts.append(fact)
    return seal(facts, 0, first_link(header))


def _fact(cells: dict[str, str], number: int, header: Header, before: datetime) -> Fact:
    happened = _moment(cells["happened"], header)
    stated = _moment(cells["recorded"], header) if cells.get("recorded") else happened
    return Fact(
        id=cells.get("id") or f"f-{number}",
        command=f"c-{number}",
        kind=cells["kind"],
        version=1,
        room=header.room,
        visit=cells.get("visit") or None,
        person=cells.get("person") or None,
        happened=happened,
        recorded=max(stated, before),
        author="s-1",
        entered_by=None,
        role="nurse",
        device="t-1",
        source="tap",
        data={**DRAWN_LESS.get(cells["kind"], {}), **dict(_data(cells.get("data", "")))},
    )


def _data(words: str) -> Iterable[tuple[str, object]]:
    for word in words.split():
        key, _, value = word.partition("=")
        if value[:1] in "{[":
            yield key, orjson.loads(value)
        else:
            yield key, value.split("+") if key in LISTS else value


def _moment(text: str, header: Header) -> datetime:
    zone = UTC if text.endswith("Z") else ZoneInfo(header.timezone)
    return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=zone).astimezone(UTC)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]
