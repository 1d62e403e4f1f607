"""The OpenAPI document is complete: requests invented from it get only the answers it declares."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from opendcr.web.api.routes import api
from opendcr.web.store.access import new_token
from opendcr.web.store.models import Staff
from tests.conftest import SOAK
from tests.support import acting
from tests.support.engines import RoomDatabase
from tests.support.served import Serve

EXAMPLES = 300 if SOAK else 20
OPERATIONS = [
    (path, method)
    for path, methods in api.get_openapi_schema(path_prefix="/api/")["paths"].items()
    for method in methods
]
HELD = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_address_declares_every_way_to_fail(path: str, method: str) -> None:
    operation = api.get_openapi_schema(path_prefix="/api/")["paths"][path][method]
    declared = {int(status) for status in operation["responses"]}
    assert {200, 401, 403, 422, 503} <= declared
    assert operation["security"]
    assert (409 in declared) == (path == "/api/commands")


def test_the_stream_is_described_among_the_others() -> None:
    paths = api.get_openapi_schema()["paths"]
    stream, board = paths["/api/stream"]["get"], paths["/api/board"]["get"]
    assert stream["security"] == board["security"]
    assert list(stream["responses"]["200"]["content"]) == ["text/event-stream"]
    for event in ("fact", "board", "pulse"):
        assert f"`{event}`" in stream["description"]


@pytest.fixture
def served(room_database: RoomDatabase, served_room: Serve) -> tuple[str, dict[str, str]]:
    """A server, and the headers of a manager's program."""
    acting.opened()
    acting.accounts("manager")
    token = new_token(Staff.objects.get())
    environment = room_database.environment
    return served_room(environment=environment).url, {"Authorization": f"Bearer {token}"}


def test_invented_requests_get_only_declared_answers(served: tuple[str, dict[str, str]]) -> None:
    # A stream has no end to wait for; its own tests read it.
    for path, method in [one for one in OPERATIONS if one[0] != "/api/stream"]:
        assert _statuses_of_invented_requests(path, method, *served), (path, method)


def _statuses_of_invented_requests(
    path: str, method: str, url: str, headers: dict[str, str]
) -> set[int]:
    schema = schemathesis.openapi.from_dict(api.get_openapi_schema(path_prefix="/api/"))
    statuses: set[int] = set()

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=schema[path][method].as_strategy())
    def holds(case: Any) -> None:
        answer = case.call(base_url=url, headers=headers, timeout=20)
        case.validate_response(answer, checks=HELD)
        statuses.add(answer.status_code)

    holds()
    return statuses
