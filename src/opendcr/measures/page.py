"""The measures as a page of documentation, made from the measures themselves.

python -m opendcr.measures.page > docs/measures.md
"""

import sys
from collections.abc import Iterator

from opendcr.measures.catalogue import MEASURES
from opendcr.measures.measure import Group, Measure
from opendcr.tables import CONTRACTS, Contract

BEGINNING = """\
# Measures

`opendcr measure [LEDGER …]` computes these, month by month, from one room's ledger or from several.
This page is made from the measures' own files (`src/opendcr/measures/`, one each) by
`python -m opendcr.measures.page`, and a test compares the two. Every example is executed by a test.

What holds for all of them:

- *Month*: the calendar month, in the room's time zone, in which the event happened; not in which it
  was recorded. A month without events inside the ledger's span has a row of zeros.
- *As at* a date: from what was recorded before that local day ended. What is recorded later changes
  no number as at an earlier date; without `--as-at`, the day of the last recorded fact.
- *Corrections and retractions* are read first: only what stands counts, as corrected.
- *Rooms* are never added up, and recorded, imported and simulated ledgers never set side by side.
- *Value*: the numerator, or the ratio in the measure's unit; empty where the denominator is zero.
- The numbers are unreleased: nothing is suppressed or rounded here.
"""


def page() -> str:
    """The whole page, in Markdown."""
    parts = [BEGINNING, *map(_measure, MEASURES.values()), TABLES, *map(_contract, CONTRACTS)]
    return "\n".join(parts)


def _measure(measure: Measure) -> str:
    return "\n".join(_lines(measure))


def _lines(measure: Measure) -> Iterator[str]:
    yield f"## {measure.title}\n"
    yield f"`{measure.name}`, version {measure.version}, in {measure.unit}.\n"
    yield f"{measure.definition} (Our paraphrase; published at <{measure.published_at}>.)\n"
    yield f"- **Numerator.** {measure.numerator}"
    if measure.denominator:
        yield f"- **Denominator.** {measure.denominator}"
    yield f"- **Groups.** {measure.groups}"
    yield f"- **Why it matters.** {measure.why}"
    yield f"- **What it cannot show.** {measure.cannot_show}"
    yield (
        f"- Authored: {measure.authored}. Reviewed: {measure.reviewed}. "
        f"Next review: {measure.next_review}.\n"
    )
    yield f"*Example.* {measure.example.says}\n"
    yield f"```\n{measure.example.ledger.strip()}\n```\n"
    for period, group, numerator, denominator in measure.example.gives:
        ratio = "" if denominator is None else f" of {denominator}"
        yield f"- {period}, {_words(group)}: {numerator}{ratio}"
    yield ""


def _words(group: Group) -> str:
    return ", ".join(f"{key} {value}" for key, value in group.items()) or "all"


TABLES = """\
## The tables behind them

Measures are counted from these tables (`opendcr.tables`), whose columns a test holds to this list.
"""


def _contract(contract: Contract) -> str:
    rows = [f"| `{one.name}` | {one.type} | {one.says} |" for one in contract.columns]
    head = f"### {contract.table}\n\nOne row is {contract.row}.\n\n| column | type | says |\n|---|---|---|"
    return "\n".join([head, *rows, ""])


if __name__ == "__main__":
    sys.stdout.write(page())
