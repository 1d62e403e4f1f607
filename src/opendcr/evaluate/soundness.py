"""Whether a plan can answer its question at all: looked at before it is locked."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from opendcr.errors import InputError
from opendcr.evaluate.decision import inside
from opendcr.evaluate.delays.later import Sides
from opendcr.evaluate.designs import (
    DESIGNS,
    CellDesign,
    Design,
    SampledDesign,
    design_of,
    late_columns,
)
from opendcr.evaluate.displacement import NET_INSIDE
from opendcr.evaluate.late import sharing, sides_of, still_changing
from opendcr.evaluate.lock import called, rivals
from opendcr.evaluate.panel import some
from opendcr.evaluate.periods import rhythm_of, span
from opendcr.evaluate.plan import PRIMARY, Plan
from opendcr.evaluate.power import SHOWN, Power, asked_of, cases_of, periods_of, power, shares_of
from opendcr.evaluate.powered import exaggerated, within, words_of
from opendcr.evaluate.readiness import later, triangles_before
from opendcr.evaluate.reading import (
    Source,
    data_checks,
    dates_check,
    decimals_check,
    late_of,
    study_before,
)
from opendcr.evaluate.reviews import looks_of
from opendcr.evaluate.study import Study
from opendcr.keyed import Table

PANELS = 200  # by which a lock says what could be shown
SAMPLED = 40  # the same, of a design that samples
MOST = 1000  # areas more that are tried
NEW = "an area more"  # what they are called


def last_level(plan: Plan, before: Study, level: float) -> float:
    """The level at which the last decision is taken: an outcome's own, or what reviews leave of it."""
    looks = looks_of(plan, rhythm_of(before.panel.periods), level)
    return looks[-1].level if looks else level


def floor_refused(plan: Plan, sources: Mapping[str, Source]) -> None:
    """Raises InputError where the least p-value of a declared test, at the plan's end, is above its
    level: such a test can never be significant, whatever happens."""
    for one in _declared(plan, sources):
        floor = one.design.floor(one.study)
        if floor is not None and floor > one.study.level:
            found = f"a least p-value of {floor:.3g} for {one.name}, above the level {one.study.level:.3g}"
            expected = "; or ".join([*_enough(plan, one), "another level"])
            raise InputError(f"{plan.path}, {one.key}", found, expected)


def delays_refused(plan: Plan, sources: Mapping[str, Source]) -> None:
    """Raises InputError where counts surely go on to change by much after a plan takes them for
    complete: the latest ones would show an effect of nothing."""
    own = {one.name for one in plan.outcomes if one.nowcast is not plan.nowcast}
    for name, sides in _complete(plan, sources):
        if sides.refused:
            key = f"outcomes.{name}.nowcast" if name in own else "nowcast"
            found = f"counts that are taken for complete after {sides.since} and {sides.said}"
            raise InputError(f"{plan.path}, {key}.most", found, sides.longer)


def _complete(plan: Plan, sources: Mapping[str, Source]) -> Iterator[tuple[str, Sides]]:
    """By outcome that has a triangle or areas of its own, and the plan's: what editions from before
    the start say of counts that are taken for complete."""
    asked = [(PRIMARY, [*plan.answering.values()], plan.designs[plan.primary])]
    asked += [(one.name, [plan.designs[one.design]], plan.designs[one.design])
              for one in plan.outcomes if one.nowcast is not plan.nowcast or one.treated]  # fmt: skip
    for name, designs, design in asked:
        late = sources.get(late_of(name))
        if late is not None and late.delayed is not None:
            before = study_before(sources[name], design)
            triangles = triangles_before(late, before, designs)
            if triangles:
                yield name, sides_of(triangles, before, late.delayed.most)


def _enough(plan: Plan, one: "_Declared") -> Iterator[str]:
    """What would bring a test's least p-value down to its level: so many more areas, and designs."""
    if isinstance(one.design, CellDesign):
        yield f"more periods; or a test that has no such floor here ({one.design.without_floor})"
        return
    more = _more_areas(one)
    if more is not None:
        yield f"at least {more} more area{'s' if more > 1 else ''} to compare with"
    designs = [name for name in DESIGNS if _could(name, plan, one.study)]
    if designs:
        yield f"a design that has no such floor here ({', '.join(designs)})"


def _more_areas(one: "_Declared") -> int | None:
    """With how many more areas like those there are a test could be significant; None where more
    areas change nothing."""
    others = [at for at in one.study.donors_possible() if at not in one.study.treated]

    def enough(more: int) -> bool:
        panel = one.study.panel
        made = panel.of(
            [*range(len(panel.units)), *(others[at % len(others)] for at in range(more))]
        )
        names = (*panel.units, *(f"{NEW} {at}" for at in range(more)))
        floor = one.design.floor(replace(one.study, panel=replace(made, units=names)))
        return floor is None or floor <= one.study.level

    if not others or not enough(MOST):
        return None
    return 1 + bisect_left(range(1, MOST), True, key=enough)


def _could(name: str, plan: Plan, study: Study) -> bool:
    """Whether a design, as it stands without options, could be significant and give an interval. One
    that samples is taken at its word: to try it takes seconds."""
    try:
        design = design_of(name).read(Table.of(str(plan.path), f"designs.{name}", {}, ()))
    except InputError:  # it asks for more than areas and periods
        return False
    if isinstance(design, CellDesign):
        return False
    floor = design.floor(study)
    if floor is not None and floor > study.level:
        return False
    return isinstance(design, SampledDesign) or _has_interval(design, study)


@dataclass(frozen=True)
class _Declared:
    """A test that a plan declares: the `key` of the plan that says which design it is, the design,
    and the study as it will stand at the plan's end, at the level of that decision."""

    key: str
    name: str
    design: Design
    study: Study


def _declared(plan: Plan, sources: Mapping[str, Source]) -> Iterator[_Declared]:
    """The plan's own test, and those of outcomes with a margin."""
    said = "design" in plan.content.get("success", {})
    key = "success.design" if said else f"designs.{plan.primary}"
    asked = [(key, PRIMARY, plan.primary, plan.question.level)]
    asked += [
        (_key_of(plan, one.name), one.name, one.design, plan.declared_level)
        for one in plan.outcomes
        if one.margin is not None
    ]
    for key, name, named, level in asked:
        design = plan.designs[named]
        before = study_before(sources[name], design)
        study = later(before, sources[name], max(periods_of(plan, before)))
        last = replace(study, level=last_level(plan, before, level))
        yield _Declared(key, named, design, last)


def _key_of(plan: Plan, outcome: str) -> str:
    """The key that names an outcome's design, or where the plan leaves that out the outcome's own."""
    said = "design" in plan.content["outcomes"][outcome]
    return f"outcomes.{outcome}.design" if said else f"outcomes.{outcome}"


@dataclass(frozen=True)
class Foreseen:
    """What is known of a plan before it is locked: `warnings` that whoever locks it must hear, and
    how often of so many `panels` it would show an effect at its end, in sentences and in the
    figures of each effect."""

    warnings: tuple[str, ...]
    panels: int
    power: tuple[str, ...] = ()
    effects: tuple[Power, ...] = ()

    def warned(self, *more: str) -> "Foreseen":
        """The same, with these to be heard first; those that say nothing are left out."""
        return replace(self, warnings=(*filter(None, more), *self.warnings))

    def to_data(self) -> dict[str, Any]:
        """What the lock keeps of it."""
        return {"warnings": [*self.warnings], "panels": self.panels, "power": [*self.power],
                "effects": [one.to_data() for one in self.effects]}  # fmt: skip


def foreseen(
    plan: Plan,
    before: Study,
    sources: Mapping[str, Source],
    panels: int | None,
    show: Callable[[int], None] = lambda done: None,
) -> Foreseen:
    """Outcomes that are known already, other locks of the same question, and power,
    from so many panels (None: as many as take seconds)."""
    said = [
        *beside(plan, sources[PRIMARY]),
        *_known(sources),
        *_loose(sources),
        *unreported(sources),
        *_early(plan, sources),
        *_slip(plan),
    ]
    said += [*_mute(plan, before, sources[PRIMARY]), *_without_interval(plan, sources)]
    said += [*_unreachable(plan), *_several(plan), *_unwatched(plan), *_matched_late(plan)]
    said += [*_season(plan, before), *_unread(plan, sources)]
    checks = (
        *data_checks(before.panel, plan.data, plan.answering),
        *decimals_check(sources[PRIMARY]),
        *dates_check(sources[PRIMARY]),
    )
    said += [f"{one.name}: {one.detail}." for one in checks]
    if panels is None:
        panels = SAMPLED if isinstance(plan.designs[plan.primary], SampledDesign) else PANELS
    if not panels:
        return Foreseen(tuple(said), 0)
    after = max(periods_of(plan, before))
    share = shares_of(plan)[:1]
    cases = cases_of(share, [after], (0.0, *plan.power.effects), ["estimated", "upper"])
    try:
        found = power(asked_of(plan, before), cases, panels, show)
    except InputError as error:
        unknown = f"what the plan could show cannot be said: found {error.found}."
        return Foreseen((*said, unknown), 0)
    words = words_of(before, plan.threshold)
    upper = {one.case.effect: one for one in found if one.case.drift == "upper"}
    told = {one: words.told_beside(one, upper[one.case.effect]) for one in found
            if one.case.effect and one.case.drift == "estimated"}  # fmt: skip
    looks = [f"{sentence}{exaggerated(one)}" for one, sentence in told.items()]
    false = tuple(words.false_claims(found))
    seldom = [sentence for one, sentence in told.items()
              if min(one.told, upper[one.case.effect].told) < SHOWN and not within(one.case.effect, plan.threshold)]  # fmt: skip
    return Foreseen((*said, *seldom, *false), panels, (*looks, *false), tuple(told))


def _known(sources: Mapping[str, Source]) -> list[str]:
    return [
        f"{called(name, sources, {})} is already in the file for {public[0]} to {public[-1]}: results will be exploratory."
        for name, source in sources.items()
        if (public := source.public_after)
    ]


def _loose(sources: Mapping[str, Source]) -> list[str]:
    """The periods before the start that the data do not have yet: a lock cannot hold them."""
    said = []
    for name, source in sources.items():
        periods = sorted({*source.before.periods})
        if source.delayed is not None or len(periods) < 2:
            continue
        rhythm = rhythm_of(periods)
        many = rhythm.steps(periods[-1], source.question.start) - 1
        if many > 0:
            first, last = (str(rhythm.after(periods[-1], at)) for at in (1, many))
            said.append(
                f"the data of {called(name, sources, {})} end in {periods[-1]}, before the start {source.question.start}: "
                f"this lock does not hold what they will say of {span([first, last])}, and the result "
                "will say so."
            )
    return said


def unreported(sources: Mapping[str, Source]) -> Iterator[str]:
    """That an outcome is of counts of which there is a triangle, and has none: they are taken as
    they were printed, those of before the start by a lock too."""
    for name, source in sources.items():
        triangle = sharing(name, sources)
        if triangle is None or late_of(name) in sources or source.delayed is not None:
            continue
        key = "nowcast" if name == PRIMARY else f"outcomes.{name}.nowcast"
        held = (
            " Once late reports change what this lock holds, the result will be exploratory too."
            if still_changing(triangle, source.before.periods)
            else ""
        )
        yield (
            f"{called(name, sources, {})} is of counts that are still to change, and no reporting "
            "triangle has its areas: its latest counts from the start on will stand as printed, too "
            f"low.{held} Its editions in the triangle, or in one under [{key}], keep it from that."
        )


def _early(plan: Plan, sources: Mapping[str, Source]) -> Iterator[str]:
    """That counts go on to change after they are taken for complete."""
    for name, sides in _complete(plan, sources):
        if sides.sentence:
            yield (f"{called(name, sources, {})}: {inside(sides.sentence)} Rather {sides.longer}.")


def beside(plan: Plan, source: Source) -> list[str]:
    """That other plans were locked for the same question: of several, one may please by chance."""
    return [
        f"{one.name} beside it is the lock of another plan for the same outcome, data and place: "
        "whoever is shown the result of one has to be told of the other."
        for one in rivals(plan, source)
    ]


def _slip(plan: Plan) -> Iterator[str]:
    """What is seldom meant: that a rise would count as success, and a margin above the whole."""
    if plan.success is not None and plan.success.at_most > 0:
        most, key = plan.success.at_most, "success.relative_effect_at_most"
        meant = most / 100 if most > 1 else most
        yield (
            f"{key} is above zero: a rise of {100 * most:,.6g} % or less would count as success. If a "
            f"fall of {100 * meant:.6g} % or more is meant, it is {-meant:g}."
        )
    end, reviews = plan.data.last, plan.reviews
    if end and reviews and reviews.spending != "anytime" and end > reviews.periods[-1]:
        yield (
            f"data.to is {end}, after the last review, {reviews.periods[-1]}: with all of its data the "
            f"plan confirms nothing. If it is to be looked at then, a review after {end} is wanted."
        )
    for one in plan.outcomes:
        if one.margin is not None and abs(one.margin) > 1:
            yield (
                f"outcomes.{one.name}.margin = {one.margin:g} is {100 * one.margin:,.6g} %; if "
                f"{one.margin:g} % is meant, it is {one.margin / 100:.6g}."
            )


def _unreachable(plan: Plan) -> Iterator[str]:
    """That effects which are asked for are no larger than the one that success asks for."""
    small = [f"{-100 * one:.6g}" for one in plan.power.effects if within(one, plan.threshold)]
    if small:
        yield (
            f"of the effects that power is asked for, falls of {some(small)} % can be shown at no "
            f"length: success asks that the whole interval lies at or under {100 * plan.threshold:.6g} %. "
            "Ask for larger ones, or for success at a smaller fall."
        )


def _several(plan: Plan) -> Iterator[str]:
    """That each of several benefits is tested at a level that is shared with no other."""
    tested = [one for one in plan.outcomes if one.kind == "benefit" and one.margin is not None]
    if len(tested) < 2 or plan.multiplicity != "none":
        return
    level, chance = plan.declared_level, 1 - (1 - plan.declared_level / 2) ** len(tested)
    yield (
        f"{len(tested)} further outcomes are tested for a benefit, each at a level of {level:.3g}: were "
        f"nothing to happen, one or more would be shown in up to {100 * chance:.0f} of 100 such plans. "
        '[multiplicity] rule = "bonferroni" shares the level among them.'
    )


def _unwatched(plan: Plan) -> Iterator[str]:
    """That nothing which may get worse, or nothing which should not change, is looked at."""
    kinds = {one.kind for one in plan.outcomes}
    if not kinds & {"harm", "displacement"}:
        yield (
            "no outcome of the plan is a harm or displacement: whatever the result, it says nothing of "
            'what may have got worse. [outcomes.NAME] kind = "harm" or "displacement" adds one.'
        )
    if "negative_control" not in kinds:
        yield (
            "no outcome of the plan is a negative control, which the room cannot have moved: no check "
            "tells an effect of the room from whatever else began then. "
            '[outcomes.NAME] kind = "negative_control" adds one.'
        )


def _matched_late(plan: Plan) -> Iterator[str]:
    """That areas are matched on something as it is from the start on, which may have moved it."""
    for name, design in plan.designs.items():
        late = late_columns(design, plan.question.start)
        if late:
            yield (
                f"designs.{name} matches areas on {some(late)} from the start {plan.question.start} on "
                "too: what began then may have moved it, and a part of the effect would be taken away."
            )


def _season(plan: Plan, before: Study) -> Iterator[str]:
    """The ends of a design of cells that are not after whole years: what recurs every year in the
    treated cells alone, no others tell."""
    if not isinstance(plan.designs[plan.primary], CellDesign):
        return
    rhythm, start = rhythm_of(before.panel.periods), plan.question.start
    ends = plan.reviews.periods if plan.reviews else filter(None, [plan.data.last])
    parts = [str(one) for one in ends if not rhythm.whole_years(rhythm.steps(start, one) + 1)]
    if plan.reviews and plan.reviews.spending == "anytime":
        yield (
            "looks at any time are mostly not after whole years from the start: a season of the treated "
            f"cells alone, which {plan.primary} does not take out, would be told as an effect there."
        )
    elif parts:
        yield (
            f"from the start {start} to {some(parts)} are no whole years: a season of the treated cells "
            f"alone, which {plan.primary} does not take out, would be told as an effect there."
        )


def _unread(plan: Plan, sources: Mapping[str, Source]) -> Iterator[str]:
    """Why a design that reads displacement from its own cells could not, as it is tried."""
    for one in _declared(plan, sources):
        with suppress(InputError):
            if not isinstance(one.design, CellDesign):
                continue
            if left := one.design.fit(one.study).untold.get(NET_INSIDE):
                yield f"{one.key}: whether events went to other rings is not looked at: {left.why}."


def _mute(plan: Plan, before: Study, source: Source) -> Iterator[str]:
    """The reviews at which the primary design could show nothing, whatever happened."""
    looks = looks_of(plan, rhythm_of(before.panel.periods))
    reviews = plan.reviews.periods if plan.reviews else ()
    for period, look, after in zip(reviews, looks, periods_of(plan, before), strict=False):
        floor = plan.designs[plan.primary].floor(later(before, source, after))
        if not look.within_reach(floor):
            yield (
                f"at the review after {period} {plan.primary} could show nothing, whatever happened: "
                f"its least p-value is {floor:.3g}, and that review's level {look.level:.2g}."
            )


def _without_interval(plan: Plan, sources: Mapping[str, Source]) -> Iterator[str]:
    """The declared tests whose design gives no interval when it is tried, with a fall and without:
    every verdict rests on one."""
    for one in _declared(plan, sources):
        panel = one.study.panel
        fallen = panel.outcome.copy()
        rows = np.ix_(one.study.treated, range(one.study.start, len(panel.periods)))
        fallen[rows] = fallen[rows] // 2 if panel.counted else fallen[rows] / 2
        tried = (one.study, replace(one.study, panel=panel.with_outcome(fallen)))
        if not any(_has_interval(one.design, study) for study in tried):
            yield (
                f"{one.key}: {one.name} gave no interval at the level {one.study.level:.3g} when "
                f"it was tried with {one.study.start} periods before the start and "
                f"{one.study.after} from it on: nothing is shown or excluded without one."
            )


def _has_interval(design: Design, study: Study) -> bool:
    try:
        return design.fit(study).relative_interval is not None
    except InputError:
        return False
