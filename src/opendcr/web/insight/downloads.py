"""The tables as CSV: published figures, and the room's own, marked as not released."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence

import polars as pl
from django.http import Http404, HttpRequest, HttpResponse

from opendcr.errors import InputError
from opendcr.measures import MEASURES, Measured
from opendcr.published import (
    Figure,
    registered_deaths,
    source,
    suspected_deaths,
    thistle_months,
    thistle_totals,
)
from opendcr.published.figures import HALF_YEAR
from opendcr.web.insight.access import for_readers_of
from opendcr.web.store.addressed import room_of_page
from opendcr.web.store.held import only_room
from opendcr.web.store.measured import room_measures
from opendcr.web.store.proof import Sender
from opendcr.web.store.threads import measuring, reading

UNRELEASED = "unreleased: for use inside the service"

PUBLISHED: dict[str, Callable[[], Iterable[Figure]]] = {
    "glasgow-by-month": lambda: [*thistle_months(), *thistle_totals()],
    "scotland-registered-deaths": registered_deaths,
    "scotland-suspected-deaths-half-years": lambda: suspected_deaths(HALF_YEAR),
}

COLUMNS = (
    "measure",
    "period",
    "value",
    "unit",
    "note",
    "source_url",
    "publisher",
    "edition",
    "licence",
)


@for_readers_of("evidence")
async def published(request: HttpRequest, sender: Sender, series: str) -> HttpResponse:
    """A published table, each row with its source."""
    if series not in PUBLISHED:
        raise Http404
    return _file(f"{series}.csv", _csv(COLUMNS, map(_row, PUBLISHED[series]())))


@for_readers_of("measures")
async def room(request: HttpRequest, sender: Sender) -> HttpResponse:
    """The room's measures, all or one; each row says that it is not released."""
    name = await reading(lambda: only_room(room_of_page(request)))
    known = await measuring(room_measures, name)
    if known is None:
        raise InputError("ledger", "no fact yet", "a room in which something has happened")
    measure = request.GET.get("measure")
    frame = unreleased(known.measured, measure)
    parts = ("unreleased", name, measure, known.measured.as_at)
    return _file(f"{'-'.join(str(part) for part in parts if part)}.csv", frame.write_csv())


def unreleased(measured: Measured, measure: str | None = None) -> pl.DataFrame:
    """The rows of one measure or of all, each marked; raises InputError for an unknown measure."""
    if measure is not None and measure not in MEASURES:
        raise InputError("measure", "no such measure", f"one of {', '.join(MEASURES)}")
    marked = measured.to_frame().select(pl.lit(UNRELEASED).alias("status"), pl.all())
    return marked if measure is None else marked.filter(pl.col("measure") == measure)


def _row(one: Figure) -> Sequence[str | float]:
    about = source(one.file)
    value = int(one.value) if one.value.is_integer() else one.value
    return (
        one.measure, one.period, value, one.unit, one.note, one.source_url,
        about.publisher, about.edition, about.licence,
    )  # fmt: skip


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str | float]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def _file(name: str, text: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)
