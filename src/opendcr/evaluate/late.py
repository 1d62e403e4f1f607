"""Late reports of an outcome of a plan: its reporting triangles, and what they say."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from opendcr.evaluate.delays.delayed import nowcasts_of, triangles_of
from opendcr.evaluate.delays.later import Sides
from opendcr.evaluate.delays.nowcast import Nowcast
from opendcr.evaluate.delays.triangle import Triangle
from opendcr.evaluate.designs import Design, compared_with
from opendcr.evaluate.estimate import Check
from opendcr.evaluate.periods import Period, rhythm_of
from opendcr.evaluate.reading import Source, late_of
from opendcr.evaluate.study import Study


@dataclass(frozen=True)
class Late:
    """By area: reporting triangles, whose counts are taken for complete after `most` periods, and
    the nowcasts of those that can still change. Empty where an outcome has no triangle."""

    triangles: Mapping[str, Triangle] = field(default_factory=dict)
    nowcasts: Mapping[str, Nowcast] = field(default_factory=dict)
    most: int = 1

    def used_by(self, design: Design, study: Study) -> "Late":
        """Of the areas that a design uses alone."""
        used = study.names({*study.treated, *compared_with([design], study)})
        triangles = {name: one for name, one in self.triangles.items() if name in used}
        nowcasts = {name: one for name, one in self.nowcasts.items() if name in used}
        return replace(self, triangles=triangles, nowcasts=nowcasts)

    def checks(self, study: Study) -> tuple[Check, ...]:
        """Whether counts that are taken for complete are; none without triangles."""
        if not self.triangles:
            return ()
        return (sides_of(self.triangles, study, self.most).check(),)


def sides_of(triangles: Mapping[str, Triangle], study: Study, most: int) -> Sides:
    """The triangles of a study, of its treated areas and of the others."""
    treated = study.names(study.treated)
    own = {name: one for name, one in triangles.items() if name in treated}
    others = {name: one for name, one in triangles.items() if name not in treated}
    return Sides(own, others, most)


def sharing(name: str, sources: Mapping[str, Source]) -> Source | None:
    """The reporting triangle of an outcome of the same counts as this one, a column of a file; None
    where none has one."""
    of = {one: (source.question.outcome, source.data.path) for one, source in sources.items()}
    late = (sources.get(late_of(one)) for one in sources if of[one] == of[name])
    return next(filter(None, late), None)


def still_changing(triangle: Source, periods: Iterable[Period]) -> list[Period]:
    """The periods whose counts can still change by a triangle's last edition."""
    assert triangle.delayed is not None
    last, most = max(triangle.editions), triangle.delayed.most
    return [one for one in periods if last.at - one.at < most]


def as_printed(triangle: Source | None, study: Study) -> Check:
    """That an outcome has no reporting triangle; `triangle` is that of others of the same counts, by
    which the latest are still to change."""
    detail = "no reporting triangle of this outcome: its latest counts stand as printed"
    periods = study.panel.periods[study.start :]
    many = len(still_changing(triangle, periods)) if triangle else 0
    if not many:
        return Check("reporting delay", None, detail)
    said = (
        f"Of the {len(periods)} {rhythm_of(study.panel.periods).units} from the start on {many} "
        f"{'stands' if many == 1 else 'stand'} as printed, too low while reports are still to come: no "
        "reporting triangle has these areas."
    )
    return Check("reporting delay", None, detail, beside=said)


def late_reports(source: Source | None, study: Study, designs: Iterable[Design]) -> Late:
    """What an outcome's reporting triangle says of the areas that these designs use."""
    if source is None or source.delayed is None:
        return Late()
    rows, said, compared = source.rows, source.delayed, compared_with(designs, study)
    triangles = triangles_of(rows, said, study, compared)
    return Late(triangles, nowcasts_of(rows, said, study, compared), said.most)
