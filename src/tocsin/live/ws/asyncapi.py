"""The description of the live channels for programs, as AsyncAPI 3.0.

https://www.asyncapi.com/docs/reference/specification/v3.0.0
It is made from the very definitions by which messages are read and written.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from tocsin.live.ws.client_messages import CLIENT_MESSAGES, MAX_NAME_CHARS
from tocsin.live.ws.reading import LARGEST_NUMBER
from tocsin.live.ws.server_messages import EVENT_TYPES, SERVER_MESSAGES

_MODE: JsonSchemaMode = "validation"
_JOURNALED = frozenset({"posco_event", "deployment_event"})
# Journaled as well, but for what answers a client.
_ALSO_ANSWERS = frozenset({"webhook_event"})
_TIME = {"type": "string", "format": "date-time"}
_TEXT = {"type": "string"}
_SEQ = {"type": "integer", "minimum": 0}
_REQUEST_ID = {
    "oneOf": [
        {"type": "string", "maxLength": MAX_NAME_CHARS},
        {"type": "integer", "minimum": -LARGEST_NUMBER, "maximum": LARGEST_NUMBER},
    ],
    "description": "Chosen by the client; comes back in what answers the message.",
}

_WS_QUERY = {
    "type": "object",
    "properties": {
        "token": {"type": "string", "description": "A token, where no header can be sent."},
        "client_id": {"type": "string", "maxLength": MAX_NAME_CHARS},
    },
}
_SOCKETIO_EVENT = {
    "type": "object",
    "required": ["type", "payload", "timestamp", "projectId", "deploymentId", "seq"],
    "properties": {
        "type": {"type": "string", "description": "The sender's own word."},
        "payload": {"description": "What was sent; known field names in camelCase."},
        "timestamp": _TIME,
        "projectId": _TEXT,
        "deploymentId": _TEXT,
        "seq": _SEQ,
    },
}
_SOCKETIO_SNAPSHOT = {
    "type": "object",
    "description": "Where a deployment stands, given once it was subscribed to.",
}


def asyncapi_document(version: str) -> dict[str, Any]:
    """The whole description; `version` is Tocsin's."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tocsin, live",
            "version": version,
            "description": "What is told live: JSON over WebSocket at /ws, and Socket.IO.",
        },
        "defaultContentType": "application/json",
        "channels": {"ws": _ws_channel(), "socketio": _socketio_channel()},
        "operations": _operations(),
        "components": {"messages": _messages(), "schemas": _schemas()},
    }


def _ws_channel() -> dict[str, Any]:
    names = [
        *(f"client.{name}" for name in CLIENT_MESSAGES),
        *(f"server.{name}" for name in SERVER_MESSAGES),
    ]
    return {
        "address": "/ws",
        "title": "The JSON protocol",
        "description": "One JSON object a text message, both ways; /api/v1/ws is the same.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"ws": {"method": "GET", "query": _WS_QUERY}},
    }


def _socketio_channel() -> dict[str, Any]:
    return {
        "address": "/socket.io/",
        "title": "Socket.IO",
        "description": "Socket.IO protocol 5 over Engine.IO 4; a message's name is the event's.",
        "messages": {
            name: {"$ref": f"#/components/messages/socketio.{name}"}
            for name in ("event", "snapshot")
        },
    }


def _operations() -> dict[str, Any]:
    channel = {"$ref": "#/channels/ws"}
    found: dict[str, Any] = {
        "ws.tell": {
            "action": "send",
            "channel": channel,
            "summary": "Tell what happens, each type to who subscribed to it.",
            "messages": [_in_ws(f"server.{name}") for name in (*EVENT_TYPES, "error")],
        },
        "socketio.tell": {
            "action": "send",
            "channel": {"$ref": "#/channels/socketio"},
            "summary": "Tell what happens to who subscribed to the project or deployment.",
        },
    }
    for name, one in CLIENT_MESSAGES.items():
        found[f"ws.{name}"] = {
            "action": "receive",
            "channel": channel,
            "summary": one.what,
            "messages": [_in_ws(f"client.{name}")],
        }
        if one.answer is not None:
            answers = [_in_ws(f"server.{answer}") for answer in (one.answer, "error")]
            found[f"ws.{name}"]["reply"] = {"channel": channel, "messages": answers}
    return found


def _in_ws(name: str) -> dict[str, str]:
    return {"$ref": f"#/channels/ws/messages/{name}"}


def _messages() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, said in CLIENT_MESSAGES.items():
        found[f"client.{name}"] = _message(name, said.what, _client_payload(name, said.shape))
    for name, told in SERVER_MESSAGES.items():
        found[f"server.{name}"] = _message(name, told.what, _server_payload(name, told.shape))
    found["socketio.event"] = _message("event", "A stored event.", _SOCKETIO_EVENT)
    found["socketio.snapshot"] = _message("snapshot", "A deployment.", _SOCKETIO_SNAPSHOT)
    return found


def _message(name: str, what: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "title": name, "summary": what, "payload": payload}


def _client_payload(name: str, shape: type) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["type", "data"],
        "properties": {
            "type": {"const": name},
            "data": {"$ref": f"#/components/schemas/{shape.__name__}"},
            "timestamp": {"description": "Not looked at."},
            "client_id": {"description": "As in `client_info`, where that was not sent."},
            "request_id": {"anyOf": [_REQUEST_ID, {"type": "null"}]},
        },
    }


def _server_payload(name: str, shape: type) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "type": {"const": name},
        "data": {"$ref": f"#/components/schemas/{shape.__name__}"},
        "timestamp": _TIME,
    }
    required = ["type", "data", "timestamp"]
    if name in EVENT_TYPES:
        properties["broadcast_id"] = _TEXT
        required.append("broadcast_id")
    if name in _JOURNALED | _ALSO_ANSWERS:
        properties |= {"seq": _SEQ, "epoch": _TEXT}
    if name in _JOURNALED:
        required += ["seq", "epoch"]
    elif any(one.answer == name for one in CLIENT_MESSAGES.values()) or name == "error":
        properties["request_id"] = _REQUEST_ID
    return {"type": "object", "required": required, "properties": properties}


def _schemas() -> dict[str, Any]:
    """The shapes of all data, and what they are made of."""
    said = _shapes({one.shape for one in CLIENT_MESSAGES.values()})
    told = _shapes({one.shape for one in SERVER_MESSAGES.values()})
    return {**said, **{name: _never_null(schema) for name, schema in told.items()}}


def _shapes(shapes: set[type]) -> Mapping[str, Any]:
    inputs: list[tuple[type, JsonSchemaMode, TypeAdapter[Any]]] = [
        (shape, _MODE, TypeAdapter(shape)) for shape in sorted(shapes, key=lambda one: one.__name__)
    ]
    _, found = TypeAdapter.json_schemas(inputs, ref_template="#/components/schemas/{model}")
    defined: Mapping[str, Any] = found["$defs"]
    return defined


def _never_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The shape of what Tocsin writes: what may be missing is left out, not null."""
    properties = {
        name: _without_null(one) if "default" in one else one
        for name, one in schema.get("properties", {}).items()
    }
    return {**schema, "properties": properties} if properties else dict(schema)


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    kinds = [one for one in schema["anyOf"] if one != {"type": "null"}]
    return {**rest, **kinds[0]} if len(kinds) == 1 else {**rest, "anyOf": kinds}
