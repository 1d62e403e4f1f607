"""Whole ledgers out of the store and in again."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import close_old_connections

from opendcr.errors import InputError
from opendcr.ledger.chain import first_link, seal
from opendcr.ledger.codec import Record
from opendcr.ledger.facts import Header, Origin
from opendcr.ledger.files import LedgerFile, LedgerWriter, open_ledger
from opendcr.ledger.verify import verify
from opendcr.web.store.archive import head_of, records_after
from opendcr.web.store.held import header_of, look, only_room, rooms
from opendcr.web.store.ledgers import begin, check_origin, import_from, open_stored
from opendcr.web.store.models import Entry
from opendcr.web.store.proof import Sender
from tests.support import acting
from tests.support.acting import begun
from tests.support.engines import RoomDatabase, connect
from tests.unit.ledger.written import HEADER, facts, write


def _exported(room: str, path: Path) -> Path:
    given = open_stored(room)
    with LedgerWriter(path, given.header_record) as writer:
        writer.write_records(given.records())
    return path


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_a_ledger_goes_out_and_comes_back_the_same(
    room_database: RoomDatabase, tmp_path: Path, suffix: str
) -> None:
    room = acting.opened()
    acting.arrived(room, "p-1", "Sparrow")
    path = _exported(room, tmp_path / f"ledger.{suffix}")
    assert verify(open_ledger(path)).holds
    records, known = list(records_after(room, 0)), look(room).room
    elsewhere = _another_database(tmp_path)
    assert import_from(open_ledger(path)) == (room, len(records))
    assert list(records_after(room, 0)) == records
    assert look(room).room == known
    assert acting.send(room, "Arrive").facts[0]["seq"] == len(records) + 1
    assert elsewhere.exists()


def test_what_was_imported_answers_to_its_own_commands_again(
    room_database: RoomDatabase, tmp_path: Path
) -> None:
    room = acting.opened()
    seen = acting.body("Observe", {"breaths": 12}, visit=acting.arrived(room))
    held = acting.body("Levitated", mode="report")
    answers = [acting.sent(room, command) for command in (seen, held)]
    path = _exported(room, tmp_path / "ledger.jsonl")
    _another_database(tmp_path)
    import_from(open_ledger(path))
    before = Entry.objects.count()
    assert [acting.sent(room, command) for command in (seen, held)] == answers
    other_device = Sender("s-lead", "lead", "t-2", "session")
    for command, by in (
        (seen, acting.sender("nurse")),
        (seen, other_device),
        ({**seen, "kind": "StartEmergency"}, acting.sender()),
    ):
        again = acting.sent(room, command, by)
        assert again.status == 422
        assert answers[0].facts[0]["id"] not in str(again.said)
    assert Entry.objects.count() == before


def _another_database(folder: Path) -> Path:
    from django.core.management import call_command

    path = folder / "other.sqlite3"
    connect(f"sqlite:///{path}", f"sqlite:///{folder / 'keys.sqlite3'}")
    call_command("migrate", verbosity=0)
    return path


def test_only_an_empty_room_takes_a_ledger_in(room_database: RoomDatabase, tmp_path: Path) -> None:
    room = acting.opened()
    path = _exported(room, tmp_path / "ledger.jsonl")
    with pytest.raises(InputError, match="empty room"):
        import_from(open_ledger(path))


class Interrupted(LedgerFile):
    """A ledger between whose facts somebody begins an emergency."""

    def records(self) -> Iterator[Record]:
        for record in super().records():
            hand = threading.Thread(target=_begins, daemon=True)
            hand.start()
            hand.join(5)
            assert not hand.is_alive()
            yield record


def _begins() -> None:
    acting.send("glasgow", "StartEmergency", {"place": "booth-1"})
    close_old_connections()


def test_nobody_waits_while_a_ledger_is_made_ready(
    room_database: RoomDatabase, tmp_path: Path
) -> None:
    room = acting.opened()
    source = open_ledger(write(tmp_path / "ledger.jsonl", replace(HEADER, room="calton")))
    assert import_from(Interrupted(**vars(source))) == ("calton", 6)
    begun = Entry.objects.filter(room=room, kind="EmergencyStarted")
    assert begun.count() == 6


def test_a_broken_ledger_leaves_nothing_behind(room_database: RoomDatabase, tmp_path: Path) -> None:
    path = _exported(acting.opened(), tmp_path / "ledger.jsonl")
    path.write_text(path.read_text().replace("terms-1", "terms-2"))
    _another_database(tmp_path)
    with pytest.raises(InputError, match="broken chain"):
        import_from(open_ledger(path))
    assert Entry.objects.count() == 0
    assert head_of(acting.ROOM) is None


def test_a_ledger_whose_facts_another_room_holds_is_told_so_and_leaves_nothing_behind(
    room_database: RoomDatabase, tmp_path: Path
) -> None:
    origin = Origin("simulated", scenario="plain", seed=1, version="1")
    headers = [Header(room, "Europe/London", origin) for room in ("calton", "gorbals")]
    first, second = (open_ledger(write(tmp_path / f"{one.room}.jsonl", one)) for one in headers)
    import_from(first)
    before = rooms(), Entry.objects.count()
    with pytest.raises(InputError, match=r"^fact 1: found a fact that the room 'calton' of this"):
        import_from(second)
    assert (rooms(), Entry.objects.count()) == before


def test_a_fact_that_has_anothers_id_is_named(room_database: RoomDatabase, tmp_path: Path) -> None:
    first, *rest, last = facts()
    twice = seal([first, *rest, replace(last, id=first.id)], 0, first_link(HEADER))
    path = tmp_path / "twice.jsonl"
    with LedgerWriter(path, HEADER) as writer:
        writer.write(twice)
    with pytest.raises(InputError, match=r"^fact 6: found the id of fact 1; expected an id of its"):
        import_from(open_ledger(path))
    assert rooms() == []


def test_a_ledger_that_was_cut_before_its_end_line_is_not_taken(
    room_database: RoomDatabase, tmp_path: Path
) -> None:
    path = write(tmp_path / "cut.jsonl")
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:-2], lines[-1]]))
    with pytest.raises(InputError, match="end line of 6 facts, or of another ledger"):
        import_from(open_ledger(path))
    assert rooms() == []


def test_simulated_and_recorded_rooms_never_share_a_database(room_database: RoomDatabase) -> None:
    acting.begun()
    check_origin(training=False)
    with pytest.raises(InputError, match="recorded room"):
        check_origin(training=True)


def test_a_training_room_is_not_served_as_a_real_one(room_database: RoomDatabase) -> None:
    begin(Header("training", "Europe/London", Origin("simulated", scenario="training", seed=1)))
    check_origin(training=True)
    with pytest.raises(InputError, match="simulated room"):
        check_origin(training=False)


@pytest.mark.parametrize(
    ("there", "brought"), [("recorded", "simulated"), ("simulated", "recorded")]
)
def test_a_ledger_of_the_other_sort_is_refused_with_nothing_written(
    room_database: RoomDatabase, tmp_path: Path, there: str, brought: str
) -> None:
    origins = {"recorded": Origin("recorded"), "simulated": Origin("simulated", scenario="x")}
    begin(Header("calton", "Europe/London", origins[there]))
    header = Header("gorbals", "Europe/London", origins[brought])
    given = open_ledger(write(tmp_path / "given.jsonl", header))
    with pytest.raises(InputError, match=f"beside the {there} room 'calton' of this database"):
        import_from(given)
    assert (rooms(), Entry.objects.count()) == (["calton"], 0)
    check_origin(training=there == "simulated")


def test_a_room_keeps_the_header_it_began_with(room_database: RoomDatabase) -> None:
    room = acting.begun()
    begin(header_of(room))
    with pytest.raises(InputError, match="another ledger"):
        begin(Header(room, "Europe/Berlin", Origin("recorded")))


def test_of_several_rooms_one_is_named(room_database: RoomDatabase) -> None:
    begun("calton")
    assert only_room(None) == "calton"
    begun("edinburgh")
    assert only_room("edinburgh") == "edinburgh"
    for name in (None, "glasgow"):
        with pytest.raises(InputError):
            only_room(name)
