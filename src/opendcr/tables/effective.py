"""Effective facts in a frame: what stands once corrections and retractions are read.

The same as `opendcr.ledger.effective`, for millions of facts at once; a test invents histories and
compares the two. Joins find what is retracted and corrected; the few corrected facts themselves are
amended by the ledger's own rule.
"""

from typing import Any

import polars as pl

from opendcr.ledger.effective import ABOUT_FACTS, readable_changes
from opendcr.tables.frame import DATA, FACTS, document


def effective(facts: pl.DataFrame) -> pl.DataFrame:
    """The facts that stand, as corrected, in no particular order; corrections are left out."""
    about = facts.filter(pl.col("kind").is_in(ABOUT_FACTS))
    stated = facts.filter(~pl.col("kind").is_in(ABOUT_FACTS))
    if about.is_empty():
        return stated
    standing = stated.filter(~pl.col("id").is_in(_retracted(about)))
    corrections = _corrections(about)
    corrected = pl.col("id").is_in(corrections["target"].implode())
    touched = standing.filter(corrected).join(corrections, left_on="id", right_on="target")
    return pl.concat([standing.filter(~corrected), _amended(touched)])


def _retracted(about: pl.DataFrame) -> set[str]:
    """The targets of retractions that were not retracted themselves, to any depth.

    Whether a retraction stands depends only on later ones, so passes from none retracted settle
    after as many passes as the longest chain of retractions has links.
    """
    retractions = about.filter(pl.col("kind") == "Retracted").select("seq", "id", "target")
    of_retractions = retractions.join(
        retractions, left_on="target", right_on="id", suffix="_of"
    ).filter(pl.col("seq") > pl.col("seq_of"))
    undone: set[str] = set()
    while True:
        by_standing = of_retractions.filter(~pl.col("id").is_in(undone))
        now = set(by_standing["target"])
        if now == undone:
            break
        undone = now
    return set(retractions.filter(~pl.col("id").is_in(undone))["target"])


def _corrections(about: pl.DataFrame) -> pl.DataFrame:
    """The documents of each fact's corrections, in `seq` order."""
    return (
        about.filter(pl.col("kind") == "Corrected")
        .sort("seq")
        .group_by("target", maintain_order=True)
        .agg(pl.col("documents").alias("corrections"))
    )


def _amended(touched: pl.DataFrame) -> pl.DataFrame:
    rows = [_amend(fact) for fact in touched.iter_rows(named=True)]
    return pl.DataFrame(rows, FACTS, orient="row")


def _amend(fact: dict[str, Any]) -> dict[str, Any]:
    for documents in fact.pop("corrections"):
        made = readable_changes(fact["kind"], {}, document(documents, "changes") or {})
        data = {key: value for key, value in made.pop("data", {}).items() if key in DATA}
        fact = fact | made | data
    return fact
