"""What every page may show of the site itself."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from opendcr.web.store.addressed import ROOM_COOKIE


def site(request: HttpRequest) -> dict[str, Any]:
    """`training`: whether this is a training room, which every page must say. `room_here`: the room
    that this device showed last, for which its emergencies are."""
    return {
        "training": settings.OPENDCR_TRAINING,
        "room_here": request.COOKIES.get(ROOM_COOKIE),
    }
