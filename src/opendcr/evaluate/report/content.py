"""What a report of a study holds, before it is written for a screen or for paper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal, get_args

from opendcr.evaluate.estimate import Check, Estimate, Part
from opendcr.evaluate.terms import Term

Verdict = Literal["shown", "excluded", "undetermined"]
Kind = Literal["benefit", "harm", "displacement", "negative_control"]
Rows = tuple[tuple[str, ...], ...]

# What authors may say about a study in their own words, and what each is called in the report.
ABOUT = {
    "background": "Background and reason for the study",
    "setting": "Setting, places and dates",
    "population": "Who is counted, and how they were selected",
    "intervention": "What was done, by whom, where and for how long",
    "allocation": "How the treated areas came to be treated",
    "measurement": "How the outcome was measured",
    "codes": "Codes and algorithms behind the outcome, and their validation",
    "linkage": "Linkage of data",
    "access": "Access to the data, and how they were prepared",
    "missing": "Missing data",
    "baseline": "The areas before the start",
    "interpretation": "Interpretation beside other evidence",
    "generalisability": "How far the answer carries to other places",
    "funding": "Funding and interests",
}


@dataclass(frozen=True)
class Question:
    """What was asked. `outcome` and `exposure` are in words ("drug deaths", "people"); `start` is
    the first period after, as the estimates write it."""

    title: str
    sentence: str
    outcome: str
    start: str
    exposure: str | None = None


@dataclass(frozen=True)
class Status:
    """Whether the study confirms what was declared beforehand, or explores; and why."""

    confirmatory: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Origin:
    """Whose data: what was recorded, in words with its source, or which simulation made them.
    `linked` says how rates differ from those of published figures, where they do."""

    simulated: bool
    words: str
    linked: str = ""

    @property
    def short(self) -> str:
        """What every caption says."""
        return "Simulated data: nobody in them is real." if self.simulated else "Recorded data."

    @property
    def of_rates(self) -> str:
        """What the captions of rates say."""
        return " ".join(filter(None, (self.linked, self.short)))


@dataclass(frozen=True)
class Provenance:
    """What the answer was computed from: the hash of the plan, the version of the code, and by what
    each is called the hash of the data that were used, with the name of their file and the SHA-256 of
    its bytes in `files`."""

    plan: str
    version: str
    data: Mapping[str, str]
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Lock:
    """The plan as it was locked. `hash` is of the plan and `data` of what each outcome uses, by
    name; `changed` says in sentences what is no longer as it was locked. `seal` is the digest of
    the lock itself, `replaces` those of earlier locks, `registered` where it can be looked up;
    `not_held` are the periods before the start, by the outcome's title, that came after it, and
    `dated` says what its date rests on; `libraries` are those that computed, with their versions."""

    hash: str
    locked: str
    version: str
    data: Mapping[str, str]
    changed: tuple[str, ...] = ()
    seal: str = ""
    registered: str = ""
    replaces: tuple[str, ...] = ()
    not_held: Mapping[str, Sequence[str]] = field(default_factory=dict)
    dated: str = ""
    libraries: Sequence[str] = ()

    def differences(self, now: Provenance) -> tuple[str, ...]:
        """What is no longer as it was locked: what is told, and what the hashes and versions show."""
        told = list(self.changed)
        if now.plan != self.hash:
            told.append("The plan is not the one that was locked: its hash is another.")
        if now.version != self.version:
            told.append(
                f"The code is OpenDCR {now.version}; the plan was locked by {self.version}."
            )
        for name in sorted({*self.data, *now.data}):
            if self.data.get(name) != now.data.get(name):
                told.append(f"The data of {name} are not those that were locked.")
        return tuple(told)


@dataclass(frozen=True)
class Answer:
    """One design's answer. `compared` says with what it compares, in words, and `alone` that this is
    its own past; `terms` are those of its regression from the start on; `gaps` are observed less
    expected of placebos by name, in the periods of the estimate, where they are to be drawn."""

    name: str
    title: str
    estimate: Estimate
    verdict: Verdict
    sentence: str
    gaps: Mapping[str, Sequence[float | None]] = field(default_factory=dict)
    compared: str = ""
    alone: bool = False
    terms: tuple[Term, ...] = ()

    def __post_init__(self) -> None:
        _one_of(self.verdict, Verdict, f"the verdict of {self.name}")
        _must(bool(self.estimate.effect), f"an effect by period of {self.name}")
        count = len(self.estimate.effect)
        same = all(len(gap) == count for gap in self.gaps.values())
        _must(same, f"placebos of {self.name} in {count} periods")


@dataclass(frozen=True)
class Further:
    """The answer for a further outcome: a harm that is looked for, or where people may have gone.
    `asked` is what its verdict is of, in words, empty where it is descriptive, and `said` is what
    its verdict and interval allow to be said, in a table; its intervals hold 1 − `level`. Its data
    may have another `origin` and `exposure` than the primary outcome's; `compared` says with what
    its design compares, where that is not as for the primary outcome; `besides` is what is shown
    beside the verdict, in words."""

    kind: Kind
    title: str
    asked: str
    level: float
    design: str
    estimate: Estimate
    verdict: Verdict
    sentence: str
    said: str
    origin: Origin
    exposure: str | None = None
    compared: str = ""
    besides: str = ""

    @property
    def answer(self) -> Answer:
        """Its design's answer, as a figure shows it."""
        return Answer(self.title, self.design, self.estimate, self.verdict, self.sentence)

    def __post_init__(self) -> None:
        _one_of(self.kind, Kind, f"the kind of {self.title}")
        _one_of(self.verdict, Verdict, f"the verdict of {self.title}")


@dataclass(frozen=True)
class Figure:
    """A drawing (SVG), what it says in words, and the table behind it, its first row the heading.

    Colours come from classes: `grid`, `tick`, `label`, `line`, `observed`, `expected`, `placebo`,
    `band`, `start`, `zero`, `dot`, `treated`, `interval`, `point`, `bar`, set by report.css for a
    screen and print.css for paper.
    """

    title: str
    svg: str
    alt: str
    rows: Rows
    caption: str = ""

    def __post_init__(self) -> None:
        _must(self.svg.startswith("<svg"), f"a drawing of {self.title}")
        _must(bool(self.alt.strip()), f"words for {self.title}")
        _must(len(self.rows) > 1, f"a table behind {self.title}")


@dataclass(frozen=True)
class Report:
    """A study as it is reported. `sentence` is its answer, for who reads nothing else, `besides` what
    must be said with it, and `caveats` what must be read beside it; `asked` is what the verdict is of; `declared` are lines of the plan in words; `primary` names the
    design on which success rests; `power` is what the lock foretold; `effects_told`
    is what must be read before published `effects`; `about` says in the authors' words what `ABOUT` lists;
    `made` is the day of the report.

    Raises ValueError where it would claim what it does not hold: no design, a confirmatory study
    without a lock of its plan, a start in no period.
    """

    question: Question
    caveats: tuple[str, ...]
    sentence: str
    asked: str
    verdict: Verdict
    status: Status
    origin: Origin
    provenance: Provenance
    designs: tuple[Answer, ...]
    primary: str
    lock: Lock | None = None
    declared: tuple[tuple[str, str], ...] = ()
    further: tuple[Further, ...] = ()
    checks: tuple[Check, ...] = ()
    limits: tuple[str, ...] = ()
    power: tuple[str, ...] = ()
    effects: tuple[Figure, ...] = ()
    effects_told: str = ""
    about: Mapping[str, str] = field(default_factory=dict)
    level: float = 0.05
    made: date = field(default_factory=lambda: datetime.now(UTC).date())
    besides: str = ""

    def __post_init__(self) -> None:
        _one_of(self.verdict, Verdict, "the verdict")
        said = (self.question.title, self.question.sentence, *self.caveats, self.sentence)
        for text in (*said, self.asked, self.origin.words):
            _must(bool(text.strip()), "a title, a question, an answer and an origin in words")
        _must(self.primary in {one.name for one in self.designs}, f"a design {self.primary}")
        _must(len({one.name for one in self.designs}) == len(self.designs), "each design once")
        times = [one.time for one in self.leading.estimate.effect]
        _must(self.question.start in times, f"a start among the periods {times[0]} to {times[-1]}")
        locked = self.lock is not None and self.lock.hash == self.provenance.plan
        _must(locked or not self.status.confirmatory, "a lock of the plan that it confirms")
        for key in self.about:
            _must(key in ABOUT, f"'{key}' among {', '.join(ABOUT)}")

    @property
    def leading(self) -> Answer:
        """The design on which success rests."""
        return next(one for one in self.designs if one.name == self.primary)

    @property
    def displaced(self) -> Mapping[str, Part]:
        """What the leading design itself found where people may have gone, by name."""
        parts = self.leading.estimate.parts or {}
        return {name: one for name, one in parts.items() if one.displacement}

    @property
    def looked_for(self) -> frozenset[str]:
        """The kinds of further outcomes that were looked at; displacement by the design too."""
        kinds = {one.kind for one in self.further}
        return frozenset(kinds | ({"displacement"} if self.displaced else set()))

    @property
    def all_checks(self) -> tuple[tuple[str, Check], ...]:
        """Every check with what it is of; failed first, then those to be read, then passed."""
        each = [("The study", check) for check in self.checks]
        each += [(one.title, check) for one in self.designs for check in one.estimate.checks]
        each += [(one.title, check) for one in self.further for check in one.estimate.checks]
        order = {False: 0, None: 1, True: 2}
        return tuple(sorted(each, key=lambda pair: order[pair[1].passed]))


def _one_of(value: str, kind: Any, what: str) -> None:
    _must(value in get_args(kind), f"{what} among {', '.join(get_args(kind))}")


def _must(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"a report needs {what}")
