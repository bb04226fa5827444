"""Stored events as Socket.IO clients get them. Pure.

The names of fields are those that the notification guide's pages read: camelCase, where its
senders write snake_case. What is not of that guide stays as it was sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tocsin.live.engineio.packet import Encoding, polling_message, websocket_message
from tocsin.live.offset import Offset
from tocsin.live.recovering import Place
from tocsin.live.socketio.packet import event_text
from tocsin.model.entry import Entry
from tocsin.model.standing import TELLING
from tocsin.model.times import rfc3339

LABEL = "socketio"

_KNOWN = (
    "branch",
    "commit_hash",
    "completed_at",
    "deployment_id",
    "duration",
    "end_time",
    "event_id",
    "failed_steps",
    "log_stream_id",
    "started_at",
    "start_time",
    "step_name",
    "step_status",
    "steps_count",
    "successful_steps",
    "total_duration",
    "workflow_id",
    "workflow_name",
)
_SOURCE = "deployment"


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


_CAMEL = {name: _camel(name) for name in _KNOWN}


@dataclass(frozen=True, slots=True)
class SocketIoDialect:
    """Events of one namespace, for one transport.

    With `has_offset` each carries its offset as a last argument, by which the stock JavaScript
    clients say what they have; in clients of other languages it would break the handlers.
    """

    epoch: str
    namespace: str
    encoding: Encoding
    has_offset: bool
    label: str = LABEL
    shows_standing: bool = False

    def frame(self, entry: Entry) -> bytes:
        """The packet of the event `event`."""
        offset = Offset(self.epoch, entry.seq) if self.has_offset else None
        return self.packet("event", envelope_of(entry), offset)

    def packet(self, name: str, value: Any, offset: Offset | Place | None = None) -> bytes:
        """The packet of any event, as its transport takes it."""
        args = [value] if offset is None else [value, str(offset)]
        text = event_text(self.namespace, name, args)
        return websocket_message(text) if self.encoding == "websocket" else polling_message(text)


def envelope_of(entry: Entry) -> dict[str, Any]:
    """The one argument of the event `event`."""
    event = entry.event
    return {
        "type": event.type,
        "payload": payload_of(entry),
        "timestamp": rfc3339(event.occurred_at),
        "projectId": event.project,
        "deploymentId": event.subject,
        "seq": event.seq,
    }


def payload_of(entry: Entry) -> Any:
    """What the event says; a step's message also has the `status` that pages show of a step."""
    event, said = entry.event, entry.data
    if event.source != _SOURCE or event.type not in TELLING[_SOURCE] or not isinstance(said, dict):
        return said
    payload = _in_camel_case(said)
    if "stepStatus" in payload:
        payload.setdefault("status", payload["stepStatus"])
    metrics = payload.get("metrics")
    if isinstance(metrics, dict):
        payload["metrics"] = _in_camel_case(metrics)
    return payload


def _in_camel_case(said: Mapping[str, Any]) -> dict[str, Any]:
    return {_CAMEL.get(name, name): value for name, value in said.items()}
