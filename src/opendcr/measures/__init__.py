"""Measures: one file each, computed from the tables.

measured([read_ledger(path)], ["injecting_episodes"], as_at=date(2025, 8, 31)).to_json()
"""

from opendcr.measures.catalogue import MEASURES
from opendcr.measures.measure import Measure, Row
from opendcr.measures.measured import Measured, RoomMeasured, measured

__all__ = ["MEASURES", "Measure", "Measured", "RoomMeasured", "Row", "measured"]
