"""Whether a plan can answer its question at all: looked at before it is locked."""

from collections.abc import Callable, Mapping

from opendcr.errors import InputError
from opendcr.evaluate.plan import Plan
from opendcr.evaluate.power import SEEN, cases_of, power
from opendcr.evaluate.reading import Source, data_checks
from opendcr.evaluate.sequential import information, levels
from opendcr.evaluate.study import Study

YEARS = (1, 2, 3, 5)  # after the start, where a plan does not say for how long it watches
A_YEAR = {"month": 12, "quarter": 4, "number": 1, "date": 52}


def periods_of(plan: Plan, before: Study) -> tuple[int, ...]:
    """After how many periods power is asked: as the plan says, by its reviews, or some years."""
    if plan.power.periods:
        return plan.power.periods
    start = plan.question.start
    step = before.panel.periods[-1].at - before.panel.periods[-2].at
    if plan.reviews:
        return tuple((one.at - start.at) // step + 1 for one in plan.reviews.periods)
    a_year = max(A_YEAR[start.kind] // step, 1) if start.kind != "date" else A_YEAR["date"]
    return tuple(years * a_year for years in YEARS)


def least_level(plan: Plan) -> float:
    """The level at which the last decision is taken: the plan's own, or what its reviews leave."""
    level = plan.question.level
    if plan.reviews is None or plan.reviews.spending == "anytime":
        return level
    fractions = information(plan.question.start, plan.reviews.periods)
    return levels(fractions, plan.reviews.spending, level)[-1].level


def floor_refused(plan: Plan, before: Study) -> None:
    """Raises InputError where the least p-value of a declared test is above its level: such a test
    can never be significant, whatever happens."""
    level = least_level(plan)
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
    said += [f"{one.name}: {one.detail}." for one in data_checks(before.panel, plan.data)]
    said += _mute(plan, before)
    return said + (_powerless(plan, before, panels, show) if panels else [])


def _mute(plan: Plan, before: Study) -> list[str]:
    """The reviews at which the primary design could show nothing, whatever happened."""
    reviews, floor = plan.reviews, plan.designs[plan.primary].floor(before)
    if reviews is None or floor is None or reviews.spending == "anytime":
        return []
    looks = levels(
        information(plan.question.start, reviews.periods), reviews.spending, plan.question.level
    )
    return [
        f"at the review after {period} {plan.primary} could show nothing, whatever happened: its "
        f"least p-value is {floor:.3g}, and that review's level {look.level:.2g}."
        for period, look in zip(reviews.periods, looks, strict=True)
        if not look.within_reach(floor)
    ]


def _powerless(plan: Plan, before: Study, panels: int, show: Callable[[int], None]) -> list[str]:
    """A sentence for each effect that the primary design would see too seldom at the end."""
    after = max(periods_of(plan, before))
    shares = list(plan.power.shares.items())[:1] or [("whole", 1.0)]
    cases = cases_of(shares, [after], plan.power.effects, [True])
    found = power(plan.designs[plan.primary], before, cases, panels, plan.power.scatter, show)
    return [
        f"{plan.primary} would see an effect of {one.case.effect:+.0%} in {one.power:.0%} of panels "
        f"({one.low:.0%} to {one.high:.0%}) after {after} periods, with the drift of the other areas."
        for one in found
        if one.power < SEEN
    ]
