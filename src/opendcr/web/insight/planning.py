"""The page of plans: sliders, and what a year of the room would be with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse

from opendcr.errors import InputError
from opendcr.room.policy import Policy
from opendcr.web.insight.access import for_readers_of, shown
from opendcr.web.insight.compiling import readiness
from opendcr.web.insight.observed import Observed, observed
from opendcr.web.insight.sliders import Chosen, Group, Slider, chosen, groups, minutes_of
from opendcr.web.store.addressed import room_of_page
from opendcr.web.store.held import look, only_room
from opendcr.web.store.proof import Sender
from opendcr.web.store.threads import measuring, reading, simulating
from opendcr.web.store.visible import may_read

WITHIN = 1.5  # seconds that a page waits for the compiled simulation before it says that it waits
AGAIN = 4  # seconds after which it asks again

_PROBLEM, _WAITING, _FAILED = "insight/problem.html", "insight/waiting.html", "insight/failed.html"


@for_readers_of("planning")
async def planning(request: HttpRequest, sender: Sender) -> HttpResponse:
    """The sliders and the result, whole: what a browser without scripts sees."""
    begun = await _begun(request)
    part, context, status = await _result(request, begun)
    page = {
        **context,
        "part": part,
        "room_title": begun.policy.title,
        "room_named": request.GET.get("room"),
        "sees_board": may_read(sender.role, "board"),
        "groups": [_shown(group, begun.chosen) for group in begun.groups],
        "both": begun.both,
        "here": "planning",
        "again": AGAIN,
    }
    return await shown(request, "insight/planning.html", page, 200 if status == 202 else status)


@for_readers_of("planning")
async def result(request: HttpRequest, sender: Sender) -> HttpResponse:
    """The result alone, for the page's script: 202 while the simulation is being compiled."""
    begun = await _begun(request)
    part, context, status = await _result(request, begun)
    return await shown(request, part, {**context, "again": AGAIN}, status)


@dataclass(frozen=True)
class _Begun:
    """What a request asks, before anything is simulated."""

    policy: Policy
    timezone: str
    seen: Observed | None
    groups: tuple[Group, ...]
    chosen: Chosen
    both: bool

    @property
    def sliders(self) -> dict[str, Slider]:
        return {one.name: one for group in self.groups for one in group.sliders}


async def _begun(request: HttpRequest) -> _Begun:
    room, policy, adopted, timezone = await reading(_room, request)
    hours = minutes_of(policy.opens), minutes_of(policy.closes)
    seen = await measuring(observed, room, *hours)
    all_ = groups(policy, adopted, seen)
    sliders = tuple(one for group in all_ for one in group.sliders)
    asked = {name: str(request.GET[name]) for name in request.GET}
    return _Begun(policy, timezone, seen, all_, chosen(sliders, asked), asked.get("both") == "1")


def _room(request: HttpRequest) -> tuple[str, Policy, date | None, str]:
    """The room of a request: its name, its policy, when that was adopted, its time zone."""
    name = only_room(room_of_page(request))
    held = look(name)
    policies = held.room.standing.policies
    zone = held.header.timezone
    adopted = policies[-1][0][0].astimezone(ZoneInfo(zone)).date() if policies else None
    return name, held.room.policy, adopted, zone


async def _result(request: HttpRequest, begun: _Begun) -> tuple[str, dict[str, Any], int]:
    """What stands in the place of the result: a template, its context, and a status."""
    if begun.chosen.problems:
        return _PROBLEM, {"problems": _named(begun, begun.chosen.problems)}, 422
    state = await readiness(WITHIN)
    if state != "ready":
        return (_WAITING, {}, 202) if state == "compiling" else (_FAILED, {}, 503)
    # Read with the compiler, which a server that plans nothing does without.
    from opendcr.web.insight.planned import Room, answer, question

    room = Room(begun.policy, begun.timezone, begun.seen)
    try:
        asked = question(room, begun.sliders, begun.chosen.values, begun.both)
    except InputError as problem:
        told = f"Found: {problem.found}. Expected: {problem.expected}."
        begun.chosen.problems[problem.where] = told
        return _PROBLEM, {"problems": _named(begun, begun.chosen.problems)}, 422
    return "insight/planned.html", {"answer": await simulating(answer, asked)}, 200


def _named(begun: _Begun, problems: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """What does not fit, in the order of the sliders: name, label, words."""
    return [
        (name, one.label, problems[name]) for name, one in begun.sliders.items() if name in problems
    ]


@dataclass(frozen=True)
class _Field:
    """A slider as the page shows it; one that was set to what cannot be is a field of text, since a
    slider would change what was typed."""

    slider: Slider
    value: str
    words: str
    problem: str | None
    as_text: bool


def _shown(group: Group, of: Chosen) -> tuple[Group, list[_Field]]:
    return group, [_field(one, of) for one in group.sliders]


def _field(one: Slider, of: Chosen) -> _Field:
    value, problem = of.values[one.name], of.problems.get(one.name)
    try:
        one.read(of.typed.get(one.name, f"{value:g}"))
    except InputError:
        return _Field(one, of.typed[one.name][:40], "", problem, True)
    return _Field(one, f"{value:g}", one.words(value), problem, False)
