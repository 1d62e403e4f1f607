"""What a lock holds of an outcome's data, and how data differ from what was held.

Held is what the outcome uses of the periods before the start that the file had, by `Source.said`:
one digest of all, and one of each period and each area, so that what differs can be named.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from opendcr.evaluate.panel import some
from opendcr.evaluate.reading import Said, Source, digest_of

_SHORT = 12  # hexadecimal digits of the digest of one period or area
Cell = tuple[str, str]  # period and area


def held_of(source: Source, late: Source | None = None) -> dict[str, Any]:
    """What a lock keeps of the data of an outcome, or of a reporting triangle. `late` is the
    outcome's triangle: counts that were not complete in it are kept as they are, being `open`."""
    before = source.before
    opened = _counts([one for one in before.said if late and late.incomplete(one)])
    said = _closed(before.said, opened)
    return {
        "before": digest_of(said),
        "rows": len(before.periods),
        "from": str(min(before.periods, default="")),
        "to": str(source.latest or ""),
        "periods": _each(said, lambda one: str(one.period)),
        "areas": _each(said, lambda one: one.area),
        "open": [
            {"period": period, "area": area, "count": count if count >= 0 else None}
            for (period, area), count in opened.items()
        ],
        "already_public": [str(one) for one in source.public_after],
        "public_earlier": [],
    }


def differences(
    name: str, held: Mapping[str, Any], source: Source, late: Source | None = None
) -> Iterator[str]:
    """How the data of an outcome differ from what a lock held of them, in sentences. A count that
    was open may have become what an edition of the triangle printed."""
    rows = source.before.until(held["to"]).said
    opened = {(one["period"], one["area"]): _number(one["count"]) for one in held["open"]}
    said = _closed(rows, opened)
    if digest_of(said) != held["before"]:
        yield (
            f"the data of {name} from before the start are not those that were locked"
            f" ({_where(held, said)})"
        )
    printed = {(*_cell(one), _number(one.values[0])) for one in late.said} if late else set()
    for (period, area), count in _counts([one for one in rows if _cell(one) in opened]).items():
        was = opened[period, area]
        if count != was and not printed & {(period, area, count), (period, "", count)}:
            yield (
                f"{name} of {' of '.join(filter(None, (period, area)))} is {_shown(count)}, which "
                f"is neither what was locked ({_shown(was)}) nor what an edition printed"
            )


def not_held(held: Mapping[str, Any], source: Source) -> tuple[str, ...]:
    """The periods before the start that came after the lock, which does not hold what they say; a
    reporting triangle is expected to go on."""
    if source.delayed is not None:
        return ()
    before = source.before
    kept = before.until(held["to"]).periods
    return tuple(str(one) for one in sorted({*before.periods} - {*kept}))


def _cell(one: Said) -> Cell:
    return str(one.period), one.area


def _counts(said: Sequence[Said]) -> dict[Cell, float]:
    """The count of each area and period: of a cell that has several rows, their sum."""
    found: dict[Cell, float] = {}
    for one in said:
        found[_cell(one)] = found.get(_cell(one), 0.0) + _number(one.values[0])
    return found


def _number(count: object) -> float:
    """A count, or below zero where none is known: it is then equal to itself."""
    try:
        found = float(str(count))
    except ValueError:
        return -1.0
    return found if isfinite(found) else -1.0


def _shown(count: float) -> str:
    return f"{count:.15g}" if count >= 0 else "not known"


def _closed(said: Sequence[Said], opened: Mapping[Cell, float]) -> list[Said]:
    """Without the counts that were open."""
    return [
        one._replace(values=("open", *one.values[1:])) if opened and _cell(one) in opened else one
        for one in said
    ]


def _each(said: Sequence[Said], of: Callable[[Said], str]) -> dict[str, str]:
    """A digest by period or by area."""
    parts: dict[str, list[Said]] = {}
    for one in said:
        parts.setdefault(of(one), []).append(one)
    return {name: digest_of(rows)[:_SHORT] for name, rows in parts.items()}


def _where(held: Mapping[str, Any], said: Sequence[Said]) -> str:
    """In which periods and areas data differ from what was held."""
    now = _each(said, lambda one: str(one.period)), _each(said, lambda one: one.area)
    periods, areas = (
        [name for name in sorted({*then, *each}) if then.get(name) != each.get(name)]
        for then, each in zip((held["periods"], held["areas"]), now, strict=True)
    )
    of = [f"'{one}'" for one in areas if one]
    return f"in {some(periods)}" + (f" of {some(of)}" if of else "")
