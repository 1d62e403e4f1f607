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
    amending = facts["kind"].is_in(ABOUT_FACTS)
    about = facts.filter(amending)
    if about.is_empty():
        return facts
    named = facts["id"].is_in(about["target"].implode())
    few = facts.filter(named & ~amending)
    retracted = few.join(_retractions(about), left_on="id", right_on="target").filter(_LATER)["id"]
    standing = few.filter(~pl.col("id").is_in(retracted.implode()))
    touched = standing.join(_corrections(few, about), on="id", how="left")
    return pl.concat([facts.filter(~(named | amending)), _amended(touched)])


# Of a join of facts with what is about them: whether it came later, without which it has no effect.
_LATER = pl.col("seq") < pl.col("seq_right")


def _retractions(about: pl.DataFrame) -> pl.DataFrame:
    """The retractions that were not retracted themselves, to any depth.

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
    return retractions.filter(~pl.col("id").is_in(undone)).select("seq", "target")


def _corrections(facts: pl.DataFrame, about: pl.DataFrame) -> pl.DataFrame:
    """The documents of each fact's corrections, in `seq` order."""
    made = about.filter(pl.col("kind") == "Corrected").select("seq", "target", "documents")
    return (
        facts.select("id", "seq")
        .join(made, left_on="id", right_on="target")
        .filter(_LATER)
        .sort("seq_right")
        .group_by("id", maintain_order=True)
        .agg(pl.col("documents").alias("corrections"))
    )


def _amended(touched: pl.DataFrame) -> pl.DataFrame:
    rows = [_amend(fact) for fact in touched.iter_rows(named=True)]
    return pl.DataFrame(rows, FACTS, orient="row")


def _amend(fact: dict[str, Any]) -> dict[str, Any]:
    for documents in fact.pop("corrections") or ():
        made = readable_changes(fact["kind"], {}, document(documents, "changes") or {})
        data = {key: value for key, value in made.pop("data", {}).items() if key in DATA}
        fact = fact | made | data
    return fact
