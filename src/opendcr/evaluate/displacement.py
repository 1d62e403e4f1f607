"""Displacement as a design reads it from its own cells: what may be said of where events went.

That no rise is shown elsewhere says little: the rings around have more events than the near one, and
what came to them is lost in these. What can rule out that all of a fall went there is what is left of
it: in all rings together inside hours, of what went to other rings, by what the design itself assumes;
near at all hours, of what went to other hours there, and in all rings at all hours, of both, if these
would have moved as the farthest ring did.
"""

from collections.abc import Iterator, Mapping
from math import inf

from opendcr.evaluate.decision import holds, span
from opendcr.evaluate.estimate import Estimate, Interval, Part

NET = "net of displacement"  # all rings but the farthest, at all hours
NET_INSIDE = "net of displacement, inside hours"
NEAR = "near, at all hours"
NEAR_INSIDE = "near, inside hours"  # of several near rings together
_TOGETHER = "in all rings but the farthest together, inside hours"
_AT_ALL_HOURS = "in all rings but the farthest together, at all hours"
_NONE_BETWEEN = "no ring lies between the near ones and the farthest that is compared with"
_SEEN = 5e-4  # relative effects that differ by less are printed alike


def looked(found: Estimate) -> Mapping[str, Part]:
    """The parts that are of where events may have gone, by name."""
    return {name: one for name, one in _parts(found).items() if one.displacement}


def risen(found: Estimate) -> Mapping[str, Part]:
    """Those of which a rise is shown, by what the design itself assumes."""
    return {name: one for name, one in looked(found).items() if one.risen}


def at_other_hours(found: Estimate) -> Mapping[str, Part]:
    """Those of other hours of which a rise would be shown, if what they assume holds."""
    return {name: one for name, one in looked(found).items() if one.assumes and _rose(one.interval)}


def fallen(found: Estimate) -> bool:
    """Whether the design reads displacement, and a fall is shown of which it is to be asked."""
    return found.parts is not None and _fell(found.relative_interval)


def reached(found: Estimate) -> bool:
    """Whether a fall is shown of which some seems to have gone to other hours."""
    return fallen(found) and bool(at_other_hours(found))


def ruled_out(found: Estimate) -> bool | None:
    """Whether displacement that undoes a fall is ruled out: not where a rise is shown in another
    ring; only where a fall is left in all rings but the farthest together, inside hours and at all
    hours, and near at all hours, and none seems to have come up at other hours; None otherwise.
    Intervals that are too narrow rule nothing out."""
    if risen(found):
        return False
    left = all(_left_in(found, name) for name in (NET_INSIDE, NEAR, NET))
    return True if left and not at_other_hours(found) and not found.too_narrow else None


def sentence(found: Estimate) -> str:
    """What must be said beside an answer: displacement that is shown, or that a fall near may all
    have gone elsewhere; empty where neither has to be."""
    if not risen(found):
        return _open(found)
    return _joined(shown(found), _compared(found), _to_hours(found))


def shown(found: Estimate, of: str = "") -> str:
    """Where a rise is shown in other rings, which beside a fall is displacement, and what is net of
    it; empty where none is."""
    rises = [f"in {name}, {_span(one)}" for name, one in risen(found).items()]
    if not rises:
        return ""
    # That events went there is said of a fall alone: where none is shown, more is only more.
    of_what = of and f" of {of}"
    what = f"Displacement{of_what}" if fallen(found) else f"A rise{of_what} beside the near ring"
    return _joined(f"{what} is shown: {'; '.join(rises)}.", _left(found))


def told(found: Estimate, of: str) -> str:
    """What was found of displacement, shown or not, as sentences; empty where it is not read."""
    if not looked(found):
        return ""
    said = "; ".join(_each(found)) or f"not to be told: {_why(found)}"
    left = "" if NET_INSIDE not in _parts(found) else _to_rings(found) or _left(found)
    what = f"Displacement of {of} into" if fallen(found) else f"A rise of {of} in"
    return _joined(f"{what} other rings is {said}.", left, _compared(found), _to_hours(found))


def _open(found: Estimate) -> str:
    """That all of a fall near may have gone elsewhere; empty where no fall is shown, or where that
    is ruled out."""
    return _joined(_to_rings(found), _to_hours(found))


def _to_rings(found: Estimate) -> str:
    """That all of a fall may have gone to other rings; empty where no fall is shown, or where
    something is known of that."""
    if not fallen(found) or risen(found) or _left_in(found, NET_INSIDE):
        return ""
    net = _parts(found).get(NET_INSIDE)
    if net is None:
        hours = "" if NEAR in _parts(found) else " or other hours"
        return (
            f"Whether what fell near the room went to other rings{hours} was not looked at: "
            f"{_why(found)}."
        )
    return (
        "Whether what fell near the room went to other rings cannot be told: "
        f"{_TOGETHER}, {_span(net)}."
    )


def _why(found: Estimate) -> str:
    """Why nothing is known of all rings but the farthest together."""
    left_out = found.untold.get(NET_INSIDE)
    return left_out.why if left_out else _NONE_BETWEEN


def _to_hours(found: Estimate) -> str:
    """That a fall may have gone to other hours, near or, where that is all that is left to ask, in
    other rings; empty where no fall is shown, or where a fall is left at all hours."""
    if not fallen(found):
        return ""
    if rises := at_other_hours(found):
        each = [f"in {name}, {_span(one)}, if {one.assumes}" for name, one in rises.items()]
        return (
            "Some of what fell inside hours may have gone to other hours, which makes the fall look "
            f"larger: {'; '.join(each)}."
        )
    parts = _parts(found)
    if NEAR in parts and not _left_in(found, NEAR):
        where, what, net = "", NEAR, parts[NEAR]
    elif NET in parts and _left_in(found, NET_INSIDE) and not _left_in(found, NET):
        where, what, net = "in other rings ", _AT_ALL_HOURS, parts[NET]
    else:
        return ""
    said = f"Whether what fell inside hours came up {where}at other hours cannot be told"
    if _rose(net.interval):
        said = "What fell inside hours is not left over all hours"
    return f"{said}: {what}, {_span(net)}, if {net.assumes}."


def _parts(found: Estimate) -> Mapping[str, Part]:
    return found.parts or {}


def _left_in(found: Estimate, name: str) -> bool:
    """Whether a fall is left in a part that is net of displacement."""
    net = _parts(found).get(name)
    return net is not None and _fell(net.interval)


def _fell(interval: Interval | None) -> bool:
    return interval is not None and interval[1] < 0


def _rose(interval: Interval | None) -> bool:
    return interval is not None and interval[0] > 0


def _left(found: Estimate) -> str:
    """What is left in all rings together, and that it may be nothing of a fall that is shown near;
    empty where nothing says so."""
    net = _parts(found).get(NET_INSIDE)
    if net is None:
        asked = fallen(found) and NET_INSIDE in found.untold
        said = "Whether anything of the fall is left in all rings together was not looked at"
        return f"{said}: {_why(found)}." if asked else ""
    low, high = net.interval or (-1.0, inf)
    if fallen(found) and low <= 0 <= high:
        return f"Whether anything of the fall is left cannot be told: {_TOGETHER}, {_span(net)}."
    return f"{_TOGETHER.capitalize()}: {_span(net)}."


def _compared(found: Estimate) -> str:
    """Why the answer and the part of the same cells differ; empty where they are the same, or are
    of other cells."""
    near = [
        one
        for name, one in _parts(found).items()
        if not (one.displacement or one.assumes or name == NET_INSIDE)
    ]
    if NEAR_INSIDE in _parts(found):
        near = [_parts(found)[NEAR_INSIDE]]
    if len(near) != 1 or abs(near[0].relative_effect - found.relative_effect) < _SEEN:
        return ""
    return (
        "The answer compares with all far cells, also those into which events may have moved; with "
        f"the farthest ring alone it is {_span(near[0])}."
    )


def _each(found: Estimate) -> Iterator[str]:
    """By part that rests on what the design itself assumes: shown, not shown, or not to be told."""
    for name, one in looked(found).items():
        if one.assumes:
            continue
        if one.interval is None:
            yield f"not to be told in {name}: these data allow no interval"
        else:
            yield f"{'shown' if one.risen else 'not shown'} in {name}: {_span(one)}"
    for name, left_out in found.untold.items():
        if left_out.displacement:
            yield f"not to be told in {name}: {left_out.why}"


def _span(part: Part) -> str:
    if part.interval is None:
        return "no interval could be given"
    level = "" if part.level is None else f" ({holds(part.level)} interval)"
    return f"{span(part.interval)}{level}"


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
