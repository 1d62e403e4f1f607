"""The peer of the write path: one ORM insert in a transaction of its own, and nothing else.

python -m rig.plain PORT      serves it: POST / inserts, in the one thread that writes
"""

import asyncio
import sys
from typing import Any

from opendcr.web.config.setup import configure

configure()

import uvicorn  # noqa: E402  (Django must be set up before what uses its models)
from django.conf import settings  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402

from opendcr.web.store.threads import writing  # noqa: E402

RECORD = "x" * 600  # as long as a fact's text


class Plain(models.Model):
    """A row about as large as a fact's."""

    room = models.CharField(max_length=64)
    kind = models.CharField(max_length=32)
    record = models.TextField()

    class Meta:
        app_label = "store"
        db_table = "plain"


def make_table() -> None:
    """The table, by the database's owner, where it is not there."""
    if Plain._meta.db_table not in connection.introspection.table_names():
        with connection.schema_editor() as editor:
            editor.create_model(Plain)


def insert() -> None:
    """One row, on the disk when this returns."""
    with transaction.atomic():
        Plain.objects.create(room="plain", kind="Observed", record=RECORD)


async def answer(request: HttpRequest) -> JsonResponse:
    if request.method == "POST":
        await writing(insert)
    return JsonResponse({})


urlpatterns: list[Any] = [path("healthz", answer), path("", answer)]


def main(port: int) -> None:
    make_table()
    connection.close()
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [
        "django.middleware.common.CommonMiddleware"
    ]  # says how long an answer is
    serve = uvicorn.Config(
        get_asgi_application(), port=port, log_config=None, access_log=False, lifespan="off"
    )
    asyncio.run(uvicorn.Server(serve).serve())


if __name__ == "__main__":
    main(int(sys.argv[1]))
