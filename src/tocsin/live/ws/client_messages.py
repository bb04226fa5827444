"""What a client may say on `/ws`: one dataclass for the `data` of each message type.

Messages are read with these, and the description at /asyncapi.json is made from them. What a
client sends beyond them is ignored: newer clients know more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BeforeValidator, ConfigDict, Field, PlainValidator, StringConstraints

from tocsin.live.ws.server_messages import AlertLevel, EventType

MAX_NAME_CHARS = 200
MAX_TEXT_CHARS = 4_096
# How many names one message may hold.
MAX_NAMES = 100
_LARGEST_SEQ = 2**63 - 1


def _lowered(word: Any) -> Any:
    return word.lower() if isinstance(word, str) else word


def _time(said: Any) -> Any:
    is_text = isinstance(said, str) and len(said) <= MAX_TEXT_CHARS
    if not is_text and (isinstance(said, bool) or not isinstance(said, int | float | None)):
        raise ValueError("expected a time")
    return said


Name = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=1,
        max_length=MAX_NAME_CHARS,
        pattern=r"^[^\x00]*[^\x00\s][^\x00]*$",
    ),
]
Text = Annotated[str, StringConstraints(max_length=MAX_TEXT_CHARS)]
Names = Annotated[tuple[Name, ...], Field(max_length=MAX_NAMES)]
Types = Annotated[tuple[EventType, ...], Field(max_length=MAX_NAMES)]
Levels = Annotated[
    tuple[Annotated[AlertLevel, BeforeValidator(_lowered)], ...], Field(max_length=MAX_NAMES)
]


@dataclass(frozen=True, slots=True)
class ClientInfo:
    """Who the client says it is. `client_id` counts for the limit of connections."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(coerce_numbers_to_str=True)

    client_id: Name | None = None
    client_type: Text | None = None
    user_agent: Text | None = None
    screen_resolution: Text | None = None
    timezone: Text | None = None
    language: Text | None = None
    features: tuple[Text, ...] | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """One that is given takes the place of the former; an empty list lets everything through."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(coerce_numbers_to_str=True)

    service_ids: Names | None = None
    alert_levels: Levels | None = None
    log_levels: Names | None = None


@dataclass(frozen=True, slots=True)
class Since:
    """The `epoch` and `seq` of the last event the client has."""

    epoch: Annotated[str, StringConstraints(max_length=MAX_NAME_CHARS)]
    seq: Annotated[int, Field(ge=0, le=_LARGEST_SEQ)]


@dataclass(frozen=True, slots=True)
class Subscribe:
    """The first one narrows to what it names, later ones add.

    `projects` and `deployment_ids` narrow the events of deployments to these together.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(coerce_numbers_to_str=True)

    event_types: Types | None = None
    filters: Filters | None = None
    projects: Names | None = None
    deployment_ids: Names | None = None
    since: Since | None = None


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Before any `subscribe` it leaves all but what it names."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(coerce_numbers_to_str=True)

    event_types: Types | None = None
    projects: Names | None = None
    deployment_ids: Names | None = None


@dataclass(frozen=True, slots=True)
class ControlOptions:
    """`timeout` in seconds."""

    force: bool = False
    timeout: Annotated[float, Field(gt=0, le=86_400)] | None = None


@dataclass(frozen=True, slots=True)
class ServiceControl:
    """Start, stop or restart a service, or ask how it stands."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(coerce_numbers_to_str=True)

    service_id: Name
    action: Literal["start", "stop", "restart", "status"]
    options: ControlOptions | None = None


@dataclass(frozen=True, slots=True)
class SendWebhook:
    """Send a message by webhook."""

    webhook_type: Name
    url: Text | None = None
    message: str | None = None
    template_id: Name | None = None
    variables: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Ping:
    """`client_time` comes back: a time as text, or milliseconds since 1970."""

    client_time: Annotated[
        str | int | float | None,
        PlainValidator(_time, json_schema_input_type=Text | float | None),
    ] = None


@dataclass(frozen=True, slots=True)
class PongSaid:
    """A client's own answer to nothing in particular; it is a sign of life."""


@dataclass(frozen=True, slots=True)
class Auth:
    """Sign in with a token."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT_CHARS)]


ClientData = (
    ClientInfo | Subscribe | Unsubscribe | ServiceControl | SendWebhook | Ping | PongSaid | Auth
)


class ClientMessage(NamedTuple):
    """A message type: the shape of its data, what it is for, and the type that answers it."""

    shape: type[ClientData]
    what: str
    answer: str | None


# Every message type there is.
CLIENT_MESSAGES: Mapping[str, ClientMessage] = {
    "client_info": ClientMessage(ClientInfo, "Say who is connected.", None),
    "subscribe": ClientMessage(Subscribe, "Choose what to get.", "subscribed"),
    "unsubscribe": ClientMessage(Unsubscribe, "Get less.", "unsubscribed"),
    "service_control": ClientMessage(
        ServiceControl, "Control a service, or ask how it stands.", "service_event"
    ),
    "send_webhook": ClientMessage(SendWebhook, "Send a webhook.", "webhook_event"),
    "ping": ClientMessage(Ping, "Ask for a sign of life.", "pong"),
    "pong": ClientMessage(PongSaid, "Give a sign of life.", None),
    "auth": ClientMessage(Auth, "Sign in with a token.", "authenticated"),
}
