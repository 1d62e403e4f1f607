"""From a plan that was run to its report."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from opendcr.evaluate import displacement, forest
from opendcr.evaluate.decision import Verdict, asked, inside, span
from opendcr.evaluate.designs import CellDesign, Design
from opendcr.evaluate.findings import (
    Answered,
    Findings,
    Further,
    named,
    treated,
)
from opendcr.evaluate.identity import code, libraries
from opendcr.evaluate.lock import called
from opendcr.evaluate.panel import some
from opendcr.evaluate.plan import PRIMARY, Data, Kind, Plan, plain
from opendcr.evaluate.powered import foretold
from opendcr.evaluate.reading import DATES, Source, links_of
from opendcr.evaluate.report import content
from opendcr.evaluate.report.content import Report
from opendcr.evaluate.report.words import confidence, count, figure
from opendcr.evaluate.terms import terms_of
from opendcr.published.effects import effects_of_rooms


def report_of(found: Findings) -> Report:
    """The report."""
    plan, standing = found.plan, found.standing
    titles = _titles(found)
    data = {titles[name]: source.digest for name, source in found.sources.items()}
    files = {titles[name]: _file(source) for name, source in found.sources.items()}
    return Report(
        content.Question(
            plan.question.title,
            question_sentence(plan),
            plan.question.called,
            str(found.study.panel.periods[found.study.start]),
            exposure_in_words(plan.data),
        ),
        tuple(caveats(found)),
        found.leading.first,
        asked("success", plan.threshold),
        found.leading.verdict,
        content.Status(not standing.against, tuple(_status(found))),
        _origin(found.sources[PRIMARY]),
        content.Provenance(plan.hash, code(), data, files),
        tuple(_answer(found, one) for one in found.answers.values()),
        plan.primary,
        _lock(found),
        tuple(declared(found)),
        tuple(_further(found, one) for one in found.further),
        found.checks,
        tuple(limits(found)),
        tuple(standing.lock.foreseen.get("power", ())) if standing.lock else (),
        effects=tuple(beside(found)),
        effects_told=read_beside(plan),
        about=plan.about,
        level=found.study.level,
        besides=found.leading.besides,
    )


def _file(source: Source) -> tuple[str, str]:
    """The name of a file of data, and the SHA-256 of its bytes."""
    path = source.data.path
    return path.name, hashlib.sha256(path.read_bytes()).hexdigest()


def exposure_in_words(data: Data) -> str | None:
    """What counts are beside, in words."""
    return words(data.exposure) if data.exposure else None


def _origin(source: Source) -> content.Origin:
    data = source.data
    return content.Origin(data.simulated, _source(data), links_of(source))


def _source(data: Data) -> str:
    """Where the data are from, as a sentence."""
    return _ended(data.source or f"Data: {data.path.name}")


def _ended(said: str) -> str:
    """A text of the plan as a sentence."""
    return said if not said or said.endswith((".", "!", "?")) else f"{said}."


def beside(found: Findings) -> Iterator[content.Figure]:
    """Published effects of the families that the plan names, with this study's own where it is of that
    family: a figure for each, and more where one would not go on a page."""
    families = found.plan.published
    if not families:
        return
    outcome, leading = found.plan.question.called, found.leading
    of = f"{outcome} in {_where(found.plan)}"
    own = forest.here(found.plan.family or outcome, of, leading.title, leading.estimate,
                      found.study.level)  # fmt: skip
    if found.plan.data.simulated:
        own = replace(own, label=f"{own.label} (simulated data)")
    rows = forest.rows([own], [one for one in effects_of_rooms() if one.family in families])
    for name, part in forest.parts(rows).items():
        beside = f"Effects that others published: {name}"
        title = f"{forest.HERE}, on the same axis" if name == forest.HERE else beside
        here = f" and of {outcome} here" if part[0].here else ""
        alt = f"Forest plot of published effects of rooms{here}, {name}; the table under it says the same."
        caption = (
            f"Nothing is pooled: designs, outcomes and comparisons differ. {forest.held(part)}"
        )
        yield content.Figure(title, forest.forest_svg(part, rows), alt,
                             tuple(forest.table(part)), caption)  # fmt: skip


def _where(plan: Plan) -> str:
    return treated(plan.designs[plan.primary], plan.question)


def read_beside(plan: Plan) -> str:
    """What has to be read before effects that were published: of what this room's row is, and the
    plan's own caveat."""
    if not plan.published:
        return ""
    row = (
        f"The row “{forest.HERE}” is of {plan.question.called} in {_where(plan)} as a whole, whatever "
        "else changed there."
    )
    return f"{row} {_ended(plan.success.caveat if plan.success else '')}".strip()


def question_sentence(plan: Plan) -> str:
    """The question in a sentence."""
    question, design = plan.question, plan.designs[plan.primary]
    known = question.treated or isinstance(design, CellDesign)
    where = f" in {treated(design, question)}" if known else ""
    return f"Did {question.called}{where} change from {question.start} on, beside what was to be expected?"


def words(name: str) -> str:
    """A column's name in words."""
    return name.replace("_", " ")


def declared(found: Findings) -> Iterator[tuple[str, str]]:
    """The plan, line by line."""
    plan, question = found.plan, found.plan.question
    yield (
        "Primary outcome",
        f"{question.called} (column {question.outcome}"
        + (f", beside {plan.data.exposure})" if plan.data.exposure else ")")
        + f"; {_level(found, found.study.level)}",
    )
    yield "Treated", _treated(plan)
    yield "Start", str(question.start)
    yield "Periods", _periods(found)
    if plan.data.exposure:
        yield f"Breaks in {words(plan.data.exposure)}", _breaks(found.sources[PRIMARY])
    for name, design in plan.designs.items():
        rests = " (the verdict rests on it)" if name == plan.primary else ""
        settings = _settings(plan.content["designs"][name])
        yield "Design", f"{design.TITLE}{rests}; {settings}; {_used(found, name)}"
    if plan.success:
        yield (
            "Success",
            f"shown is {asked('success', plan.success.at_most)}: the whole interval lies there",
        )
    for one in found.further:
        where = f" in {some(list(one.outcome.treated))}" if one.outcome.treated else ""
        of = asked(one.outcome.kind, one.margin) if one.margin is not None else "descriptive"
        yield (
            "Further outcome",
            f"{one.outcome.title}{where}: {words(one.outcome.kind)}; {of}; {_level(found, one.level)}; "
            f"{_settings(_own(plan, one.outcome.name))}",
        )
    if plan.outcomes:
        yield "More than one outcome", _shared(plan)
    neighbours = [name for one in plan.outcomes for name in one.treated]
    if neighbours:
        yield "Compared with nowhere", some(neighbours)
    if plan.nowcast:
        yield "Late reports", f"nowcast; {_settings(plan.content['nowcast'])}"
    if plan.reviews:
        yield (
            "Reviews",
            f"after {', '.join(map(str, plan.reviews.periods))}; {_SPENDING[plan.reviews.spending]}",
        )


_SPENDING = {
    "obrien_fleming": "O'Brien–Fleming spending",
    "pocock": "Pocock spending",
    "anytime": "and at any time between, by an interval that holds at every look",
}


def _own(plan: Plan, outcome: str) -> dict[str, Any]:
    """What the plan says of a further outcome beyond what is said of each."""
    told = ("title", "kind", "margin", "treated")
    return {
        name: one for name, one in plan.content["outcomes"][outcome].items() if name not in told
    }


def _treated(plan: Plan) -> str:
    design, question = plan.designs[plan.primary], plan.question
    if question.treated or isinstance(design, CellDesign):
        return treated(design, question)
    return "the one series"


def _periods(found: Findings) -> str:
    """The periods that were used, and which of their ends the plan gave."""
    periods, data = found.study.panel.periods, found.plan.data
    ends = {"from": data.first, "to": data.last}
    given = [f"{name} {end}" for name, end in ends.items() if end is not None]
    said = f"the plan says {' '.join(given)}" if given else "the plan names no first and no last"
    return f"{periods[0]} to {periods[-1]}; {said}"


def _breaks(source: Source) -> str:
    """Where the plan says that the exposure is of another series."""
    breaks = source.data.breaks
    if not breaks:
        unsaid = "the plan does not say whether there are any"
        return unsaid if breaks is None else "the plan says that there are none"
    each = "cell" if source.cells else "area"
    does = f"; from there on each {each}'s is scaled so that it does not change at the break itself"
    return f"at {some([str(one) for one in breaks])}{does if links_of(source) else ''}"


def _settings(table: Mapping[str, Any]) -> str:
    """A design's settings as the plan gave them."""
    if not table:
        return "the plan gives no settings"
    return "; ".join(f"{words(name)}: {_setting(value)}" for name, value in table.items())


def _setting(value: Any) -> str:
    """What a plan gives, without the marks of its file."""
    if isinstance(value, Mapping):
        return ", ".join(f"{words(name)} {_setting(one)}" for name, one in value.items())
    if isinstance(value, list):
        each = [
            f"({_setting(one)})" if isinstance(one, Mapping) else _setting(one) for one in value
        ]
        return ", ".join(each) if each else "none"
    return _SWITCHES[value] if isinstance(value, bool) else str(plain(value))


_SWITCHES = {True: "yes", False: "no"}


def _level(found: Findings, level: float) -> str:
    """What an interval holds, and how much of a level a review leaves."""
    held = f"intervals of {confidence(level)}"
    return held if found.look is None else f"{held}, as this review leaves"


def _shared(plan: Plan) -> str:
    count = sum(one.margin is not None for one in plan.outcomes)
    if plan.multiplicity == "bonferroni" and count:
        return (
            f"the primary outcome has its level of {100 * plan.question.level:.4g} % to itself; "
            + (
                "the further one with a margin has another"
                if count == 1
                else f"the {count} further ones with a margin share another (Bonferroni)"
            )
        )
    return "each outcome has its level to itself: of many, some will seem to differ by chance alone"


def limits(found: Findings) -> Iterator[str]:
    """What the study cannot say: the plan's own sentences, and those that always hold."""
    yield from found.plan.limits
    if found.leading.verdict == "undetermined":
        yield "That nothing is shown does not show that nothing happened."
    yield from _larger(found)
    if not any(one.outcome.kind == "negative_control" for one in found.further):
        yield (
            "No outcome that should not have changed was looked at: nothing here tests whether "
            "something else moved everything in this place."
        )
    if len(found.study.treated) == 1 and len(found.study.panel.units) > 1:
        yield (
            "One area was treated. Whatever else happened there alone from the start on is in the "
            "estimate, and no statistic can take it out."
        )
    if len(found.study.panel.units) == 1:
        yield (
            "One series is held against its own past. It cannot tell the room from anything else "
            "that began in the same place at about the same time."
        )
    if found.study.panel.exposure is not None:
        yield "The estimate is of an area, not of the people who used the room."
    if any(not one.judged for one in found.further):
        yield "Outcomes that are called descriptive were not declared with a margin: no claim rests on them."


def _larger(found: Findings) -> Iterator[str]:
    """How much too large an effect that is seen looks, by what the lock keeps."""
    lock, interval = found.standing.lock, found.leading.estimate.relative_interval
    if lock and interval and not interval[0] <= 0 <= interval[1]:
        yield from filter(None, [foretold(lock.foreseen.get("effects", ()))])


def caveats(found: Findings) -> Iterator[str]:
    """What whoever reads the answer alone has to know beside it: what was counted, what the lock
    does not hold, what else was looked for, and what the figures do not say."""
    yield f"{_counted(found)} {_why(found)}"
    yield from found.standing.told
    yield from (_sentence(one.detail) for one in found.checks if one.name == DATES)
    yield from _looked_at(found)
    yield from _displaced(found)


def _status(found: Findings) -> Iterator[str]:
    """Why it confirms, or does not."""
    start, against = found.plan.question.start, found.standing.against
    if not against:
        yield (
            f"By its lock, the plan was fixed before its file had figures from {start} on, and is as it "
            "was then."
        )
    yield from map(_sentence, against)


def _why(found: Findings) -> str:
    """What the figures do not say, whatever the answer: why."""
    if found.leading.verdict == "shown":
        return "Why it changed is not in these figures: whatever else changed there then is in them too."
    return "Whatever else happened there then is in these figures too."


def _counted(found: Findings) -> str:
    """Observed beside expected: in all where they are counts, else on average."""
    estimate = found.leading.estimate
    rows = estimate.effect[-found.study.after :]
    if all(one.observed_count is not None for one in rows):
        had = f"{count(float(found.study.series.outcome[found.study.start :].sum()))} were counted"
        if any(one.nowcast for one in rows):
            whole = sum(one.observed_count or 0.0 for one in rows)
            had += f" so far, and {whole:,.0f} are foreseen once all reports are in (a nowcast)"
        expected = sum(one.expected_count or 0.0 for one in rows)
        return f"{had}, where about {expected:,.0f} were to be expected."
    mean, wanted = (fmean(one.observed for one in rows), fmean(one.expected for one in rows))
    late = " (late reports foreseen: a nowcast)" if any(one.nowcast for one in rows) else ""
    return (
        f"It was {figure(mean)} on average{late}, where about {figure(wanted)} was to be expected."
    )


_PLAIN: dict[Verdict, str] = {
    "shown": "shown",
    "excluded": "ruled out",
    "undetermined": "neither shown nor ruled out",
}


def _looked_at(found: Findings) -> Iterator[str]:
    """The harms, displacement and benefits that were looked for, by what is known of them."""
    kinds: tuple[Kind, ...] = ("harm", "displacement", "benefit")
    if not any(one.outcome.kind == "harm" for one in found.further):
        yield "No harm was looked for."
    yield from filter(None, (_known(found, kind) for kind in kinds))


def _displaced(found: Findings) -> Iterator[str]:
    """What designs found in their own cells of where events went."""
    of = [(found.plan.question.called, found.leading.estimate)]
    of += [
        (one.outcome.title, one.answer.estimate)
        for one in found.further
        if one.outcome.kind != "negative_control"  # of which nothing was to move
    ]
    yield from filter(None, (displacement.told(one, title) for title, one in of))


def _known(found: Findings, kind: Kind) -> str:
    """What is known of the outcomes of a kind; empty where there are none."""
    of = [one for one in found.further if one.outcome.kind == kind]
    said, judged = [], [one for one in of if one.margin is not None]
    for verdict, words in _PLAIN.items():
        each = [_named(one) for one in judged if one.answer.verdict == verdict and _new(one)]
        said += [f"{words} for {some(each)}"] if each else []
    made = [f"{kind.capitalize()} beyond its margin is {'; '.join(said)}."] if said else []
    made += [
        f"But {one.besides} is shown for {named(one)}."
        for one in judged
        if one.besides and kind != "harm"  # which the sentence itself says
    ]
    only = [_named(one) for one in of if one.margin is None]
    made += [f"{kind.capitalize()} without a margin was looked at in {some(only)}."] if only else []
    return " ".join(made)


def _new(one: Further) -> bool:
    """Whether the sentence does not say of it already what is to be said: a harm that is shown."""
    said = one.outcome.kind == "harm" and one.answer.verdict == "shown"
    return not said or _named(one) != named(one)


def _named(one: Further) -> str:
    """An outcome, with what its reader must know besides: which way it went where it has no margin
    and that is shown, and checks that did not hold."""
    went = [span(one.interval)] if one.margin is None and one.changed and one.interval else []
    checks = one.answer.estimate.checks
    failed = sum(check.passed is False for check in checks)
    held = [f"{failed} of {len(checks)} checks on it did not hold"] if failed else []
    return named(one, *went, *held)


def _answer(found: Findings, one: Answered) -> content.Answer:
    terms = tuple(terms_of(found.plan.designs[one.design], one.estimate, len(found.study.treated)))
    gaps = found.gaps if one.design == found.plan.primary else {}
    return content.Answer(one.design, one.title, one.estimate, one.verdict, one.sentence,
                          gaps, _beside(found, one.design), not one.compared, terms)  # fmt: skip


def _used(found: Findings, name: str) -> str:
    """With what a design compares, or for which outcomes alone it answers."""
    if name in found.answers:
        return _beside(found, name)
    titles = [one.outcome.title for one in found.further if one.outcome.design == name]
    return f"for {some(titles)} alone, whose data are of another kind"


def _beside(found: Findings, name: str) -> str:
    """With what a design compares: by name, or that it is the same as of one before it."""
    names = found.answers[name].compared
    first = next(one for one in found.answers.values() if one.compared == names)
    if first.design == name or not names:
        return compared(found.plan.designs[name], names)
    return f"compared with the same {_counted_areas(names)} as by {inside(first.title)}"


_NAMED = 30  # areas compared with, which are named


def compared(design: Design, names: Sequence[str]) -> str:
    """With what a design compares, as a clause."""
    if not names:
        return "compared with its own past alone"
    listed, more = ", ".join(names[:_NAMED]), len(names) - _NAMED
    named = f"{listed} and {more} more" if more > 0 else listed
    if isinstance(design, CellDesign):
        return (
            f"compared with the cells of {named}, by the hour, and with the near ones outside hours"
        )
    return f"compared with {_counted_areas(names)}: {named}"


def _counted_areas(names: Sequence[str]) -> str:
    return f"{len(names)} area{'' if len(names) == 1 else 's'}"


def _further(found: Findings, one: Further) -> content.Further:
    source, kind, answer = found.sources[one.outcome.name], one.outcome.kind, one.answer
    leading = found.answers.get(answer.design)
    differs = leading is None or leading.compared != answer.compared
    beside = compared(found.plan.designs[answer.design], answer.compared) if differs else ""
    of = "" if one.margin is None else asked(kind, one.margin)
    return content.Further(kind, one.outcome.title, of, one.level, answer.title, answer.estimate,
                           answer.verdict, answer.sentence, one.said,
                           _origin(source), exposure_in_words(source.data), beside, one.besides)  # fmt: skip


def _titles(found: Findings) -> dict[str, str]:
    """What each of its sources is called, by name; where two are called the same, with their names."""
    titles = {name: called(name, found.sources, {}) for name in found.sources}
    every = [*titles.values()]
    return {
        name: title if every.count(title) == 1 else f"{title} ({name})"
        for name, title in titles.items()
    }


def _lock(found: Findings) -> content.Lock | None:
    lock = found.standing.lock
    if lock is None:
        return None
    differing = found.standing.differing
    held, titles = {}, _titles(found)
    for name, source in found.sources.items():
        known = lock.data.get(name, {"before": ""})
        same = name in lock.data and name not in differing
        held[titles[name]] = source.digest if same else known["before"]
    changed = tuple(f"Changed since: {one}." for one in found.standing.changed)
    loose = {titles[name]: one for name, one in found.standing.not_held.items()}
    return content.Lock(lock.hash, lock.locked_at, lock.code, held, changed, lock.seal,
                        lock.registered, tuple(lock.replaces), loose, found.standing.dated,
                        libraries(lock.code_parts))  # fmt: skip


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
