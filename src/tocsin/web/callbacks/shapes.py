"""The shapes in which the API speaks about callbacks and their channels, both ways."""

import re
from collections.abc import Mapping
from datetime import datetime, time
from typing import Annotated, Any, Literal, Self
from uuid import UUID
from zoneinfo import available_timezones

import orjson
from fastapi import Path
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from tocsin.model.callback import Grouping, QuietHours
from tocsin.model.times import rfc3339
from tocsin.web.access_shapes import not_a_switch
from tocsin.web.queries import Text
from tocsin.web.reading_shapes import Instant, Shape
from tocsin.web.release_envelope import PageQuery

MAX_NAME_CHARS = 200
MAX_FIELDS = 100
MAX_CHANNELS = 20
MAX_EVENTS = 100
MAX_CONFIG_BYTES = 32 * 1024

_GROUPED_BY = re.compile(r"project|subject|event_type|data\.[A-Za-z0-9_.-]{1,100}")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
# What answers have beside it; who sends an answer back has not changed that.
_SHOWN_OF_CALLBACKS = ("id", "created_at", "updated_at", "state")
_SHOWN_OF_CHANNELS = ("state", "label", "destination_id")

Language = Literal["zh", "en", "ko", "ru"]
StatusWord = Literal["success", "failed", "pending"]
CallbackId = Annotated[UUID, Path(description="The callback's id.")]


def plain_text(value: str) -> str:
    if re.search(r"[\x00\ud800-\udfff]", value):
        raise ValueError("expected text without NUL")
    return value


def _name(value: str) -> str:
    if re.search(r"[\x00-\x1f\x7f]", value) or value != value.strip():
        raise ValueError("expected text without control characters and surrounding space")
    return value


def project_name(value: str) -> str:
    """A project as an address or a body names it."""
    if not 1 <= len(value) <= MAX_NAME_CHARS or re.search(r"[\ud800-\udfff]", value):
        message = f"expected the name of a project, of at most {MAX_NAME_CHARS} characters"
        raise ValueError(message)
    return _name(value)


def _options(value: dict[str, Any]) -> dict[str, Any]:
    try:
        text = orjson.dumps(value)
    except orjson.JSONEncodeError as error:
        raise ValueError("expected JSON with numbers of 64 bits and whole characters") from error
    if len(text) > MAX_CONFIG_BYTES:
        raise ValueError(f"expected at most {MAX_CONFIG_BYTES} bytes")
    if b"\\u0000" in text:
        raise ValueError("expected text without NUL")
    return value


def _pattern(value: str) -> str:
    if not _name(value):
        raise ValueError("expected a type of event, or a pattern such as canary_*")
    return value


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("expected a time zone such as Asia/Shanghai")
    return value


def _clock(value: str) -> str:
    if not _CLOCK.fullmatch(value):
        raise ValueError("expected a time of day such as 22:00")
    return value


def _grouped_by(value: str) -> str:
    if not _GROUPED_BY.fullmatch(value):
        raise ValueError("expected project, subject, event_type or data.<field>")
    return value


def _none_as_empty(value: Any) -> Any:
    """Programs in Go send null for a list or text that is empty."""
    return [] if value is None else value


Plain = AfterValidator(plain_text)
Name = Annotated[str, Field(max_length=MAX_NAME_CHARS), AfterValidator(_name)]
ProjectName = Annotated[str, AfterValidator(project_name)]
Config = Annotated[dict[str, Any], AfterValidator(_options)]
EventPattern = Annotated[str, Field(max_length=MAX_NAME_CHARS), AfterValidator(_pattern)]
EventPatterns = Annotated[
    list[EventPattern], Field(max_length=MAX_EVENTS), BeforeValidator(_none_as_empty)
]
Seconds = Annotated[float, Field(ge=0, le=86_400), BeforeValidator(not_a_switch)]
TimeOfDay = Annotated[str, AfterValidator(_clock)]
TemplateId = Annotated[
    Annotated[str, Field(max_length=64), Plain] | None,
    BeforeValidator(lambda value: value or None),
]
Condition = Annotated[str, Field(max_length=2_000), Plain]


class FromOutside(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, validate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _has_few_fields(cls, said: Any) -> Any:
        """Each that is not known is told, which takes a second for a hundred thousand."""
        if isinstance(said, Mapping) and len(said) > MAX_FIELDS:
            raise ValueError(f"expected at most {MAX_FIELDS} fields")
        return said


def _without(names: tuple[str, ...], said: Any) -> Any:
    if not isinstance(said, Mapping):
        return said
    return {name: value for name, value in said.items() if name not in names}


class QuietHoursShape(FromOutside):
    """From `from` to `to` each day nothing is sent; what fits `but` is, all the same."""

    zone: Annotated[str, AfterValidator(_zone)]
    from_: TimeOfDay = Field(alias="from", description="HH:MM")
    to: TimeOfDay = Field(description="HH:MM; over midnight when it is earlier.")
    but: EventPatterns = Field(default=[], description="Types of events, or patterns.")

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        if self.from_ == self.to:
            raise ValueError("expected from and to to differ")
        return self

    @classmethod
    def of(cls, one: QuietHours) -> Self:
        return cls(
            zone=one.zone,
            from_=one.start.strftime("%H:%M"),
            to=one.end.strftime("%H:%M"),
            but=list(one.but),
        )

    def as_model(self) -> QuietHours:
        start, end = time.fromisoformat(self.from_), time.fromisoformat(self.to)
        return QuietHours(self.zone, start, end, tuple(self.but))


class GroupingShape(FromOutside):
    """What is alike in all of `by` goes out together."""

    by: Annotated[
        list[Annotated[str, AfterValidator(_grouped_by)]],
        Field(max_length=10),
        BeforeValidator(_none_as_empty),
    ] = Field(default=[], description="project, subject, event_type, data.<field>")
    wait_s: Seconds = Field(default=30, description="How long the first of a group waits.")
    interval_s: Seconds = Field(default=300, description="And further ones, from the last sent.")

    @classmethod
    def of(cls, one: Grouping) -> Self:
        return cls(by=list(one.by), wait_s=one.wait_s, interval_s=one.interval_s)

    def as_model(self) -> Grouping:
        return Grouping(tuple(self.by), self.wait_s, self.interval_s)


class NewChannel(FromOutside):
    """With the `id` of a stored channel, that one is replaced."""

    type: Annotated[str, Field(min_length=1, max_length=50)]
    enabled: bool = True
    config: Config = Field(repr=False)
    template_id: TemplateId = None
    id: Annotated[str, Field(max_length=64), Plain] = ""

    @model_validator(mode="before")
    @classmethod
    def _as_it_was_shown(cls, said: Any) -> Any:
        return _without(_SHOWN_OF_CHANNELS, said)


Channels = Annotated[list[NewChannel], Field(min_length=1, max_length=MAX_CHANNELS)]


class NewCallback(FromOutside):
    """What is shown of a callback beside this may be sent back, and is passed over."""

    name: Name = ""
    enabled: bool = True
    channels: Channels
    events: EventPatterns = Field(
        default=[], description="Types of events, or patterns such as `canary_*`; none: all."
    )
    condition: Annotated[Condition, BeforeValidator(lambda value: value or "")] = Field(
        default="", description="CEL over `event`, such as `event.data.duration > 600`."
    )
    language: Language = "zh"
    quiet_hours: QuietHoursShape | None = None
    grouping: GroupingShape | None = None

    @model_validator(mode="before")
    @classmethod
    def _as_it_was_shown(cls, said: Any) -> Any:
        return _without((*_SHOWN_OF_CALLBACKS, "project_id"), said)


class CallbackChange(FromOutside):
    """Only what is sent is replaced; null takes a condition, quiet hours or grouping away."""

    project_id: ProjectName | None = None
    name: Name | None = None
    enabled: bool | None = None
    channels: Channels | None = None
    events: EventPatterns | None = None
    condition: Condition | None = None
    language: Language | None = None
    quiet_hours: QuietHoursShape | None = None
    grouping: GroupingShape | None = None

    @model_validator(mode="before")
    @classmethod
    def _as_it_was_shown(cls, said: Any) -> Any:
        return _without(_SHOWN_OF_CALLBACKS, said)

    @field_validator("project_id", mode="before")
    @classmethod
    def _is_named(cls, value: Any) -> Any:
        return value or None


class CallbacksQuery(PageQuery):
    project_id: Annotated[Text, Plain] = ""
    channel: Annotated[Text, Plain] = ""
    enabled: bool | None = None
    q: Text = Field(default="", description="A text in the name or the project.")


# --- answers


def _as_text(value: Any) -> Any:
    return rfc3339(value) if isinstance(value, datetime) else value


Moment = Annotated[Instant, BeforeValidator(_as_text)]


class Shown(Shape):
    """Something of the model, whose fields have the same names there."""

    @classmethod
    def of(cls, one: Any) -> Self:
        return cls.model_validate(one, from_attributes=True)
