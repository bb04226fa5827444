"""The event stream's part of the OpenAPI document: it stands in front of the API's own routes."""

from typing import Any

from tocsin.live.document import PATH as DOCUMENT_PATH
from tocsin.live.stream import PATH
from tocsin.model.filters import MAX_VALUE_CHARS, MAX_VALUES

_TEXTS = {
    "type": "array",
    "items": {"type": "string", "maxLength": MAX_VALUE_CHARS},
    "maxItems": MAX_VALUES,
}
_REFUSALS = {
    "401": "Nobody is signed in",
    "403": "The role may not read events",
    "422": "A parameter is wrong",
    "503": "Too many streams are open, or the journal cannot be read; try again",
}


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": description}


_OFFSET = "The offset of the last message had, `<epoch>:<seq>`."
_TIME = {"type": "string", "format": "date-time"}
_PARAMETERS = [
    _parameter("source", _TEXTS, "Several mean any of them."),
    _parameter("type", _TEXTS, "A type, or a pattern such as `step_*`."),
    _parameter("project", _TEXTS, "Several mean any of them."),
    _parameter("subject", _TEXTS, "Such as a deployment's id."),
    _parameter("since", _TIME, "Received then or later."),
    _parameter("until", _TIME, "Received before then."),
    _parameter("from", {"type": "string"}, "`now` (the default), `start`, or a seq to go on from."),
    _parameter("last_event_id", {"type": "string"}, _OFFSET),
    {
        "name": "Last-Event-ID",
        "in": "header",
        "schema": {"type": "string"},
        "description": _OFFSET,
    },
]


def live_paths() -> dict[str, dict[str, Any]]:
    """The OpenAPI path items of the event stream and of what describes the sockets."""
    return {
        PATH: {
            "get": {
                "tags": ["events"],
                "summary": "Follow events as they are stored",
                "operationId": "follow_events",
                "parameters": _PARAMETERS,
                "responses": {
                    "200": {
                        "description": "Server-Sent Events, the first of them `stream.opened`",
                        "content": {"text/event-stream": {"schema": {"type": "string"}}},
                    },
                    **{
                        status: {
                            "description": text,
                            "content": {"application/problem+json": {"schema": {"type": "object"}}},
                        }
                        for status, text in _REFUSALS.items()
                    },
                },
            }
        },
        DOCUMENT_PATH: {
            "get": {
                "tags": ["events"],
                "summary": "What is said on the sockets, as an AsyncAPI document",
                "operationId": "read_asyncapi",
                "responses": {
                    "200": {
                        "description": "AsyncAPI 3",
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    }
                },
            }
        },
    }
