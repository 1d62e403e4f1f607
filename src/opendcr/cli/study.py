"""`opendcr study`: plans that are locked, run, rehearsed, and asked what they could see."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from opendcr.cli.output import NOT_HELD, emit, json_option, out_folder, progress, say

if TYPE_CHECKING:
    from opendcr.evaluate.estimate import Check
    from opendcr.evaluate.findings import Findings
    from opendcr.evaluate.plan import Plan
    from opendcr.evaluate.reading import Source

PATH = click.Path(path_type=Path)
plan_argument = click.argument("plan", type=PATH)
out_option = click.option("--out", type=PATH, metavar="DIR", help="Write files into this folder.")


COMPILING = "Compiling what this design needs; once for each design, up to a minute."
PATIENCE = 5.0  # seconds until it is said how long something takes, where there is no terminal


@cache
def _compiling() -> None:
    """Says, once in a process, that something has to be compiled first."""
    say(COMPILING)


@contextmanager
def _working(
    label: str, quiet: bool, total: int | None = None
) -> "Iterator[Callable[[int], None]]":
    """Shows progress, and says where a design has to be compiled first; with `quiet` on a terminal
    alone, and nothing of compiling."""
    from opendcr.compiling import telling

    patience = PATIENCE if total and not quiet else None
    with telling(_nothing if quiet else _compiling), progress(label, total, patience) as show:
        yield show


def _nothing() -> None:
    """Whoever reads JSON is told nothing else."""


PUBLISH = (
    "The lock's date is this machine's word alone. To show others that the plan was there first, "
    "publish its seal where a date cannot be changed afterwards, such as a public registry of studies, "
    "and add where with --registered (so far: {})."
)


OTHER_DATA = (
    "results with these data will be exploratory. If they were corrected, --again locks them as they are "
    "now, and the new lock and every result will name this one; after the start they stay exploratory."
)


@click.group("study", epilog="Example: opendcr study run examples/studies/sicily/plan.toml")
def study() -> None:
    """Studies: whether an outcome changed, by a plan that was locked before it was seen."""


@study.command("lock", epilog="Example: opendcr study lock deaths.toml")
@plan_argument
@click.option(
    "--registered",
    default="",
    metavar="WHERE",
    help="Where the seal is registered: an address, a number; can be added later.",
)
@click.option(
    "--again",
    is_flag=True,
    help="Lock again what has changed since it was locked: the plan, the code, or the data from before "
    "the start. The new lock names the old one, which is kept beside it.",
)
@click.option("--panels", type=click.IntRange(0, 100_000),
              help="Panels drawn to say what it could show; 0 for none. Left out: 200, or 40 of a design that samples.")  # fmt: skip
@json_option
def lock_command(
    plan: Path, registered: str, again: bool, panels: int | None, as_json: bool
) -> None:
    """Lock a plan: keep its hash, the code's and the data's from before the start, beside it.

    No outcome from the start on is read. A plan that could not be run when its data are there, or
    whose test could never be significant, is refused; one that could show little is locked with a
    warning.
    """
    from opendcr.evaluate.findings import sources_of
    from opendcr.evaluate.lock import (
        kept_path,
        lock_path,
        lockable,
        registered_at,
        standing,
        write_lock,
    )
    from opendcr.evaluate.plan import read_plan

    read, path = read_plan(plan), lock_path(plan)
    sources, differing = sources_of(read), []
    if lockable(read, sources, again):
        made = _locked_now(read, sources, panels, as_json)
        content = write_lock(path, made, registered, again)
        lines = [f"Locked: {path}"]
        if content["replaces"]:
            lines.append(f"The lock before it is kept: {kept_path(path, content['replaces'][-1])}")
    else:
        content = registered_at(path, registered)
        this = ", this plan with these data from before the start by this code" if again else ""
        but = " but where it is registered" if registered else ""
        lines = [f"Locked already{this}, and nothing was changed{but}: {path}"]
        differing = [one for each in standing(read, sources).differing.values() for one in each]
    warnings = [*content["foreseen"]["warnings"], *(f"{one}: {OTHER_DATA}" for one in differing)]
    for one in warnings:
        say(f"Warning: {one}")
    document = {"lock": str(path), "hash": read.hash, "seal": content["seal"], "locked_at": content["locked_at"],
                "replaces": content["replaces"], "warnings": warnings}  # fmt: skip
    lines += [f"hash {read.hash}", f"seal {content['seal']}"]
    emit(as_json, document, "\n".join([*lines, PUBLISH.format(content["registered"] or "nowhere")]))


def _locked_now(
    plan: "Plan", sources: "Mapping[str, Source]", panels: int | None, quiet: bool
) -> dict[str, Any]:
    """What a lock of a plan says, once the plan was tried and asked what it could show."""
    from opendcr.evaluate.lock import late, later_known, lock_path, locked
    from opendcr.evaluate.readiness import ready
    from opendcr.evaluate.reading import study_before
    from opendcr.evaluate.soundness import delays_refused, floor_refused, foreseen

    before = study_before(sources["primary"], plan.designs[plan.primary])
    with _working("Panels", quiet) as show:
        ready(plan, sources)
        floor_refused(plan, sources)
        delays_refused(plan, sources)
        told = foreseen(plan, before, sources, panels, show)
    now = datetime.now(UTC)
    known = later_known(lock_path(plan.path), sources)
    told = told.warned(late(plan.question.start, now, known))
    return locked(plan, sources, told.to_data(), now)


@study.command("run", epilog="Example: opendcr study run prop99.toml --out prop99")
@plan_argument
@out_option
@click.option("--confirmatory", is_flag=True, help="Exit with 1 where the results are exploratory.")
@json_option
def run_command(plan: Path, out: Path | None, confirmatory: bool, as_json: bool) -> None:
    """Run a plan: each design with its checks, the further outcomes, and one plain sentence.

    Results are exploratory unless the plan was locked before the outcome was known and nothing has
    changed since; the reasons are said. With --out: report.html, report.pdf, effects.csv and
    result.json.
    """
    from opendcr.evaluate.findings import run_study
    from opendcr.evaluate.plan import read_plan

    read = read_plan(plan)
    if out is not None:
        out_folder(out)
    with _working("Designs", as_json) as show:
        done = iter(range(1, 1000))
        found = run_study(read, lambda name: show(next(done)))
    written = _report(found, out) if out is not None else []
    told = [*_told(found), *(f"Written: {path}" for path in written)]
    emit(as_json, found.to_data(), "\n".join(told))
    if confirmatory and found.standing.against:
        say(f"Exploratory: {'; '.join(found.standing.against)}.")
        raise click.exceptions.Exit(NOT_HELD)


@study.command("rehearse", epilog="Example: opendcr study rehearse deaths.toml --json")
@plan_argument
@out_option
@json_option
def rehearse_command(plan: Path, out: Path | None, as_json: bool) -> None:
    """Run a plan's designs where nothing happened: from earlier starts, in every area.

    Only periods from before the start are used. What a design claims here it would claim of
    nothing; all of it is reported. With --out: rehearsal.csv.
    """
    from opendcr.evaluate.findings import sources_of
    from opendcr.evaluate.plan import PRIMARY, read_plan
    from opendcr.evaluate.reading import study_before
    from opendcr.evaluate.rehearsal import claims, lines, rehearse

    read = read_plan(plan)
    if out is not None:
        out_folder(out)
    source = sources_of(read)[PRIMARY]
    before = {name: study_before(source, design) for name, design in read.answering.items()}
    with _working("Rehearsals", as_json) as show:
        rows = rehearse(read.answering, before, read.rehearsal, show)
    every = [one.to_data() for one in rows]
    document = {"plan": {"hash": read.hash}, "claims": claims(rows), "rehearsals": every}
    if out is not None:
        _csv(out / "rehearsal.csv", every)
    emit(as_json, document, "\n".join(lines(rows)))


@study.command("power", epilog="Example: opendcr study power deaths.toml --panels 1000")
@plan_argument
@click.option(
    "--panels",
    type=click.IntRange(10, 1_000_000),
    help="Panels drawn of each case. Left out, as the plan says: 1,000 where it says nothing, which "
    "takes about ten times as long as 100, and chance moves its figures by up to 3 of 100 worlds where "
    "it moves those of 100 panels by up to 10.",
)
@out_option
@json_option
def power_command(plan: Path, panels: int | None, out: Path | None, as_json: bool) -> None:
    """What a plan could show: its primary design on panels like those from before its start.

    In how many of 100 worlds the plan would say that success is shown, at the level of each review,
    and how wrong an effect would look where it is seen; without drift, with the drift that the other
    areas have, and with the most that they may have. With --out: power.csv.
    """
    from opendcr.evaluate.findings import sources_of
    from opendcr.evaluate.plan import PRIMARY, read_plan
    from opendcr.evaluate.power import asked_of, cases_of, periods_of, power, shares_of
    from opendcr.evaluate.powered import lines, power_data
    from opendcr.evaluate.reading import study_before

    read = read_plan(plan)
    if out is not None:
        out_folder(out)
    before = study_before(sources_of(read)[PRIMARY], read.designs[read.primary])
    asked = asked_of(read, before)
    effects = (0.0, *read.power.effects)
    cases = cases_of(shares_of(read), periods_of(read, before), effects)
    panels = panels or read.power.panels
    with _working("Panels", as_json, len(cases) * panels) as show:
        found = power(asked, cases, panels, show)
    if out is not None:
        _csv(out / "power.csv", [one.to_data() for one in found])
    document = {"plan": {"hash": read.hash}, "design": read.primary} | power_data(asked, found)
    emit(as_json, document, "\n".join([f"Design: {read.primary}.", *lines(asked, found)]))


def _told(found: "Findings") -> Iterator[str]:
    from opendcr.evaluate.decision import holds

    yield found.plan.question.title
    yield found.leading.sentence
    standing = found.standing
    yield f"{standing.status}" + (f": {'; '.join(standing.against)}" if standing.against else "")
    if standing.dated:
        yield standing.dated
    yield from standing.told
    yield f"{'design':38}{'effect':>9}  {'interval':19}{'p':>13}{'floor':>13}  verdict"
    for name, one in found.answers.items():
        yield _line(name, one.estimate, one.said)
    for other in found.further:
        said = f"{other.said} ({holds(other.level)} interval)"
        yield _line(other.outcome.name, other.answer.estimate, said)
    yield from _terms(found)
    yield from _without_interval(found)
    every = [(of, check) for of, checks in _checks(found) for check in checks]
    failed = [(of, check) for of, check in every if check.passed is False]
    yield f"{len(failed)} of {len(every)} checks did not hold" + (":" if failed else ".")
    for of, check in failed:
        yield f"- {of}: {check.name}: {check.detail}"


def _terms(found: "Findings") -> Iterator[str]:
    """The terms of regressions from the start on, at the level of the answer."""
    from opendcr.evaluate.decision import holds
    from opendcr.evaluate.report.words import NBSP, fine_percents, scale_of
    from opendcr.evaluate.reporting import exposure_in_words
    from opendcr.evaluate.terms import terms_of

    plan = found.plan
    scale = scale_of(found.leading.estimate, plan.question.called, exposure_in_words(plan.data))
    for name, one in found.answers.items():
        for term in terms_of(plan.designs[name], one.estimate, len(found.study.treated)):
            change = term.relative
            said = (
                f"{scale.signed(term.value)} {scale.words} ({scale.between(term.interval)})"
                if change is None
                else fine_percents(change.value, change.interval)
            )
            said = f"{said}, {holds(found.study.level)} interval"
            yield f"{name}: {term.words}: {said.replace(NBSP, ' ').replace('−', '-')}"


def _without_interval(found: "Findings") -> Iterator[str]:
    """Why there is a "-" in the place of an interval."""
    from opendcr.evaluate.decision import no_interval

    level = found.study.level
    rows = [(name, one.estimate, level) for name, one in found.answers.items()]
    rows += [(one.outcome.name, one.answer.estimate, one.level) for one in found.further]
    for name, estimate, level in rows:
        if estimate.relative_interval is None:
            why = no_interval(estimate.p_floor, level, estimate.inference)
            yield f"{name}: no interval: {why}."


def _checks(found: "Findings") -> "Iterator[tuple[str, Sequence[Check]]]":
    """The checks with what they are of: the answer on which success rests first."""
    names = sorted(found.answers, key=lambda name: name != found.plan.primary)
    for name in names:
        rests = " (the verdict rests on it)" if name == found.plan.primary else ""
        yield f"{name}{rests}", found.answers[name].estimate.checks
    yield "the study", found.checks
    for one in found.further:
        yield f"outcome {one.outcome.name}", one.answer.estimate.checks


def _line(name: str, found: Any, verdict: str) -> str:
    from opendcr.evaluate.decision import between
    from opendcr.evaluate.estimate import p_figure

    interval = between(found.relative_interval) if found.relative_interval else "-"
    p_value, floor = (
        "-" if one is None else p_figure(one) for one in (found.p_value, found.p_floor)
    )
    return (
        f"{name:38}{found.relative_effect:>+9.1%}  {interval:19}{p_value:>13}{floor:>13}  {verdict}"
    )


def _report(found: "Findings", out: Path) -> list[Path]:
    """Writes the report; the paths of its files."""
    from opendcr.evaluate.report import write_report
    from opendcr.evaluate.reporting import report_of

    return write_report(out, report_of(found), found.to_data())


def _csv(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    import csv
    import io

    from opendcr.whole import write_whole

    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, text.getvalue())
