"""Measures over the stored ledger: unreleased, for analysts and managers alone."""

from datetime import date

import orjson

from opendcr.ledger.chain import first_link
from opendcr.ledger.codec import encode_header
from opendcr.measures import measured
from opendcr.web.store.held import header_of
from opendcr.web.store.measured import stored_ledger


def measures_text(room: str, names: list[str], as_at: date | None) -> str:
    """The document of `opendcr measure --json` for a room; raises InputError for unknown names.

    A ledger without facts has no rows and no date.
    """
    ledger = stored_ledger(room)
    if ledger is None:
        header = header_of(room)
        origin = encode_header(header)["origin"]
        none = {"head": first_link(header), "origin": origin, "room": room}
        return orjson.dumps({"as_at": None, "ledger": none, "rows": []}).decode()
    return orjson.dumps(measured([ledger], names, as_at).to_json()).decode()
