"""Reporting guidelines: which of their items a report answers, told from what it holds."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from opendcr.evaluate.report.content import ABOUT, Report


@dataclass(frozen=True)
class Item:
    """An item of a guideline: answered where a report holds all of its `keys`."""

    list: str
    number: str
    asks: str
    keys: tuple[str, ...]
    reason: str = ""

    def answered(self, held: Mapping[str, bool]) -> bool:
        """Whether a report that holds this answers the item."""
        return bool(self.keys) and all(held[key] for key in self.keys)


@dataclass(frozen=True)
class Checklist:
    """A guideline's items; their numbers are the guideline's own."""

    name: str
    title: str
    items: tuple[Item, ...]


# The section in which what a key stands for is found. Keys of `about` are found in their own.
SECTIONS = {
    "answer": "the head of the report",
    "question": "The plan, in words",
    "designs": "Designs side by side",
    "declared": "The plan, in words",
    "lock": "The lock",
    "data": "Data and code",
    "origin": "Data and code",
    "periods": "the head of the report; Observed less expected",
    "intervals": "Designs side by side",
    "weights": "Designs side by side",
    "fit": "Designs side by side",
    "checks": "Checks",
    "harms": "Harms, displacement and other outcomes",
    "power": "What could have been seen",
    "limits": "Limits",
    "effects": "Effects published elsewhere",
} | {f"about.{key}": "About the study" for key in ABOUT}


def held(report: Report) -> dict[str, bool]:
    """What a report truly holds, by key."""
    estimates = [one.estimate for one in report.designs]
    estimates += [one.estimate for one in report.further]
    found = {
        "answer": True,  # a report without a question, an answer, a design or an origin cannot be made
        "question": True,
        "designs": True,
        "origin": True,
        "periods": True,
        "declared": bool(report.declared),
        "lock": report.lock is not None,
        "data": bool(report.provenance.data),
        "intervals": all(one.relative_interval is not None for one in estimates),
        "weights": any(one.weights for one in estimates),
        "fit": report.leading.estimate.pre_rmspe is not None and not report.leading.alone,
        "checks": bool(report.all_checks),
        "harms": "harm" in report.looked_for,
        "power": bool(report.power),
        "limits": bool(report.limits),
        "effects": bool(report.effects),
    }
    return found | {f"about.{key}": bool(report.about.get(key, "").strip()) for key in ABOUT}


@cache
def checklists() -> tuple[Checklist, ...]:
    """The guidelines, in the order in which they are shown."""
    text = files(__package__).joinpath("checklists.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    items = [Item(**{**one, "keys": tuple(one["keys"])}) for one in data["items"]]
    return tuple(
        Checklist(one["name"], one["title"], tuple(it for it in items if it.list == one["name"]))
        for one in data["lists"]
    )


def sections(item: Item) -> str:
    """Where in a report an item is answered."""
    return "; ".join(dict.fromkeys(SECTIONS[key] for key in item.keys))
