"""Who may call the interface: a session with its CSRF token, or a bearer token without."""

from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from opendcr.web.store.access import sender_of
from opendcr.web.store.proof import Sender
from opendcr.web.store.threads import reading
from opendcr.web.store.visible import may_read


class SignedIn(AuthBase):
    """A session or a bearer token. The sender is then at `request.auth`."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    async def __call__(self, request: HttpRequest) -> Any:
        sender = await reading(sender_of, request)
        if sender is not None and sender.means == "session" and await csrf_fails(request):
            raise HttpError(403, "the form's token is missing: load the page again")
        return sender


async def csrf_fails(request: HttpRequest) -> bool:
    """Whether an unsafe request came without the token of its session's page."""
    return await sync_to_async(check_csrf)(request) is not None


def sender_from(request: HttpRequest, resource: str | None = None) -> Sender:
    """The sender of an authenticated request; raises HttpError 403 where it may not read."""
    sender: Sender = request.auth  # type: ignore[attr-defined]
    if resource is not None and not may_read(sender.role, resource):
        raise HttpError(403, "your role may not read this")
    return sender
