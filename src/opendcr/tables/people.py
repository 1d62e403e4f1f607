"""Who is one person: pseudonyms that staff found to belong together count once.

`Linked` joins two pseudonyms, `Unlinked` parts them again, the latest (by when it happened) of the
two deciding for each pair; who is joined through others is one person too. A link holds for the
whole history: two records found in March to be one person were one person in February.
"""

import polars as pl

Pair = tuple[str, str]


def one_id_each(facts: pl.DataFrame) -> dict[str, str]:
    """For every linked pseudonym, the one (first in alphabetical order) that stands for them all."""
    stands_for: dict[str, str] = {}

    def root(one: str) -> str:
        while one in stands_for:
            one = stands_for[one]
        return one

    for pair in _joined(facts):
        first, second = sorted(map(root, pair))
        if first != second:
            stands_for[second] = first
    return {one: root(one) for one in stands_for}


def _joined(facts: pl.DataFrame) -> list[Pair]:
    links = facts.filter(
        pl.col("kind").is_in(("Linked", "Unlinked"))
        & pl.col("person").is_not_null()
        & pl.col("other").is_not_null()
    ).sort("happened", "seq")
    latest: dict[Pair, bool] = {}
    for kind, person, other in links.select("kind", "person", "other").iter_rows():
        latest[(min(person, other), max(person, other))] = kind == "Linked"
    return [pair for pair, joined in latest.items() if joined]


def people(facts: pl.DataFrame, visits: pl.DataFrame) -> pl.DataFrame:
    """One row per person whom the ledger names: `person`, and the `gender` last said.

    `unknown` where no standing registration says it, such as in a ledger that was imported without
    its registrations. Takes facts and visits whose pseudonyms were already brought together.
    """
    said = (
        facts.filter((pl.col("kind") == "Registered") & pl.col("gender").is_not_null())
        .sort("happened", "seq")
        .unique("person", keep="last")
        .select("person", "gender")
    )
    named = pl.concat([facts.select("person"), visits.select("person")]).drop_nulls().unique()
    return named.join(said, on="person", how="left").with_columns(
        pl.col("gender").fill_null("unknown")
    )
