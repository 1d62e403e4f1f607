"""What the register and the accounts add to a board: names to ids, for those who may see them."""

import time
from collections import Counter

from django.conf import settings
from django.db import connections

from opendcr.ledger.codec import Record
from opendcr.web.store.directory import Directory, directory
from opendcr.web.store.keyring.asking import asked
from opendcr.web.store.keyring.keys import master_fits
from opendcr.web.store.models import Staff
from opendcr.web.store.register import words_now

ASKED_EVERY = 10.0  # seconds


def labelled(board: Record, title: str) -> Record:
    """The board with chosen names by visit, initials by member of staff, and alerts' words."""
    people = {visit["id"]: visit["person"] for visit in board["visits"] if visit["person"]}
    known = directory() if people else Directory()
    texts = {alert["alert"]: alert["text"] for alert in board["alerts"] if alert.get("text")}
    opened = words_now(texts.values())
    closed, words = known.closed or opened is None, opened or {}
    names = {visit: known.names[one] for visit, one in people.items() if one in known.names}
    return {
        **board,
        "labels": _apart(names, board),
        "staff_labels": dict(Staff.objects.values_list("staff", "initials")),
        "alert_words": {alert: words[one] for alert, one in texts.items() if one in words},
        "names_closed": closed or _another_key(),
        "training": settings.OPENDCR_TRAINING,
        "room_title": title,
    }


_fitted: dict[str, tuple[float, bool]] = {}  # by the keys' database: when it was asked, and whether


def _another_key() -> bool:
    """Whether names are missing because the master key is another register's."""
    database = str(connections["keys"].settings_dict["NAME"])
    since, fits = _fitted.get(database, (float("-inf"), True))
    if time.monotonic() - since > ASKED_EVERY:
        answer = asked(master_fits)
        fits = fits if answer is None else answer
        _fitted[database] = time.monotonic(), fits
    return not fits


def _apart(labels: dict[str, str], board: Record) -> dict[str, str]:
    """The labels, with a part of the visit's code where two would read alike: nobody is to be
    given what is another's."""
    alike = Counter(_heard(name) for name in labels.values())
    codes = {visit["id"]: visit["code"] for visit in board["visits"]}
    starts = Counter((_heard(name), _start(codes[visit])) for visit, name in labels.items())

    def told(visit: str, name: str) -> str:
        if alike[_heard(name)] == 1:
            return name
        code = codes[visit]
        return f"{name} {_start(code) if starts[_heard(name), _start(code)] == 1 else code}"

    return {visit: told(visit, name) for visit, name in labels.items()}


def _heard(name: str) -> str:
    """A name as it is called out: large and small letters and spaces are not heard."""
    return "".join(name.casefold().split())


def _start(code: str) -> str:
    return code.partition("-")[0]
