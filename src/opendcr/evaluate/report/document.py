"""A report as a row of blocks: what a page shows and a paper prints, in one order and one wording."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from opendcr.evaluate.decision import DESCRIPTIVE, SAID, doubted, inside
from opendcr.evaluate.displacement import fallen, looked, reached, risen, told
from opendcr.evaluate.estimate import LATE, Estimate, Interval, Part
from opendcr.evaluate.periods import span
from opendcr.evaluate.report import words
from opendcr.evaluate.report.blocks import Block, Drawing, Grid, Heading, Points, Terms, Text
from opendcr.evaluate.report.checklists import Checklist, checklists, held, sections
from opendcr.evaluate.report.content import (
    ABOUT,
    Answer,
    Figure,
    Further,
    Lock,
    Origin,
    Provenance,
    Report,
    Rows,
)
from opendcr.evaluate.report.picture import expected_figure, gap_figure, rank_figure
from opendcr.evaluate.report.words import Scale, scale_of
from opendcr.evaluate.terms import Term

P_VALUE = "p (floor)"
PRIMARY, NOTHING = "primary", "nothing declared"
# In the order in which they are read.
KINDS = {"benefit": "benefit", "harm": "harm", "displacement": "displacement",
         "negative_control": "negative control"}  # fmt: skip
_ORDER = (PRIMARY, *KINDS.values())
RECOMPUTED = (
    "SHA-256 of the file: sha256sum FILE. Hash of what was used: SHA-256 of the rows that the plan "
    "uses, each as Python writes (period, area, (values)), sorted and joined by line feeds: "
    "opendcr.evaluate.reading.digest_of."
)
NONE_REPLACED = (
    "none stood in its place when it was written; one that was deleted before leaves no trace in it"
)
RESULTS = {True: "passed", False: "FAILED", None: "to be read"}


def document(report: Report) -> tuple[Block, ...]:
    """The blocks of a report, after its title."""
    parts = (_head, _designs, _gaps, _checks, _further, _effects, _power, _limits, _lock,
             _plan, _about, _checklists, _provenance)  # fmt: skip
    blocks = (block for part in parts for block in part(report))
    return tuple(block for block in blocks if block != Points(()))


def _head(report: Report) -> Iterable[Block]:
    ends = report.leading.estimate.effect[-1].time
    yield Text(f"Report of {report.made}; data to {ends}.", "note")
    yield Text(_status(report), "badge")
    yield Text(_verdict(report), "badge")
    for one in report.further:
        if said := _alarming(one):
            yield Text(f"{said}{_doubts(one.estimate, True)}", "badge")
    for name in risen(report.leading.estimate):
        what = "Displacement: a rise" if fallen(report.leading.estimate) else "A rise"
        yield Text(f"{what} in {name} shown", "badge")
    if reached(report.leading.estimate):
        yield Text("Displacement to other hours: not ruled out", "badge")
    yield Text("Simulated data" if report.origin.simulated else "Recorded data", "badge")
    yield Text(report.sentence, "answer")
    if report.besides:
        yield Text(report.besides)
    answer, scale = report.leading, _scale(report, report.leading)
    figure = expected_figure(answer, report.question.start, scale, report.level)
    yield _drawing(report.origin, figure)
    yield _outcomes(report)
    confirms = " ".join((*_not_confirmed(report), *report.status.reasons))
    yield Points(tuple(filter(None, (confirms, *_failed(report), *report.caveats))))


def _not_confirmed(report: Report) -> tuple[str, ...]:
    return () if report.status.confirmatory else ("It can suggest but not confirm.",)


def _status(report: Report) -> str:
    """Whether it confirms, and how much of what it rests on was not locked."""
    if not report.status.confirmatory:
        return "Exploratory study"
    loose = {
        period for some in (report.lock.not_held if report.lock else {}).values() for period in some
    }
    before = [one.time for one in report.leading.estimate.effect]
    before = before[: before.index(report.question.start)]
    many = sum(one in loose for one in before)
    said = f" ({many} of {len(before)} periods before the start not locked)" if many else ""
    return f"Confirmatory study{said}"


def _verdict(report: Report) -> str:
    """What is said of the outcome that was asked about, in a few words."""
    said = f"{report.question.outcome}: {report.asked} {SAID[report.verdict]}"
    doubts = _doubts(report.leading.estimate, report.verdict == "shown")
    return f"{said[:1].upper()}{said[1:]}{doubts}"


def _alarming(one: Further) -> str:
    """What of a further outcome nobody may miss: a harm that is shown, also one short of its margin,
    and a change where none could be; empty where there is nothing such."""
    if one.kind == "negative_control" and one.verdict == "shown":
        return f"Control: a change in {one.title} shown"
    if one.kind != "harm" or (one.verdict != "shown" and not one.besides):
        return ""
    return f"Harm: {one.title}, {one.asked if one.verdict == 'shown' else one.besides} shown"


def _doubts(found: Estimate, shown: bool) -> str:
    """That checks failed of which the answer's own sentence tells, or that counts are late."""
    doubts = found.doubts(shown)
    said = f", {LATE}" if doubts == (LATE,) else ", checks failed"
    return said if doubts else ""


def _outcomes(report: Report) -> Grid:
    """Every outcome with its estimate, its own level and what may be said of it."""
    heading = ("outcome", "effect, in per cent (interval)", "verdict", "tested for", "kind",
               "interval of", P_VALUE)  # fmt: skip
    rows = [_primary(report), *map(_other, report.further), *_rings(report)]
    rows = sorted(rows, key=lambda row: _ORDER.index(row[4]))
    caption = (
        f"All outcomes, from {report.question.start} on, beside what was expected without the "
        "change; a minus sign is fewer."
    )
    return _grid(report, caption, _given([heading, *rows]))


def _given(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """A table without its column of p-values where none is given."""
    at = rows[0].index(P_VALUE)
    given = any(row[at] != words.NOT_GIVEN for row in rows[1:])
    return [row if given else row[:at] + row[at + 1 :] for row in rows]


def _primary(report: Report) -> tuple[str, ...]:
    found = report.leading.estimate
    name = report.question.outcome
    return (
        name[:1].upper() + name[1:],
        _effect(found.relative_effect, found.relative_interval),
        doubted(report.verdict, found, report.verdict == "shown"),
        report.asked,
        PRIMARY,
        words.confidence(report.level),
        words.p_words(found),
    )


def _other(one: Further) -> tuple[str, ...]:
    found = one.estimate
    return (
        one.title,
        _effect(found.relative_effect, found.relative_interval),
        one.said,
        one.asked or NOTHING,
        KINDS[one.kind],
        words.confidence(one.level),
        words.p_words(found),
    )


def _rings(report: Report) -> Iterable[tuple[str, ...]]:
    """What the leading design itself found where events may have gone, and of other outcomes what
    rose there."""
    of = report.question.outcome
    each = [(f"{of[:1].upper()}{of[1:]}: {name}", one) for name, one in report.displaced.items()]
    for other in report.further:
        each += [(f"{other.title}: {name}", one) for name, one in risen(other.estimate).items()]
    for name, one in each:
        yield (
            name,
            _effect(one.relative_effect, one.interval),
            f"{DESCRIPTIVE}{_also(one)}",
            NOTHING,
            KINDS["displacement"],
            words.confidence(one.level or report.level),
            words.NOT_GIVEN,
        )


def _also(part: Part) -> str:
    if part.assumes:
        return ", if rings move alike"
    return "; a rise is shown" if part.risen else ""


def _effect(relative: float, interval: Interval | None) -> str:
    return f"{words.percent(relative)} ({words.percents(interval)})"


def _failed(report: Report) -> tuple[str, ...]:
    """The checks that failed, where the answer is read."""
    failed = [f"{one.name} ({of})" for of, one in report.all_checks if one.passed is False]
    if not failed:
        return ()
    own = sum(one.passed is False for one in report.leading.estimate.checks)
    told = (
        f"{len(failed)} of {len(report.all_checks)} checks failed, {own or 'none'} of them of the "
    )
    return (f"{told}design on which the verdict rests: {'; '.join(failed)}.",)


def _lock(report: Report) -> Iterable[Block]:
    yield Heading("The lock")
    lock = report.lock
    if lock is None:
        yield Text(
            "This plan was not locked before the study was run, so nothing in it is confirmed."
        )
    else:
        changed = lock.differences(report.provenance)
        yield Points(changed or (_as_locked(lock),))
        yield Terms(tuple(_locked(lock, report)))


def _plan(report: Report) -> Iterable[Block]:
    yield Heading("The plan, in words")
    question = ("Question", report.question.sentence)
    yield Terms((question, *report.declared, ("Hash of the plan", report.provenance.plan)))


def _as_locked(lock: Lock) -> str:
    """That nothing has changed: of the data only where the lock holds all of them."""
    if not lock.not_held:
        return "The plan, the data and the code are as they were locked."
    loose = "; ".join(f"{title} of {span(periods)}" for title, periods in lock.not_held.items())
    return (
        "The plan and the code are as they were locked, and so are the data that the lock holds. It "
        f"does not hold {loose}, which came after it and on which what was expected rests too."
    )


def _locked(lock: Lock, report: Report) -> Iterable[tuple[str, str]]:
    """What was locked, and what a reader can hold it against."""
    yield "Locked", f"{lock.locked}, by the clock of the machine that did it"
    yield "Locked by", "; ".join((f"OpenDCR {lock.version}", *lock.libraries))
    if lock.hash != report.provenance.plan:
        yield "Hash of the plan that was locked", lock.hash
    if lock.seal:
        yield "Seal of the lock", lock.seal
        yield "Registered", lock.registered or "nowhere that the lock names"
        yield from [("Date of the lock", lock.dated)] if lock.dated else []
        replaced = f"yes; their seals: {', '.join(lock.replaces)}"
        yield "Replaces earlier locks", replaced if lock.replaces else NONE_REPLACED


def _gaps(report: Report) -> Iterable[Block]:
    answer, start = report.leading, report.question.start
    scale = _scale(report, answer)
    yield Heading("Observed less expected")
    yield _drawing(report.origin, gap_figure(answer, start, scale, report.level))
    ranks = rank_figure(answer)
    if ranks is not None:
        yield _drawing(replace(report.origin, linked=""), ranks)  # which is of no rate


def _designs(report: Report) -> Iterable[Block]:
    scale, holds = _scale(report, report.leading), words.confidence(report.level)
    heading = ("design", f"effect, in per cent ({holds} interval)", f"effect by period, {scale.words} ({holds} interval)",
               f"total, in {_total(report)} ({holds} interval)", P_VALUE, "verdict")  # fmt: skip
    rows = [heading, *(_design(report, one, scale) for one in report.designs)]
    yield Heading("Designs side by side")
    caption = f"From {report.question.start} on, beside what was expected; a minus sign is fewer."
    yield Grid(f"{caption} {report.origin.of_rates}", tuple(_given(rows)))
    if any(one.estimate.p_value is not None for one in report.designs):
        yield Text(
            "The floor is the least p-value that a design could have given, whatever was found.",
            "note",
        )
    for one in report.designs:
        yield Heading(one.title, 3)
        if one.name != report.primary:  # whose sentence stands at the head
            yield Text(one.sentence)
        if one.estimate.p_floor is not None and one.estimate.p_floor > report.level:
            yield Text(
                f"No effect, however large, could have a p-value of {report.level:.2g} or less by this design."
            )
        how = (f"{one.estimate.inference.rstrip('.')}.", _sentence(one.compared), _fit(one, scale))
        yield Text(" ".join(filter(None, how)), "note")
        yield from _terms(report, one)
        yield from _weights(report, one)


def _design(report: Report, one: Answer, scale: Scale) -> tuple[str, ...]:
    found, decides = one.estimate, one.name == report.primary
    return (
        f"{one.title} (the verdict rests on it)" if decides else one.title,
        _effect(found.relative_effect, found.relative_interval),
        f"{scale.signed(found.average_effect)} ({scale.between(found.interval)})",
        f"{words.signed(found.cumulative)} ({words.counts(found.cumulative_interval)})",
        words.p_words(found),
        doubted(one.verdict, found, one.verdict == "shown"),
    )


def _fit(one: Answer, scale: Scale) -> str:
    error = one.estimate.pre_rmspe
    return (
        "" if error is None else f"Root mean square error before the start: {scale.figure(error)}."
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _terms(report: Report, one: Answer) -> Iterable[Block]:
    """The terms of a regression from the start on."""
    if not one.terms:
        return
    holds, log = words.confidence(report.level), one.terms[0].logarithmic
    scale = Scale(1, "of the logarithm of the outcome") if log else _scale(report, report.leading)
    change = (f"as a change, in per cent ({holds} interval)",) if log else ()
    heading = ("term", f"coefficient, {scale.words} ({holds} interval)", *change)
    caption = f"What changed from {report.question.start} on, by {inside(one.title)}."
    yield _grid(report, caption, [heading, *(_term(term, scale) for term in one.terms)])


def _term(one: Term, scale: Scale) -> tuple[str, ...]:
    row = (one.words, f"{scale.signed(one.value)} ({scale.between(one.interval)})")
    change = one.relative
    return row if change is None else (*row, words.fine_percents(change.value, change.interval))


def _weights(report: Report, one: Answer) -> Iterable[Block]:
    weights = one.estimate.weights
    if weights:
        ordered = sorted(weights.items(), key=lambda pair: -abs(pair[1]))
        shown = [
            (name, f"{weight:.3f}".replace("-", "−"))
            for name, weight in ordered
            if abs(weight) >= 5e-4
        ]
        rows = [("area", "weight"), *shown]
        left_out = len(weights) - len(shown)
        more = (
            f"; {left_out} more {'has' if left_out == 1 else 'have'} no weight" if left_out else ""
        )
        caption = f"Areas compared with, by {inside(one.title)}{more}."
        yield _grid(report, caption, rows, folded=True)


def _checks(report: Report) -> Iterable[Block]:
    yield Heading("Checks")
    every = report.all_checks
    if not every:
        yield Text("No check was made.")
        return
    sums = {passed: sum(one.passed is passed for _, one in every) for passed in RESULTS}
    caption = f"{sums[False]} failed, {sums[None]} to be read, {sums[True]} passed."
    rows = [(RESULTS[one.passed], one.name, of, words.minuses(one.detail)) for of, one in every]
    yield _grid(report, caption, [("result", "check", "of", "what was found"), *rows])


def _further(report: Report) -> Iterable[Block]:
    yield Heading("Harms, displacement and other outcomes")
    if "harm" not in report.looked_for:
        yield Text("No harm was looked for in this study: nothing here says that there was none.")
    if "displacement" not in report.looked_for:
        yield Text(
            "Displacement was not looked for in this study: nothing here says that there was none."
        )
    for one in report.further:
        yield Heading(f"{one.title} ({KINDS[one.kind]})", 3)
        yield Text(one.sentence)
        how = (f"{one.design}.", f"{one.estimate.inference.rstrip('.')}.", _sentence(one.compared))
        yield Text(" ".join(filter(None, how)), "note")
        scale = scale_of(one.estimate, one.title, one.exposure)
        figure = expected_figure(one.answer, report.question.start, scale, one.level)
        yield _drawing(one.origin, figure, folded=True)
    yield from _displacement(report)


def _displacement(report: Report) -> Iterable[Block]:
    """What designs found in their own cells of where events went, and what is net of it."""
    every = [(report.question.outcome, report.leading.estimate, report.origin)]
    every += [(one.title, one.estimate, one.origin) for one in report.further]
    read = [one for one in every if looked(one[1])]
    if not read:
        return
    yield Heading("Displacement, by ring and hours", 3)
    yield Text(
        "Read from the design's own cells, beside the farthest ring. No margin was declared for it. "
        "Intervals of the rings between hold all at once: each is of its share of the level. What is "
        "outside hours or at all hours holds only if rings would have moved alike: a rise there is not "
        "called shown, and keeps displacement from being ruled out."
    )
    for of, found, origin in read:
        yield Text(told(found, of))
        caption = f"{of[:1].upper()}{of[1:]}, by ring and hours, from {report.question.start} on."
        rows = (_PARTS, *_parts(found, report.level))
        yield Grid(f"{caption} {origin.short}", rows)


_PARTS = (
    "cells",
    "effect, in per cent (interval)",
    "interval of",
    "counted",
    "expected",
    "holds if",
)


def _parts(found: Estimate, level: float) -> Iterable[tuple[str, ...]]:
    for name, one in (found.parts or {}).items():
        yield (
            name,
            _effect(one.relative_effect, one.interval),
            words.confidence(one.level or level),
            words.count(one.observed_count),
            words.count(one.expected_count and round(one.expected_count)),
            one.assumes or "the design itself holds",
        )
    for name, left_out in found.untold.items():
        yield (name, f"not told: {left_out.why}", *("" for _ in _PARTS[2:]))


def _power(report: Report) -> Iterable[Block]:
    yield Heading("What could have been seen")
    if not report.power:
        yield Text(
            "Power is not told here: an effect that was not found may have been too small to find. "
            "The command opendcr study power says what a plan can see."
        )
        return
    yield Text("When the plan was locked, of worlds drawn like the years before its start:")
    yield Points(report.power)


def _limits(report: Report) -> Iterable[Block]:
    yield Heading("Limits")
    yield (
        Points(report.limits) if report.limits else Text("No limit is stated, which is itself one.")
    )


def _effects(report: Report) -> Iterable[Block]:
    if report.effects:
        yield Heading("Effects published elsewhere")
        yield from [Text(report.effects_told)] if report.effects_told else []
    for figure in report.effects:
        caption = figure.caption or "From the sources that the table names; not from this study."
        yield Drawing(
            figure, caption, Grid(f"{figure.title}: the numbers.", figure.rows, folded=True)
        )


def _about(report: Report) -> Iterable[Block]:
    said = tuple(
        (title, report.about[key]) for key, title in ABOUT.items() if report.about.get(key)
    )
    if said:
        yield Heading("About the study")
        yield Terms(said)


def _checklists(report: Report) -> Iterable[Block]:
    yield Heading("Reporting checklists")
    yield Text(
        "Told from what this report holds: the items are in short words, and their numbers are the guidelines' own.",
        "note",
    )
    found = held(report)
    for one in checklists():
        yield _checklist(one, found)


def _checklist(one: Checklist, found: dict[str, bool]) -> Grid:
    answered = sum(item.answered(found) for item in one.items)
    rows = [("item", "asks for", "where")] + [
        (
            item.number,
            item.asks,
            f"yes: {sections(item)}"
            if item.answered(found)
            else f"not reported here: {item.reason}",
        )
        for item in one.items
    ]
    return Grid(
        f"{one.title}: {answered} of {len(one.items)} items are answered.", tuple(rows), folded=True
    )


def _provenance(report: Report) -> Iterable[Block]:
    origin, made = report.origin, report.provenance
    yield Heading("Data and code")
    yield Terms((("Data", f"{origin.words} {origin.short}"), ("Code", f"OpenDCR {made.version}")))
    if made.data:
        yield Terms(tuple((f"Data on {name}", _read(made, name)) for name in made.data))
        yield Text(RECOMPUTED, "note")


def _read(made: Provenance, name: str) -> str:
    """The file that was read, and what it can be known by."""
    file = made.files.get(name)
    of_file = f"{file[0]}; SHA-256 of the file {file[1]}; " if file else ""
    return f"{of_file}hash of what was used {made.data[name]}"


def _scale(report: Report, answer: Answer) -> Scale:
    return scale_of(answer.estimate, report.question.outcome, report.question.exposure)


def _total(report: Report) -> str:
    counted = any(one.observed_count is not None for one in report.leading.estimate.effect)
    return report.question.outcome if counted else f"{report.question.outcome} over all periods"


def _drawing(origin: Origin, figure: Figure, folded: bool = False) -> Drawing:
    """A figure of data of this origin, with its table."""
    table = Grid(f"{figure.title}: the numbers. {origin.short}", figure.rows, folded=True)
    return Drawing(figure, f"{figure.caption} {origin.of_rates}", table, folded)


def _grid(
    report: Report,
    caption: str,
    rows: Iterable[tuple[str, ...]],
    folded: bool = False,
) -> Grid:
    """A table of this study, whose caption says whose data it is of."""
    made: Rows = tuple(rows)
    return Grid(f"{caption} {report.origin.short}", made, folded)
