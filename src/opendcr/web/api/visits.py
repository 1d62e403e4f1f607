"""What people look up about visits and entries: open reviews, the story of a visit, who has left."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from opendcr.ledger.codec import instant
from opendcr.ledger.facts import Fact
from opendcr.ledger.timeline import timeline
from opendcr.room.board import code_of
from opendcr.room.permissions import may
from opendcr.room.reviews import open_reviews
from opendcr.room.room import Room
from opendcr.room.story import visit_lines
from opendcr.web.api.departed import gone_today
from opendcr.web.store.archive import StoredArchive
from opendcr.web.store.directory import directory
from opendcr.web.store.held import look
from opendcr.web.store.models import Staff
from opendcr.web.store.register import words_now
from opendcr.web.store.visible import fact_for

Answer = dict[str, Any]


def reviews(room: str, role: str) -> Answer:
    """Open reviews, with the names of whom they are about. What somebody wrote is for those alone
    who may say that it was looked at."""
    rows = open_reviews(look(room).room)
    resolves = may(role, "ReviewResolved")
    texts = (words_now({row["note"] for row in rows if row["note"]}) if resolves else None) or {}
    names = directory().names
    return {
        "reviews": [
            {**row, "label": names.get(row["person"]) or row["code"],
             "values": _values(room, role, row),
             "note": texts.get(row["note"]), "withheld": bool(row["note"] and not resolves)}
            for row in rows
        ],
        "staff_labels": _initials(),
    }  # fmt: skip


def _values(room: str, role: str, row: Answer) -> Answer:
    """What the fields that a flag names hold, as the role may see it: to judge a value is to see it."""
    fact = StoredArchive(room).fact(row["about"]) if row["about"] and row["fields"] else None
    data = _seen(role, fact).data if fact else {}
    changes = data.get("changes")
    inside = changes.get("data") if isinstance(changes, Mapping) else None
    told = {**(inside if isinstance(inside, Mapping) else {}), **data}
    return {key: told[key] for key in row["fields"] if key in told}


def story_of(room: str, visit: str, role: str) -> Answer:
    """Everything recorded of a visit, in order, as a role may see it; no lines of an unknown one."""
    held = look(room).room
    entries = timeline(lambda: _thread(held, visit), visit)
    told = visit_lines(entries, held.policy, lambda fact: _seen(role, fact))
    notes = {str(line["fact"]): text for line in told if (text := _text_of(line))}
    words = words_now(notes.values()) or {}
    lines = [
        {**line, "note": words.get(notes.get(str(line["fact"]), "")),
         "correctable": may(role, "Corrected") and may(role, str(line["kind"]))}
        for line in told
    ]  # fmt: skip
    person = next((entry.standing.person for entry in entries
                   if entry.standing and entry.standing.person), None)  # fmt: skip
    return {
        "visit": visit,
        "person": person,
        "label": directory().names.get(person or "") or code_of(person or visit),
        "here": visit in held.visits,
        "lines": lines,
        "staff_labels": _initials(),
    }


def _text_of(line: Answer) -> str | None:
    """The id of the text of a line's note, as far as its reader may see it. What was struck out may
    have been about somebody else: it is not read here again."""
    note = line["data"].get("note")
    return None if line["struck"] or not isinstance(note, Mapping) else str(note.get("text"))


def _thread(room: Room, visit: str) -> list[Fact]:
    """The visit's facts, those that were moved into it, what amends any of them, and who was named
    as their author."""
    archive = StoredArchive(room.name)
    found = {fact.id: fact for fact in archive.thread("visit", visit)}
    for id in room.moved.get(("visit", visit), ()):
        found |= {fact.id: fact for fact in archive.amended(id)}
    found |= {fact.id: fact for fact in archive.among("target", found)}
    return sorted(found.values(), key=lambda fact: fact.seq)


def _seen(role: str, fact: Fact) -> Fact:
    return replace(fact, data=fact_for(role, {"kind": fact.kind, "data": fact.data})["data"])


def left(room: str) -> Answer:
    """Who has left today, the last first."""
    gone, names = gone_today(look(room).room, datetime.now(UTC)), directory().names
    return {"visits": [_gone(fact, names) for fact in gone]}


def _gone(fact: Fact, names: dict[str, str]) -> Answer:
    code = code_of(fact.person or str(fact.visit))
    return {
        "visit": fact.visit,
        "code": code,
        "label": names.get(fact.person or "") or code,
        "at": instant(fact.happened),
        "how": fact.data["how"],
    }


def _initials() -> dict[str, str]:
    return dict(Staff.objects.values_list("staff", "initials"))
