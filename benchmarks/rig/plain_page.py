"""The peer of the board: a page with the design system's style sheet and an empty table.

    python -m rig.plain_page PORT

The same server software, the same compression of static files; no script, no stream, no sign-in.
"""

import asyncio
import sys
from typing import Any

from opendcr.web.config.setup import configure

configure()

import uvicorn  # noqa: E402  (Django must be set up before what uses its settings)
from django.conf import settings  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.templatetags.static import static  # noqa: E402
from django.urls import path  # noqa: E402

SHEET = "vendor/scottish-government-design-system/design-system.min.css"
PAGE = """<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>A table</title>
<link rel="stylesheet" href="{sheet}"></head><body><table class="ds_table"><tbody></tbody></table></body></html>"""


async def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE.format(sheet=static(SHEET)))


urlpatterns: list[Any] = [path("", page), path("healthz", page)]


def main(port: int) -> None:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if "static" in one.lower()]
    serve = uvicorn.Config(
        get_asgi_application(), port=port, log_config=None, access_log=False, lifespan="off"
    )
    asyncio.run(uvicorn.Server(serve).serve())


if __name__ == "__main__":
    main(int(sys.argv[1]))
