"""The addresses under /api/: commands, facts, board, reviews, visits, keys, measures."""

import logging
import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import Query
from ninja.errors import AuthenticationError, HttpError, ValidationError

from opendcr.errors import InputError
from opendcr.ledger.codec import instant, outline
from opendcr.web.api import schemas, visits
from opendcr.web.api.access import SignedIn, for_the_known, problem, sender_from, unknown_sender
from opendcr.web.api.boards import board_text
from opendcr.web.api.bodies import body_of
from opendcr.web.api.described import Described
from opendcr.web.api.measuring import measures_text
from opendcr.web.api.schemas import COMMAND, Problem
from opendcr.web.store.addressed import room_for
from opendcr.web.store.answers import Answered, unacceptable
from opendcr.web.store.archive import records_after
from opendcr.web.store.held import only_room
from opendcr.web.store.models import SigningKey
from opendcr.web.store.proof import Sender, public_key
from opendcr.web.store.threads import erasing, measuring, reading, writing
from opendcr.web.store.trouble import TROUBLE, words_for
from opendcr.web.store.visible import SEE_ALL, answer_for, fact_for
from opendcr.web.store.write import erases, write

FACTS_AT_ONCE = 500
SHIFT = timedelta(hours=12)
PROBLEMS = {400: Problem, 401: Problem, 403: Problem, 422: Problem, 503: Problem}

EXPECTED = {
    "int_parsing": "a whole number",
    "greater_than_equal": "0 or more",
    "date_from_datetime_parsing": "a date such as 2025-02-01",
    "missing": "a value",
}

log = logging.getLogger("opendcr.api")
api = Described(
    title="OpenDCR",
    version="1",
    description="Commands in, facts and the board out. Every address takes `room`.",
    auth=SignedIn(),
    docs_url=None,
    docs_decorator=for_the_known,
    urls_namespace="api",
)


@api.post(
    "commands",
    response={200: schemas.Recorded, 409: schemas.Refused, **PROBLEMS},
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": COMMAND}}}
    },
)
async def command(request: HttpRequest) -> HttpResponse:
    """An ask or a report. The same command sent again gets the same answer.

    A command has at most 256 kB. What is seen of a body, or done for one, is never refused for its
    size or its form: long values are cut, what cannot be read is kept apart, and both are flagged.
    A report that names no room that is here is recorded, and flagged, in the one that knows its
    visit or its emergency, or else in the first by name.
    """
    sender = sender_from(request)
    body = await body_of(request)
    thread = erasing if erases(body) else writing
    return _json(_shown(await thread(_write, body, sender), body, sender))


def _write(body: Any, sender: Sender) -> Answered:
    try:
        room, guessed = room_for(body)
    except InputError as problem:
        return unacceptable(problem)
    return write(room, body, sender, guessed=guessed)


def _shown(answered: Answered, body: Any, sender: Sender) -> Answered:
    """The answer as the sender may see it: what was stored of it is the same for everybody."""
    if answered.status != 200 or sender.role in SEE_ALL:
        return answered
    answer = orjson.loads(answered.body)
    answer["facts"] = answer_for(sender.role, answer["facts"], body)
    return Answered(answered.status, orjson.dumps(answer).decode())


@api.get("facts", response={200: schemas.Facts, **PROBLEMS})
async def facts(
    request: HttpRequest,
    after: int = Query(0, ge=0, le=2**53),
    room: str | None = None,
) -> HttpResponse:
    """Facts in the room's order, as the sender's role may see them; at most 500 at once."""
    sender = sender_from(request, "facts")
    return await reading(_facts, room, after, sender.role)


def _facts(room: str | None, after: int, role: str) -> HttpResponse:
    records = list(records_after(only_room(room), after, limit=FACTS_AT_ONCE + 1))
    shown = [fact_for(role, record) for record in records[:FACTS_AT_ONCE]]
    answer = {"facts": shown, "more": len(records) > FACTS_AT_ONCE}
    return HttpResponse(orjson.dumps(answer), content_type="application/json")


@api.get("board", response={200: dict[str, Any], **PROBLEMS})
async def board(request: HttpRequest, room: str | None = None) -> HttpResponse:
    """The board now, as the sender's role may see it."""
    sender = sender_from(request, "board")
    text = await reading(lambda: board_text(only_room(room), sender.role))
    response = HttpResponse(text, content_type="application/json")
    response["OpenDCR-Staff"] = sender.staff or ""  # a page sees that another person signed in
    return response


@api.get("measures", response={200: dict[str, Any], **PROBLEMS})
async def measures(
    request: HttpRequest,
    measure: list[str] = Query([]),  # noqa: B008
    as_at: date | None = None,
    room: str | None = None,
) -> HttpResponse:
    """Measures by month, before disclosure control: not for publication."""
    sender_from(request, "measures")
    text = await measuring(lambda: measures_text(only_room(room), measure, as_at))
    return HttpResponse(text, content_type="application/json")


@api.get("reviews", response={200: schemas.Reviews, **PROBLEMS})
async def open_reviews(request: HttpRequest, room: str | None = None) -> Any:
    """Entries that wait to be looked at again, each with its reason in words."""
    sender = sender_from(request, "people")
    return await reading(lambda: visits.reviews(only_room(room), sender.role))


@api.get("visits/left", response={200: schemas.Left, **PROBLEMS})
async def left_today(request: HttpRequest, room: str | None = None) -> Any:
    """Who has left since local midnight, the last first."""
    sender_from(request, "people")
    return await reading(lambda: visits.left(only_room(room)))


@api.get("visits/{visit}/story", response={200: schemas.Story, **PROBLEMS})
async def story(request: HttpRequest, visit: str, room: str | None = None) -> Any:
    """Everything recorded of a visit, in order, as the sender's role may see it."""
    sender = sender_from(request, "people")
    if "\0" in visit:  # PostgreSQL fails on it
        raise InputError("visit", "no id", "the id of a visit")
    return await reading(lambda: visits.story_of(only_room(room), visit, sender.role))


@api.post("keys", response={200: schemas.Key, **PROBLEMS})
async def keys(request: HttpRequest, jwk: schemas.PublicKey) -> Any:
    """Registers a signing key for whoever is signed in, this device and this shift."""
    sender = sender_from(request)
    if sender.means != "session" or sender.staff is None:
        raise HttpError(403, "a key is for a person who is signed in")
    return await writing(_register_key, jwk, sender)


def _register_key(jwk: schemas.PublicKey, sender: Sender) -> dict[str, str]:
    try:
        public_key(jwk.x, jwk.y)
    except ValueError as error:
        raise InputError("x, y", "no point of the curve", "a P-256 public key") from error
    now = datetime.now(UTC)
    key = SigningKey.objects.create(
        key=f"k-{secrets.token_hex(12)}", staff_id=str(sender.staff), device=sender.device,
        x=jwk.x, y=jwk.y, since=now, until=now + SHIFT,
    )  # fmt: skip
    return {
        "key": key.key,
        "staff": str(sender.staff),
        "device": key.device,
        "until": instant(key.until),
    }


@api.exception_handler(InputError)
def _input_error(request: HttpRequest, error: InputError) -> HttpResponse:
    return _json(unacceptable(error))


@api.exception_handler(ValidationError)
def _validation_error(request: HttpRequest, error: ValidationError) -> HttpResponse:
    first = error.errors[0]
    names = [str(part) for part in first["loc"][1:]]
    sent = request.GET.get(names[0]) if first["loc"][0] == "query" else None
    found = _seen(sent) if sent is not None else "what does not fit"
    expected = EXPECTED.get(first["type"], str(first["msg"]).removeprefix("Input should be "))
    return problem(422, ".".join(names) or "the body", found, expected)


def _seen(sent: str) -> str:
    """What was sent in an address: a number as it is, of anything else only how long it is."""
    number = sent.isascii() and sent.removeprefix("-").isdigit() and len(sent) < 20
    return sent if number else outline(sent)


@api.exception_handler(AuthenticationError)
def _stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return unknown_sender()


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    found = "a body that cannot be read" if error.status_code == 400 else str(error)
    return problem(error.status_code, "the request", found, "a request that may be made")


for _kind in TROUBLE:

    @api.exception_handler(_kind)
    def _trouble(request: HttpRequest, error: Exception) -> HttpResponse:
        log.error("the database failed: %s", words_for(error))
        return problem(503, "the database", words_for(error), "try again, or use paper")


def _json(answered: Answered) -> HttpResponse:
    return HttpResponse(answered.body, content_type="application/json", status=answered.status)
