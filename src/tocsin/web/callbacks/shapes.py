"""The shapes in which the API speaks about callbacks and their channels, both ways."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from tocsin.model.callback import Grouping, QuietHours
from tocsin.model.times import rfc3339
from tocsin.web.callbacks.fields import (
    AnyId,
    Condition,
    Config,
    EventPatterns,
    GroupedBy,
    Language,
    Name,
    Plain,
    ProjectName,
    Seconds,
    TemplateId,
    TimeOfDay,
    Zone,
)
from tocsin.web.queries import Text
from tocsin.web.reading_shapes import Instant, Shape
from tocsin.web.release_envelope import PageQuery

MAX_FIELDS = 100
MAX_CHANNELS = 20

# What answers have beside it; who sends an answer back has not changed that.
_SHOWN_OF_CALLBACKS = ("id", "created_at", "updated_at", "state")
_SHOWN_OF_CHANNELS = ("state", "label", "destination_id")


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

    zone: Zone
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

    by: GroupedBy = Field(default=[], description="project, subject, event_type, data.<field>")
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
    id: AnyId = ""

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
