"""The shipped files as frozen values. Every value keeps the address from which it was read."""

import csv
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

CURRENT_EDITION = "current_edition_to_2025-08"

QUARTER = re.compile(r"\d{4}Q[1-4]")
HALF_YEAR = re.compile(r"\d{4}H[12]")
YEAR = re.compile(r"\d{4}")


@dataclass(frozen=True)
class Source:
    """Who published a file's figures, under what licence, and what they cannot say."""

    file: str
    title: str
    publisher: str
    source_url: str
    edition: str
    retrieved: str
    licence: str
    caveats: tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    """One published number.

    `period` is a label as readers know it: 2025-02, 2022, 2022Q1, 2023H1, or "2025-01-13 to
    2025-08-31". `file` names the entry of `sources()` that it stands under.
    """

    file: str
    measure: str
    period: str
    value: float
    unit: str
    note: str
    source_url: str


@dataclass(frozen=True)
class Definition:
    """A published definition, in our paraphrase; `complete` is False where the page is cut off."""

    term: str
    words: str
    complete: bool
    source_url: str


@cache
def sources() -> tuple[Source, ...]:
    """One entry for each shipped file, in the order in which they are described."""
    described = tomllib.loads(_read("sources.toml"))
    return tuple(
        Source(file=file, **(about | {"caveats": tuple(about["caveats"])}))
        for file, about in described.items()
    )


def source(file: str) -> Source:
    """The source of a file; KeyError where no such file ships."""
    return {one.file: one for one in sources()}[file]


@cache
def thistle_months() -> tuple[Figure, ...]:
    """Glasgow's room by calendar month: accesses, injecting episodes, medical emergencies (counts)
    and the shares of cocaine, heroin and snowball (percent). January 2025 begins on the 13th."""
    return tuple(
        _thistle(row, row["period_start"][:7])
        for row in rows_of("thistle_monthly")
        if row["period_type"] == "month"
    )


@cache
def thistle_totals() -> tuple[Figure, ...]:
    """Glasgow's printed totals from the opening to the end of August 2025, people included."""
    return tuple(
        _thistle(row, f"{row['period_start']} to {row['period_end']}")
        for row in rows_of("thistle_monthly")
        if row["period_type"] == "cumulative" and row["edition"] == CURRENT_EDITION
    )


@cache
def thistle_definitions() -> tuple[Definition, ...]:
    """What each of Glasgow's figures counts."""
    return tuple(
        Definition(row["term"], row["definition"], row["complete"] != "no", row["source_url"])
        for row in rows_of("thistle_definitions")
    )


@cache
def thistle_facility() -> dict[str, str]:
    """The place itself, by attribute, as printed: booths, opening hours, staff, funding."""
    return {row["attribute"]: row["value"] for row in rows_of("thistle_facility")}


@cache
def registered_deaths(measure: str = "deaths") -> tuple[Figure, ...]:
    """Drug misuse deaths registered in Scotland, all persons, by calendar year.

    `deaths` (1996-2024) uses the law of each year; `deaths_consistent_series` (2000-2021) adds
    deaths from drugs controlled later.
    """
    return tuple(
        Figure(
            "nrs_drug_deaths_scotland",
            row["measure"],
            row["year"],
            float(row["value"]),
            row["unit"],
            row["note"],
            row["source_url"],
        )
        for row in rows_of("nrs_drug_deaths_scotland")
        if row["measure"] == measure and row["breakdown"] == "all"
    )


@cache
def suspected_deaths(label: re.Pattern[str] = QUARTER) -> tuple[Figure, ...]:
    """Suspected drug deaths in Scotland (police management information) in periods of one length:
    QUARTER, HALF_YEAR or YEAR. Not the registered deaths, and not comparable with them."""
    return tuple(
        Figure(
            "suspected_drug_deaths",
            row["measure"],
            row["period_label"],
            float(row["value"]),
            "deaths",
            row["note"],
            row["source_url"],
        )
        for row in rows_of("suspected_drug_deaths")
        if label.fullmatch(row["period_label"])
    )


def _thistle(row: dict[str, str], period: str) -> Figure:
    return Figure(
        "thistle_monthly",
        row["measure"],
        period,
        float(row["value"]),
        row["unit"],
        row["note"],
        row["source_url"],
    )


def rows_of(file: str) -> list[dict[str, str]]:
    """The rows of a shipped file, as printed."""
    return list(csv.DictReader(_read(f"{file}.csv").splitlines()))


def _read(name: str) -> str:
    return files("opendcr.published").joinpath(name).read_text(encoding="utf-8")
