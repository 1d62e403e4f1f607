"""Studies of series whose latest counts are still to change: the uncertainty of the nowcast, carried.

    nowcasts = {"Glasgow City": nowcast(triangle)}
    found = carried(study, nowcasts, design.fit)

Counts stand at the middle of their nowcasts. The study is fitted again on each of some draws of the
series, and its intervals, standard errors and p-value are of the mixture of those answers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy.special import ndtri

from opendcr.errors import InputError
from opendcr.evaluate.decision import between
from opendcr.evaluate.delays.mixture import logarithms, mixed
from opendcr.evaluate.delays.nowcast import Nowcast, nowcast, tells
from opendcr.evaluate.delays.together import together
from opendcr.evaluate.delays.triangle import Triangle, printed_last, summed, triangle_of
from opendcr.evaluate.estimate import Check, Estimate
from opendcr.evaluate.panel import Panel, Rows, one_of, some
from opendcr.evaluate.plan import Delayed
from opendcr.evaluate.study import Study
from opendcr.streams import stream

FITS = 100  # of the draws; an interval of 95 % moves by a few hundredths of its width beyond


def nowcasts_of(
    rows: Rows, said: Delayed, study: Study, compared: Sequence[int]
) -> dict[str, Nowcast]:
    """The nowcast of each area of a study, treated or `compared` with (rows of its panel), in the
    study's periods, from a plan's reporting triangles. An area whose counts all stand has none.

    Areas on one side, treated or compared with, are drawn so that they add up to the nowcast of
    their sum: whatever their editions have in common does not cancel in it. The draws of the two
    sides, and those of each triangle and column, are their own: of one stream they would err
    together, and their errors would cancel in a ratio or a difference.

    Raises InputError where an area has no triangle, where triangles and panel are not of the same
    counts, or where the panel goes on after the last edition.
    """
    triangles = triangles_of(rows, said, study, compared)
    for unit, triangle in triangles.items():
        _of_one_series(study.panel, unit, triangle)
    treated = study.names(study.treated)
    named = (said.path.name, said.count)
    made: dict[str, Nowcast] = {}
    for side in (treated, [unit for unit in triangles if unit not in treated]):
        made |= nowcasts_of_side({unit: triangles[unit] for unit in side}, study, named)
    return made


def nowcasts_of_side(
    triangles: Mapping[str, Triangle], study: Study, named: Sequence[str]
) -> dict[str, Nowcast]:
    """The nowcasts of areas that are summed or averaged, in the study's periods; `named` says whose
    counts they are."""

    def of(triangle: Triangle, *series: str) -> Nowcast:
        one = nowcast(triangle, seed=study.seed, level=study.level, series=(*named, *series))
        return one.during(study.panel.periods)

    made = {unit: of(triangle, unit) for unit, triangle in triangles.items()}
    made = {unit: one for unit, one in made.items() if one.periods}
    if len(made) < 2:
        return made
    sum_of = summed([triangles[unit] for unit in made])
    whole = of(sum_of, *made) if sum_of and tells(sum_of) else None
    random = stream(study.seed, "together", *named, *made)
    return dict(zip(made, together(list(made.values()), whole, random), strict=True))


def triangles_of(
    rows: Rows, said: Delayed, study: Study, compared: Sequence[int]
) -> dict[str, Triangle]:
    """A plan's reporting triangles by area, of those that are treated or compared with; of the
    treated one where they have no column of areas.

    Raises InputError where one has none: its counts as printed, too low, would be compared with what
    others' are expected to come to.
    """
    panel = study.panel
    used = [panel.units[at] for at in dict.fromkeys((*study.treated, *compared))]
    if said.unit is None:
        if len(used) > 1:
            found = f"no column of areas, and {len(used)} areas that are treated or compared with"
            expected = "`unit` under [nowcast], the column that names them, and editions of each"
            raise InputError(rows.where, found, expected)
        return {used[0]: _triangle(rows, said)}
    units = rows.column(said.unit, "nowcast.unit")
    for unit in dict.fromkeys(units):
        if unit not in panel.units:
            found = f"'{unit}', which {panel.where} does not have"
            raise InputError(f"{rows.where}, {said.unit}", found, one_of(unit, panel.units))
    if lacking := [unit for unit in used if unit not in units]:
        raise _lacking(rows.where, study, lacking, [unit for unit in used if unit in units])
    return {
        unit: _triangle(replace(rows.where_true([one == unit for one in units]),
                                where=f"{rows.where}, '{unit}'"), said)
        for unit in used
    }  # fmt: skip


def _lacking(where: str, study: Study, units: Sequence[str], have: Sequence[str]) -> InputError:
    """The error for areas without a triangle, while others have theirs."""
    treated = study.names(study.treated)
    named = some([f"'{one}'" for one in units])
    expected = (
        "editions of every area that is treated or compared with; or no [nowcast], and `to` under "
        "[data] at the last period whose counts are complete"
    )
    if set(treated) <= set(have) and set(have) > set(treated):
        expected += "; or these areas under `exclude` of the designs"
    others = f"'{have[0]}' alone has them" if len(have) == 1 else "other areas have theirs"
    return InputError(where, f"no edition of {named}, while {others}", expected)


def _of_one_series(panel: Panel, unit: str, triangle: Triangle) -> None:
    """Raises InputError unless the panel has the counts of the triangle's complete periods, as they
    were when these became complete or as last printed, no period after the last edition, and none
    that can still change and is not in it."""
    if panel.periods[-1] > triangle.edition:
        found = f"a last edition of {triangle.edition}, and data up to {panel.periods[-1]}"
        raise InputError(triangle.where, found, "an edition for the last period of the data")
    counts = dict(zip(panel.periods, panel.outcome[panel.at(unit)], strict=True))
    if not set(counts) & set(triangle.periods):
        found = f"no period that the data of '{unit}' have"
        raise InputError(triangle.where, found, f"periods from {panel.periods[0]} on")
    printed_last(triangle, panel.periods)
    for at, period in enumerate(triangle.periods):
        count = counts.get(period, np.nan)
        stands = (triangle.final(at), triangle.last[at]) if triangle.complete(at) else (count,)
        if np.isfinite(count) and count not in stands:
            found = f"{stands[-1]:g} of '{unit}' in {period}, and {count:g} in {panel.where}"
            expected = "the same counts in both where a period is complete"
            raise InputError(triangle.where, found, expected)


def _triangle(rows: Rows, said: Delayed) -> Triangle:
    return triangle_of(rows, said.most, said.period, said.edition, said.count)


def carried(
    study: Study,
    nowcasts: Mapping[str, Nowcast],
    fit: Callable[[Study], Estimate],
    again: Callable[[Study], Estimate] | None = None,
    fits: int = FITS,
) -> Estimate:
    """The answer of a study whose latest counts are still to change; `again` is how the study is
    fitted to each draw, where that may be quicker.

    Raises InputError where a nowcast has fewer draws than `fits`, or its area or a period of it is
    not in the panel.
    """
    found = fit(at_middle(study, nowcasts))
    again = again or fit
    draws = [
        again(replace(study, panel=drawn(study.panel, nowcasts, at)))
        for at in range(_enough(study.panel, nowcasts, fits))
    ]
    treated = (nowcasts.get(study.panel.units[at]) for at in study.treated)
    periods = {str(one) for made in treated if made for one in made.periods}
    said = (
        "Intervals, and a p-value where one is given, also carry the nowcast of late reports, over "
        f"{fits} draws of it."
    )
    made = mixed(found, draws, study.level)
    return replace(
        made,
        effect=tuple(replace(one, nowcast=one.time in periods) for one in made.effect),
        inference=f"{found.inference.rstrip('.')}. {said}",
        checks=(*found.checks, _said(study, nowcasts, draws)),
    )


def at_middle(study: Study, nowcasts: Mapping[str, Nowcast]) -> Study:
    """The study with the middle of each nowcast in the place of what was printed."""
    middle = {unit: replace(one, draws=one.median[None, :]) for unit, one in nowcasts.items()}
    return replace(study, panel=drawn(study.panel, middle, 0))


def drawn(panel: Panel, nowcasts: Mapping[str, Nowcast], at: int) -> Panel:
    """The panel with one draw of each nowcast in the place of the counts that are still to change."""
    outcome = panel.outcome.copy()
    for unit, made in nowcasts.items():
        for column, period in enumerate(made.periods):
            if period not in panel.periods:
                expected = f"a panel with the periods of '{unit}' that are nowcast"
                raise InputError(panel.where, f"no {period}", expected)
            outcome[panel.at(unit), panel.periods.index(period)] = made.draws[at, column]
    return panel.with_outcome(outcome)


def from_nowcast(draws: Sequence[Estimate], level: float) -> float | None:
    """The share of the variance of the relative effect, as a logarithm, that is the nowcast's; None
    where there is no interval, or one without an upper end."""
    logs = logarithms(draws, level)
    if logs is None or not np.isfinite(logs.ends).all():
        return None
    apart = float(logs.ends[:, 1].var())
    reach = (logs.ends[:, 2] - logs.ends[:, 0]) / 2 / ndtri(1 - level / 2)
    return apart / (apart + float(np.mean(reach**2))) if apart else 0.0


def _said(study: Study, nowcasts: Mapping[str, Nowcast], draws: Sequence[Estimate]) -> Check:
    """What is nowcast, and what that does to the answer."""
    counts = [
        f"'{unit}' in {period}: {reported:.4g} printed, {middle:.4g} expected ({low:.4g} to {high:.4g})"
        for unit, made in nowcasts.items()
        for period, reported, middle, low, high in zip(
            made.periods, made.reported, made.median, made.low, made.high, strict=True
        )
    ]
    share = from_nowcast(draws, study.level)
    if share is None:
        ends = [study.level / 2, 1 - study.level / 2]
        effects = np.quantile([one.relative_effect for one in draws], ends)
        what = (
            "there is no interval with two ends; what the counts may come to alone moves the estimate "
            f"over {between((effects[0], effects[1]))}"
        )
    else:
        what = f"{share:.0%} of the variance of the effect is the nowcast's"
    unlike = _unlike(study.panel, nowcasts)
    differs = f"; not used, and not what the last edition printed: {some(unlike)}" if unlike else ""
    return Check("reporting delay", None, f"nowcast: {some(counts)}; {what}{differs}")


def _unlike(panel: Panel, nowcasts: Mapping[str, Nowcast]) -> list[str]:
    """The panel's counts of periods not yet complete that differ from the last edition's: of an
    earlier edition perhaps, or of something else."""
    return [
        f"{count:g} of '{unit}' in {period} in {panel.where}"
        for unit, made in nowcasts.items()
        for period, reported in zip(made.periods, made.reported, strict=True)
        if (count := panel.outcome[panel.at(unit), panel.periods.index(period)]) != reported
    ]


def _enough(panel: Panel, nowcasts: Mapping[str, Nowcast], fits: int) -> int:
    least = min((len(one.draws) for one in nowcasts.values()), default=0)
    if not 0 < fits <= least:
        raise InputError(panel.where, f"{fits} fits of {least} draws", "as many draws as fits")
    return fits
