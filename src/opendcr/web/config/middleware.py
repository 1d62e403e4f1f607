"""The middleware of Django, run where the request is.

None of it waits for anything but a session that is saved. Left alone, each piece would change into
a thread and back on an asynchronous server, a dozen times for each tap.
"""

import logging
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from csp.middleware import CSPMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponsePermanentRedirect,
)
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.deprecation import MiddlewareMixin

from opendcr.web.config.errors import answer
from opendcr.web.config.statics import CompressedStatics
from opendcr.web.store.trouble import TROUBLE, words_for

log = logging.getLogger("opendcr.pages")


class _InPlace(MiddlewareMixin):
    """Middleware whose work is short and waits for nothing."""

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        answered = self.process_request(request) if hasattr(self, "process_request") else None
        response = answered or await self.get_response(request)  # type: ignore[misc]
        if hasattr(self, "process_response"):
            response = await self.finished(request, response)
        return response  # type: ignore[no-any-return]

    async def finished(self, request: HttpRequest, response: Any) -> Any:
        return self.process_response(request, response)  # type: ignore[attr-defined]


class Security(_InPlace, SecurityMiddleware):
    pass


class ContentSecurityPolicy(_InPlace, CSPMiddleware):
    pass


class Common(_InPlace, CommonMiddleware):
    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        """Holds a request to the names that are ours, but for those who ask after the server's
        health: a monitor often has no name for it, and the answer is the same under each."""
        if request.path_info in ("/healthz", "/readyz"):
            return None
        return super().process_request(request)


class Authentication(_InPlace, AuthenticationMiddleware):
    pass


class FrameOptions(_InPlace, XFrameOptionsMiddleware):
    pass


class Session(_InPlace, SessionMiddleware):
    async def finished(self, request: HttpRequest, response: Any) -> Any:
        if request.session.modified:
            return await sync_to_async(self.process_response)(request, response)
        return self.process_response(request, response)


class Csrf(_InPlace, CsrfViewMiddleware):
    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)
        if iscoroutinefunction(get_response):
            self.process_view = self._viewed  # type: ignore  # awaited in place

    async def _viewed(self, *args: Any) -> Any:
        return CsrfViewMiddleware.process_view(self, *args)


class NothingIsStored(_InPlace):
    """Answers are about people: no browser and no cache keeps one, unless the answer says so."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class MethodsTold(_InPlace):
    """A method that an address of the interface does not take is a problem like any other."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if response.status_code != 405 or not request.path.startswith("/api/"):
            return response
        told = answer(request, 405)
        told["Allow"] = response.headers.get("Allow", "GET")
        return told


class DatabaseFails(_InPlace):
    """While the database fails, a page says so, and that it may be tried again."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, TROUBLE):
            return None
        log.error("the database failed: %s", words_for(error))
        return answer(request, 503)


class StaticFiles(CompressedStatics):
    """Static files, found in a table that is made at the start."""

    async_capable = True

    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)
        self._waits = iscoroutinefunction(get_response)
        if self._waits:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        return self._later(request) if self._waits else super().__call__(request)

    async def _later(self, request: HttpRequest) -> Any:
        found = self.files.get(request.path_info)
        if found is None:
            return await self.get_response(request)
        return _whole(self.serve(found, request))


def _whole(streamed: Any) -> HttpResponse:
    """A file's answer with its bytes: an asynchronous server would read a stream in a thread."""
    body = b"".join(streamed.streaming_content) if streamed.streaming else streamed.content
    whole = HttpResponse(body, status=streamed.status_code, headers=dict(streamed.headers))
    streamed.close()
    return whole
