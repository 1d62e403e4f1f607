"""Who may open evidence: a page asks before it shows anything."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from opendcr.catalogue.roles import ROLES
from opendcr.errors import InputError
from opendcr.web.store.access import sender_of
from opendcr.web.store.proof import Sender
from opendcr.web.store.threads import reading
from opendcr.web.store.visible import VISIBLE, may_read

Page = Callable[..., Coroutine[Any, Any, HttpResponse]]


def for_readers_of(resource: str) -> Callable[[Page], Page]:
    """A page, only ever read, for the roles that may read a resource. The page is handed the sender.

    A stranger is led to the sign-in, another role told whose page it is; a room that is not there
    is a page that says so.
    """

    def decorate(page: Page) -> Page:
        @require_safe
        @wraps(page)
        async def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            sender = await reading(sender_of, request)
            if sender is None:
                onward = urlencode({"next": request.get_full_path()})
                return redirect(f"{settings.LOGIN_URL}?{onward}")
            if not may_read(sender.role, resource):
                return await shown(request, "insight/no.html", _refusal(resource, sender), 403)
            try:
                return await page(request, sender, *args, **kwargs)
            except InputError as problem:
                return await shown(request, "insight/no.html", _trouble(problem), 422)

        return asked

    return decorate


async def shown(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A page, drawn where it may wait."""
    return await sync_to_async(render)(request, template, context, status=status)


def _refusal(resource: str, sender: Sender) -> dict[str, Any]:
    readers = [ROLES.words(role) for role in VISIBLE if may_read(role, resource)]
    return {
        "title": "This is not for your role",
        "words": f"These figures are for these roles: {', '.join(readers)}. "
        f"You are signed in as: {ROLES.words(sender.role)}. Ask one of them, or sign in "
        "as yourself if somebody else is signed in at this device.",
    }


def _trouble(problem: InputError) -> dict[str, Any]:
    words = f"Found: {problem.found}. Expected: {problem.expected}."
    return {"title": f"The {problem.where} does not fit", "words": words}
