"""Fields of bodies and queries about callbacks: what each takes, and what is expected otherwise."""

import re
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import available_timezones

import orjson
from fastapi import Path
from pydantic import AfterValidator, BeforeValidator, Field

from tocsin.model.filters import MAX_VALUES
from tocsin.web.access_shapes import not_a_switch
from tocsin.web.queries import Text

MAX_NAME_CHARS = 200
MAX_EVENTS = 100
MAX_CONFIG_BYTES = 32 * 1024

_GROUPED_BY = re.compile(r"project|subject|event_type|data\.[A-Za-z0-9_.-]{1,100}")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")

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


def one_as_list(value: Any) -> Any:
    """A text alone, as lists are narrowed by; an empty one does not count."""
    if isinstance(value, str):
        return [value] if value else []
    return value


Plain = AfterValidator(plain_text)
Name = Annotated[str, Field(max_length=MAX_NAME_CHARS), AfterValidator(_name)]
ProjectName = Annotated[str, AfterValidator(project_name)]
Config = Annotated[dict[str, Any], AfterValidator(_options)]
EventPattern = Annotated[str, Field(max_length=MAX_NAME_CHARS), AfterValidator(_pattern)]
EventPatterns = Annotated[
    list[EventPattern], Field(max_length=MAX_EVENTS), BeforeValidator(_none_as_empty)
]
Seconds = Annotated[float, Field(ge=0, le=86_400), BeforeValidator(not_a_switch)]
GroupedBy = Annotated[
    list[Annotated[str, AfterValidator(_grouped_by)]],
    Field(max_length=10),
    BeforeValidator(_none_as_empty),
]
Zone = Annotated[str, AfterValidator(_zone)]
TimeOfDay = Annotated[str, AfterValidator(_clock)]
# Of something that is stored; what none has is found nowhere.
AnyId = Annotated[str, Field(max_length=64), Plain]
TemplateId = Annotated[AnyId | None, BeforeValidator(lambda value: value or None)]
Texts = Annotated[list[Annotated[Text, Plain]], Field(max_length=MAX_VALUES)]
Condition = Annotated[str, Field(max_length=2_000), Plain]
