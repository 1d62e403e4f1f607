"""Locking a plan: what was decided before the outcome was seen, and what has changed since.

A lock is a file beside its plan. It holds the plan's whole content and hash, the version of the
code that will be run, a hash of the data from before the start, and which later periods were
in the file already. Its own hash, the seal, can be handed to somebody else or registered: a lock that
is written anew has another, and the one in whose place it stands is kept beside it.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import rfc8785

from opendcr.errors import InputError
from opendcr.evaluate.held import differences, held_of, not_held
from opendcr.evaluate.identity import RECOVERED, code, code_parts, differing
from opendcr.evaluate.panel import some
from opendcr.evaluate.periods import Period, span
from opendcr.evaluate.plan import PRIMARY, Plan
from opendcr.evaluate.reading import Source, late_of
from opendcr.evaluate.rivals import asks_the_same
from opendcr.whole import write_whole

SUFFIX = ".lock.json"
VERSION = 2  # of what a lock says
_ALWAYS = {"opendcr", "locked_at", "plan", "code", "data", "replaces", "seal"}  # in every version
_NOTHING: dict[str, Any] = {"periods": {}, "areas": {}, "open": []}
_KEYS = {
    "opendcr",
    "version",
    "locked_at",
    "plan",
    "code",
    "data",
    "foreseen",
    "registered",
    "replaces",
    "seal",
}
_MAYBE = {"code_parts"}  # that earlier locks of this version do not have


@dataclass(frozen=True)
class Lock:
    """A lock that was read. `data` is by outcome: what `held.held_of` keeps of it;
    `foreseen` is what could have been shown, as it was told then; `code_parts` what `code` is a
    digest of, empty where the lock does not hold it."""

    locked_at: str
    hash: str
    content: Mapping[str, Any]
    code: str
    data: Mapping[str, Mapping[str, Any]]
    foreseen: Mapping[str, Any]
    registered: str
    replaces: Sequence[str]
    seal: str
    code_parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Standing:
    """What a plan's lock is worth now. Without reasons against it, results are confirmatory.

    `changed` are keys of the plan; `differing`, by outcome, how its data are no longer what they
    were; `not_held`, by outcome, the periods before the start that came after the lock; `rivals`
    the locks beside it of other plans that ask the same; `titles` what each outcome is called;
    `late` says that it was made after the start.
    """

    hash: str
    lock: Lock | None
    changed: tuple[str, ...] = ()
    differing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    not_held: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rivals: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    late: str = ""

    @property
    def locked(self) -> bool:
        """Whether there is a lock of this very plan."""
        return self.lock is not None and self.lock.hash == self.hash

    @property
    def dated(self) -> str:
        """What the date of the lock rests on, in a sentence."""
        if self.lock is None:
            return ""
        if self.lock.registered:
            return (
                f"The lock says that it was registered: {self.lock.registered}. Whether its seal "
                "stands there, and since when, is to be looked up there."
            )
        return (
            "The lock names no place where its seal was published: its date is the word of the "
            "machine that wrote it, and shows nothing to anybody else."
        )

    @property
    def told(self) -> tuple[str, ...]:
        """What is to be known beside the status, in sentences: that the lock came after the start or
        after others, what it does not hold, and that other plans ask the same."""
        before = self.lock.replaces if self.lock else ()
        anew = [
            f"the plan was locked anew before its start, in place of the lock(s) with the seal {_short(before)}."
        ]
        loose = [
            *filter(None, [self.late]),
            *(anew if before and not self.late else []),
            *(
                f"the lock does not hold {self.titles.get(name, name)} of {span(periods)}: these periods "
                "are before the start, what was expected rests on them too, and they came after the lock."
                for name, periods in self.not_held.items()
            ),
        ]
        others = len(self.rivals)
        many = "another plan" if others == 1 else f"{others} other plans"
        verb = "is" if others == 1 else "are"
        beside = (
            f"{many} of the same outcome, data and place {verb} locked beside it "
            f"({some(self.rivals)}): whoever is shown one result has to be told of the others."
        )
        return tuple(
            one[:1].upper() + one[1:] for one in (*loose, *([beside] if self.rivals else []))
        )

    @property
    def status(self) -> str:
        """confirmatory or exploratory."""
        return "exploratory" if self.against else "confirmatory"

    def to_data(self) -> dict[str, Any]:
        """What the result says of the plan."""
        lock = self.lock
        return {
            "hash": self.hash,
            "locked": self.locked,
            "status": self.status,
            "exploratory_because": list(self.against),
            "changed": list(self.changed),
            "not_held": {name: list(periods) for name, periods in self.not_held.items()},
            "rivals": list(self.rivals),
            "locked_at": lock.locked_at if lock else None,
            "seal": lock.seal if lock else None,
            "registered": (lock.registered or None) if lock else None,
            "dated": self.dated or None,
            "replaces": list(lock.replaces) if lock else [],
            "code": code(),
        }


def lock_path(plan: Path) -> Path:
    """Where the lock of a plan stands: two plans of one folder have two locks."""
    return plan.with_name(plan.name.removesuffix(".toml") + SUFFIX)


def rivals(plan: Plan, source: Source) -> list[Path]:
    """Locks of other plans in the plan's folder that ask the same of the same data; `source` is the
    plan's own data."""
    found = []
    for path in sorted(plan.path.parent.glob(f"*{SUFFIX}")):
        if path == lock_path(plan.path):
            continue
        try:
            if asks_the_same(plan, source, _content(path)):
                found.append(path)
        except (InputError, KeyError, TypeError, AttributeError):
            continue  # no lock, of any version
    return found


def locked(
    plan: Plan, sources: Mapping[str, Source], foreseen: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """The content of a lock that is registered nowhere. `sources` are by outcome; none of their rows
    from the start on is read but for its period. `foreseen` is what was told of the plan then."""
    content = {
        "opendcr": "study lock",
        "version": VERSION,
        "locked_at": now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "plan": {"hash": plan.hash, "content": plan.decided},
        "code": code(),
        "code_parts": dict(code_parts()),
        "data": _data_of(sources),
        "foreseen": dict(foreseen),
        "registered": "",
        "replaces": [],
    }
    return content | {"seal": seal_of(content)}


def _data_of(sources: Mapping[str, Source]) -> dict[str, dict[str, Any]]:
    return {name: held_of(source, sources.get(late_of(name))) for name, source in sources.items()}


def write_lock(
    path: Path, content: Mapping[str, Any], registered: str = "", again: bool = False
) -> Mapping[str, Any]:
    """Writes a lock, whole or not at all, and gives what stands there then.

    A lock of this very plan and code is left as it is, but for a place where it was `registered`
    since, and so is one of other data unless it may be written `again`. Raises InputError where there
    is one of another plan or code, unless so. The new one names the seals of those before it, and the
    one in whose place it stands is kept.
    """
    if path.exists():
        there = _content(path)
        same = _same(there, content["plan"]["hash"], content["code"])
        if same and not (again and _differ(there["data"], content["data"])):
            return registered_at(path, registered)
        if not again:
            raise _another(path, content["plan"]["content"])
        content = _replacing(content, there, path)
        write_whole(kept_path(path, there["seal"]), path.read_text(encoding="utf-8"))
    content = {**content, "registered": registered}
    _write(path, content)
    return content


def kept_path(path: Path, seal: str) -> Path:
    """Where a lock of this seal is kept once another stands in its place: its name ends as that of no
    lock in force."""
    return path.with_name(f"{path.name.removesuffix('.json')}.{seal[:12]}.json")


def _write(path: Path, content: Mapping[str, Any]) -> None:
    write_whole(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def lockable(plan: Plan, sources: Mapping[str, Source], again: bool) -> bool:
    """Whether there is something to lock: a plan without a lock, or `again` one of which the plan, the
    code or the data from before the start are others than those of its lock. Raises InputError where
    the lock is of another plan or code and may not be written again."""
    path = lock_path(plan.path)
    if not path.exists():
        return True
    there = _content(path)
    if _same(there, plan.hash, code()):
        return again and _differ(there["data"], _data_of(sources))
    if not again:
        raise _another(path, plan.decided)
    return True


def _same(there: Mapping[str, Any], plan: str, by: str) -> bool:
    return (there.get("version"), there["plan"]["hash"], there["code"]) == (VERSION, plan, by)


def _differ(then: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether two locks hold other data from before the start; figures from the start on, which none
    holds, are no reason for another."""
    left_out = ("already_public", "public_earlier")
    one, other = (
        {
            name: {key: value for key, value in known.items() if key not in left_out}
            for name, known in data.items()
        }
        for data in (then, now)
    )
    return one != other


def _another(path: Path, content: Mapping[str, Any]) -> InputError:
    there = read_lock(path)
    changed = ", ".join(_changes(there.content, content))
    since = (
        f"and {changed} changed since"
        if changed
        else f"by other code: {differing(there.code_parts)}"
    )
    wanted = "no lock; --again to lock it anew, which the new lock says"
    wanted += "" if changed else f"; or the code of the lock: {RECOVERED}"
    return InputError(str(path), f"a lock of {there.locked_at}, {since}", wanted)


def registered_at(path: Path, where: str) -> dict[str, Any]:
    """The lock in a file, to which a place where it was registered is added."""
    read_lock(path)
    content = _content(path)
    if where and where not in content["registered"].split("; "):
        content["registered"] = "; ".join(filter(None, [content["registered"], where]))
        _write(path, content)
    return content


def _replacing(
    content: Mapping[str, Any], there: Mapping[str, Any], path: Path
) -> Mapping[str, Any]:
    """A lock in the place of another, of this version or an earlier one. It names the seals of those
    before it, and keeps what was in the file when they were made, also of outcomes that are no longer
    asked for."""
    if there.get("version") == VERSION:
        read_lock(path)  # whole, and edited by nobody
    data = dict(content["data"])
    for name, known in there["data"].items():
        public = {*known["already_public"], *known.get("public_earlier", ())}
        now = data.get(name, {**_NOTHING, **known, "already_public": []})
        data[name] = {**now, "public_earlier": sorted(public, key=_in_order)}
    made = {**content, "replaces": [*there["replaces"], there["seal"]], "data": data}
    return made | {"seal": seal_of(made)}


def _in_order(period: str) -> Period:
    found = Period.of(period)
    assert found is not None, period
    return found


def _content(path: Path) -> dict[str, Any]:
    """What a file says that claims to be a lock, of this version or another."""
    expected = "a file that `study lock` wrote"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(str(path), "no lock that can be read", expected) from error
    if not isinstance(content, dict) or not set(content) >= _ALWAYS:
        raise InputError(str(path), "other keys than a lock has", expected)
    return content


def read_lock(path: Path) -> Lock:
    """The lock in a file; InputError where it is none, of another version, or its seal is broken."""
    content = _content(path)
    if content.get("version") != VERSION or set(content) - _MAYBE != _KEYS:
        found = f"a lock of another form, which OpenDCR {content['code']} wrote"
        expected = (
            f"one that this version ({code()}) wrote: run the plan with the version that locked it, or "
            "lock it anew with --again; the new lock will name the old one's seal"
        )
        raise InputError(str(path), found, expected)
    if content["seal"] != seal_of(content) or content["plan"]["hash"] != _hash(
        content["plan"]["content"]
    ):
        raise InputError(str(path), "a seal that does not hold", "a lock that nobody edited")
    return Lock(content["locked_at"], content["plan"]["hash"], content["plan"]["content"],
                content["code"], content["data"], content["foreseen"], content["registered"], content["replaces"], content["seal"],
                content.get("code_parts", {}))  # fmt: skip


def standing(plan: Plan, sources: Mapping[str, Source]) -> Standing:
    """What a plan's lock is worth: whether there is one, and what has changed since."""
    path, beside = lock_path(plan.path), tuple(one.name for one in rivals(plan, sources[PRIMARY]))
    if not path.exists():
        return Standing(plan.hash, None, rivals=beside, against=("the plan was not locked",))
    lock = read_lock(path)
    titles = {name: called(name, sources, lock.content) for name in {**lock.data, **sources}}
    kept = {name: (lock.data[name], one) for name, one in sources.items() if name in lock.data}
    differing = {
        name: tuple(differences(titles[name], held, one, sources.get(late_of(name))))
        for name, (held, one) in kept.items()
    }
    loose = {name: not_held(held, one) for name, (held, one) in kept.items()}
    made = Standing(
        plan.hash,
        lock,
        tuple(_changes(lock.content, plan.decided)),
        {name: said for name, said in differing.items() if said},
        {name: periods for name, periods in loose.items() if periods},
        beside,
        titles=titles,
        late=late(plan.question.start, datetime.fromisoformat(lock.locked_at), _public(lock.data)),
    )
    return replace(made, against=tuple(_against(made, lock, sources)))


def late(start: Period, at: datetime, known: bool) -> str:
    """What a lock cannot show that was made after the start; empty where it was made before. `known`
    says whether the plan's files had figures from the start on, then or at an earlier lock."""
    began, made = start.first_day, at.date()
    if began is None or made <= began:
        return ""
    months = (made.year - began.year) * 12 + made.month - began.month
    after = f"{months} months" if months > 1 else "some days" if months == 0 else "a month"
    shown = (
        "when figures from then on were known: it does not show that the plan was fixed before "
        "anybody had seen them."
        if known
        else "and shows that the plan was fixed while its file had no later figures, not that nobody "
        "had seen them elsewhere."
    )
    return f"The lock was made {after} after the start ({start}), {shown}"


def later_known(path: Path, sources: Mapping[str, Source]) -> bool:
    """Whether the files have figures from the start on, or had them when the lock was made that
    stands there."""
    there = _content(path)["data"] if path.exists() else {}
    return any(one.public_after for one in sources.values()) or _public(there)


def _public(data: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a lock says that figures from the start on were known."""
    return any(known["already_public"] or known.get("public_earlier") for known in data.values())


def called(name: str, sources: Mapping[str, Source], content: Mapping[str, Any]) -> str:
    """What an outcome, or the reporting triangle of one, is called by whoever wrote the plan: its key
    is known to nobody else. `content` is of the plan as it was locked, for outcomes that are no more."""
    if name in sources:
        said = sources[name].question.called
        return said if sources[name].delayed is None else f"the reporting triangle of {said}"
    known = content.get("outcomes", {}).get(name, {})
    return str(known.get("title", name.replace("_", " ")))


def _against(made: Standing, lock: Lock, sources: Mapping[str, Source]) -> Iterator[str]:
    """Why the results are exploratory all the same."""
    if made.changed:
        yield f"the plan was changed after it was locked ({', '.join(made.changed)})"
    if lock.code != code():
        yield (
            f"the code is {code()}, and was {lock.code} when the plan was locked: "
            f"{differing(lock.code_parts)} ({RECOVERED})"
        )
    if lock.replaces and made.late:
        yield f"the plan was locked anew after its start, in place of the lock(s) with the seal {_short(lock.replaces)}"
    for name in sources:
        if name not in lock.data:
            yield f"the data of {made.titles[name]} were not locked"
    for said in made.differing.values():
        yield from said
    for name, known in lock.data.items():
        title = made.titles[name]
        if public := known["public_earlier"]:
            yield f"{title} was already in the file for {span(public)} when an earlier lock of the plan was made"
        if public := known["already_public"]:
            again = " anew" if lock.replaces else ""
            yield f"{title} was already in the file for {span(public)} when the plan was locked{again}"


def _short(seals: Sequence[str]) -> str:
    return ", ".join(f"{one[:12]}…" for one in seals)


def _changes(before: Any, after: Any, name: str = "") -> Iterator[str]:
    """The keys that differ between two contents."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            inner = f"{name}.{key}" if name else str(key)
            yield from _changes(before.get(key), after.get(key), inner)
    elif before != after:
        yield name


def seal_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of a lock's content, but for the seal itself and for where it was registered, which is
    known only once it is."""
    bare = {key: value for key, value in content.items() if key != "seal"}
    return _hash(bare | {"registered": ""})


def _hash(content: Any) -> str:
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()
