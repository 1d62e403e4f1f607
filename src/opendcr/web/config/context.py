"""What every page may show of the site itself."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """`training`: whether this is a training room, which every page must say."""
    return {"training": settings.OPENDCR_TRAINING}
