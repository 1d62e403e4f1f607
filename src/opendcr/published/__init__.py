"""The published figures that ship with the package, each with its source.

    months = thistle_months()          what Glasgow printed for January to August 2025
    deaths = registered_deaths()       Scotland by year (National Records of Scotland)
    suspected = suspected_deaths()     Scotland by quarter (police management information)
    others = other_rooms()             Sydney, Melbourne, Vancouver and Dublin about themselves
    effects = effects_of_rooms()       what studies of rooms elsewhere estimated
    lowest_since(deaths, "2022")       the year since which 2022 was the lowest

Nothing here is estimated, rounded or filled in: a figure that was not found has no row.
"""

from opendcr.published.effects import Concern, Effect, effects_of_rooms
from opendcr.published.figures import (
    Definition,
    Figure,
    Source,
    registered_deaths,
    source,
    sources,
    suspected_deaths,
    thistle_definitions,
    thistle_facility,
    thistle_months,
    thistle_totals,
)
from opendcr.published.rooms import RoomFigure, other_rooms, room_figure
from opendcr.published.series import Change, change, lowest_since

__all__ = [
    "Change",
    "Concern",
    "Definition",
    "Effect",
    "Figure",
    "RoomFigure",
    "Source",
    "change",
    "effects_of_rooms",
    "lowest_since",
    "other_rooms",
    "registered_deaths",
    "room_figure",
    "source",
    "sources",
    "suspected_deaths",
    "thistle_definitions",
    "thistle_facility",
    "thistle_months",
    "thistle_totals",
]
