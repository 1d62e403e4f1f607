"""Measures of the stored ledger: read on, not read anew, and as `opendcr measure` says them."""

from opendcr.measures import measured
from opendcr.tables import ledger_of
from opendcr.web.store.archive import records_after
from opendcr.web.store.held import header_of
from tests.support import acting
from tests.unit.web.api.conftest import Ask


def test_measures_follow_the_ledger_and_equal_those_of_all_its_facts(ask: Ask, room: str) -> None:
    heads = set()
    for number in range(2):
        visit = acting.arrived(room, f"p-0{number}", "Senga")
        place = {"place": f"booth-{number + 1}"}
        assert acting.send(room, "Seat", place, visit=visit).status == 200
        said = ask("GET", "/api/measures?measure=injecting_episodes", "analyst").json()
        whole = ledger_of(header_of(room), records_after(room, 0), "the database")
        assert said == measured([whole], ["injecting_episodes"]).to_json()
        assert said["rows"]
        heads.add(said["ledger"]["head"])
    assert len(heads) == 2


def test_what_cannot_be_measured_is_told(ask: Ask, room: str) -> None:
    for wrong in ("measure=nonsense", "as_at=2020-01-01", "as_at=yesterday"):
        assert ask("GET", f"/api/measures?{wrong}", "analyst").status_code == 422
