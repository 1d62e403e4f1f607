"""Locking a plan: what was decided before the outcome was seen, and what has changed since.

A lock is a file beside its plan. It holds the plan's whole content and hash, the version of the
code that will be run, a hash of the data from before the start, and which later periods were
public already. Its own hash, the seal, can be handed to somebody else or registered: a lock that
is written anew has another.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import rfc8785

from opendcr import __version__
from opendcr.errors import InputError
from opendcr.evaluate.periods import Period
from opendcr.evaluate.plan import Plan
from opendcr.evaluate.reading import Source
from opendcr.whole import write_whole

SUFFIX = ".lock.json"
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


@dataclass(frozen=True)
class Lock:
    """A lock that was read. `data` is by outcome: its hash before the start and what was public;
    `foreseen` is what could have been shown, as it was told then."""

    locked_at: str
    hash: str
    content: Mapping[str, Any]
    code: str
    data: Mapping[str, Mapping[str, Any]]
    foreseen: Mapping[str, Any]
    registered: str
    replaces: Sequence[str]
    seal: str


@dataclass(frozen=True)
class Standing:
    """What a plan's lock is worth now. Without reasons against it, results are confirmatory."""

    hash: str
    lock: Lock | None
    changed: tuple[str, ...] = ()
    against: tuple[str, ...] = ()

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


def rivals(plan: Plan) -> list[Path]:
    """Locks of other plans in the plan's folder that ask the same: of the same outcome, areas and
    start."""
    found = []
    for path in sorted(plan.path.parent.glob(f"*{SUFFIX}")):
        if path == lock_path(plan.path):
            continue
        try:
            asked = read_lock(path).content.get("question", {})
        except InputError:
            continue
        mine = plan.decided["question"]
        if all(asked.get(key) == mine.get(key) for key in ("outcome", "treated", "start")):
            found.append(path)
    return found


def locked(
    plan: Plan, sources: Mapping[str, Source], foreseen: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """The content of a lock that is registered nowhere. `sources` are by outcome; none of their rows
    from the start on is read but for its period. `foreseen` is what was told of the plan then."""
    content = {
        "opendcr": "study lock",
        "version": 1,
        "locked_at": now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "plan": {"hash": plan.hash, "content": plan.decided},
        "code": code(),
        "data": {name: _known(source) for name, source in sources.items()},
        "foreseen": dict(foreseen),
        "registered": "",
        "replaces": [],
    }
    return content | {"seal": seal_of(content)}


def _known(source: Source) -> dict[str, Any]:
    before = source.before
    return {
        "before": before.digest,
        "rows": len(before.periods),
        "from": str(min(before.periods, default="")),
        "to": str(source.latest),
        "already_public": [str(one) for one in source.public_after],
    }


def write_lock(
    path: Path, content: Mapping[str, Any], registered: str = "", again: bool = False
) -> Mapping[str, Any]:
    """Writes a lock, whole or not at all, and gives what stands there then.

    A lock of this very plan and code is left as it is, but for a place where it was `registered`
    since. Raises InputError where there is another, unless it may be written `again`; the new one
    then names the seals of those before it.
    """
    if path.exists():
        there = read_lock(path)
        if there.hash == content["plan"]["hash"] and there.code == content["code"]:
            return _registered(path, registered)
        if not again:
            raise _another(path, there, content["plan"]["content"])
        content = {**content, "replaces": [*there.replaces, there.seal]}
        content["data"] = _inherited(content["data"], there.data)
        content["seal"] = seal_of(content)
    content = {**content, "registered": registered}
    write_whole(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    return content


def lockable(plan: Plan) -> None:
    """Raises InputError where a plan has a lock that is of another plan or other code."""
    path = lock_path(plan.path)
    if path.exists():
        there = read_lock(path)
        if (there.hash, there.code) != (plan.hash, code()):
            raise _another(path, there, plan.decided)


def _another(path: Path, there: Lock, content: Mapping[str, Any]) -> InputError:
    changed = ", ".join(_changes(there.content, content)) or "the code"
    found = f"a lock of {there.locked_at}, and {changed} changed since"
    return InputError(str(path), found, "no lock; --again to lock it anew, which the new lock says")


def _registered(path: Path, where: str) -> dict[str, Any]:
    """The lock in a file, to which a place where it was registered is added."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if where and where not in content["registered"].split("; "):
        content["registered"] = "; ".join(filter(None, [content["registered"], where]))
        write_whole(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    return content


def _inherited(data: Mapping[str, Any], earlier: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The data of a lock that replaces another: what was public when that one was made stays said,
    also of outcomes that are no longer asked for."""
    merged = {}
    for name, known in {**earlier, **data}.items():
        public = {*known["already_public"], *earlier.get(name, known)["already_public"]}
        merged[name] = {**known, "already_public": sorted(public, key=_in_order)}
    return merged


def _in_order(period: str) -> Period:
    found = Period.of(period)
    assert found is not None, period
    return found


def read_lock(path: Path) -> Lock:
    """The lock in a file; InputError where it is none or its seal is broken."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            str(path), "no lock that can be read", "a file that `study lock` wrote"
        ) from error
    if not isinstance(content, dict) or set(content) != _KEYS:
        raise InputError(str(path), "other keys than a lock has", "a file that `study lock` wrote")
    if content["seal"] != seal_of(content) or content["plan"]["hash"] != _hash(
        content["plan"]["content"]
    ):
        raise InputError(str(path), "a seal that does not hold", "a lock that nobody edited")
    return Lock(content["locked_at"], content["plan"]["hash"], content["plan"]["content"],
                content["code"], content["data"], content["foreseen"], content["registered"], content["replaces"], content["seal"])  # fmt: skip


def standing(plan: Plan, sources: Mapping[str, Source]) -> Standing:
    """What a plan's lock is worth: whether there is one, and what has changed since."""
    path = lock_path(plan.path)
    if not path.exists():
        return Standing(plan.hash, None, (), ("the plan was not locked",))
    lock = read_lock(path)
    changed = tuple(_changes(lock.content, plan.decided))
    made = Standing(plan.hash, lock, changed)
    return replace(made, against=tuple(_against(made, lock, sources)))


def _against(made: Standing, lock: Lock, sources: Mapping[str, Source]) -> Iterator[str]:
    """Why the results are exploratory all the same."""
    if made.changed:
        yield f"the plan was changed after it was locked ({', '.join(made.changed)})"
    if lock.replaces:
        yield f"the plan was locked anew, in place of the lock(s) with the seal {_short(lock.replaces)}"
    if lock.code != code():
        yield f"the code is {code()}, and was {lock.code} when the plan was locked"
    for name, source in sources.items():
        known = lock.data.get(name)
        if known is None:
            yield f"the data of {name} were not locked"
            continue
        if known["before"] != source.before.until(known["to"]).digest:
            yield f"the data of {name} from before the start are not those that were locked"
    for name, known in lock.data.items():
        if public := known["already_public"]:
            when = "first locked" if lock.replaces else "locked"
            yield f"{name} was public for {public[0]} to {public[-1]} when the plan was {when}"


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


@cache
def code() -> str:
    """The version and a digest of what would be run: the sources of the studies and of what they
    share with others, and the versions of the libraries that compute."""
    package = Path(__file__).parents[1]
    shared = [package / f"{name}.py" for name in ("compiling", "keyed", "streams")]
    digest = hashlib.sha256()
    for path in sorted([*shared, *Path(__file__).parent.rglob("*.py")]):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    for library in ("numba", "numpy", "scipy"):
        digest.update(f"{library} {version(library)}".encode())
    return f"{__version__}/{digest.hexdigest()[:16]}"
