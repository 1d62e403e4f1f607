"""Counting by calendar month: a month that the ledger covers and nothing happened in counts zero."""

from collections.abc import Sequence
from datetime import date

import polars as pl


def by_month(table: pl.DataFrame, months: Sequence[date]) -> dict[date, int]:
    """How many rows fall in each month."""
    counted = dict(table.group_by("month").len().iter_rows())
    return {month: counted.get(month, 0) for month in months}


def up_to_month(table: pl.DataFrame, months: Sequence[date]) -> dict[date, int]:
    """How many rows fall in each month or before it. `months` are in order and hold every row's."""
    total = 0
    counted: dict[date, int] = {}
    for month, number in by_month(table, months).items():
        total += number
        counted[month] = total
    return counted
