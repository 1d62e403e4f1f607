"""`opendcr study`: plans that are locked, run, rehearsed, and asked what they could see."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from opendcr.cli.output import NOT_HELD, emit, json_option, out_folder, progress, say

if TYPE_CHECKING:
    from opendcr.evaluate.findings import Findings
    from opendcr.evaluate.plan import Plan
    from opendcr.evaluate.power import Power
    from opendcr.evaluate.study import Study

PATH = click.Path(path_type=Path)
plan_argument = click.argument("plan", type=PATH)
out_option = click.option("--out", type=PATH, metavar="DIR", help="Write files into this folder.")


COMPILING = "Compiling the designs for this machine; this happens once and takes about a minute."


@contextmanager
def _working(label: str, total: int | None = None) -> "Iterator[Callable[[int], None]]":
    """Shows progress, and says so where designs have to be compiled first."""
    from opendcr.compiling import telling

    with telling(lambda: say(COMPILING)), progress(label, total) as show:
        yield show


@click.group("study", epilog="Example: opendcr study run examples/studies/sicily/plan.toml")
def study() -> None:
    """Studies: whether an outcome changed, by a plan that was locked before it was seen."""


@study.command("lock", epilog="Example: opendcr study lock deaths.toml")
@plan_argument
@click.option(
    "--registered",
    default="",
    metavar="WHERE",
    help="Where the plan is registered: an address, a number.",
)
@click.option(
    "--again",
    is_flag=True,
    help="Lock a plan again that was locked before; the new lock names the old one.",
)
@click.option("--panels", type=click.IntRange(0, 100_000), default=200, show_default=True,
              help="Panels drawn for the warning about power; 0 for none.")  # fmt: skip
@json_option
def lock_command(plan: Path, registered: str, again: bool, panels: int, as_json: bool) -> None:
    """Lock a plan: keep its hash, the code's and the data's from before the start, beside it.

    No outcome from the start on is read. A plan whose test could never be significant is refused;
    one that could see little is locked with a warning.
    """
    from opendcr.evaluate.findings import sources_of
    from opendcr.evaluate.lock import lock_path, locked, write_lock
    from opendcr.evaluate.plan import read_plan
    from opendcr.evaluate.reading import study_before
    from opendcr.evaluate.soundness import floor_refused, warnings

    read = read_plan(plan)
    sources = sources_of(read)
    before = study_before(sources["primary"], read.designs[read.primary])
    floor_refused(read, before)
    content = write_lock(
        lock_path(plan), locked(read, sources, registered, datetime.now(UTC)), again
    )
    with _working("Panels") as show:
        said = warnings(read, before, sources, panels, show)
    for one in said:
        say(f"Warning: {one}")
    document = {"lock": str(lock_path(plan)), "hash": read.hash, "seal": content["seal"],
                "locked_at": content["locked_at"], "warnings": said}  # fmt: skip
    emit(as_json, document, f"Locked: {lock_path(plan)}\nhash {read.hash}\nseal {content['seal']}")


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
    with _working("Designs") as show:
        done = iter(range(1, 1000))
        found = run_study(read, lambda name: show(next(done)))
    if out is not None:
        _report(found, out)
    emit(as_json, found.to_data(), "\n".join(_told(found)))
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
    from opendcr.evaluate.rehearsal import claims, rehearse

    read = read_plan(plan)
    if out is not None:
        out_folder(out)
    source = sources_of(read)[PRIMARY]
    before = {name: study_before(source, design) for name, design in read.designs.items()}
    with _working("Rehearsals") as show:
        rows = rehearse(read.designs, before, read.rehearsal, show)
    told = claims(rows)
    every = [one.to_data() for one in rows]
    document = {"plan": {"hash": read.hash}, "claims": told, "rehearsals": every}
    if out is not None:
        _csv(out / "rehearsal.csv", every)
    text = [f"{'design':38}{'area':10}{'rehearsed':>10}{'claim an effect':>17}"]
    for one in told:
        area = "treated" if one["treated"] else "others"
        text.append(f"{one['design']:38}{area:10}{one['answered']:>10}{one['claims']:>17}")
    emit(as_json, document, "\n".join(text))


@study.command("power", epilog="Example: opendcr study power deaths.toml --panels 1000")
@plan_argument
@click.option(
    "--panels",
    type=click.IntRange(10, 1_000_000),
    help="Panels drawn of each case; as the plan says.",
)
@out_option
@json_option
def power_command(plan: Path, panels: int | None, out: Path | None, as_json: bool) -> None:
    """What a plan could see: its primary design on panels like those from before its start.

    How often an effect would be seen, after how many periods, and how wrong it would look when it
    is seen (type M, how many times too large; type S, of the wrong sign); with the drift that the
    other areas have, and without any. With --out: power.csv.
    """
    from opendcr.evaluate.findings import sources_of
    from opendcr.evaluate.plan import PRIMARY, read_plan
    from opendcr.evaluate.reading import study_before

    read = read_plan(plan)
    if out is not None:
        out_folder(out)
    before = study_before(sources_of(read)[PRIMARY], read.designs[read.primary])
    found = _power(read, before, panels or read.power.panels)
    rows = [one.to_data() for one in found]
    if out is not None:
        _csv(out / "power.csv", rows)
    document = _power_document(read, before, found)
    emit(as_json, document | {"power": rows}, "\n".join(_power_told(found, document)))


def _power(plan: "Plan", before: "Study", panels: int) -> "list[Power]":
    from opendcr.evaluate.power import cases_of, power
    from opendcr.evaluate.soundness import periods_of

    shares = list(plan.power.shares.items()) or [("whole", 1.0)]
    cases = cases_of(shares, periods_of(plan, before), (0.0, *plan.power.effects))
    with _working("Panels", len(cases) * panels) as show:
        return power(plan.designs[plan.primary], before, cases, panels, plan.power.scatter, show)


def _power_document(plan: "Plan", before: "Study", found: "Sequence[Power]") -> dict[str, Any]:
    from opendcr.evaluate.power import until_seen
    from opendcr.evaluate.world import world_of

    wandering = world_of(before.panel, before.treated, 1, plan.power.scatter).wandering
    named = dict.fromkeys(
        (one.case.series, one.case.effect, one.case.drifts) for one in found if one.case.effect
    )
    until = [{"series": series, "effect": effect, "drift": drifts,
              "periods": until_seen(found, series, effect, drifts)}
             for series, effect, drifts in named]  # fmt: skip
    return {
        "plan": {"hash": plan.hash}, "design": plan.primary,
        "drift": wandering.drift, "scatter": wandering.scatter, "common": wandering.common,
        "until_seen": until,
    }  # fmt: skip


def _power_told(found: "Sequence[Power]", document: dict[str, Any]) -> Iterator[str]:
    yield (
        f"Design: {document['design']}. The other areas' own drift: {100 * document['drift']:.2g} % "
        f"a period; scatter beyond Poisson: {100 * document['scatter']:.2g} %."
    )
    yield f"{'series':14}{'periods':>8}{'effect':>9}{'drift':>7}{'seen':>8}  {'95 % interval':15}{'type M':>8}{'type S':>8}"
    for one in found:
        case = one.case
        type_m = "-" if one.type_m is None else f"{one.type_m:.1f}"
        type_s = "-" if one.type_s is None else f"{one.type_s:.3f}"
        yield (
            f"{case.series:14}{case.periods:>8}{case.effect:>+9.0%}{'yes' if case.drifts else 'no':>7}"
            f"{one.power:>8.1%}  {one.low:.1%} to {one.high:.1%}".ljust(61)
            + f"{type_m:>8}{type_s:>8}"
        )
    most = max(one.case.periods for one in found)
    for row in document["until_seen"]:
        when = f"after {row['periods']} periods" if row["periods"] else f"not within {most} periods"
        with_drift = "with" if row["drift"] else "without"
        yield f"{row['series']}, {row['effect']:+.0%}, {with_drift} drift: seen in 80 of 100 {when}."


def _told(found: "Findings") -> Iterator[str]:
    yield found.plan.question.title
    yield found.leading.sentence
    standing = found.standing
    yield f"{standing.status}" + (f": {'; '.join(standing.against)}" if standing.against else "")
    yield f"{'design':38}{'effect':>9}  {'interval':19}{'p':>7}{'floor':>8}  verdict"
    for name, one in found.answers.items():
        yield _line(name, one.estimate, one.verdict)
    for other in found.further:
        said = f"{other.answer.verdict} ({other.role})" if other.margin is not None else other.role
        yield _line(
            other.outcome.name,
            other.answer.estimate,
            f"{said}, {100 * (1 - other.level):.4g} % interval",
        )
    failed = [
        check
        for one in found.answers.values()
        for check in one.estimate.checks
        if check.passed is False
    ]
    for check in (*failed, *(one for one in found.checks if one.passed is False)):
        yield f"Check that did not hold: {check.name}: {check.detail}"


def _line(name: str, found: Any, verdict: str) -> str:
    interval = found.relative_interval
    between = f"{interval[0]:+.1%} to {interval[1]:+.1%}" if interval else "-"
    p_value = "-" if found.p_value is None else f"{found.p_value:.3f}"
    floor = "-" if found.p_floor is None else f"{found.p_floor:.3f}"
    return f"{name:38}{found.relative_effect:>+9.1%}  {between:19}{p_value:>7}{floor:>8}  {verdict}"


def _report(found: "Findings", out: Path) -> None:
    from opendcr.evaluate.report import write_report
    from opendcr.evaluate.reporting import report_of

    write_report(out, report_of(found), found.to_data())


def _csv(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    import csv
    import io

    from opendcr.whole import write_whole

    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, text.getvalue())
