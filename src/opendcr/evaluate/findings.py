"""A plan that is run: its designs' answers, its further outcomes, and what they allow to be said."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from opendcr.errors import InputError
from opendcr.evaluate.decision import (
    Claim,
    Verdict,
    at_least,
    at_most,
    benefit_sentence,
    floor_sentence,
    harm_sentence,
    harmful,
    plain_sentence,
    success_sentence,
)
from opendcr.evaluate.delays.delayed import carried, nowcasts_of
from opendcr.evaluate.delays.nowcast import Nowcast
from opendcr.evaluate.designs import Design
from opendcr.evaluate.estimate import Check, Estimate, Interval
from opendcr.evaluate.evalue import e_value, e_value_of_interval
from opendcr.evaluate.lock import Standing, standing
from opendcr.evaluate.panel import read_rows, some
from opendcr.evaluate.periods import rhythm_of
from opendcr.evaluate.plan import PRIMARY, Outcome, Plan, Question
from opendcr.evaluate.reading import Source, source_of, study_from
from opendcr.evaluate.reviews import Review, review_of
from opendcr.evaluate.sequential import Look
from opendcr.evaluate.study import Study


@dataclass(frozen=True)
class Answered:
    """One design's answer with what it allows to be said."""

    design: str
    title: str
    estimate: Estimate
    verdict: Verdict
    sentence: str

    def exploratory(self) -> "Answered":
        """The same, its sentence saying that it confirms nothing."""
        return replace(
            self, sentence=f"Exploratory: {self.sentence[:1].lower()}{self.sentence[1:]}"
        )

    def to_data(self) -> dict[str, Any]:
        """The answer as JSON."""
        return self.estimate.to_data() | {"verdict": self.verdict, "sentence": self.sentence}


@dataclass(frozen=True)
class Further:
    """The answer for a further outcome. `role` is descriptive where the plan gave it no margin."""

    outcome: Outcome
    answer: Answered
    role: Literal["declared", "descriptive"]

    def to_data(self) -> dict[str, Any]:
        """The answer as JSON."""
        about = {"title": self.outcome.title, "kind": self.outcome.kind, "role": self.role,
                 "margin": self.outcome.margin, "design": self.answer.design}  # fmt: skip
        return about | self.answer.to_data()


@dataclass(frozen=True)
class Findings:
    """A plan that was run. `look` is the review that this is, where the plan has reviews."""

    plan: Plan
    standing: Standing
    study: Study
    answers: Mapping[str, Answered]
    further: tuple[Further, ...]
    checks: tuple[Check, ...]
    look: Look | None = None

    @property
    def leading(self) -> Answered:
        """The answer on which success rests."""
        return self.answers[self.plan.primary]

    def to_data(self) -> dict[str, Any]:
        """The result as JSON."""
        return {
            "plan": self.standing.to_data(),
            "title": self.plan.question.title,
            "primary": self.plan.primary,
            "level": self.study.level,
            "verdict": self.leading.verdict,
            "sentence": self.leading.sentence,
            "designs": {name: one.to_data() for name, one in self.answers.items()},
            "outcomes": {one.outcome.name: one.to_data() for one in self.further},
            "checks": [one.__dict__ for one in self.checks],
        }


def sources_of(plan: Plan) -> dict[str, Source]:
    """The data of each outcome of a plan, the primary one first."""
    sources = {PRIMARY: source_of(plan.question, plan.data)}
    for one in plan.outcomes:
        sources[one.name] = source_of(question_of(plan, one), one.data)
    return sources


def question_of(plan: Plan, outcome: Outcome) -> Question:
    """The plan's question of another outcome."""
    return replace(plan.question, outcome=outcome.column, title=outcome.title, label=outcome.title)


def run_study(plan: Plan, show: Callable[[str], None] = lambda name: None) -> Findings:
    """Runs a plan: every design with its checks, then the further outcomes.

    `show` hears which design is being run. Raises InputError where the data do not allow it.
    """
    sources = sources_of(plan)
    periods = sorted(set(sources[PRIMARY].periods))
    review = review_of(plan, periods[-1], rhythm_of(periods))
    stands = standing(plan, sources)
    stands = replace(stands, against=(*stands.against, *review.against))
    studies = {
        name: replace(study_from(sources[PRIMARY], design), level=review.level)
        for name, design in plan.designs.items()
    }
    study = studies[plan.primary]
    nowcasts = _nowcasts(plan, study)
    answers = {}
    for name in plan.designs:
        show(name)
        answered = _answered(plan, name, studies[name], nowcasts, review)
        answers[name] = answered if not stands.against else answered.exploratory()
    further = []
    for outcome in plan.outcomes:
        show(outcome.name)
        one = _further(plan, outcome, sources[outcome.name], review)
        further.append(replace(one, answer=one.answer.exploratory()) if stands.against else one)
    checks = tuple(_negative_controls(further))
    return Findings(plan, stands, study, answers, tuple(further), checks, review.look)


def _nowcasts(plan: Plan, study: Study) -> dict[str, Nowcast]:
    """The nowcasts of the outcome's latest counts, by area."""
    if plan.nowcast is None:
        return {}
    treated = study.panel.units[study.treated[0]]
    rows = read_rows(plan.nowcast.path)
    return nowcasts_of(rows, plan.nowcast, treated, study.seed, study.level)


def _answered(
    plan: Plan, name: str, study: Study, nowcasts: Mapping[str, Nowcast], review: Review
) -> Answered:
    """A design's answer to the plan's own question."""
    threshold = plan.success.at_most if plan.success else 0.0
    design = plan.designs[name]
    if nowcasts:
        found = carried(study, nowcasts, lambda one: with_checks(design, one), design.fit)
    else:
        found = with_checks(design, study)
    found = review.of(found)
    interval = found.relative_interval
    sentence = success_sentence(_claim(design, plan.question, study), interval, threshold)
    floor = "" if interval else floor_sentence(found.p_floor, study.level)
    told = f"{sentence}{_against(found, study.level)} {floor}".strip()
    return Answered(name, design.TITLE, found, at_most(interval, threshold), told)


def _against(found: Estimate, level: float) -> str:
    """What must be said beside an interval that leaves out no effect, where the test does not."""
    interval, p_value = found.relative_interval, found.p_value
    if interval is None or p_value is None or p_value <= level or interval[0] <= 0 <= interval[1]:
        return ""
    return f" The test does not reject no effect (p = {p_value:.2f})."


def with_checks(design: Design, study: Study) -> Estimate:
    """The design's answer with the checks that travel with it."""
    found = design.fit(study)
    checks = (*found.checks, *_made(design, study, found))
    checks = (*checks, *_agreement(found, study.level))
    positive = study.panel.exposure is not None or bool((study.series.outcome > 0).all())
    more = (confounding(found),) if positive else ()
    return replace(found, checks=(*checks, *more))


def _made(design: Design, study: Study, found: Estimate) -> tuple[Check, ...]:
    """The design's checks; that they could not be made is told, and refuses no answer."""
    try:
        return design.checks(study, found)
    except InputError as error:
        said = f"could not be made: found {error.found}; expected {error.expected}"
        return (Check("checks of the design", None, said),)


def _agreement(found: Estimate, level: float) -> tuple[Check, ...]:
    """Whether interval and p-value say the same of no effect, where they rest on different things."""
    if found.p_value is None or found.relative_interval is None:
        return ()
    low, high = found.relative_interval
    if not low <= found.relative_effect <= high:
        said = f"{found.relative_effect:+.1%} lies outside its interval, {low:+.1%} to {high:+.1%}"
        return (Check("the estimate lies in its interval", False, said),)
    claims, rejects = low > 0 or high < 0, found.p_value <= level
    said = f"the interval {'leaves out' if claims else 'holds'} no effect, and p is {found.p_value:.3f}"
    return (Check("interval and p-value agree", claims == rejects, said),)


def confounding(found: Estimate) -> Check:
    """What unmeasured confounding would be needed to explain the estimate away."""
    ratio = 1 + found.relative_effect
    if ratio <= 0:
        return Check(
            "unmeasured confounding", None, "No E-value: nothing was counted from the start on."
        )
    said = f"E-value {e_value(ratio):.2f}"
    if found.relative_interval is not None:
        low, high = (max(1 + one, 1e-9) for one in found.relative_interval)
        said += f", and {e_value_of_interval(low, high):.2f} for the nearer end of the interval"
    return Check(
        "unmeasured confounding",
        None,
        (
            f"{said}: something unmeasured that changed at the start and moves the outcome would need a "
            "ratio of at least that with each, to explain the estimate away."
        ),
    )


def _further(plan: Plan, outcome: Outcome, source: Source, review: Review) -> Further:
    design = plan.designs[outcome.design]
    level = plan.question.level if outcome.margin is None else plan.declared_level
    study = replace(study_from(source, design), level=review.part(level, plan.question.level))
    found = review.of(with_checks(design, study))
    claim = _claim(design, source.question, study)
    verdict, sentence = _said(outcome, claim, found.relative_interval)
    answer = Answered(outcome.design, design.TITLE, found, verdict, sentence)
    return Further(outcome, answer, "descriptive" if outcome.margin is None else "declared")


def _said(outcome: Outcome, claim: Claim, interval: Interval | None) -> tuple[Verdict, str]:
    """What a further outcome allows to be said; of one without a margin no verdict is given."""
    margin = outcome.margin
    if margin is None:
        return "undetermined", plain_sentence(claim, interval)
    if outcome.kind == "benefit":
        verdict = (at_most if margin <= 0 else at_least)(interval, margin)
        return verdict, benefit_sentence(claim, interval, margin)
    return harmful(interval, margin), harm_sentence(claim, interval, margin)


def _claim(design: Design, question: Question, study: Study) -> Claim:
    areas = some(list(question.treated)) if question.treated else "the area studied"
    return Claim(design.TITLE.lower(), question.called, areas, study.level)


def _negative_controls(further: list[Further]) -> list[Check]:
    """An outcome that the room cannot have moved must not have moved."""
    found = []
    for one in further:
        interval = one.answer.estimate.relative_interval
        if one.outcome.kind == "negative_control":
            still = None if interval is None else interval[0] <= 0 <= interval[1]
            found.append(
                Check(f"negative control: {one.outcome.title}", still, one.answer.sentence)
            )
    return found
