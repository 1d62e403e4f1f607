"""Visits, and whose they are.

A visit is the person's whom its arrival names, and otherwise the first person's whom a standing fact
of the visit names, of whatever kind: somebody who came without a name and gave it at the talk is
known for the whole visit, as on the board.
"""

import polars as pl

from opendcr.ledger.effective import ABOUT_FACTS
from opendcr.tables.effective import effective
from opendcr.tables.frame import FACTS


def visits(facts: pl.DataFrame) -> pl.DataFrame:
    """One row per visit: its first standing arrival. An arrival entered twice is one visit."""
    arrived = facts.filter(pl.col("kind") == "Arrived").sort("happened", "seq")
    key = pl.coalesce("visit", "id")
    return arrived.filter(key.is_first_distinct()).select("visit", "person", "happened")


def named_later(arrived: pl.DataFrame, stated: pl.DataFrame, stamps: pl.LazyFrame) -> pl.DataFrame:
    """Visits whose arrival names nobody, with the person whom they name later, if they do.

    `stated` are the facts as they were recorded, corrections among them, and `stamps` those of
    every kind by the same date.
    """
    nameless = arrived.filter(pl.col("person").is_null())["visit"].drop_nulls()
    about = stated.filter(pl.col("kind").is_in(ABOUT_FACTS))
    in_them = pl.col("visit").is_in(nameless.implode()) & pl.col("person").is_not_null()
    brought = _moved_or_named(about)
    # Ids are slow to read, and corrections of a person or a visit rare.
    wanted = in_them if brought.is_empty() else in_them | pl.col("id").is_in(brought.implode())
    other = ~pl.col("kind").is_in(ABOUT_FACTS)
    found = stamps.filter(other & wanted).drop("chain").collect()
    standing = effective(pl.concat([about, found], how="diagonal").select(*FACTS))
    of_them = standing.filter(in_them).sort("happened", "seq")
    return of_them.unique("visit", keep="first", maintain_order=True).select("visit", "person")


def _moved_or_named(about: pl.DataFrame) -> pl.Series:
    """The facts that a correction may have put into another visit, or under another name."""
    changed = pl.col("documents").str.contains('"(visit|person)"')
    return about.filter((pl.col("kind") == "Corrected") & changed)["target"]
