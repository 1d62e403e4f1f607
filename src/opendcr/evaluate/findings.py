"""A plan that is run: its designs' answers, its further outcomes, and what they allow to be said."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from opendcr.errors import InputError, concerning
from opendcr.evaluate import displacement
from opendcr.evaluate.decision import (
    DESCRIPTIVE,
    SAID,
    Claim,
    Verdict,
    asked,
    benefit_sentence,
    besides,
    between,
    changed,
    control_sentence,
    doubted,
    floor_sentence,
    harm_sentence,
    in_words,
    inside,
    kept,
    lines_of,
    nothing_began,
    plain_sentence,
    span,
    success_sentence,
    too_narrow,
)
from opendcr.evaluate.delays.delayed import at_middle, carried
from opendcr.evaluate.designs import CellDesign, Design, PlaceboDesign, compared_with, repeated
from opendcr.evaluate.estimate import Check, Estimate, Interval, p_figure, p_said
from opendcr.evaluate.evalue import e_value, e_value_of_interval
from opendcr.evaluate.late import Late, as_printed, late_reports, sharing
from opendcr.evaluate.lock import Standing, standing
from opendcr.evaluate.panel import some
from opendcr.evaluate.periods import rhythm_of
from opendcr.evaluate.plan import PRIMARY, Data, Kind, Outcome, Plan, Question
from opendcr.evaluate.reading import (
    Source,
    data_checks,
    dates_check,
    decimals_check,
    late_of,
    linked_check,
    source_of,
    study_from,
    triangle_source,
    used_by,
)
from opendcr.evaluate.reviews import Review, review_of
from opendcr.evaluate.sequential import Look
from opendcr.evaluate.study import Study


@dataclass(frozen=True)
class Answered:
    """One design's answer with what it allows to be said, first and besides, and the names of what
    it compares with."""

    design: str
    title: str
    estimate: Estimate
    verdict: Verdict
    first: str
    besides: str
    compared: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """All that is said, as one text."""
        return " ".join(filter(None, (self.first, self.besides)))

    @property
    def said(self) -> str:
        """Its verdict, with what makes it doubtful, as a table says it."""
        return doubted(self.verdict, self.estimate, self.verdict == "shown")

    def opened(self, simulated: bool, exploratory: bool) -> "Answered":
        """The same, its sentence opened by what must be read before it."""
        words = [
            *(["simulated data"] if simulated else []),
            *(["exploratory"] if exploratory else []),
        ]
        if not words:
            return self
        said = self.first
        return replace(self, first=f"{', '.join(words).capitalize()}: {said[:1].lower()}{said[1:]}")

    def to_data(self) -> dict[str, Any]:
        """The answer as JSON."""
        said = {"verdict": self.verdict, "sentence": self.sentence}
        return self.estimate.to_data() | {"compared_with": list(self.compared)} | said


@dataclass(frozen=True)
class Further:
    """The answer for a further outcome. `role` is descriptive where the plan gave it no margin;
    `level` is what its own intervals leave out, `margin` what its verdict is beside."""

    outcome: Outcome
    answer: Answered
    role: Literal["declared", "descriptive"]
    level: float
    margin: float | None

    @property
    def interval(self) -> Interval | None:
        """Of the relative effect, as verdicts read it."""
        return self.answer.estimate.decided(self.level)

    @property
    def changed(self) -> bool:
        """Whether its interval excludes zero, and its test chance."""
        return changed(self.interval)

    @property
    def doubts(self) -> tuple[str, ...]:
        """What its own checks have against what is shown of it, or its interval, in few words."""
        return self.answer.estimate.doubts(self.changed)

    @property
    def judged(self) -> bool:
        """Whether it has a verdict: by its margin, or that what should not have changed did."""
        return self.role == "declared" or self.outcome.kind == "negative_control"

    @property
    def said(self) -> str:
        """Its verdict and what else is shown of it, with what makes that doubtful, as a table says it."""
        said = in_words(self.outcome.kind, self.answer.verdict, self.interval, self.margin)
        return doubted(said, self.answer.estimate, self.changed)

    @property
    def besides(self) -> str:
        """What is shown of it beside its verdict; empty where nothing is."""
        return besides(self.outcome.kind, self.answer.verdict, self.interval, self.margin)

    def to_data(self) -> dict[str, Any]:
        """The answer as JSON: what is descriptive has no verdict."""
        about = {"title": self.outcome.title, "kind": self.outcome.kind, "role": self.role,
                 "margin": self.margin, "level": self.level, "design": self.answer.design}  # fmt: skip
        own = {"treated": list(self.outcome.treated)} if self.outcome.treated else {}
        made = about | own | self.answer.to_data()
        return {name: one for name, one in made.items() if name != "verdict" or self.judged}


@dataclass(frozen=True)
class Findings:
    """A plan that was run, on `sources` by outcome. `middle` is the study with the middle of each
    nowcast in the place of counts that are still to change; `look` is the review that this is, where
    the plan has reviews."""

    plan: Plan
    sources: Mapping[str, Source]
    standing: Standing
    study: Study
    middle: Study
    answers: Mapping[str, Answered]
    further: tuple[Further, ...]
    checks: tuple[Check, ...]
    look: Look | None = None

    @property
    def leading(self) -> Answered:
        """The answer on which success rests."""
        return self.answers[self.plan.primary]

    @property
    def gaps(self) -> Mapping[str, Sequence[float]]:
        """The gaps of the deciding design's placebos by name and period; none where it has none.
        They are fitted here, since a drawing alone asks for them."""
        design = self.plan.designs[self.plan.primary]
        return design.placebo_gaps(self.middle) if isinstance(design, PlaceboDesign) else {}

    def to_data(self) -> dict[str, Any]:
        """The result as JSON."""
        return {
            "plan": self.standing.to_data(),
            "title": self.plan.question.title,
            "primary": self.plan.primary,
            "level": self.study.level,
            "simulated": self.plan.data.simulated,
            "verdict": self.leading.verdict,
            "sentence": self.leading.sentence,
            "caveat": caveat(self.plan, self.leading.verdict) or None,
            "designs": {name: one.to_data() for name, one in self.answers.items()},
            "outcomes": {one.outcome.name: one.to_data() for one in self.further},
            "checks": [one.to_data() for one in self.checks],
        }


def sources_of(plan: Plan) -> dict[str, Source]:
    """The data of each outcome of a plan, the primary one first, and their reporting triangles."""
    every = [*plan.answering.values()]
    sources = {PRIMARY: _source(plan, plan.question, plan.data, every)}
    delayed = {PRIMARY: plan.nowcast}
    for one in plan.outcomes:
        design = plan.designs[one.design]
        with concerning(f"outcomes.{one.name}"):
            sources[one.name] = _source(plan, question_of(plan, one), one.data, [design])
        delayed[one.name] = one.nowcast
    late = {name: triangle_source(sources[name], one) for name, one in delayed.items() if one}
    return sources | {
        late_of(name): one
        for name, one in late.items()
        if name == PRIMARY or delayed[name] is not plan.nowcast or one.has_treated
    }


def _source(plan: Plan, question: Question, data: Data, designs: Sequence[Design]) -> Source:
    made = replace(source_of(plan.path, question, data), apart=plan.apart_from(question.treated))
    return used_by(made, designs)


def question_of(plan: Plan, outcome: Outcome) -> Question:
    """The plan's question of another outcome."""
    treated = outcome.treated if outcome.alone else outcome.treated or plan.question.treated
    return replace(plan.question, outcome=outcome.column, title=outcome.title, label=outcome.title,
                   unit=outcome.unit, treated=treated)  # fmt: skip


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
        for name, design in plan.answering.items()
    }
    study = studies[plan.primary]
    late = late_reports(sources.get(late_of(PRIMARY)), study, plan.answering.values())
    explores = bool(stands.against)
    answers = {}
    for name in plan.answering:
        show(name)
        answered = _answered(plan, name, studies[name], late, review)
        answers[name] = answered.opened(plan.data.simulated, explores)
    further = []
    for outcome in plan.outcomes:
        show(outcome.name)
        with concerning(f"outcomes.{outcome.name}"):
            one = _further(plan, outcome, sources, review)
        opened = one.answer.opened(outcome.data.simulated, explores)
        further.append(replace(one, answer=opened))
    leading = answers[plan.primary]
    said = f"{leading.besides}{beside(further)}".strip()
    answers[plan.primary] = replace(leading, besides=said)
    checks = (
        *data_checks(study.panel, plan.data, plan.answering),
        *linked_check(sources[PRIMARY]),
        *decimals_check(sources[PRIMARY]),
        *dates_check(sources[PRIMARY]),
        *_negative_controls(further),
    )
    middle = at_middle(study, late.nowcasts)
    return Findings(
        plan, sources, stands, study, middle, answers, tuple(further), checks, review.look
    )


def caveat(plan: Plan, verdict: Verdict) -> str:
    """What the plan says that must be said where its success is shown; empty where there is nothing
    such, or it is not shown."""
    said = plan.success.caveat if plan.success and verdict == "shown" else ""
    return said if not said or said.endswith((".", "!", "?")) else f"{said}."


def _answered(plan: Plan, name: str, study: Study, late: Late, review: Review) -> Answered:
    """A design's answer to the plan's own question."""
    threshold = plan.threshold
    design = plan.designs[name]
    with concerning(f"designs.{name}"):
        found = _found(design, study, late, review)
    found = settled(found, study.level, lines_of("success", threshold))
    interval = found.relative_interval
    claim = _claim(design, plan.question, study, found)
    sentence = success_sentence(claim, interval, threshold)
    verdict = claim.verdict("success", interval, threshold)
    floor = "" if interval else floor_sentence(found.p_floor, study.level)
    began = nothing_began(found.where_nothing_began) if verdict == "shown" else ""
    cautioned = caveat(plan, verdict) if name == plan.primary else ""
    also = (cautioned, _against(found, study.level), floor, began, _narrow(found), displacement.sentence(found),
            *found.said_beside, nowcast_sentence(found, study))  # fmt: skip
    told = " ".join(filter(None, also))
    return Answered(name, design.TITLE, found, verdict, sentence, told, _compared(design, study))


def _compared(design: Design, study: Study) -> tuple[str, ...]:
    """The names of the areas, or of the rings of cells, that a design compares with."""
    if isinstance(design, CellDesign):
        return design.rings_compared(study)
    return study.names(compared_with([design], study))


def _narrow(found: Estimate) -> str:
    return too_narrow(found.too_narrow) if found.relative_interval else ""


def _against(found: Estimate, level: float) -> str:
    """What must be said beside an interval that excludes zero, where the test does not."""
    if found.p_value is None or found.decided(level) == found.relative_interval:
        return ""
    return f"The test does not rule out chance ({p_said(found.p_value)})."


def nowcast_sentence(found: Estimate, study: Study) -> str:
    """How many of the periods from the start on are nowcast; empty where none is."""
    many = sum(one.nowcast for one in found.effect[-study.after :])
    if not many:
        return ""
    units = rhythm_of(study.panel.periods).units
    verb = "is a nowcast" if many == 1 else "are nowcasts"
    return (
        f"Of the {study.after} {units} from the start on {many} {verb}: reports are still to come."
    )


def _found(design: Design, study: Study, late: Late, review: Review) -> Estimate:
    """The design's answer as this review may read it, with its checks; under the nowcasts of the
    areas that it uses, where there are any."""
    used = late.used_by(design, study)
    if used.nowcasts:
        fitted = carried(study, used.nowcasts, design.fit, repeated(design).fit)
    else:
        fitted = design.fit(study)
    found = _checked(design, at_middle(study, used.nowcasts), fitted, review)
    return replace(found, checks=(*found.checks, *used.checks(study)))


def _checked(design: Design, study: Study, fitted: Estimate, review: Review) -> Estimate:
    """An answer with the checks that travel with it: the design's own, and those of what is read."""
    found = review.of(fitted, study.level)
    checks = (*fitted.checks, *_made(design, study, replace(fitted, parts=found.parts)))
    checks = (*checks, *_agreement(found, study.level))
    positive = study.panel.exposure is not None or bool((study.series.outcome > 0).all())
    more = (confounding(found, study.level),) if positive else ()
    return replace(found, checks=(*checks, *more))


def _made(design: Design, study: Study, found: Estimate) -> tuple[Check, ...]:
    """The design's checks; that they could not be made is told, and refuses no answer."""
    try:
        return design.checks(study, found)
    except InputError as error:
        said = f"could not be made: found {error.found}; expected {error.expected}"
        return (Check("checks of the design", None, said),)


def settled(found: Estimate, level: float, lines: Sequence[float]) -> Estimate:
    """The answer with those checks decided that ask whether what it decides stays with something
    changed. By an interval that is too narrow a change alone can be decided, and where no interval
    shows one, by the test that does."""
    interval = found.decided(level)
    lines = (0.0,) if found.too_narrow else lines
    if found.rejects(level) and not changed(interval):
        interval, lines = (found.relative_effect, found.relative_effect), (0.0,)

    def passed(one: Check) -> bool | None:
        stays = kept(interval, lines, one.effects, one.diluted)
        return stays if one.effects else one.passed

    return replace(found, checks=tuple(replace(one, passed=passed(one)) for one in found.checks))


def _agreement(found: Estimate, level: float) -> tuple[Check, ...]:
    """Whether interval and p-value say the same of no effect, where they rest on different things."""
    if found.relative_interval is None:
        return ()
    low, high = found.relative_interval
    if not low <= found.relative_effect <= high:
        said = f"{found.relative_effect:+.1%} lies outside its interval, {between(found.relative_interval)}"
        return (Check("the estimate lies in its interval", False, said),)
    if found.p_value is None:
        return ()
    claims, rejects = changed(found.relative_interval), found.rejects(level)
    said = f"the interval {'excludes' if claims else 'includes'} zero, and p is {p_figure(found.p_value)}"
    return (Check("interval and p-value agree", claims == rejects, said),)


def confounding(found: Estimate, level: float) -> Check:
    """What unmeasured confounding would be needed to explain the estimate away, and the interval as
    verdicts read it."""
    ratio = 1 + found.relative_effect
    if ratio <= 0:
        return Check(
            "unmeasured confounding", None, "No E-value: nothing was counted from the start on."
        )
    said = f"E-value {e_value(ratio):.2f}"
    interval = found.decided(level)
    if interval is not None:
        low, high = (max(1 + one, 1e-9) for one in interval)
        said += f", and {e_value_of_interval(low, high):.2f} for the nearer end of the interval"
        said += "" if interval == found.relative_interval else ", since the test leaves chance"
    return Check(
        "unmeasured confounding",
        None,
        (
            f"{said}: something unmeasured that changed at the start and moves the outcome would need a "
            "ratio of at least that with each, to explain the estimate away."
        ),
    )


def _further(
    plan: Plan, outcome: Outcome, sources: Mapping[str, Source], review: Review
) -> Further:
    design, source = plan.designs[outcome.design], sources[outcome.name]
    level = plan.question.level if outcome.margin is None else plan.declared_level
    study = replace(study_from(source, design), level=review.level_of(level))
    late = late_reports(sources.get(late_of(outcome.name)), study, [design])
    with concerning(f"designs.{outcome.design}"):
        found = _found(design, study, late, review)
    more: tuple[Check, ...] = ()
    if late_of(outcome.name) not in sources:
        shared = sharing(outcome.name, sources)
        more += (as_printed(shared, study),) if shared or plan.nowcast else ()
    if outcome.data != plan.data:
        more += data_checks(study.panel, outcome.data, [outcome.design])
        more += (*decimals_check(source), *dates_check(source))
    if outcome.data != plan.data or outcome.treated:
        more += linked_check(source)
    margin = plan.margin_of(outcome)
    found = replace(found, checks=(*found.checks, *more))
    found = settled(found, study.level, lines_of(outcome.kind, margin))
    claim = _claim(design, source.question, study, found)
    claim = replace(claim, outcome=f"“{outcome.title}”")  # a title is no part of a sentence
    verdict = claim.verdict(outcome.kind, found.relative_interval, margin)
    sentence = _said(outcome.kind, claim, found.relative_interval, margin)
    began = nothing_began(found.where_nothing_began) if changed(found.decided(study.level)) else ""
    # Of what nothing should have moved, nobody asks where it went.
    moved = "" if outcome.kind == "negative_control" else displacement.sentence(found)
    also = (_against(found, study.level), began, _narrow(found), moved,
            *found.said_beside, nowcast_sentence(found, study))  # fmt: skip
    told, compared = " ".join(filter(None, also)), _compared(design, study)
    answer = Answered(outcome.design, design.TITLE, found, verdict, sentence, told, compared)
    role: Any = DESCRIPTIVE if margin is None else "declared"
    return Further(outcome, answer, role, study.level, margin)


def _said(kind: Kind, claim: Claim, interval: Interval | None, margin: float | None) -> str:
    """What a further outcome allows to be said; of one without a margin no verdict is given, but
    that what should not have changed did."""
    if kind == "negative_control":
        return control_sentence(claim, interval, margin)
    if margin is None:
        return plain_sentence(claim, interval)
    return (benefit_sentence if kind == "benefit" else harm_sentence)(claim, interval, margin)


def _claim(design: Design, question: Question, study: Study, found: Estimate) -> Claim:
    areas, chance = treated(design, question), found.leaves_chance(study.level)
    narrow = bool(found.too_narrow)
    return Claim(inside(design.TITLE), question.called, areas, study.level, chance, narrow)


def treated(design: Design, question: Question) -> str:
    """The treated areas or cells in words."""
    if isinstance(design, CellDesign):
        return design.treated_in_words
    return some(list(question.treated)) if question.treated else "the area studied"


def named(one: Further, *said: str) -> str:
    """An outcome's title with what is said of it, and what makes it doubtful, in brackets."""
    words = "; ".join((*said, *one.doubts))
    return f"{one.outcome.title} ({words})" if words else one.outcome.title


def harmed(further: Sequence[Further]) -> list[str]:
    """The harms that are shown, in words."""
    return [
        f"{asked('harm', one.margin)} in {named(one)}"
        for one in further
        if one.outcome.kind == "harm" and one.margin is not None and one.answer.verdict == "shown"
    ]


def lesser(further: Sequence[Further]) -> list[str]:
    """The harms of which a change is shown, though not one as large as their margin, in words."""
    return [
        named(one, span(one.interval), f"{asked('harm', one.margin)} is {SAID[one.answer.verdict]}")
        for one in further
        if one.outcome.kind == "harm" and one.margin is not None and one.besides and one.interval
    ]


def beside(further: Sequence[Further]) -> str:
    """What must be said beside the answer: harms that are shown, short of their margin too, or elsewhere,
    and outcomes that should not have changed and did, or cannot be told to have stayed still."""
    harms = harmed(further)
    said = f" A harm is shown: {'; '.join(harms)}." if harms else ""
    if smaller := lesser(further):
        said += f" A change for the worse is shown in {'; '.join(smaller)}."
    moved_on = [
        displacement.shown(one.answer.estimate, one.outcome.title)
        for one in further
        if one.outcome.kind in ("harm", "displacement")
    ]
    said = " ".join([said, *filter(None, moved_on)])
    controls = [one for one in further if one.outcome.kind == "negative_control"]
    if moved := [named(one) for one in controls if one.answer.verdict == "shown"]:
        said += (
            f" But what should not have changed did ({', '.join(moved)}): what is found here may"
            " be of something else."
        )
    if open_ := [one.outcome.title for one in controls if one.answer.verdict == "undetermined"]:
        said += f" It cannot be told whether what should not have changed stayed still ({', '.join(open_)})."
    return said


_STILL: dict[Verdict, bool | None] = {"excluded": True, "shown": False, "undetermined": None}


def _negative_controls(further: list[Further]) -> list[Check]:
    """An outcome that should not have changed must be shown to have stayed within its margin."""
    return [
        Check(
            f"negative control: {one.outcome.title}",
            _STILL[one.answer.verdict],
            one.answer.sentence,
        )
        for one in further
        if one.outcome.kind == "negative_control"
    ]
