"""Error answers: what happened and what to do, and nothing of what was sent."""

from typing import Any

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

WORDS = {
    400: ("This could not be read", "Go back, and send it again."),
    403: ("Not for this role", "Your role may not do this. Ask the shift lead who may."),
    404: ("Nothing is here", "The page does not exist, or is not there any more."),
    405: ("This address does not take that method", "One that the header Allow names."),
    422: ("Something in the form does not fit", "Go back, and look at what you entered."),
    500: (
        "Something went wrong here",
        "What was acknowledged is kept. Try again; if it stays, use paper and call the manager.",
    ),
    503: (
        "The database does not answer",
        "What was acknowledged is kept. Try again; if it stays, use paper and call the manager.",
    ),
}


UNKNOWN_HOST = (
    "This server is not known by that address",
    "For the administrator: the name in the browser's address bar must be one of OPENDCR_HOSTS"
    " (see docs/serving.md).",
)
OTHER_ORIGIN = (
    "The address of the page is not the server's own",
    "For the administrator: behind a front server with HTTPS, OPENDCR_HTTPS=1 must be set, and the"
    " front server must pass on Host and send X-Forwarded-Proto (see docs/serving.md).",
)
NO_TOKEN = (
    "This page has no token any more",
    "Load the page again, and send it again. If it stays: the browser must keep cookies for this"
    " address (see docs/serving.md).",
)
_ORIGIN_REASONS = ("Origin checking failed", "Referer checking failed")  # as Django begins them


def answer(request: HttpRequest, status: int, words: tuple[str, str] | None = None) -> HttpResponse:
    """The page for a status; JSON for whoever asked under /api/, or says that it is wanted."""
    title, advice = words or WORDS[status]
    if request.path.startswith("/api/") or request.headers.get("Accept") == "application/json":
        problem = {"where": "the request", "found": title, "expected": advice}
        return JsonResponse({"problem": problem}, status=status)
    context = {"status": status, "title": title, "advice": advice}
    return render(request, "error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return answer(request, 400, UNKNOWN_HOST if isinstance(exception, DisallowedHost) else None)


def permission_denied(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return answer(request, 403)


def page_not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return answer(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that may not be ours. The reason is not repeated: it holds addresses."""
    return answer(request, 403, OTHER_ORIGIN if reason.startswith(_ORIGIN_REASONS) else NO_TOKEN)
