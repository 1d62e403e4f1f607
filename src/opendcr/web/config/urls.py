"""Every address: health and sign-in for anybody, all else for people signed in or tokens."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from opendcr.web.api import health, stream
from opendcr.web.api.routes import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.live),
    path("readyz", health.ready),
    path("api/stream", stream.stream),
    path("api/", api.urls),
    path("", include("opendcr.web.staff.urls")),
    path("", include("opendcr.web.people.urls")),
]
urlpatterns += [
    path("", include(f"opendcr.web.{app}.urls"))
    for app in ("service", "insight", "floor")
    if find_spec(f"opendcr.web.{app}") and find_spec(f"opendcr.web.{app}.urls")
]

handler400 = "opendcr.web.config.errors.bad_request"
handler403 = "opendcr.web.config.errors.permission_denied"
handler404 = "opendcr.web.config.errors.page_not_found"
handler500 = "opendcr.web.config.errors.server_error"
