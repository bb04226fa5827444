"""The receivers' part of the OpenAPI document: they stand in front of the API's own routes."""

from collections.abc import Mapping
from typing import Any

from tocsin.ingest.source import Envelope, Source

_FAULTS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["field", "message"],
        "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
    },
}
_STORED = {"event_id": {"type": "string"}, "seq": {"type": "integer"}}
_GOOD: Mapping[Envelope, Any] = {
    Envelope.WEBHOOK: {
        "type": "object",
        "required": ["success", "message"],
        "properties": {"success": {"const": True}, "message": {"type": "string"}, **_STORED},
    },
    Envelope.OBJECT: {
        "type": "object",
        "required": ["items"],
        "properties": {
            **_STORED,
            "items": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["event_id", "seq"],
                    "properties": _STORED,
                },
            },
        },
    },
    # What a sender is answered at once, such as the text that it wants to hear again.
    Envelope.EMPTY: {"type": "object"},
    Envelope.AVATAR: {
        "type": "object",
        "required": ["status"],
        "properties": {
            "status": {"const": "received"},
            "request_id": {"type": "string"},
            **_STORED,
        },
    },
}
_PROBLEM: tuple[str, Any] = (
    "application/problem+json",
    {
        "type": "object",
        "required": ["type", "title", "status", "detail", "reason"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "reason": {"type": "string"},
            "errors": _FAULTS,
        },
    },
)
_BAD: Mapping[Envelope, tuple[str, Any]] = {
    Envelope.WEBHOOK: (
        "application/json",
        {
            "type": "object",
            "required": ["success", "message", "errors"],
            "properties": {
                "success": {"const": False},
                "message": {"type": "string"},
                "errors": _FAULTS,
            },
        },
    ),
    Envelope.OBJECT: _PROBLEM,
    Envelope.EMPTY: _PROBLEM,
    Envelope.AVATAR: (
        "application/json",
        {
            "type": "object",
            "required": ["detail", "status_code"],
            "properties": {"detail": {"type": "string"}, "status_code": {"type": "integer"}},
        },
    ),
}
_REFUSALS = {
    "400": "Not readable, or a field is wrong",
    "401": "Not signed, or signed wrongly",
    "408": "The body did not come in time",
    "403": "The credential may not send events",
    "413": "The body is too large",
    "415": "Not the content type that is taken",
    "422": "A field is wrong",
    "429": "Too many calls from this address",
    "503": "It cannot be stored now; try again",
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "maxLength": 255},
    "description": "The same key again is the same delivery: it is stored once.",
}


def entrance_paths(sources: Mapping[str, Source]) -> dict[str, dict[str, Any]]:
    """The OpenAPI path items of every receiver."""
    return {
        path: {"post": _operation(name, source, path)}
        for name, source in sources.items()
        for path in (*source.ENTRANCES, f"/hooks/{name}")
    }


def _operation(name: str, source: Source, path: str) -> dict[str, Any]:
    content_type, bad = _BAD[source.ENVELOPE]
    good = {"application/json": {"schema": _GOOD[source.ENVELOPE]}}
    if source.ENVELOPE is Envelope.EMPTY:
        good["text/plain"] = {"schema": {"const": ""}}
    operation_id = "receive" + "".join(part if part.isalnum() else "_" for part in path)
    return {
        "tags": ["receivers"],
        "summary": f"Take in a call of the source {name}",
        "operationId": operation_id,
        "parameters": [_KEY, *getattr(source, "PARAMETERS", ())],
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": schema} for kind, schema in source.OPENAPI.items()},
        },
        "responses": {
            "200": {"description": "Stored; the commit is on the disk", "content": good},
            **{
                status: {"description": text, "content": {content_type: {"schema": bad}}}
                for status, text in _REFUSALS.items()
            },
        },
    }
