"""Ledger to tidy tables: one row per visit, episode, use, emergency and person."""

from opendcr.tables.contracts import CONTRACTS, Column, Contract
from opendcr.tables.frame import Ledger, ledger_of
from opendcr.tables.reading import read_ledger
from opendcr.tables.room import Tables, last_day, tables_of

__all__ = [
    "CONTRACTS",
    "Column",
    "Contract",
    "Ledger",
    "Tables",
    "last_day",
    "ledger_of",
    "read_ledger",
    "tables_of",
]
