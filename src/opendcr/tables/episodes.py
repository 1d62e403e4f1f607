"""Episodes: the distinct occasions on which somebody came to a booth to prepare and inject.

A seating in a place for injecting opens an episode. Who is moved to another booth before using
stays in the same episode; who used, finished, rested, waited or stepped out in between begins
another. Where a seating was not recorded, the start of use in the booth shows that it was there.

A place's kind is what the policy in force at the moment says; before the first, the first, which
was the plan. A place that no policy knows counts
as an injecting booth: seatings are overwhelmingly in booths, so that leaving them out would
undercount. A place known not to be for injecting (inhalation, waiting, recovery) does not count.

A retracted arrival does not take its episodes with it: the seating still stands until it is
retracted too, and the room shows it for review.
"""

from datetime import UTC, datetime

import polars as pl

from opendcr.catalogue.places import PLACE_KINDS
from opendcr.catalogue.substances import published_class
from opendcr.ledger.parquet import MOMENT
from opendcr.ledger.shapes import Json
from opendcr.tables.frame import document

SEATED, USED = "Seated", "ConsumptionStarted"
LEFT_THE_BOOTH = ("ConsumptionEnded", "MovedToRecovery", "Queued", "SteppedOut")
_OF_STEPS = ("seq", "id", "kind", "visit", "happened", "place", "substances")
_EVER = datetime.min.replace(tzinfo=UTC)


def in_booths(facts: pl.DataFrame) -> pl.DataFrame:
    """Seatings and starts of use in places for injecting, numbered by the episode they belong to."""
    steps = (
        _with_injecting(facts)
        .with_columns(pl.coalesce("visit", "id").alias("stay"))
        .sort("stay", "happened", "seq")
        .with_columns((~pl.col("injecting")).cum_sum().alias("away"))
        .filter("injecting")
    )
    same_visit = pl.col("stay") == pl.col("stay").shift(1)
    after_use = pl.col("kind").shift(1) == USED
    been_away = pl.col("away") != pl.col("away").shift(1)
    elsewhere = pl.col("place") != pl.col("place").shift(1)
    seated = pl.col("kind") == SEATED
    again = pl.when(seated).then(after_use | been_away).otherwise(after_use & elsewhere)
    opens = (~same_visit | again).fill_null(True)
    return steps.with_columns(opens.cum_sum().alias("episode"))


def episodes(booths: pl.DataFrame) -> pl.DataFrame:
    """One row per episode of `in_booths`; `substances` is the published class, null if unrecorded."""
    return (
        booths.group_by("episode", maintain_order=True)
        .agg(
            pl.col("visit", "place", "happened").first(),
            _uses("heroin").alias("heroin"),
            _uses("cocaine").alias("cocaine"),
            _named_any().alias("named"),
        )
        .with_columns(_published().alias("substances"))
        .select("episode", "visit", "place", "happened", "substances")
    )


def consumptions(facts: pl.DataFrame, booths: pl.DataFrame) -> pl.DataFrame:
    """Every start of use, and the `episode` that it belongs to in `in_booths` (null outside it)."""
    uses = facts.filter(pl.col("kind") == USED)
    return uses.join(booths.select("seq", "episode"), on="seq", how="left").select(
        "id", "visit", "place", "happened", "substances", "episode"
    )


def _with_injecting(facts: pl.DataFrame) -> pl.DataFrame:
    """The steps of visits through booths, `injecting` where one was in a place for injecting."""
    steps = facts.filter(pl.col("kind").is_in((SEATED, USED, *LEFT_THE_BOOTH))).select(_OF_STEPS)
    in_force, kinds = _policies(facts)
    judged = (
        steps.sort("happened")
        .join_asof(in_force, on="happened")
        .join(kinds, on=["adopted", "place"], how="left")
    )
    at_place = pl.col("kind").is_in((SEATED, USED))
    return judged.with_columns(
        (at_place & pl.col("for_injecting").fill_null(True)).alias("injecting")
    )


def _policies(facts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """When each policy came into force, the first from ever, and which places are for injecting."""
    adopted = facts.filter(pl.col("kind") == "PolicyAdopted").sort("happened", "seq")
    first = pl.int_range(pl.len()) == 0
    in_force = adopted.select(
        pl.when(first).then(pl.lit(_EVER, MOMENT)).otherwise("happened").alias("happened"),
        pl.col("seq").alias("adopted"),
    )
    kinds = [
        (seq, place["id"], PLACE_KINDS[place["kind"]].injecting)
        for seq, documents in adopted.select("seq", "documents").iter_rows()
        for place in _places(document(documents, "policy"))
    ]
    schema = {"adopted": pl.Int64, "place": pl.String, "for_injecting": pl.Boolean}
    known = pl.DataFrame(kinds, schema, orient="row")
    return in_force, known.unique(["adopted", "place"], keep="first")


def _places(policy: Json) -> list[dict[str, str]]:
    """The places of a policy whose id and kind this version knows."""
    listed = policy.get("places") if isinstance(policy, dict) else None
    return [
        place
        for place in (listed if isinstance(listed, list) else [])
        if isinstance(place, dict)
        and isinstance(place.get("id"), str)
        and place.get("kind") in PLACE_KINDS.codes
    ]


def _uses(substance: str) -> pl.Expr:
    return pl.col("substances").list.contains(substance).any()


def _named_any() -> pl.Expr:
    """Whether a substance was said; `declined` says none."""
    return pl.col("substances").list.eval(pl.element() != "declined").list.any().any()


def _published() -> pl.Expr:
    """The catalogue's own class for each of the four cases that it tells apart."""
    heroin, cocaine = pl.col("heroin"), pl.col("cocaine")
    return (
        pl.when(~pl.col("named")).then(None)
        .when(heroin & cocaine).then(pl.lit(published_class(["heroin", "cocaine"])))
        .when(heroin).then(pl.lit(published_class(["heroin"])))
        .when(cocaine).then(pl.lit(published_class(["cocaine"])))
        .otherwise(pl.lit(published_class([])))
    )  # fmt: skip
