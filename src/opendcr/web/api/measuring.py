"""Measures over the stored ledger: unreleased, for analysts and managers alone."""

from datetime import date

import orjson

from opendcr.ledger.chain import first_link
from opendcr.ledger.codec import encode_header
from opendcr.measures import measured
from opendcr.tables import ledger_of
from opendcr.web.store.archive import head_of, records_after
from opendcr.web.store.held import header_of


def measures_text(room: str, names: list[str], as_at: date | None) -> str:
    """The document of `opendcr measure --json` for a room; raises InputError for unknown names.

    A ledger without facts has no rows and no date.
    """
    header = header_of(room)
    if head_of(room) is None:
        origin = encode_header(header)["origin"]
        none = {"head": first_link(header), "origin": origin, "room": room}
        return orjson.dumps({"as_at": None, "ledger": none, "rows": []}).decode()
    ledger = ledger_of(header, records_after(room, 0), "the database")
    return orjson.dumps(measured([ledger], names, as_at).to_json()).decode()
