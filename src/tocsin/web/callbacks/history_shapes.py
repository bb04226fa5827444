"""The shapes in which the API speaks about deliveries, and what is asked about them."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import orjson
from fastapi import Path
from pydantic import BeforeValidator, Field, model_validator

from tocsin.model.callback_desk import ReplayWish
from tocsin.model.curl import curl_line
from tocsin.model.delivery import Attempt, DeliveryKind, DeliveryState
from tocsin.model.delivery_history import Folded, HistoryFilter, HistoryRow, HistoryStatus
from tocsin.model.filters import MAX_VALUES
from tocsin.model.times import rfc3339
from tocsin.web.callbacks.fields import EventPattern, Plain, StatusWord, Texts, one_as_list
from tocsin.web.callbacks.shapes import FromOutside, Moment, Shown
from tocsin.web.queries import Instant as InstantQuery
from tocsin.web.queries import Text
from tocsin.web.reading_shapes import Instant, Shape
from tocsin.web.release_envelope import PageQuery

DeliveryId = Annotated[UUID, Path(description="The delivery's id.")]
Kind = Literal["event", "digest", "test"]
State = Literal["waiting", "folded", "delivered", "failed"]
OutcomeWord = Literal["delivered", "later", "given_up", "disabled"]
ChannelTypeOf = Callable[[str], str | None]

_Id = Annotated[Text, Plain]
_Several = Annotated[list[EventPattern], Field(max_length=MAX_VALUES)]
_Types = Annotated[
    _Several, BeforeValidator(one_as_list, json_schema_input_type=_Several | EventPattern)
]


class DeliveriesQuery(PageQuery):
    """What is asked of lists that are about one thing already."""

    event_type: Texts = Field(default=[], description="`*` stands for any characters.")
    channel: Texts = Field(default=[], description="Several mean any of them.")
    channel_type: Texts = Field(default=[], description="The same as `channel`.")
    status: list[StatusWord] = Field(default=[], max_length=MAX_VALUES)
    kind: list[Kind] = Field(default=[], max_length=MAX_VALUES)
    event_id: _Id = ""
    destination_id: _Id = ""
    digest_id: _Id = Field(default="", description="What was folded into this digest.")
    since: InstantQuery = Field(default=None, description="Made then or later.")
    until: InstantQuery = Field(default=None, description="Made before then.")
    q: Text = Field(default="", description="A text in one of the ids, or in the error.")

    def filter(self, channel_type: ChannelTypeOf, **about: str | None) -> HistoryFilter:
        """What is asked, `about` one thing; `channel_type` knows channels by all their names."""
        return HistoryFilter(
            event_id=self.event_id or None,
            destination_id=self.destination_id or None,
            digest_id=self.digest_id or None,
            event_types=tuple(self.event_type),
            channel_types=tuple(
                channel_type(one) or one for one in (*self.channel, *self.channel_type)
            ),
            statuses=tuple(HistoryStatus(one) for one in self.status),
            kinds=tuple(DeliveryKind(one) for one in self.kind),
            since=self.since,
            until=self.until,
            text=self.q,
            **about,
        )


class HistoryQuery(DeliveriesQuery):
    task_id: _Id = ""
    config_id: _Id = ""
    project_id: _Id = ""


class Replay(FromOutside):
    """Which deliveries are to be made once more; those that fit in all that is given."""

    since: InstantQuery = None
    until: InstantQuery = None
    event_type: _Types = Field(default=[], description="One type or pattern, or several.")
    event_id: _Id = ""
    status: Literal["failed", "success"] | None = None
    config_id: _Id = ""
    task_id: _Id = ""
    project_id: _Id = ""
    channel: _Id = ""
    destination_id: _Id = ""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(getattr(self, name) for name in type(self).model_fields):
            raise ValueError("expected at least one of the fields")
        return self

    def wish(self, channel_type: ChannelTypeOf) -> ReplayWish:
        states = {"failed": DeliveryState.FAILED, "success": DeliveryState.DELIVERED}
        return ReplayWish(
            since=self.since,
            until=self.until,
            event_types=tuple(self.event_type),
            event_id=self.event_id or None,
            state=states[self.status] if self.status else None,
            config_id=self.config_id or None,
            task_id=self.task_id or None,
            project_id=self.project_id or None,
            channel_type=channel_type(self.channel) or self.channel or None,
            destination_id=self.destination_id or None,
        )


# --- answers


class AttemptShape(Shown):
    number: int
    at: Moment
    duration_ms: int
    outcome: OutcomeWord
    status: int | None = Field(description="Of the HTTP answer; null when there was none.")
    reason: str | None
    error: str | None


class WholeAttempt(AttemptShape):
    """An attempt with what was sent and answered; secrets are masked."""

    request: dict[str, Any]
    requests: list[dict[str, Any]] = Field(description="All calls of the attempt, in order.")
    response: str
    curl: str

    @classmethod
    def of(cls, one: Attempt) -> Self:
        calls = calls_of(one.request)
        return cls(
            **AttemptShape.of(one).model_dump(),
            request=calls[-1] if calls else {},
            requests=calls,
            response=one.response,
            curl=curl_line(one.request),
        )


class RowShape(Shape):
    """One delivery, in the fields of a callback's history."""

    id: str
    task_id: str
    config_id: str
    config_name: str = Field(description="Empty once the callback is gone.")
    project_id: str
    event_type: str
    event_id: str
    event_seq: int
    subject: str
    kind: Kind
    channel_type: str
    channel: str = Field(description="The same as `channel_type`.")
    channel_id: str
    destination_id: str
    state: State
    status: StatusWord = Field(
        description="pending: waits; failed: given up, switched off, or its destination is paused."
    )
    request: dict[str, Any] = Field(description="Of the last try; empty before the first.")
    response: str
    response_status: int | None
    retry_count: int
    attempts: Sequence[AttemptShape]
    duration: int | None = Field(description="Milliseconds of the last try.")
    error: str = Field(
        default="", exclude_if=lambda said: not said, description="Left out when there is none."
    )
    reason: str | None
    digest_id: str | None = Field(description="The delivery that this one was folded into.")
    next_at: Instant | None = Field(description="When it is tried next; null unless it waits.")
    created_at: Instant
    updated_at: Instant
    ended_at: Instant | None

    @classmethod
    def of(cls, row: HistoryRow) -> Self:
        return cls.model_validate(cls.said(row))

    @classmethod
    def said(cls, row: HistoryRow) -> dict[str, Any]:
        one, calls = row.delivery, calls_of(row.request)
        return {
            "id": one.id,
            "task_id": one.task_id,
            "config_id": one.config_id,
            "config_name": row.config_name,
            "project_id": one.project,
            "event_type": one.event_type,
            "event_id": one.event_id,
            "event_seq": one.event_seq,
            "subject": one.subject,
            "kind": one.kind.value,
            "channel_type": one.channel_type,
            "channel": one.channel_type,
            "channel_id": one.channel_id,
            "destination_id": one.destination,
            "state": one.state.value,
            "status": row.status.value,
            "request": calls[-1] if calls else {},
            "response": one.response,
            "response_status": one.status,
            "retry_count": max(0, one.attempts - 1),
            "attempts": [AttemptShape.of(each) for each in row.attempts],
            "duration": one.duration_ms,
            "error": row.error or "",
            "reason": row.reason,
            "digest_id": one.digest_id,
            "next_at": rfc3339(row.next_at),
            "created_at": rfc3339(one.created_at),
            "updated_at": rfc3339(row.updated_at),
            "ended_at": rfc3339(one.ended_at),
        }


class FoldedShape(Shown):
    id: str
    event_id: str
    event_type: str
    task_id: str
    created_at: Moment


class WholeRow(RowShape):
    """One delivery with all of its attempts, and of a digest what went into it."""

    attempts: Sequence[WholeAttempt]
    events: list[FoldedShape] = Field(description="At most the first hundred.")
    folded_count: int

    @classmethod
    def whole(cls, row: HistoryRow, folded: Sequence[Folded], count: int) -> Self:
        return cls.model_validate(
            {
                **cls.said(row),
                "attempts": [WholeAttempt.of(one) for one in row.attempts],
                "events": [FoldedShape.of(one) for one in folded],
                "folded_count": count,
            }
        )


class ReplayedShape(Shape):
    count: int = Field(description="Deliveries that are made once more.")


def calls_of(request: str) -> list[dict[str, Any]]:
    """The calls of an attempt, out of how they are kept."""
    said = orjson.loads(request) if request else []
    return list(said) if isinstance(said, list) else [said]
