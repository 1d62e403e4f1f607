"""Error answers: what happened and what to do, and nothing of what was sent."""

from typing import Any

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
}


def answer(request: HttpRequest, status: int) -> HttpResponse:
    """The page for a status; JSON for whoever asked under /api/."""
    title, advice = WORDS[status]
    if request.path.startswith("/api/"):
        problem = {"where": "the request", "found": title, "expected": advice}
        return JsonResponse({"problem": problem}, status=status)
    context = {"status": status, "title": title, "advice": advice}
    return render(request, "error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return answer(request, 400)


def permission_denied(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return answer(request, 403)


def page_not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return answer(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return answer(request, 403)
