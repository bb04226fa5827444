"""What Tocsin says on `/ws`: one dataclass for the `data` of each message type.

The encoder writes these, and the description at /asyncapi.json is made from them. A field whose
default is None is left out while it is None: clients in strictly typed languages take a missing
number, but not null.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, NamedTuple, get_args

AlertLevel = Literal["info", "warning", "error", "critical"]
ServiceWord = Literal["started", "stopped", "restarted", "error", "recovered", "config_changed"]
DeploymentWord = Literal[
    "deployment_started", "deployment_progress", "deployment_completed", "deployment_failed"
]
StatusWord = Literal["pending", "in_progress", "completed", "failed"]

# What a client can subscribe to. Who never did gets all but the last: it is the same as
# `posco_event`, under the name that says what it is.
EventType = Literal[
    "status_update",
    "service_event",
    "alert",
    "log_update",
    "webhook_event",
    "posco_event",
    "connection_status",
    "deployment_event",
]
DeploymentType = Literal["posco_event", "deployment_event"]
EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)
DEFAULT_TYPES: frozenset[EventType] = frozenset(EVENT_TYPES) - {"deployment_event"}


class ErrorCode(StrEnum):
    """Why a message could not be taken."""

    INVALID_MESSAGE_FORMAT = "INVALID_MESSAGE_FORMAT"
    UNKNOWN_MESSAGE_TYPE = "UNKNOWN_MESSAGE_TYPE"
    AUTHENTICATION_REQUIRED = "AUTHENTICATION_REQUIRED"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    SERVICE_NOT_FOUND = "SERVICE_NOT_FOUND"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"
    RATE_LIMIT_EXCEEDED = "RATE_LIMIT_EXCEEDED"


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """How the machine does; `uptime` in seconds, the rest in per cent."""

    cpu_percent: float
    memory_percent: float
    disk_usage: float
    network_status: str
    uptime: float
    active_services: int


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """Something happened to a watched service."""

    service_id: str
    service_name: str
    event_type: ServiceWord
    status: str
    message: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AlertAction:
    """Something a person may do about an alert."""

    label: str
    action: str


@dataclass(frozen=True, slots=True)
class Alert:
    """Something people should look at."""

    level: AlertLevel
    title: str
    message: str
    category: str
    source: str
    actions: tuple[AlertAction, ...]
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of a log file."""

    timestamp: str
    level: str
    logger_name: str
    message: str
    module: str | None = None
    line_number: int | None = None
    thread_id: str | None = None


@dataclass(frozen=True, slots=True)
class LogUpdate:
    """New lines of a log file. `total_new_entries` counts those too that were too many to send."""

    file_name: str
    entries: tuple[LogEntry, ...]
    total_new_entries: int


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """What became of a webhook that was to be sent."""

    webhook_id: str
    event_type: str
    webhook_type: str
    url: str
    status: str
    message: str
    sent_at: str
    response_code: int | None = None
    response_time_ms: int | None = None


@dataclass(frozen=True, slots=True)
class StepStatus:
    """One step of a deployment; `duration_ms` once it ended."""

    name: str
    status: StatusWord
    duration_ms: int | None = None
    progress: int | None = None


@dataclass(frozen=True, slots=True)
class DeploymentEvent:
    """One event of a deployment, and where the deployment stands now.

    `source_type` is the sender's own word for the event, `occurred_at` its time.
    """

    event_type: DeploymentWord
    branch: str | None
    commit_hash: str | None
    deployment_id: str
    project: str
    status: StatusWord
    progress: int
    message: str
    steps: tuple[StepStatus, ...]
    run: int
    source_type: str
    occurred_at: str
    step_name: str | None = None


@dataclass(frozen=True, slots=True)
class ConnectionStatus:
    """The first message on a connection. `epoch` and `seq` are where live delivery begins."""

    status: Literal["connected"]
    server_version: str
    server_time: str
    client_count: int
    uptime_seconds: int
    features: tuple[str, ...]
    instance: str
    epoch: str
    seq: int
    is_signed_in: bool
    role: str


@dataclass(frozen=True, slots=True)
class SubscribedFilters:
    """The filters in force; one that is left out lets everything through."""

    service_ids: tuple[str, ...] | None = None
    alert_levels: tuple[AlertLevel, ...] | None = None
    log_levels: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Subscribed:
    """What the client gets from now on.

    `recovered` is null when nothing was to be resumed. Live delivery goes on after `seq`; when
    `recovered` is true that is the client's own, so that what was missed follows.
    """

    event_types: tuple[EventType, ...]
    filters: SubscribedFilters
    all_deployments: bool
    projects: tuple[str, ...]
    deployment_ids: tuple[str, ...]
    recovered: bool | None
    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The token was good."""

    role: str
    name: str


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to a `ping`; `latency_ms` is null when `client_time` is no time."""

    client_time: str | int | float | None
    server_time: str
    latency_ms: int | None


@dataclass(frozen=True, slots=True)
class FieldError:
    """A field that is wrong; a dotted path, "" the whole message."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class ErrorDetails:
    """`type` is that of the offending message; `received_message` its first 200 characters."""

    type: str | None = None
    expected_fields: tuple[str, ...] | None = None
    received_message: str | None = None
    errors: tuple[FieldError, ...] | None = None


@dataclass(frozen=True, slots=True)
class ErrorData:
    """Why a message was not taken; the connection stays usable."""

    error_code: ErrorCode
    error_message: str
    details: ErrorDetails
    timestamp: str


# What later parts may broadcast; everybody who wants its type gets it.
Broadcast = StatusUpdate | ServiceEvent | Alert | LogUpdate
Answer = ConnectionStatus | Subscribed | Authenticated | Pong | ErrorData
ServerData = Broadcast | DeploymentEvent | WebhookEvent | Answer

BROADCAST_TYPES: Mapping[type[Broadcast], EventType] = {
    StatusUpdate: "status_update",
    ServiceEvent: "service_event",
    Alert: "alert",
    LogUpdate: "log_update",
}


class ServerMessage(NamedTuple):
    """A message type: the shape of its data, and what it is for."""

    shape: type[ServerData]
    what: str


# Every message type there is.
SERVER_MESSAGES: Mapping[str, ServerMessage] = {
    "status_update": ServerMessage(StatusUpdate, "The machine's figures changed."),
    "service_event": ServerMessage(ServiceEvent, "Something happened to a service."),
    "alert": ServerMessage(Alert, "Something people should look at."),
    "log_update": ServerMessage(LogUpdate, "New lines of a log file; at most 5 messages a second."),
    "webhook_event": ServerMessage(WebhookEvent, "What became of a delivery."),
    "posco_event": ServerMessage(DeploymentEvent, "An event of a deployment."),
    "deployment_event": ServerMessage(
        DeploymentEvent, "The same, for who subscribed to it by this name."
    ),
    "connection_status": ServerMessage(ConnectionStatus, "The first message on a connection."),
    "subscribed": ServerMessage(Subscribed, "What the client gets from now on."),
    "unsubscribed": ServerMessage(Subscribed, "What the client gets from now on."),
    "authenticated": ServerMessage(Authenticated, "The token was good."),
    "pong": ServerMessage(Pong, "A sign of life."),
    "error": ServerMessage(ErrorData, "A message was not taken."),
}
