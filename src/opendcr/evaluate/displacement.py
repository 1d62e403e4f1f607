"""Displacement as a design reads it from its own cells: what may be said of where events went.

That no rise is shown elsewhere says little: the rings around have more events than the near one, and
what came to them is lost in these. What can rule out that all of a fall went there is what is left of
it in all rings together.
"""

from collections.abc import Iterator, Mapping

from opendcr.evaluate.decision import holds, span
from opendcr.evaluate.estimate import Estimate, Interval, Part

NET = "net of displacement"  # all rings but the farthest, at all hours
NET_INSIDE = "net of displacement, inside hours"
_TOGETHER = "in all rings but the farthest together, inside hours"
_NONE_BETWEEN = "no ring lies between the near ones and the farthest that is compared with"
_SEEN = 5e-4  # relative effects that differ by less are printed alike


def looked(found: Estimate) -> Mapping[str, Part]:
    """The parts that are of where events may have gone, by name."""
    return {name: one for name, one in (found.parts or {}).items() if one.displacement}


def risen(found: Estimate) -> Mapping[str, Part]:
    """Those of which a rise is shown, by what the design itself assumes."""
    return {name: one for name, one in looked(found).items() if one.risen}


def ruled_out(found: Estimate) -> bool | None:
    """Whether displacement that undoes a fall is ruled out: not where a rise is shown in another
    ring; only where a fall is shown of all rings but the farthest together; None where neither is."""
    if risen(found):
        return False
    net = _net(found)
    return True if net and _fell(net.interval) else None


def sentence(found: Estimate) -> str:
    """What must be said beside an answer: displacement that is shown, or that a fall near may all
    have gone elsewhere; empty where neither has to be."""
    if not risen(found):
        return _open(found)
    return _joined(shown(found), _compared(found))


def shown(found: Estimate, of: str = "") -> str:
    """Where displacement is shown, and what is net of it; empty where it is not."""
    rises = [f"in {name}, {_span(one)}" for name, one in risen(found).items()]
    if not rises:
        return ""
    return _joined(
        f"Displacement{of and f' of {of}'} is shown: {'; '.join(rises)}.", _together(found)
    )


def told(found: Estimate, of: str) -> str:
    """What was found of displacement, shown or not, as sentences; empty where it is not read."""
    if not looked(found):
        return ""
    said = "; ".join(_each(found)) or f"not to be told: {_why(found)}"
    left = "" if _net(found) is None else _open(found) or _together(found)
    return _joined(f"Displacement of {of} into other rings is {said}.", left, _compared(found))


def _open(found: Estimate) -> str:
    """That all of a fall near may have gone elsewhere; empty where no fall is shown, or where
    something is known of where it went."""
    if found.parts is None or not _fell(found.relative_interval) or ruled_out(found) is not None:
        return ""
    net = _net(found)
    if net is None:
        return (
            f"Whether what fell near the room went to other rings was not looked at: {_why(found)}."
        )
    return (
        "Whether what fell near the room went to other rings cannot be told: "
        f"{_TOGETHER}, {_span(net)}."
    )


def _why(found: Estimate) -> str:
    """Why nothing is known of all rings but the farthest together."""
    left_out = found.untold.get(NET_INSIDE)
    return left_out.why if left_out else _NONE_BETWEEN


def _fell(interval: Interval | None) -> bool:
    return interval is not None and interval[1] < 0


def _net(found: Estimate) -> Part | None:
    return (found.parts or {}).get(NET_INSIDE)


def _together(found: Estimate) -> str:
    """What is left of the fall, as a sentence; empty where nothing says so."""
    net = _net(found)
    return f"{_TOGETHER.capitalize()}: {_span(net)}." if net else ""


def _compared(found: Estimate) -> str:
    """Why the answer and the part of the same cells differ; empty where they are the same, or are
    of other cells."""
    near = [
        one
        for name, one in (found.parts or {}).items()
        if not (one.displacement or one.assumes or name == NET_INSIDE)
    ]
    if len(near) != 1 or abs(near[0].relative_effect - found.relative_effect) < _SEEN:
        return ""
    return (
        "The answer compares with all far cells, and events that moved into these make a fall look "
        f"larger; with the farthest ring alone it is {_span(near[0])}."
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
