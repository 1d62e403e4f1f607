"""Writing and verifying a ledger of 100,000 facts, in both formats.

The peer is the chain alone, by the definition and no more: `json`, `rfc8785` and `hashlib` over the
same JSON Lines file, nothing checked but the values. Times are of the processor, so that other work
on the machine counts less.
"""

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import rfc8785

from opendcr.ledger.chain import first_link, seal
from opendcr.ledger.facts import Fact, Header, Origin
from opendcr.ledger.files import LedgerWriter, open_ledger
from opendcr.ledger.verify import verify

HEADER = Header("bench", "Europe/London", Origin("simulated", scenario="bench", seed=1))
START = datetime(2025, 1, 13, 9, tzinfo=UTC)
DATA = {"place": "booth-3", "substances": ["heroin"], "route": "intravenous"}


def facts(count: int) -> Iterator[Fact]:
    """Sealed facts, a minute apart."""
    seq, head = 0, first_link(HEADER)
    for number in range(1, count + 1):
        at = START + timedelta(minutes=number)
        fact = Fact(f"f-{number:032}", f"c-{number:032}", "ConsumptionStarted", 1, "bench",
                    f"v-{number // 9}", f"p-{number % 500}", at, at, "s-1", None, "nurse", "t-2",
                    "simulation", DATA)  # fmt: skip
        (sealed,) = seal([fact], seq, head)
        seq, head = sealed.seq, sealed.chain
        yield sealed


def peer(path: Path) -> str:
    """The head of a JSON Lines ledger, by the definition."""
    header, *lines = path.read_text().splitlines()[:-1]
    head = hashlib.sha256(rfc8785.dumps(json.loads(header))).hexdigest()
    for line in lines:
        record = json.loads(line)
        stated = record.pop("chain")
        head = hashlib.sha256(head.encode() + b"\n" + rfc8785.dumps(record)).hexdigest()
        assert head == stated
    return head


def timed(label: str, count: int, work: Callable[[], object]) -> None:
    """Print how many facts a second of processor time the work takes."""
    started = time.process_time()
    work()
    print(f"{label:32} {count / (time.process_time() - started):>10,.0f} facts a second")


def main() -> None:
    """Run it all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=int, default=100_000)
    count = parser.parse_args().facts
    sealed = list(facts(count))
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("jsonl", "parquet"):
            path = Path(folder) / f"ledger.{suffix}"

            def write(path: Path = path) -> None:
                with LedgerWriter(path, HEADER) as writer:
                    writer.write(sealed)

            timed(f"write {suffix}", count, write)
            timed(f"verify {suffix}", count, lambda path=path: verify(open_ledger(path)))
        timed("the chain alone, by the peer", count, lambda: peer(Path(folder) / "ledger.jsonl"))


if __name__ == "__main__":
    main()
