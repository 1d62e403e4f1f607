"""Who may call the interface: a session with its CSRF token, or a bearer token without."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import orjson
from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from ninja.errors import HttpError
from ninja.security.base import AuthBase

from opendcr.errors import InputError
from opendcr.web.store.access import forged, sender_of
from opendcr.web.store.answers import unacceptable
from opendcr.web.store.proof import Sender
from opendcr.web.store.threads import reading
from opendcr.web.store.visible import may_read

View = Callable[..., HttpResponse]


class SignedIn(AuthBase):
    """A session or a bearer token. The sender is then at `request.auth`."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    async def __call__(self, request: HttpRequest) -> Any:
        sender = await reading(sender_of, request)
        if (
            sender is not None
            and sender.means == "session"
            and await sync_to_async(forged)(request)
        ):
            raise HttpError(
                403, "the page's token is missing, or its address is not ours: load the page again"
            )
        return sender


def for_the_known(view: View) -> View:
    """A view for whoever is signed in or has a token, whatever their role."""

    @wraps(view)
    def known(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if sender_of(request) is None:
            return unknown_sender()
        return view(request, *args, **kwargs)

    return known


def unknown_sender() -> HttpResponse:
    """The answer to a stranger: nobody is signed in, and the device is not enrolled."""
    parts = {"where": "the request", "found": "nobody signed in", "code": "unknown_sender"}
    parts["expected"] = "a session, or a bearer token"
    body = orjson.dumps({"problem": parts})
    return HttpResponse(body, content_type="application/json", status=401)


def problem(status: int, where: str, found: str, expected: str) -> HttpResponse:
    """An answer that says what is wrong with a request."""
    body = unacceptable(InputError(where, found, expected)).body
    return HttpResponse(body, content_type="application/json", status=status)


def sender_from(request: HttpRequest, resource: str | None = None) -> Sender:
    """The sender of an authenticated request; raises HttpError where it may not read.

    401 where only the device is known: a person must sign in; 403 where it is another role's.
    """
    sender: Sender = request.auth  # type: ignore[attr-defined]
    if resource is not None and not may_read(sender.role, resource):
        raise HttpError(403 if sender.staff else 401, "this is not for you to read")
    return sender
