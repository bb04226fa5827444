"""Callbacks as people are shown them: secrets masked, and how each is doing."""

from collections.abc import Sequence
from typing import Any, Self

from pydantic import ConfigDict, Field

from tocsin.model.callback import Callback, CallbackChannel
from tocsin.model.delivery_figures import NOBODY_WAITS, Waiting
from tocsin.model.times import rfc3339
from tocsin.store import callback_states, destinations
from tocsin.store.callback_states import ChannelKey, LastResult
from tocsin.store.database import Database
from tocsin.store.destinations import Destination
from tocsin.web.callbacks.desk import CallbackDesk
from tocsin.web.callbacks.fields import Language, StatusWord
from tocsin.web.callbacks.shapes import GroupingShape, QuietHoursShape
from tocsin.web.reading_shapes import Instant, Shape


class LastShape(Shape):
    """The newest delivery that was tried at all."""

    id: str = Field(description="Its id in the history.")
    status: StatusWord
    at: Instant
    event_type: str
    channel: str
    channel_id: str
    reason: str | None
    error: str | None
    duration: int | None = Field(description="Milliseconds of the last try.")

    @classmethod
    def of(cls, one: LastResult) -> Self:
        return cls.model_validate(
            {
                "id": one.id,
                "status": one.status.value,
                "at": rfc3339(one.at),
                "event_type": one.event_type,
                "channel": one.channel_type,
                "channel_id": one.channel_id,
                "reason": one.reason,
                "error": one.error,
                "duration": one.duration_ms,
            }
        )


class StateShape(Shape):
    """How a callback is doing; it is paused when any of its destinations is."""

    waiting: int
    oldest_waiting_at: Instant | None
    paused: bool
    last: LastShape | None

    @classmethod
    def said(cls, waiting: Waiting, last: LastResult | None) -> dict[str, Any]:
        return {
            "waiting": waiting.count,
            "oldest_waiting_at": rfc3339(waiting.oldest_at),
            "last": None if last is None else LastShape.of(last),
        }


class ChannelStateShape(StateShape):
    paused_by: str | None = Field(description="Empty: Tocsin itself, after a long failure.")
    paused_at: Instant | None
    failing_since: Instant | None
    held_until: Instant | None = Field(description="Nothing is sent before.")

    @classmethod
    def of(cls, waiting: Waiting, last: LastResult | None, there: Destination | None) -> Self:
        is_paused = there is not None and there.is_paused
        return cls.model_validate(
            {
                **cls.said(waiting, last),
                "paused": is_paused,
                "paused_by": there.paused_by if there is not None and is_paused else None,
                "paused_at": there and rfc3339(there.paused_at),
                "failing_since": there and rfc3339(there.failing_since),
                "held_until": there and rfc3339(there.held_until),
            }
        )


class ChannelShape(Shape):
    id: str
    type: str
    enabled: bool
    config: dict[str, Any] = Field(description="The options; secrets are masked.")
    template_id: str | None
    destination_id: str | None = Field(description="Null while the options are not valid.")
    label: str = Field(description="What may be shown of the destination, such as a host.")
    state: ChannelStateShape


class CallbackShape(Shape):
    model_config = ConfigDict(validate_by_name=True)

    id: str
    project_id: str = Field(description="`*`: every project.")
    name: str
    enabled: bool
    channels: list[ChannelShape]
    events: list[str]
    condition: str
    language: Language
    quiet_hours: QuietHoursShape | None
    grouping: GroupingShape | None
    created_at: Instant
    updated_at: Instant
    state: StateShape


class CallbackViews:
    """Looks up what stands beside a callback in the store."""

    def __init__(self, database: Database, desk: CallbackDesk) -> None:
        self._database = database
        self._desk = desk

    async def one(self, callback: Callback) -> CallbackShape:
        (shown,) = await self.all([callback])
        return shown

    async def all(self, found: Sequence[Callback]) -> list[CallbackShape]:
        """Each of them, in their order."""
        leads = {
            (one.id, channel.id): self._desk.destination(channel.type, channel.config)
            for one in found
            for channel in one.channels
        }
        ids = {there.id for there in leads.values() if there is not None}
        async with self._database.read() as conn:
            waiting = await callback_states.waiting(conn, [one.id for one in found])
            last = await callback_states.last_results(conn, list(leads))
            known = await destinations.of_ids(conn, ids)

        def channel_of(key: ChannelKey, one: CallbackChannel) -> ChannelShape:
            there = leads[key]
            state = known.get(there.id) if there is not None else None
            return ChannelShape(
                id=one.id,
                type=one.type,
                enabled=one.enabled,
                config=self._desk.mask(one.type, one.config),
                template_id=one.template_id,
                destination_id=None if there is None else there.id,
                label=there.label if there is not None else "",
                state=ChannelStateShape.of(waiting.get(key, NOBODY_WAITS), last.get(key), state),
            )

        shown = []
        for one in found:
            keys = [(one.id, channel.id) for channel in one.channels]
            channels = [
                channel_of(key, channel) for key, channel in zip(keys, one.channels, strict=True)
            ]
            results = [last[key] for key in keys if key in last]
            state = StateShape.said(
                callback_states.all_waiting([waiting.get(key, NOBODY_WAITS) for key in keys]),
                max(results, key=lambda result: result.id, default=None),
            )
            is_paused = any(channel.state.paused for channel in channels)
            shown.append(_shown(one, channels, {**state, "paused": is_paused}))
        return shown


def plain(one: Callback) -> dict[str, Any]:
    """What a callback is shown with and taken out with alike: all but its channels and times."""
    return {
        "id": one.id,
        "project_id": one.project_id,
        "name": one.name,
        "enabled": one.enabled,
        "events": list(one.events),
        "condition": one.condition,
        "language": one.language,
        "quiet_hours": one.quiet_hours and QuietHoursShape.of(one.quiet_hours),
        "grouping": one.grouping and GroupingShape.of(one.grouping),
    }


def _shown(one: Callback, channels: Sequence[ChannelShape], state: dict[str, Any]) -> CallbackShape:
    return CallbackShape.model_validate(
        {
            **plain(one),
            "channels": channels,
            "created_at": rfc3339(one.created_at),
            "updated_at": rfc3339(one.updated_at),
            "state": state,
        }
    )
