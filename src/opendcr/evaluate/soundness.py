"""Whether a plan can answer its question at all: looked at before it is locked."""

from collections.abc import Callable, Mapping

from opendcr.errors import InputError
from opendcr.evaluate.periods import rhythm_of
from opendcr.evaluate.plan import Plan
from opendcr.evaluate.power import SHOWN, asked_of, cases_of, periods_of, power, shares_of
from opendcr.evaluate.powered import words_of
from opendcr.evaluate.reading import Source
from opendcr.evaluate.reviews import looks_of
from opendcr.evaluate.study import Study


def least_level(plan: Plan, before: Study) -> float:
    """The level at which the last decision is taken: the plan's own, or what its reviews leave."""
    looks = looks_of(plan, rhythm_of(before.panel.periods))
    return looks[-1].level if looks else plan.question.level


def floor_refused(plan: Plan, before: Study) -> None:
    """Raises InputError where the least p-value of a declared test is above its level: such a test
    can never be significant, whatever happens."""
    level = least_level(plan, before)
    _reachable(plan, plan.primary, before, level, "success.design")
    declared = plan.declared_level * level / plan.question.level
    for one in plan.outcomes:
        if one.margin is not None:
            _reachable(plan, one.design, before, declared, f"outcomes.{one.name}.design")


def _reachable(plan: Plan, design: str, before: Study, level: float, key: str) -> None:
    floor = plan.designs[design].floor(before)
    if floor is not None and floor > level:
        found = f"a least p-value of {floor:.3g} for {design}, above the level {level:.3g}"
        expected = "more areas to compare with, a design without such a floor, or another level"
        raise InputError(f"{plan.path}, {key}", found, expected)


def warnings(
    plan: Plan,
    before: Study,
    sources: Mapping[str, Source],
    panels: int,
    show: Callable[[int], None] = lambda done: None,
) -> list[str]:
    """What whoever locks a plan must hear: outcomes that are known already, and little power."""
    said = [
        f"{name} was public already for {public[0]} to {public[-1]}: results will be exploratory."
        for name, source in sources.items()
        if (public := source.public_after)
    ]
    said += _mute(plan, before)
    return said + (_powerless(plan, before, panels, show) if panels else [])


def _mute(plan: Plan, before: Study) -> list[str]:
    """The reviews at which the primary design could show nothing, whatever happened."""
    floor = plan.designs[plan.primary].floor(before)
    looks = looks_of(plan, rhythm_of(before.panel.periods))
    reviews = plan.reviews.periods if plan.reviews else ()
    return [
        f"at the review after {period} {plan.primary} could show nothing, whatever happened: its "
        f"least p-value is {floor:.3g}, and that review's level {look.level:.2g}."
        for period, look in zip(reviews, looks, strict=False)
        if not look.within_reach(floor)
    ]


def _powerless(plan: Plan, before: Study, panels: int, show: Callable[[int], None]) -> list[str]:
    """A sentence for each effect that the plan would show too seldom at the end."""
    after = max(periods_of(plan, before))
    cases = cases_of(shares_of(plan)[:1], [after], plan.power.effects, ["estimated"])
    found = power(asked_of(plan, before), cases, panels, show)
    words = words_of(before)
    return [f"{words.told_in(one)}." for one in found if one.told < SHOWN]
