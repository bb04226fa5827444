"""The shapes of the trainings' routes: what one registers, and what is answered."""

import re
from typing import Annotated, Any, Literal

import orjson
from fastapi import Path
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from tocsin.model.filters import MAX_VALUES
from tocsin.model.training import MAX_META_BYTES, TrainingStatus
from tocsin.web.queries import PageQuery, Text
from tocsin.web.reading_shapes import Instant, Shape

MAX_ID_CHARS = 200

TrainingType = Literal["portrait", "style"]
Status = Literal["training", "completed", "error", "cancelled"]
FileStatus = Literal["waiting", "stored", "failed"]
EventType = Literal[
    "training.registered",
    "training.progressed",
    "training.completed",
    "training.failed",
    "training.cancelled",
]


def _plain_id(value: str) -> str:
    if re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", value) or value != value.strip():
        raise ValueError("expected text without control characters and surrounding space")
    return value


def _kept_meta(value: dict[str, Any]) -> dict[str, Any]:
    try:
        text = orjson.dumps(value)
    except orjson.JSONEncodeError as error:
        raise ValueError("expected JSON with numbers of 64 bits and whole characters") from error
    if len(text) > MAX_META_BYTES:
        raise ValueError(f"expected at most {MAX_META_BYTES} bytes")
    if b"\\u0000" in text:
        raise ValueError("expected text without NUL")
    return value


def _without_empty(value: Any) -> Any:
    """Forms send every field, also those left empty."""
    return [one for one in value if one != ""] if isinstance(value, list) else value


class NewTraining(BaseModel):
    """A training as who began it knows it; `meta` is for who reads it again."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    request_id: Annotated[
        str, Field(min_length=1, max_length=MAX_ID_CHARS), AfterValidator(_plain_id)
    ] = Field(description="FAL's answer to the submission has it.")
    endpoint: Annotated[str, Field(max_length=MAX_ID_CHARS)] = Field(
        default="",
        pattern=r"^$|^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)+$",
        description="FAL's name of what trains; without it Tocsin cannot ask after the training.",
    )
    training_type: TrainingType | None = None
    meta: Annotated[dict[str, Any], AfterValidator(_kept_meta)] = Field(
        default={}, description="Anything; a text `project` puts the training into that project."
    )


class TrainingsQuery(PageQuery):
    status: Annotated[list[TrainingStatus], BeforeValidator(_without_empty)] = Field(
        default=[], max_length=MAX_VALUES, description="Several mean any of them."
    )
    training_type: Annotated[list[TrainingType], BeforeValidator(_without_empty)] = Field(
        default=[], max_length=MAX_VALUES, description="Several mean any of them."
    )
    q: Text = Field(default="", description="A text in an id or the endpoint.")


class FileView(Shape):
    name: str
    url_origin: str = Field(description="Where its maker keeps it.")
    bytes: int | None
    sha256: str | None
    state: FileStatus
    reason: str | None = Field(description="Why it failed, for good or last.")
    download_url: str | None = Field(
        description="Opens the file to whoever has it; null until it is stored."
    )
    expires_at: Instant | None = Field(description="Until when `download_url` is good.")


class TrainingView(Shape):
    id: str
    request_id: str | None
    finetune_id: str | None
    training_type: str | None
    endpoint: str | None
    project: str
    status: Status
    status_text: str | None = Field(description="The sender's own word.")
    progress: int | None = Field(ge=0, le=100, description="Per cent.")
    queue_position: int | None
    registered_at: Instant | None
    first_seen_at: Instant
    updated_at: Instant
    completed_at: Instant | None = Field(description="When it ended, well or not.")
    duration_s: float | None
    error: str | None
    result: dict[str, Any] | None = Field(
        description="What it brought; empty when that is too large to be shown here."
    )
    meta: dict[str, Any]
    files: list[FileView]


class ToldView(Shape):
    seq: int
    event_id: str
    type: EventType
    occurred_at: Instant
    status: Status | None = Field(description="What it told; null for the registration.")


class TrainingDetail(TrainingView):
    events: list[ToldView] = Field(description="The newest 100, oldest first.")


class TrainingsPage(Shape):
    items: list[TrainingView]
    next_cursor: str | None


FileId = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[0-9a-f-]+$")]


class SignedQuery(BaseModel):
    """What makes an address of a file good."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    expires: Annotated[int, Field(ge=0, le=2**40)]
    signature: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[0-9a-f]+$")]
