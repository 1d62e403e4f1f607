"""Late reports of an outcome of a plan: its reporting triangles, and what they say."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from opendcr.evaluate.delays.delayed import nowcasts_of, triangles_of
from opendcr.evaluate.delays.later import Sides
from opendcr.evaluate.delays.nowcast import Nowcast
from opendcr.evaluate.delays.triangle import Triangle
from opendcr.evaluate.designs import Design, compared_with
from opendcr.evaluate.estimate import Check
from opendcr.evaluate.reading import Source
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


def late_reports(source: Source | None, study: Study, designs: Iterable[Design]) -> Late:
    """What an outcome's reporting triangle says of the areas that these designs use."""
    if source is None or source.delayed is None:
        return Late()
    rows, said, compared = source.rows, source.delayed, compared_with(designs, study)
    triangles = triangles_of(rows, said, study, compared)
    return Late(triangles, nowcasts_of(rows, said, study, compared), said.most)
