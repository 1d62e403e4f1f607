"""What the register and the accounts add to a board: names to ids, for those who may see them."""

from django.conf import settings

from opendcr.ledger.codec import Record
from opendcr.web.store.directory import directory
from opendcr.web.store.models import Staff
from opendcr.web.store.register import words_of


def labelled(board: Record, title: str) -> Record:
    """The board with chosen names by visit, initials by member of staff, and alerts' words."""
    people = {visit["id"]: visit["person"] for visit in board["visits"] if visit["person"]}
    names = directory().names if people else {}
    texts = {alert["alert"]: alert["text"] for alert in board["alerts"] if alert.get("text")}
    words = words_of(texts.values()) if texts else {}
    return {
        **board,
        "labels": {visit: names[one] for visit, one in people.items() if one in names},
        "staff_labels": dict(Staff.objects.values_list("staff", "initials")),
        "alert_words": {alert: words[text] for alert, text in texts.items() if text in words},
        "training": settings.OPENDCR_TRAINING,
        "room_title": title,
    }
