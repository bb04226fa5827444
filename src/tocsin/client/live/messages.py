"""What a server says on `/ws`: one dataclass a type of message, names as on the wire.

`data` is always whole and as it came; the fields beside it are for whoever programs with types.
What a server leaves out, or sends in another shape than is known here, is empty in its field.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Offset:
    """A place in a journal; as text it is what `last_event_id` takes."""

    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.seq}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What all have. `offset` is the place in the journal of one that comes from there."""

    type: str
    data: Mapping[str, Any] = field(default_factory=dict)
    timestamp: str = ""
    broadcast_id: str = ""
    request_id: str | None = None
    offset: Offset | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Other(Message):
    """A type of message that this client does not know yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubbish(Message):
    """What came is no message; `reason` says why. Nothing else follows from it."""

    reason: str
    raw: str | bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusUpdate(Message):
    """How the server's machine does: per cent, and `uptime` in seconds."""

    cpu_percent: float | None = None
    memory_percent: float | None = None
    disk_usage: float | None = None
    network_status: str = ""
    uptime: float | None = None
    active_services: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEvent(Message):
    service_id: str = ""
    service_name: str = ""
    event_type: str = ""
    status: str = ""
    message: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AlertAction:
    label: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert(Message):
    level: str = ""
    title: str = ""
    message: str = ""
    category: str = ""
    source: str = ""
    actions: tuple[AlertAction, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LogEntry:
    timestamp: str = ""
    level: str = ""
    logger_name: str = ""
    message: str = ""
    module: str | None = None
    line_number: int | None = None
    thread_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogUpdate(Message):
    """`total_new_entries` counts those too that were too many to send."""

    file_name: str = ""
    entries: tuple[LogEntry, ...] = ()
    total_new_entries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent(Message):
    webhook_id: str = ""
    event_type: str = ""
    webhook_type: str = ""
    url: str = ""
    status: str = ""
    response_code: int | None = None
    message: str = ""
    sent_at: str = ""
    response_time_ms: int | None = None


@dataclass(frozen=True, slots=True)
class DeploymentStep:
    name: str = ""
    status: str = ""
    duration_ms: int | None = None
    progress: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentEvent(Message):
    """`posco_event` or `deployment_event`: what happened to a deployment, and how it stands.

    `status` and those of the steps are pending, in_progress, completed or failed; `source_type`
    is the sender's own word for the event.
    """

    event_type: str = ""
    branch: str | None = None
    commit_hash: str | None = None
    deployment_id: str = ""
    project: str = ""
    status: str = ""
    progress: int | None = None
    message: str = ""
    steps: tuple[DeploymentStep, ...] = ()
    run: int | None = None
    step_name: str | None = None
    source_type: str = ""
    occurred_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionStatus(Message):
    """The first message on a line. Live delivery begins after `position`."""

    status: str = ""
    server_version: str = ""
    server_time: str = ""
    client_count: int | None = None
    uptime_seconds: float | None = None
    features: tuple[str, ...] = ()
    instance: str = ""
    is_signed_in: bool | None = None
    role: str = ""
    position: Offset | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribed(Message):
    """`subscribed` or `unsubscribed`: all that is subscribed now.

    `recovered` is None when nothing was to be made up for. Live delivery goes on after
    `position`; when `recovered` is true that is the client's own, and what was missed follows.
    """

    event_types: tuple[str, ...] = ()
    filters: Mapping[str, Any] = field(default_factory=dict)
    all_deployments: bool | None = None
    projects: tuple[str, ...] = ()
    deployment_ids: tuple[str, ...] = ()
    recovered: bool | None = None
    position: Offset | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticated(Message):
    role: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pong(Message):
    """`latency_ms` is the server's view; `Live.latency_s` is there and back."""

    server_time: str = ""
    latency_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorSaid(Message):
    """The server did not take a message; the line goes on."""

    error_code: str = ""
    error_message: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


TYPES: Mapping[str, type[Message]] = {
    "status_update": StatusUpdate,
    "service_event": ServiceEvent,
    "alert": Alert,
    "log_update": LogUpdate,
    "webhook_event": WebhookEvent,
    "posco_event": DeploymentEvent,
    "deployment_event": DeploymentEvent,
    "connection_status": ConnectionStatus,
    "subscribed": Subscribed,
    "unsubscribed": Subscribed,
    "authenticated": Authenticated,
    "pong": Pong,
    "error": ErrorSaid,
}
