"""The checks that travel with a triple difference, of its rings and hours."""

from contextlib import suppress

import numpy as np

from opendcr.errors import InputError
from opendcr.evaluate.comparisons.cells import Mask
from opendcr.evaluate.comparisons.errors import HALF
from opendcr.evaluate.comparisons.ring_cells import Cells
from opendcr.evaluate.comparisons.shifts import Contrast
from opendcr.evaluate.decision import between, holds
from opendcr.evaluate.displacement import NEAR, NET, NET_INSIDE, ruled_out
from opendcr.evaluate.estimate import (
    SURE_ERRORS,
    Check,
    Estimate,
    Part,
    Placebo,
    p_said,
    trend_found,
)
from opendcr.evaluate.panel import some

_SILENT = 3  # periods without an event at the end, in a ring that had some in every one before
_ENOUGH = 5  # events a period far away, inside hours and outside, for an estimate that is not rough


def placebo_rings(cells: Cells) -> tuple[Placebo, ...]:
    """Each far ring as if it were near, compared with the other far rings."""
    rings = cells.far_rings
    if len(rings) < 2:
        return ()
    made = []
    for ring in rings:
        others = cells.ring(*(one for one in rings if one != ring))
        try:
            series = cells.triple(cells.ring(ring), others)
        except InputError:
            continue
        made.append(Placebo(_standard(series), ring, None, series.relative))
    return tuple(made)


def _standard(series: Contrast) -> float:
    """How far the log ratio is from none, in standard errors."""
    observed, expected = series.totals
    return float(abs(np.log((observed + HALF) / (expected + HALF))) / series.error[0])


def rings(found: Estimate, series: Contrast) -> Check:
    name, own = "placebo rings", _standard(series)
    if not found.placebos:
        return Check(name, None, "left out: no far ring can be compared with other far rings")
    extreme = sum(one.ratio >= own for one in found.placebos)
    total = 1 + len(found.placebos)
    said = ", ".join(f"{one.unit} {one.relative_effect:+.1%}" for one in found.placebos)
    detail = (
        f"rank p = {(1 + extreme) / total:.3g} (at least {1 / total:.3g}); each far ring: {said}"
    )
    return Check(name, None, detail)


def without_each_ring(cells: Cells) -> Check:
    name, rings, effects = "each far ring left out", cells.far_rings, {}
    for ring in rings:
        left = cells.ring(*(one for one in rings if one != ring)) & ~cells.near.mask
        with suppress(InputError):  # it alone has the cells or the events that are compared with
            effects[ring] = cells.triple(cells.near.mask, left).relative
    if not effects:
        return Check(name, None, "no far ring can be left out")
    said = ", ".join(f"{one:+.1%} without {ring}" for ring, one in effects.items())
    return Check(name, None, said, effects=tuple(effects.values()))


def events_far_away(cells: Cells) -> Check:
    """Whether the far cells have events enough by period to say what the hours do by themselves."""
    groups = {"inside hours": cells.far & cells.inside, "outside hours": cells.far & ~cells.inside}
    usual = {
        f"{name} {when}": float(part.mean())
        for name, group in groups.items()
        for when, part in zip(
            ("before", "after"), np.split(cells.sums(group)[0], [cells.study.start]), strict=True
        )
    }
    detail = (
        f"a period: {', '.join(f'{one:.1f} {name}' for name, one in usual.items())}; with fewer than "
        f"{_ENOUGH} the estimate is rough, and on average too high"
    )
    if silent := [ring for ring in cells.far_rings if _stops(cells, cells.ring(ring) & cells.far)]:
        detail += f"; {some(silent)} had events in every period before, and none in the last ones"
    return Check("events far away", min(usual.values()) >= _ENOUGH and not silent, detail)


def _stops(cells: Cells, ring: Mask) -> bool:
    """Whether a ring falls silent, inside hours or outside: an extract that is not there yet,
    perhaps."""
    bands = (cells.sums(ring & band)[0] for band in (cells.inside, ~cells.inside))
    start = cells.study.start
    return any(one[:start].all() and not one[start:][-_SILENT:].any() for one in bands)


def trend(series: Contrast, level: float) -> Check:
    """Drift before: the slope of the residuals, ranked among their cyclic shifts."""
    name, count = "trend before", series.start
    if count < 8:
        return Check(name, None, f"{count} periods before are too few for a trend")
    residuals = series.residuals[:count]
    time = np.arange(count) - (count - 1) / 2
    slopes = np.array([np.roll(residuals, by) @ time for by in range(count)])
    p = float((np.abs(slopes) >= abs(slopes[0]) * (1 - 1e-9)).mean())
    slope = slopes[0] / (time @ time)
    detail = f"{slope:+.3g} standard deviations a period, {p_said(p)} among {count} shifts"
    return Check(name, p > level, detail, "" if p > level else trend_found(level))


def dispersion(series: Contrast) -> Check:
    detail = (
        f"Pearson's dispersion {series.dispersion:.2f} near and inside hours (1: Poisson); shifts "
        "and quasi-Poisson errors both allow for it"
    )
    return Check("overdispersion", None, detail)


def correlation(series: Contrast, quasi: bool) -> Check:
    """Cyclic shifts keep correlation in time, and yet hold too little where it is strong; nor are
    the periods of a season exchangeable. Quasi-Poisson errors hold far too little."""
    least = 2 / np.sqrt(len(series.counts))
    passed, lasts = bool(abs(series.correlation) <= least), series.correlation > least
    detail = f"at lag 1: {series.correlation:+.2f} (chance: ±{least:.2f}){_LASTS if lasts else ''}"
    surely = series.correlation > SURE_ERRORS * least / 2
    narrow = f"errors that last ({series.correlation:.2f} at lag 1) are allowed too little"
    return Check(
        "residual autocorrelation", passed, detail, narrow=narrow if quasi and surely else ""
    )


_LASTS = (
    "; shocks that last make intervals hold less than they say, also those by shifts where it is "
    "strong; a season of the near cells inside hours alone shows here too, and looks like an effect "
    "where the periods from the start on are no whole years"
)


def displacement(found: Estimate, cells: Cells) -> Check:
    """Whether displacement that undoes a fall is ruled out. A rise in another ring, by what the
    design itself assumes, fails it; what rests on rings that move alike can keep it from passing."""
    parts = {
        name: one
        for name, one in (found.parts or {}).items()
        if one.displacement or name in (NET_INSIDE, NEAR, NET)
    }
    said = [f"{name} {_said(one)}" for name, one in parts.items() if not one.assumes]
    passed = ruled_out(found)
    asked = NET_INSIDE in parts or NET_INSIDE in found.untold
    said.insert(0, _RULED_OUT[passed] if asked else _NO_RING)
    said += [f"{name} {_said(one)} if {one.assumes}" for name, one in parts.items() if one.assumes]
    said += [f"{name} not told: {one.why}" for name, one in found.untold.items()]
    if len(cells.outwards) > 2:
        said.append(f"{cells.farthest} is taken as the farthest ring")
    return Check("displacement", passed, "; ".join(said))


_NO_RING = "no ring between the near ones and the farthest, from which it could be read"
_RULED_OUT = {
    False: "a rise in another ring is shown",
    True: "a fall is left in all rings but the farthest together, inside hours and at all hours, and "
    "near at all hours, so that not all of it went elsewhere",
    None: "whether events went to other rings or other hours cannot be told",
}


def _said(part: Part) -> str:
    effect = f"{part.relative_effect:+.1%}"
    if part.interval is None or part.level is None:
        return f"{effect} (no interval)"
    return f"{effect} ({between(part.interval)}, {holds(part.level)} interval)"
