"""Numbers, dates and origins as people read them."""

import re
from datetime import date
from urllib.parse import urlsplit

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from opendcr.ledger.facts import Origin

MINUS = "\N{MINUS SIGN}"

_ADDRESS = re.compile(r"(https?://[^\s,;()]+)")


def count(value: float) -> str:
    """1,234."""
    return signed(f"{value:,.0f}")


def one_decimal(value: float) -> str:
    """12.3, without a unit: the column's heading has it."""
    return signed(f"{value:,.1f}")


def count_more(value: float) -> str:
    """A difference: +16, −3, 0."""
    return signed(f"{value:+,.0f}") if value else "0"


def points_more(value: float) -> str:
    """A difference of percentages, in points: +1.2."""
    return signed(f"{value:+.1f}") if round(value, 1) else "0.0"


def day(moment: date) -> str:
    """22 November 2026."""
    return f"{moment.day} {moment:%B %Y}"


def month(period: str) -> str:
    """November 2026, of `2026-11`."""
    return f"{date.fromisoformat(period + '-01'):%B %Y}"


def origin(known: Origin) -> str:
    """Where a ledger comes from, for a caption."""
    if known.kind == "simulated":
        return f"simulated: {known.scenario}, seed {known.seed}"
    return f"imported: from {known.source}" if known.kind == "imported" else "recorded"


def linked(source: str) -> SafeString:
    """A source's words with its addresses as links, each named by its site."""
    parts = _ADDRESS.split(source)
    return format_html_join("", "{}", ((_link(part),) for part in parts if part))


def _link(part: str) -> str:
    if not _ADDRESS.fullmatch(part):
        return part
    site = urlsplit(part).netloc.removeprefix("www.")
    return format_html('<a href="{}" rel="noreferrer">{}</a>', part, site)


def signed(text: str) -> str:
    """A number with a minus sign in place of a hyphen."""
    return text.replace("-", MINUS)
