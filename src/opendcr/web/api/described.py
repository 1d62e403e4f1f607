"""The OpenAPI document, with the one address that is no operation of the interface: the stream."""

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

_PROBLEM = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_FAILURES = {
    "401": "Nobody is signed in.",
    "403": "The sender's role may not read this.",
    "422": "`room` or the last event's id cannot be used.",
    "503": "The database cannot be used.",
}
_STREAM: dict[str, Any] = {
    "operationId": "stream",
    "summary": "Stream",
    "description": (
        "The room's changes as server-sent events, for as long as the sender is signed in.\n\n"
        '`fact`: data `{"seq","kind"}`, with its `seq` as the id. `board`: the board as the '
        "sender's role may see it, at the beginning and after changes; of several changes at once, "
        'the last alone. `pulse`, each second: data `{"now","seq","board"}`, the server\'s time, '
        "the last fact in the database, and the last fact that the board told last shows. Without "
        "pulses the stream is dead; where `board` stays behind `seq`, the board is out of date.\n\n"
        "A stream that comes back with the last id, in `Last-Event-ID` or `after`, gets every fact "
        "since. One that does not keep up is ended, and resumes in the same way."
    ),
    "parameters": [
        {"in": "query", "name": "room", "required": False, "schema": {"type": "string"}},
        {
            "in": "query", "name": "after", "required": False,
            "schema": {"type": "integer", "minimum": 0}, "description": "as `Last-Event-ID`",
        },
        {
            "in": "header", "name": "Last-Event-ID", "required": False,
            "schema": {"type": "integer", "minimum": 0},
        },
    ],
    "responses": {
        "200": {
            "description": "Events, until either side ends them.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **{
            status: {"description": words, "content": _PROBLEM}
            for status, words in _FAILURES.items()
        },
    },
    "security": [{"SignedIn": []}],
}  # fmt: skip


class Described(NinjaAPI):
    """The interface, whose document names the stream too."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        schema = super().get_openapi_schema(path_prefix=prefix)
        schema["paths"][f"{prefix}stream"] = {"get": _STREAM}
        return schema
