"""OpenDCR runs a drug consumption room, and shows whether it works.

The public names are those of `__all__`, described in `docs/python.md`. Each is imported when it is
first asked for, so that a command pays only for what it uses.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Command": "ledger.facts",
    "Fact": "ledger.facts",
    "Header": "ledger.facts",
    "InputError": "errors",
    "LedgerWriter": "ledger.files",
    "MEASURES": "measures",
    "Origin": "ledger.facts",
    "Policy": "room.policy",
    "Refusal": "ledger.facts",
    "Room": "room.room",
    "advance": "room.room",
    "attention": "room.attention",
    "board": "room.board",
    "decide": "room.decide",
    "effective": "ledger.effective",
    "fold": "room.room",
    "measured": "measures",
    "open_ledger": "ledger.files",
    "read_ledger": "tables",
    "read_policy": "room.policy",
    "read_scenario": "simulate.scenario_file",
    "seal": "ledger.chain",
    "replicate": "simulate.room",
    "replicated": "simulate.simulated",
    "simulated": "simulate.simulated",
    "Panel": "evaluate.panel",
    "Study": "evaluate.study",
    "read_plan": "evaluate.plan",
    "run_study": "evaluate.findings",
    "read_assumptions": "simulate.uncertain",
    "tables_of": "tables",
    "verify": "ledger.verify",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"opendcr has no public name {name!r}; see docs/python.md")
    return getattr(import_module(f"opendcr.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
