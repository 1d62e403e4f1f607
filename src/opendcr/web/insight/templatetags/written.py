"""`{{ "2026-11-22"|in_words }}` gives 22 November 2026; `{{ words|coded }}` sets `names` as code."""

import re
from datetime import date

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from opendcr.web.insight.wording import day

register = template.Library()


@register.filter
def in_words(iso: str) -> str:
    """A date of a source, in words."""
    return day(date.fromisoformat(iso))


@register.filter
def coded(words: str) -> SafeString:
    """Words whose `names` in backticks are set as code; all else is escaped."""
    return mark_safe(re.sub(r"`([^`]+)`", r"<code>\1</code>", conditional_escape(words)))
