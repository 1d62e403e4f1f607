"""A study's plan: one TOML file that says everything before the outcome is seen."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

import rfc8785

from opendcr.errors import InputError
from opendcr.evaluate.designs import DESIGNS, CellDesign, Design, design_of, late_columns
from opendcr.evaluate.periods import EXPECTED, Period, among
from opendcr.evaluate.report.content import ABOUT
from opendcr.evaluate.sequential import Spending
from opendcr.evaluate.study import LEVEL
from opendcr.keyed import Table, read_toml, shown
from opendcr.published.effects import effects_of_rooms

OF = "a study's plan"
PRIMARY = "primary"  # the name of the plan's own outcome among its outcomes
Kind = Literal["benefit", "harm", "displacement", "negative_control"]
KINDS = ("benefit", "harm", "displacement", "negative_control")
RULES = ("none", "bonferroni")
_TABLES = ("question", "data", "designs", "success", "outcomes", "multiplicity", "reviews", "power",
           "rehearsal", "nowcast", "published", "limits", "about")  # fmt: skip
_QUESTION = ("title", "outcome", "label", "unit", "time", "treated", "start", "level", "seed")
_DATA = ("path", "wide", "exposure", "breaks", "from", "to", "simulated", "source", "note")
_OF_FILE = ("wide", "exposure", "breaks", "source", "note")  # of another file of another kind


@dataclass(frozen=True)
class Question:
    """What is asked: of which outcome, in which areas, from when on."""

    title: str
    outcome: str
    time: str
    start: Period
    unit: str | None = None
    treated: tuple[str, ...] = ()
    level: float = LEVEL
    seed: int = 1
    label: str = ""

    @property
    def called(self) -> str:
        """The outcome in words."""
        return self.label or self.outcome.replace("_", " ")


@dataclass(frozen=True)
class Data:
    """Where the outcome stands. `first` and `last` bound the periods that are used; `breaks` are
    periods from which on the exposure is of another series (a population that was rebased), and
    None where the plan does not say whether there are any."""

    path: Path
    wide: bool = False
    exposure: str | None = None
    breaks: tuple[Period, ...] | None = None
    first: Period | None = None
    last: Period | None = None
    simulated: bool = False
    source: str = ""
    note: str = ""


@dataclass(frozen=True)
class Success:
    """What would count as success: the whole interval of one design at or under a relative effect.
    `caveat` is a sentence that must be said wherever success is shown."""

    design: str
    at_most: float
    caveat: str = ""


@dataclass(frozen=True)
class Outcome:
    """A further outcome: a benefit, a harm, displacement, or one that the room cannot have moved.

    `margin` is the relative effect that a harm must stay under to be called excluded; descriptive
    where it is None. `treated` are areas of its own, such as neighbours; the plan's where it is empty.
    Of the plan's column and file, it has the plan's `nowcast` too, where that may be of its areas.
    Of a file of its own and another kind than the plan's (areas or a series beside cells) it stands
    `alone`: its areas, exposure and form are what its own table says, and none where it does not.
    """

    name: str
    title: str
    column: str
    data: Data
    kind: Kind
    design: str
    margin: float | None = None
    treated: tuple[str, ...] = ()
    nowcast: "Delayed | None" = None
    unit: str | None = None
    alone: bool = False


@dataclass(frozen=True)
class Reviews:
    """The periods after which the result is looked at, and how the level is spent over them; with
    `anytime` it may be looked at whenever, and they say for how long it is planned."""

    periods: tuple[Period, ...]
    spending: Spending | Literal["anytime"] = "obrien_fleming"


@dataclass(frozen=True)
class Powered:
    """What `study power` simulates: relative effects, and numbers of periods after the start."""

    effects: tuple[float, ...] = (-0.1, -0.2, -0.3)
    periods: tuple[int, ...] = ()
    panels: int = 1000
    scatter: float | None = None
    shares: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Delayed:
    """A reporting triangle: what each edition said of each period, of the one treated area or, with
    a column `unit`, of several. `most` is the delay in periods after which counts stand."""

    path: Path
    most: int
    period: str = "period"
    edition: str = "edition"
    count: str = "count"
    unit: str | None = None


@dataclass(frozen=True)
class Plan:
    """A plan that was read. `content` is what its hash is of."""

    path: Path
    content: Mapping[str, Any]
    question: Question
    data: Data
    designs: Mapping[str, Design]
    success: Success | None = None
    outcomes: tuple[Outcome, ...] = ()
    multiplicity: str = "none"
    reviews: Reviews | None = None
    power: Powered = Powered()
    rehearsal: tuple[Period, ...] = ()
    nowcast: Delayed | None = None
    published: tuple[str, ...] = ()
    family: str | None = None
    limits: tuple[str, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def decided(self) -> dict[str, Any]:
        """The content, with what it leaves to the order of its tables: which design decides."""
        decides = {PRIMARY: self.primary} | {one.name: one.design for one in self.outcomes}
        return {**plain(self.content), "decides": decides}

    @property
    def hash(self) -> str:
        """SHA-256 of what the plan decides: comments and the order of keys do not matter."""
        return hashlib.sha256(rfc8785.dumps(self.decided)).hexdigest()

    @property
    def declared_level(self) -> float:
        """The level of the outcomes that are declared with a margin: by Bonferroni's rule the
        plan's, shared among them."""
        declared = sum(one.margin is not None for one in self.outcomes)
        shared = self.multiplicity == "bonferroni" and declared
        return self.question.level / declared if shared else self.question.level

    def margin_of(self, outcome: Outcome) -> float | None:
        """An outcome's margin. What should not have changed must have stayed within its own either
        way, or within the change that counts as success: a larger one could be all that was seen."""
        if outcome.kind != "negative_control":
            return outcome.margin
        return abs(self.threshold if outcome.margin is None else outcome.margin) or None

    @property
    def threshold(self) -> float:
        """The relative effect that the answer is held against: any fall, where none is named."""
        return self.success.at_most if self.success else 0.0

    def apart_from(self, treated: tuple[str, ...]) -> tuple[str, ...]:
        """The areas that another outcome's question treats: compared with in none of the others."""
        every = [*self.question.treated, *(name for one in self.outcomes for name in one.treated)]
        return tuple(dict.fromkeys(name for name in every if name not in treated))

    @property
    def answering(self) -> dict[str, Design]:
        """The designs that answer for the plan's own outcome: all but those that only outcomes name
        whose files are of another kind than its own."""
        named = {one.design for one in self.outcomes if one.alone}
        named -= {one.design for one in self.outcomes if not one.alone}
        return {name: one for name, one in self.designs.items() if name not in named}

    def of_another_kind(self, design: str) -> bool:
        """Whether a design reads other data than the primary one does: cells beside areas."""
        of_cells = [isinstance(self.designs[one], CellDesign) for one in (design, self.primary)]
        return of_cells[0] != of_cells[1]

    @property
    def primary(self) -> str:
        """The design whose answer is the study's: that of `success`, else the first."""
        return self.success.design if self.success else next(iter(self.designs))


def plain(value: Any) -> Any:
    """A plan's content as JSON has it: dates as text."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def read_plan(path: Path) -> Plan:
    """The plan in a file; InputError, naming the key, where it cannot be one."""
    content = read_toml(path, OF)
    whole = Table.of(str(path), "", content, _TABLES)
    question = _question(whole.table("question", _QUESTION))
    data = _data(whole.table("data", _DATA), path)
    designs = _designs(whole.table("designs"))
    success, late = _success(whole, designs), _nowcast(whole, path)
    made = Plan(path, content, question, data, designs, success, nowcast=late)
    made = replace(made, outcomes=_outcomes(whole.table("outcomes"), made))
    for name, design in made.answering.items():
        _not_itself(path, name, design, question)
    for one in made.outcomes:
        if one.alone:
            _not_itself(
                path, one.design, designs[one.design], replace(question, outcome=one.column)
            )
    return replace(
        made,
        multiplicity=whole.table("multiplicity", ("rule",)).one_of("rule", RULES, "none"),
        reviews=_reviews(whole, question),
        power=_power(whole.table("power", ("effects", "periods", "panels", "scatter", "shares"))),
        rehearsal=_periods(whole.table("rehearsal", ("starts",)), "starts"),
        published=_published(whole.table("published", ("outcomes", "own"))),
        family=_family(whole.table("published")),
        limits=_texts(whole.table("limits", ("sentences",)), "sentences", 600),
        about=_about(whole.table("about", ABOUT)),
    )


def _question(table: Table) -> Question:
    unit = table.text("unit") if "unit" in table else None
    treated = _texts(table, "treated")
    if len(set(treated)) < len(treated):
        raise table.fail("treated", "each area once")
    return Question(
        table.text("title", "A study"),
        table.text("outcome"),
        table.text("time"),
        _period(table, "start"),
        unit,
        treated,
        table.number("level", 0.001, 0.5, LEVEL),
        table.whole("seed", 0, 2**53 - 1, 1),
        table.text("label") if "label" in table else "",
    )


def _data(table: Table, plan: Path) -> Data:
    return Data(
        plan.parent / table.text("path"),
        table.flag("wide", False),
        table.text("exposure") if "exposure" in table else None,
        _periods(table, "breaks") if "breaks" in table else None,
        _period(table, "from") if "from" in table else None,
        _period(table, "to") if "to" in table else None,
        table.flag("simulated", False),
        table.text("source", "-", 1000).strip("-"),
        table.text("note", "-", 1000).strip("-"),
    )


def _designs(table: Table) -> dict[str, Design]:
    if not table.data:
        raise InputError(f"{table.where}, designs", "no design", f"one of {', '.join(DESIGNS)}")
    known = Table.of(table.where, table.name, table.data, DESIGNS)
    return {name: design_of(name).read(known.table(name)) for name in table.data}


def _not_itself(path: Path, name: str, design: Design, question: Question) -> None:
    """Raises InputError where areas would be matched on the outcome from the start on."""
    if question.outcome in late_columns(design, question.start):
        found = f"the outcome '{question.outcome}' from the start on, as a predictor of itself"
        expected = f"periods before {question.start}"
        raise InputError(f"{path}, designs.{name}.predictors", found, expected)


def _success(whole: Table, designs: Mapping[str, Design]) -> Success | None:
    if "success" not in whole:
        return None
    table = whole.table("success", ("design", "relative_effect_at_most", "caveat"))
    return Success(
        table.one_of("design", designs, next(iter(designs))),
        table.number("relative_effect_at_most", -1, 10, 0.0),
        table.text("caveat", most=300) if "caveat" in table else "",
    )


def _outcomes(table: Table, plan: Plan) -> tuple[Outcome, ...]:
    made = tuple(_outcome(table.table(name), name, plan) for name in table.data)
    for one in made:
        _not_compared(plan, one)
    return made


def _not_compared(plan: Plan, outcome: Outcome) -> None:
    """Raises InputError where a design compares with an area that an outcome treats: it is left out
    of every other comparison by itself."""
    for design, table in plan.content["designs"].items():
        for key in ("donors", "comparison"):
            both = [one for one in outcome.treated if one in _listed(table.get(key))]
            if both:
                found = f"'{both[0]}', which outcomes.{outcome.name} looks at"
                expected = "other areas: that one is left out of every comparison already"
                raise InputError(f"{plan.path}, designs.{design}.{key}", found, expected)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _outcome(whole: Table, name: str, plan: Plan) -> Outcome:
    own = ("title", "outcome", "kind", "design", "margin", "unit", "treated", "nowcast")
    table = Table.of(whole.where, whole.name, whole.data, (*own, *_DATA))
    kind: Any = table.one_of("kind", KINDS, "harm")
    design = table.one_of("design", plan.designs, plan.primary)
    for key in ("unit", "treated"):
        if key in table and isinstance(plan.designs[design], CellDesign):
            raise table.fail(key, f"another design: the cells of {design} say where it looks")
    alone = plan.of_another_kind(design) and _has_own_file(table, plan)
    data = _data(_own_data(table, plan, alone), plan.path)
    column, treated = table.text("outcome"), _texts(table, "treated")
    same = (column, data.path) == (plan.question.outcome, plan.data.path)
    late = plan.nowcast if same else None
    if late and late.unit is None and treated not in ((), plan.question.treated):
        late = None  # it is of the plan's own area
    return Outcome(
        name,
        table.text("title", name),
        column,
        data,
        kind,
        design,
        table.number("margin", -1, 10) if "margin" in table else None,
        treated,
        _nowcast(table, plan.path) if "nowcast" in table else late,
        table.text("unit") if "unit" in table else None if alone else plan.question.unit,
        alone,
    )


def _has_own_file(table: Table, plan: Plan) -> bool:
    return "path" in table and plan.path.parent / table.text("path") != plan.data.path


def _own_data(table: Table, plan: Plan, alone: bool) -> Table:
    """What an outcome's table says of its data, and what it does not say as the primary outcome's; of
    one that stands alone but for what is of that other file."""
    given = {key: value for key, value in table.data.items() if key in _DATA}
    of = {key: one for key, one in plan.content["data"].items() if not (alone and key in _OF_FILE)}
    return Table(table.where, table.name, {**of, **given})


def _reviews(whole: Table, question: Question) -> Reviews | None:
    if "reviews" not in whole:
        return None
    table = whole.table("reviews", ("after", "spending"))
    periods = _periods(table, "after")
    if not periods or list(periods) != sorted(set(periods)):
        raise table.fail("after", "periods in order, after each of which the result is looked at")
    kinds, start = {one.kind for one in periods}, question.start
    if kinds != {start.kind} or periods[0] < start:
        wanted = f"periods of the start's kind, from {start} on"
        other = len(kinds) == 1 and kinds != {start.kind}
        like = f", or a start of theirs, such as {among(start, periods[:1])}" if other else ""
        raise table.fail("after", wanted + like)
    spending: Any = table.one_of("spending", (*get_args(Spending), "anytime"), "obrien_fleming")
    return Reviews(periods, spending)


def _power(table: Table) -> Powered:
    usual = Powered()
    effects = table.data.get("effects", list(usual.effects))
    periods = table.data.get("periods", [])
    if not isinstance(effects, list) or not all(_between(one, -1, 10) for one in effects):
        raise table.fail("effects", "a list of relative effects, such as [-0.1, -0.2]")
    if not isinstance(periods, list) or not all(type(one) is int and one > 0 for one in periods):
        raise table.fail("periods", "a list of numbers of periods after the start")
    scatter = table.number("scatter", 0, 2) if "scatter" in table else None
    return Powered(
        tuple(map(float, effects)),
        tuple(periods),
        table.whole("panels", 10, 1_000_000, usual.panels),
        scatter,
        table.by_key("shares", 0.0001, 1),
    )


def _between(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _nowcast(whole: Table, plan: Path) -> Delayed | None:
    if "nowcast" not in whole:
        return None
    table = whole.table("nowcast", ("path", "most", "period", "edition", "count", "unit"))
    return Delayed(
        plan.parent / table.text("path"),
        table.whole("most", 1, 240),
        table.text("period", "period"),
        table.text("edition", "edition"),
        table.text("count", "count"),
        table.text("unit") if "unit" in table else None,
    )


def _published(table: Table) -> tuple[str, ...]:
    """The families of outcomes of which published effects stand beside this study's."""
    known = dict.fromkeys(one.family for one in effects_of_rooms())
    return table.codes("outcomes", known, ())


def _family(table: Table) -> str | None:
    """The family to which the plan's own outcome belongs; None where it stands apart."""
    if "own" not in table:
        return None
    return table.one_of("own", dict.fromkeys(one.family for one in effects_of_rooms()))


def _about(table: Table) -> dict[str, str]:
    return {key: table.text(key, most=2000) for key in table.data}


def _period(table: Table, key: str) -> Period:
    period = Period.of(table.data.get(key, ""))
    if period is None:
        raise table.fail(key, EXPECTED)
    return period


def _periods(table: Table, key: str) -> tuple[Period, ...]:
    values = table.data.get(key, [])
    if not isinstance(values, list):
        raise table.fail(key, "a list of periods")
    found = [Period.of(one) for one in values]
    if any(one is None for one in found):
        at = found.index(None)
        raise InputError(f"{table.where}, {table.key(key)}[{at + 1}]", shown(values[at]), EXPECTED)
    return tuple(one for one in found if one is not None)


def _texts(table: Table, key: str, most: int = 200) -> tuple[str, ...]:
    values = table.data.get(key, [])
    if not isinstance(values, list) or not all(_is_text(one, most) for one in values):
        raise table.fail(key, "a list of texts")
    return tuple(str(one) for one in values)


def _is_text(value: Any, most: int) -> bool:
    return not isinstance(value, bool) and isinstance(value, str | int) and len(str(value)) <= most
