"""Many replications: over the cores of this machine or the workers of a cluster, kept as they are
done, and the same figures whoever did them.

A sweep is a list of pieces of work, cut without regard to who will do them, and put together in
their order. Only what is kept of a piece is held (see `Moments`), and few pieces are out at a time,
so that memory does not grow with the replications.
"""

import hashlib
import json
import os
import re
import time
import zlib
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cache, cached_property
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from opendcr import __version__
from opendcr.compiling import sources_digest
from opendcr.errors import InputError
from opendcr.simulate.kernel.replications import in_runs, replications
from opendcr.simulate.kernel.tables import CLOSES, HOUR, OPENS, Assumed, assumed
from opendcr.simulate.results import Moments
from opendcr.simulate.scenario import Scenario
from opendcr.simulate.uncertain import Assumptions

VISITS = 300_000  # that a piece of work is about as long as; a tenth of a second
OUT = 4  # pieces out at a time for each worker


@dataclass(frozen=True)
class Piece:
    """Replications of a room, from one number on; or the first one by runs of its days."""

    room: Assumed
    seed: int
    first: int
    count: int
    in_runs: bool = False

    def done(self) -> Moments:
        """What they amount to."""
        if self.in_runs:
            return in_runs(self.room, self.seed)
        return replications(self.room, self.seed, self.first, self.count)

    @cached_property
    def name(self) -> str:
        """A name that no other piece of another room, seed or version has."""
        return name_of(self.room, self.seed, self.first, self.count, "moments", self.in_runs)

    def dumped(self, found: Moments) -> dict[str, Any]:
        """What is kept of what it amounts to."""
        return {"of": found.of, "means": found.means, "products": found.products,
                "bins": found.bins, "p95": np.array(found.p95)}  # fmt: skip

    def loaded(self, held: Mapping[str, Any]) -> Moments:
        """What it amounts to, as it was kept."""
        of, mean, squares = held["p95"]
        return Moments(int(held["of"]), held["means"], held["products"], held["bins"],
                       (int(of), float(mean), float(squares)))  # fmt: skip


def name_of(room: Assumed, *said: object) -> str:
    """The name of a piece of work on a room: of its content, and of the compiled room's own."""
    digest = hashlib.blake2b(digest_size=16)
    for part in room[:-1]:
        digest.update(np.ascontiguousarray(part).tobytes())
    digest.update(repr((room.rules, *said, _code())).encode())
    return digest.hexdigest()


def pieces(scenario: Scenario, seed: int, count: int, first: int = 0) -> list[Piece]:
    """The work of so many replications of a scenario, from one number on."""
    room = assumed(scenario)
    size = max(1, round(VISITS / (expected(room) + 1)))
    return [
        Piece(room, seed, at, min(size, first + count - at))
        for at in range(first, first + count, size)
    ]


def expected(room: Assumed) -> float:
    """About how many people come in one replication: of the mean hour, in the hours open."""
    hours = (room.days[:, CLOSES] - room.days[:, OPENS]) / HOUR
    return float(room.per_hour.mean() * (room.factor * hours).sum())


_NAME = re.compile(rb'\{"of":"([0-9a-f]{32})"')  # of the piece that a kept line is about

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
W = TypeVar("W", bound="Work[Any]")


class Work(Protocol[T_co]):
    """A piece of work."""

    def done(self) -> T_co:
        """Does it; what it amounts to."""


class Workers(Protocol):
    """Who does pieces of work, and how many at a time."""

    count: int

    def submit(self, piece: Work[T]) -> Any:
        """Begins a piece; what `result` takes."""

    def result(self, begun: Any) -> Any:
        """What a piece amounts to, when it is done."""


class Cores:
    """The cores of this machine. The compiled room lets go of the interpreter while it runs."""

    def __init__(self, stack: ExitStack, count: int | None = None) -> None:
        self.count = count or cores()
        self._pool: Executor = ThreadPoolExecutor(self.count)
        stack.callback(self._pool.shutdown, cancel_futures=True)

    def submit(self, piece: Work[T]) -> "Future[T]":
        return self._pool.submit(piece.done)

    def result(self, begun: "Future[T]") -> T:
        return begun.result()


def cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


class Cluster:
    """The workers of a Dask cluster. What a worker that dies had begun, others do again."""

    PATIENCE = 60  # seconds without any worker, before giving up

    def __init__(self, stack: ExitStack, address: str) -> None:
        from distributed import Client

        try:
            self._client = stack.enter_context(Client(address, timeout="10s"))
        except (OSError, ValueError, TypeError) as error:
            expected = "the address of a Dask scheduler, such as tcp://127.0.0.1:8786"
            found = f"nothing that answers at '{address}'"
            raise InputError("--scheduler", found, expected) from error
        self.count = self._workers()
        if not self.count:
            raise InputError("--scheduler", f"no worker at '{address}'", "one worker at least")

    def _workers(self) -> int:
        return sum(self._client.nthreads().values())

    def submit(self, piece: Work[T]) -> Any:
        return self._client.submit(type(piece).done, piece, pure=False, retries=3)

    def result(self, begun: Any) -> Any:
        from distributed import KilledWorker

        waited = 0
        while True:
            try:
                done = begun.result(timeout=5)
            except TimeoutError:
                waited = 0 if self._workers() else waited + 5
                if waited >= self.PATIENCE:
                    raise InputError("--scheduler", "no worker left", "one at least") from None
            except KilledWorker as error:
                found = "workers that died again and again over the same replications"
                raise InputError("--scheduler", found, "workers with memory enough") from error
            else:
                return done


class Kept:
    """Pieces that are done, in a file, so that a sweep which was interrupted goes on.

    A file that cannot be written loses nothing but that: `trouble` hears of it, once.
    """

    def __init__(self, path: Path, trouble: Callable[[str], None]) -> None:
        self._path, self._trouble, self._writes = path, trouble, True
        self._found: dict[str, int] = {}
        self._wrote = False
        try:
            with path.open("rb") as file:
                at = 0
                for line in file:
                    named = _NAME.match(line)
                    if named and line.endswith(b"\n"):  # the last one may be torn
                        self._found[named[1].decode()] = at
                    at += len(line)
        except OSError:
            pass

    def __enter__(self) -> "Kept":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Of a sweep that is whole nothing need be kept; of one that is interrupted that is said."""
        if kind is None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
        elif issubclass(kind, KeyboardInterrupt) and self._wrote:
            self._trouble("What is done is kept: the same command goes on from here.")

    def __len__(self) -> int:
        return len(self._found)

    def get(self, piece: Any) -> Any:
        """What a piece amounts to, where it is kept; else None."""
        at = self._found.get(piece.name)
        if at is None:
            return None
        try:
            with self._path.open("rb") as file:
                file.seek(at)
                packed = zlib.decompress(b64decode(json.loads(file.readline())["done"]))
            with np.load(BytesIO(packed)) as held:
                return piece.loaded(held)
        except (OSError, ValueError, KeyError, EOFError, zlib.error):
            return None  # then it is done again

    def keep(self, piece: Any, done: Any) -> None:
        """Keeps what a piece amounts to."""
        if not self._writes:
            return
        packed = BytesIO()
        np.savez(packed, **piece.dumped(done))
        said = b64encode(zlib.compress(packed.getvalue(), 1)).decode()
        line = json.dumps({"of": piece.name, "done": said}, separators=(",", ":"))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(line.encode() + b"\n")
            self._wrote = True
        except OSError as error:
            self._writes = False
            self._trouble(
                f"What is done cannot be kept ({error.strerror}): {self._path}. "
                "The figures will be right; if this is interrupted, it begins again."
            )


def in_order(
    work: Iterable[W], workers: Workers, kept: Kept | None = None
) -> Iterator[tuple[W, Any]]:
    """Each piece with what it amounts to, in their order, with few of them out at a time.

    Those that are kept are not done again, and those that are done are kept.
    """
    out: deque[tuple[W, Any, Any]] = deque()

    def first() -> tuple[W, Any]:
        piece, found, begun = out.popleft()
        if found is None:
            found = workers.result(begun)
            if kept is not None:
                kept.keep(piece, found)
        return piece, found

    for piece in work:
        found = kept.get(piece) if kept is not None else None
        out.append((piece, found, workers.submit(piece) if found is None else None))
        if len(out) >= OUT * workers.count:
            yield first()
    while out:
        yield first()


def swept(
    work: Iterable[Piece],
    workers: Workers,
    kept: Kept | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Iterator[Moments]:
    """What each piece amounts to, in their order; `progress` hears the number of replications."""
    done = 0
    for piece, moments in in_order(work, workers, kept):
        done += piece.count
        progress(done)
        yield moments


@cache
def _code() -> str:
    """The version of the compiled room: its sources, since one digit may turn on any of them."""
    return f"{__version__}/{sources_digest('simulate')}"


def sweeps_folder() -> Path:
    """Where sweeps that are not done yet are kept."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "opendcr" / "sweeps"


A_MONTH = 30 * 24 * 3600  # seconds


def forget(folder: Path, before: float) -> None:
    """Lets go of sweeps on which nobody has gone on since a moment (seconds since 1970)."""
    for one in folder.glob("*.jsonl"):
        with suppress(OSError):  # gone already, or not ours to delete: the cache is a little larger
            if one.stat().st_mtime < before:
                one.unlink()


def kept_for(
    command: str, assumptions: Assumptions, seed: int, trouble: Callable[[str], None]
) -> Kept:
    """Where what a command does with a scenario is kept until it is whole, or for a month."""
    forget(sweeps_folder(), time.time() - A_MONTH)
    said = repr((assumptions.raw, assumptions.expected, seed)).encode()
    name = f"{command}-{hashlib.blake2b(said, digest_size=16).hexdigest()}.jsonl"
    return Kept(sweeps_folder() / name, trouble)
