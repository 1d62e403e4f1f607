"""Rehearsals: what is told of what a design claims where nothing began."""

from opendcr.evaluate.estimate import Estimate
from opendcr.evaluate.rehearsal import Rehearsed, claims, lines


def rehearsed(unit: str, low: float | None = None, high: float = 0.0, p: float | None = None):
    interval = None if low is None else (low, high)
    effect = -0.1 if low is None else (low + high) / 2
    found = Estimate((), 0.0, effect, 0.0, "", relative_interval=interval, p_value=p)
    return Rehearsed("design", unit, "2014", unit == "A", found)


def refused(start: str, why: str = "5 periods; expected at least 6") -> Rehearsed:
    return Rehearsed("design", "A", start, True, None, why)


ROWS = [
    rehearsed("A", 0.1, 0.5),
    rehearsed("B", 0.1, 0.5),
    rehearsed("C", -0.5, -0.1),
    rehearsed("D", -0.5, 0.1, p=0.01),  # the interval decides
    rehearsed("E", p=0.01),
    rehearsed("F", p=0.06),
    rehearsed("G"),
]


def test_falls_and_rises_are_counted_apart() -> None:
    treated, others = claims(ROWS)
    assert (treated["rehearsals"], treated["falls"], treated["rises"]) == (1, 0, 1)
    assert (others["rehearsals"], others["falls"], others["rises"], others["claims"]) == (
        6,
        2,
        1,
        3,
    )
    assert [one.seen for one in ROWS] == [True, True, True, False, True, False, False]


def test_what_was_refused_is_told_with_its_reason() -> None:
    rows = [
        *ROWS,
        refused("2012"),
        refused("2013"),
        *(refused("2014", f"other {at}") for at in "abc"),
    ]
    treated, others = claims(rows)
    assert (treated["rehearsals"], treated["answered"], treated["refused"]) == (6, 1, 5)
    assert others["refused"] == 0
    head, first, _, _, *why = lines(rows)
    assert head.split()[2:] == ["rehearsed", "refused", "falls", "rises"]
    assert first.split()[1:] == ["treated", "6", "5", "0", "1"]
    assert why[0] == "design: 2 refused (from 2012, 2013): 5 periods; expected at least 6."
    assert why[3:] == ["design: 1 refused for other reasons (`why_not` in rehearsal.csv)."]
    assert "refused (" not in "".join(lines(ROWS))
