"""What is asked of those who send, and what they answer: tests, previews, replays, kinds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.model.delivery import DeliveryState
from tocsin.model.event import Event
from tocsin.model.message import Message


@dataclass(frozen=True, slots=True)
class ChannelRate:
    """At most `count` messages within any `per_s` seconds."""

    count: int
    per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelKind:
    """A kind of channel as a form is made of it.

    `schema` is the JSON Schema of its options. `secrets` are the options that are never shown.
    """

    type: str
    aliases: tuple[str, ...]
    schema: Mapping[str, Any]
    secrets: tuple[str, ...]
    can_update: bool
    can_fold: bool
    max_size: int
    rates: tuple[ChannelRate, ...]
    timeout_s: float
    base_url: str


@dataclass(frozen=True, slots=True)
class DestinationView:
    """Where a channel's options lead: the destination's id, and what may be shown of it."""

    id: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTest:
    """What came of a test message by one channel; secrets are masked in all of it.

    `channel_id` is "" for options that are not stored, `delivery_id` what the history has of it.
    """

    channel_id: str
    channel_type: str
    is_ok: bool
    status: int | None
    response: str
    duration_ms: int
    curl: str
    reason: str | None
    error: str | None
    delivery_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewWish:
    """An event to be drawn: by a person's `title` and `body`, or in Tocsin's own words.

    Without `channel_type` no channel draws it. `config` may lack any of the channel's options.
    """

    event: Event
    language: str
    channel_type: str = ""
    config: Mapping[str, Any]
    title: str | None = None
    body: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """How a message would look, and what would be sent: {method, url, headers, body} a call."""

    message: Message
    requests: Sequence[Mapping[str, Any]]
    size: int | None
    max_size: int | None


@dataclass(frozen=True, slots=True)
class TemplateText:
    """The words of a template."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class TemplateVariable:
    """What a template may name, with a value as it could be."""

    name: str
    description: str
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayWish:
    """Deliveries to be made once more: those that fit in every field that is given.

    The times are when the delivery was made, `until` exclusive. `event_types` may be patterns.
    """

    since: datetime | None = None
    until: datetime | None = None
    event_types: tuple[str, ...] = ()
    event_id: str | None = None
    state: DeliveryState | None = None
    config_id: str | None = None
    task_id: str | None = None
    project_id: str | None = None
    channel_type: str | None = None
    destination_id: str | None = None
