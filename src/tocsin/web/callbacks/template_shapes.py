"""The shapes in which the API speaks about templates, previews and kinds of channels."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import Path
from pydantic import Field

from tocsin.model.callback_desk import ChannelKind, Preview, TemplateText
from tocsin.web.callbacks.fields import Config, Language, Name, Plain, TemplateId
from tocsin.web.callbacks.shapes import FromOutside, Moment, Shown
from tocsin.web.queries import Text
from tocsin.web.reading_shapes import Shape
from tocsin.web.release_envelope import FormQuery, PageQuery

MAX_TITLE_CHARS = 1_000
MAX_BODY_CHARS = 20_000

TemplatePath = Annotated[UUID, Path(description="The template's id.")]
Title = Annotated[str, Field(max_length=MAX_TITLE_CHARS), Plain]
Body = Annotated[str, Field(max_length=MAX_BODY_CHARS), Plain]
Kind = Annotated[str, Field(max_length=50), Plain]
EventType = Annotated[str, Field(max_length=200), Plain]
NamedTemplate = Annotated[str, Field(min_length=1), Name]


class NewTemplate(FromOutside):
    """Own words: Jinja2 with `{{name}}`, and `{name}` for the listed variables."""

    name: NamedTemplate
    channel_type: Kind = Field(default="", description="What it is for; empty: any channel.")
    event_type: EventType = Field(default="", description="A type or pattern; empty: any event.")
    language: Language = "zh"
    title: Title = ""
    body: Body = Field(default="", description="Markdown.")


class TemplateChange(FromOutside):
    """Only what is sent is replaced."""

    name: NamedTemplate | None = None
    channel_type: Kind | None = None
    event_type: EventType | None = None
    language: Language | None = None
    title: Title | None = None
    body: Body | None = None


class CopyWish(FromOutside):
    name: NamedTemplate | None = None


class TemplateShape(Shown):
    id: str
    name: str
    channel_type: str
    event_type: str
    language: Language
    title: str
    body: str
    created_at: Moment
    updated_at: Moment


class TemplatesQuery(PageQuery):
    channel_type: Annotated[Text, Plain] = ""
    event_type: Annotated[Text, Plain] = ""
    language: Annotated[Text, Plain] = ""
    q: Text = Field(default="", description="A text in the name.")


# --- checking and drawing


class TemplateWords(FromOutside):
    title: Title = ""
    body: Body = ""
    channel_type: Kind = ""


class FaultShape(Shown):
    field: str
    message: str


class VerdictShape(Shape):
    valid: bool
    errors: list[FaultShape]


class PreviewBody(FromOutside):
    """Without a template, title and body: in Tocsin's own words."""

    channel_type: Kind = Field(default="", description="Empty: drawn by none.")
    config: Config = Field(default={}, repr=False, description="Any part of the options.")
    language: Language = "zh"
    event_type: EventType = Field(default="canary_started", description="A sample of this type.")
    event_id: Annotated[str, Field(max_length=200), Plain] = Field(
        default="", description="An event that is stored, in place of a sample."
    )
    template_id: TemplateId = None
    title: Title | None = None
    body: Body | None = None


class SpanShape(Shown):
    text: str
    is_bold: bool
    is_italic: bool
    is_code: bool
    href: str | None


class BlockShape(Shown):
    kind: Literal["paragraph", "heading", "item", "quote", "code"]
    spans: list[SpanShape]


class FieldShape(Shown):
    name: str
    value: str
    is_short: bool


class LinkShape(Shown):
    text: str
    url: str


class ImageShape(Shown):
    name: str
    alt: str


class MessageShape(Shown):
    """A message before any channel has drawn it."""

    heading: str
    title: str
    full_title: str
    tone: Literal["neutral", "running", "good", "warning", "bad"]
    fields: list[FieldShape]
    body: list[BlockShape]
    links: list[LinkShape]
    images: list[ImageShape]
    language: str


class MeasureShape(Shape):
    """How large the message is in the channel's own unit, and how large it may be."""

    size: int
    max_size: int


class PreviewShape(Shape):
    message: MessageShape
    requests: list[dict[str, Any]] = Field(description="What would be sent; secrets are masked.")
    measure: MeasureShape | None

    @classmethod
    def of(cls, one: Preview) -> Self:
        measure = None
        if one.size is not None and one.max_size is not None:
            measure = MeasureShape(size=one.size, max_size=one.max_size)
        return cls(
            message=MessageShape.of(one.message),
            requests=[dict(call) for call in one.requests],
            measure=measure,
        )


class VariableShape(Shown):
    name: str
    description: str
    example: str


class DefaultsQuery(FormQuery):
    language: Language = "zh"
    event_type: Annotated[Text, Plain] = ""
    channel_type: Annotated[Text, Plain] = ""


class DefaultsShape(Shape):
    title: str
    body: str
    language: Language
    event_type: str
    channel_type: str

    @classmethod
    def of(cls, one: TemplateText, query: DefaultsQuery, channel_type: str) -> Self:
        return cls(
            title=one.title,
            body=one.body,
            language=query.language,
            event_type=query.event_type,
            channel_type=channel_type,
        )


class RateShape(Shown):
    count: int
    per_s: float


class LimitsShape(Shape):
    max_size: int
    rates: list[RateShape]
    can_fold: bool
    timeout_s: float


class ChannelKindShape(Shape):
    """A kind of channel, as a form is made of it."""

    type: str
    aliases: list[str]
    # Not by the name of a method of pydantic's.
    schema_: Mapping[str, Any] = Field(alias="schema", description="JSON Schema of the options.")
    secrets: list[str] = Field(description="Options that are never shown.")
    can_update: bool = Field(description="One message a deployment, replaced as it goes on.")
    limits: LimitsShape
    base_url: str

    @classmethod
    def of(cls, one: ChannelKind) -> Self:
        return cls.model_validate(
            {
                "type": one.type,
                "aliases": list(one.aliases),
                "schema": dict(one.schema),
                "secrets": list(one.secrets),
                "can_update": one.can_update,
                "limits": {
                    "max_size": one.max_size,
                    "rates": [RateShape.of(rate) for rate in one.rates],
                    "can_fold": one.can_fold,
                    "timeout_s": one.timeout_s,
                },
                "base_url": one.base_url,
            }
        )
