"""From a plan that was run to its report."""

from collections.abc import Iterator

from opendcr.evaluate import forest
from opendcr.evaluate.findings import Answered, Findings, Further, sources_of
from opendcr.evaluate.lock import code
from opendcr.evaluate.panel import some
from opendcr.evaluate.plan import Plan
from opendcr.evaluate.report import content
from opendcr.evaluate.report.content import Report
from opendcr.published.effects import effects_of_rooms

KINDS: dict[str, content.Kind] = {"harm": "harm", "displacement": "displacement"}


def report_of(found: Findings) -> Report:
    """The report."""
    plan, standing = found.plan, found.standing
    data = {name: source.digest for name, source in sources_of(plan).items()}
    return Report(
        content.Question(
            plan.question.title,
            question_sentence(plan),
            plan.question.called,
            str(found.study.panel.periods[found.study.start]),
            words(plan.data.exposure) if plan.data.exposure else None,
        ),
        found.leading.sentence,
        found.leading.verdict,
        content.Status(not standing.against, tuple(map(_sentence, standing.against))),
        content.Origin(plan.data.simulated, plan.data.source or f"Data: {plan.data.path.name}."),
        content.Provenance(plan.hash, code(), data),
        tuple(_answer(one) for one in found.answers.values()),
        plan.primary,
        _lock(found),
        (*declared(plan), *dated(found)),
        tuple(_further(one) for one in found.further),
        found.checks,
        tuple(limits(found)),
        effects=beside(found),
        about=plan.about,
        level=found.study.level,
    )


def beside(found: Findings) -> content.Figure | None:
    """This study's effect beside published ones of the families that the plan names."""
    families = found.plan.published
    if not families:
        return None
    outcome = found.plan.question.called
    own = [
        forest.here(
            found.plan.family or outcome, outcome, found.leading.title, found.leading.estimate
        )
    ]
    rows = forest.rows(own, [one for one in effects_of_rooms() if one.family in families])
    alt = f"Forest plot of {outcome} here and of published effects of rooms; the table under it says the same."
    caption = "Nothing is pooled: designs, outcomes and comparisons differ."
    return content.Figure("Effects that others published", forest.forest_svg(rows), alt,
                          tuple(forest.table(rows)), caption)  # fmt: skip


def question_sentence(plan: Plan) -> str:
    """The question in a sentence."""
    question = plan.question
    where = f" in {some(list(question.treated))}" if question.treated else ""
    return f"Did {question.called}{where} change from {question.start} on, beside what was to be expected?"


def words(name: str) -> str:
    """A column's name in words."""
    return name.replace("_", " ")


def dated(found: Findings) -> Iterator[tuple[str, str]]:
    """What the date of the lock rests on."""
    if found.standing.dated:
        yield "Date of the lock", found.standing.dated


def declared(plan: Plan) -> Iterator[tuple[str, str]]:
    """The plan, line by line."""
    question = plan.question
    yield (
        "Outcome",
        words(question.outcome)
        + (f", for each {words(plan.data.exposure)}" if plan.data.exposure else ""),
    )
    yield "Treated", some(list(question.treated)) if question.treated else "the one series"
    yield "Start", str(question.start)
    for design in plan.designs.values():
        yield (
            "Design",
            design.TITLE
            + (" (the verdict rests on it)" if design is plan.designs[plan.primary] else ""),
        )
    if plan.success:
        yield "Success", f"the whole interval at or under {100 * plan.success.at_most:+.4g} %"
    for outcome in plan.outcomes:
        said = "descriptive" if outcome.margin is None else f"margin {100 * outcome.margin:+.4g} %"
        yield "Further outcome", f"{outcome.title} ({words(outcome.kind)}, {said})"
    if plan.reviews:
        yield (
            "Reviews",
            f"after {', '.join(map(str, plan.reviews.periods))}; {words(plan.reviews.spending)} spending",
        )
    yield (
        "Level",
        f"{100 * question.level:.4g} %, {plan.multiplicity} correction over declared outcomes",
    )


def limits(found: Findings) -> Iterator[str]:
    """What the study cannot say: the plan's own sentences, and those that always hold."""
    yield from found.plan.limits
    if len(found.study.treated) == 1 and len(found.study.panel.units) > 1:
        yield (
            "One area was treated. Whatever else happened there alone from the start on is in the "
            "estimate, and no statistic can take it out."
        )
    if found.study.panel.exposure is not None:
        yield "The estimate is of an area, not of the people who used the room."
    if found.further:
        yield "Outcomes that are called descriptive were not declared with a margin: no claim rests on them."


def _answer(one: Answered) -> content.Answer:
    return content.Answer(one.design, one.title, one.estimate, one.verdict, one.sentence)


def _further(one: Further) -> content.Further:
    title = f"{one.outcome.title} ({one.role})"
    kind = KINDS.get(one.outcome.kind, "other")
    answer = one.answer
    return content.Further(
        kind, title, answer.title, answer.estimate, answer.verdict, answer.sentence
    )


def _lock(found: Findings) -> content.Lock | None:
    lock = found.standing.lock
    if lock is None:
        return None
    held = {}
    for name, source in sources_of(found.plan).items():
        known = lock.data.get(name, {"before": "", "to": str(max(source.periods))})
        same = known["before"] == source.before.until(known["to"]).digest
        held[name] = source.digest if same else known["before"]
    changed = tuple(f"Changed since: {one}." for one in found.standing.changed)
    return content.Lock(lock.hash, lock.locked_at, lock.code, held, changed)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
