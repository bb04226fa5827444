"""`/api/v1/release/callbacks/destinations`: where deliveries go; pausing and resuming them."""

from functools import partial
from typing import Annotated, Self

from fastapi import Path, Query, Request
from pydantic import AfterValidator, Field

from tocsin.clock import Clock
from tocsin.errors import Reason, Rejected
from tocsin.model.callback import CallbackChannel
from tocsin.model.delivery_figures import NOBODY_WAITS, Waiting
from tocsin.model.times import rfc3339
from tocsin.store import callback_states, callbacks, destinations
from tocsin.store.database import Database
from tocsin.store.destinations import Destination
from tocsin.store.key import Vault
from tocsin.web.callbacks.desk import CallbackDesk
from tocsin.web.callbacks.fields import Texts, plain_text
from tocsin.web.callbacks.kinds import kind_called
from tocsin.web.callers import caller_of
from tocsin.web.reading_shapes import Instant, Shape
from tocsin.web.release_envelope import Answer, Page, PageQuery
from tocsin.web.release_routes import ReleaseRoutes

_ALL = "/callbacks/destinations"
_ONE = "/callbacks/destinations/{destination_id}"

DestinationId = Annotated[
    str, Path(max_length=100, description="The destination's id."), AfterValidator(plain_text)
]


class DestinationsQuery(PageQuery):
    channel: Texts = Field(default=[], description="Several mean any of them.")
    paused: bool | None = None


class DestinationShape(Shape):
    """One credential, whoever uses it."""

    id: str
    channel_type: str
    label: str = Field(description="What may be shown of it, such as a host.")
    paused: bool
    paused_by: str | None = Field(description="Empty: Tocsin itself, after a long failure.")
    paused_at: Instant | None
    failures: int = Field(description="In a row.")
    failing_since: Instant | None
    last_reason: str | None
    last_error: str | None
    last_ok_at: Instant | None
    last_failed_at: Instant | None
    held_until: Instant | None = Field(description="Nothing is sent before.")
    waiting: int
    oldest_waiting_at: Instant | None

    @classmethod
    def of(cls, one: Destination, waiting: Waiting) -> Self:
        return cls.model_validate(
            {
                "id": one.id,
                "channel_type": one.channel_type,
                "label": one.label,
                "paused": one.is_paused,
                "paused_by": one.paused_by if one.is_paused else None,
                "paused_at": rfc3339(one.paused_at),
                "failures": one.failures,
                "failing_since": rfc3339(one.failing_since),
                "last_reason": one.last_reason,
                "last_error": one.last_error,
                "last_ok_at": rfc3339(one.last_ok_at),
                "last_failed_at": rfc3339(one.last_failed_at),
                "held_until": rfc3339(one.held_until),
                "waiting": waiting.count,
                "oldest_waiting_at": rfc3339(waiting.oldest_at),
            }
        )


def add_to(
    routes: ReleaseRoutes, *, database: Database, vault: Vault, clock: Clock, desk: CallbackDesk
) -> None:
    """The routes of destinations."""
    part = _Destinations(database, vault, clock, desk)
    operators = routes.operators
    routes.readers.get(_ALL, summary="List destinations")(part.page)
    operators.post(f"{_ONE}/pause", summary="Send nothing to a destination")(part.pause)
    operators.post(f"{_ONE}/resume", summary="Send to a destination again")(part.resume)


class _Destinations:
    def __init__(self, database: Database, vault: Vault, clock: Clock, desk: CallbackDesk) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._desk = desk

    async def page(
        self, query: Annotated[DestinationsQuery, Query()]
    ) -> Answer[Page[DestinationShape]]:
        """Destinations to which anything was sent or that were paused, troubled ones first."""
        kinds = {kind_called(self._desk, one) for one in query.channel}
        async with self._database.read() as conn:
            found = [
                one
                for one in await destinations.all_of_them(conn)
                if (not kinds or one.channel_type in kinds)
                and query.paused in (None, one.is_paused)
            ]
            shown = found[query.offset : query.offset + query.page_size]
            waiting = await callback_states.waiting_at(conn, [one.id for one in shown])
        items = [DestinationShape.of(one, waiting.get(one.id, NOBODY_WAITS)) for one in shown]
        return query.page_of(items, len(found))

    async def pause(
        self, destination_id: DestinationId, request: Request
    ) -> Answer[DestinationShape]:
        """Send nothing there until it is resumed. What is for it waits."""
        await self._keep(destination_id)
        await self._desk.pause(destination_id, caller_of(request).name)
        return Answer(data=await self._one(destination_id))

    async def resume(
        self, destination_id: DestinationId, request: Request
    ) -> Answer[DestinationShape]:
        """Send there again, what waits first."""
        await self._keep(destination_id)
        await self._desk.resume(destination_id, caller_of(request).name)
        return Answer(data=await self._one(destination_id))

    async def _keep(self, destination_id: str) -> None:
        """See that there is a row of it, which else the first delivery makes."""
        async with self._database.read() as conn:
            if await destinations.of_ids(conn, [destination_id]):
                return
            found = await callbacks.read_all(conn, self._vault)
        led_to = (self._led_to(channel) for one in found for channel in one.channels)
        new = next((one for one in led_to if one is not None and one.id == destination_id), None)
        if new is not None:
            await self._database.write(partial(destinations.save, one=new))

    def _led_to(self, channel: CallbackChannel) -> Destination | None:
        there = self._desk.destination(channel.type, channel.config)
        if there is None:
            return None
        now = self._clock.now()
        return Destination(
            id=there.id, channel_type=channel.type, label=there.label, changed_at=now
        )

    async def _one(self, destination_id: str) -> DestinationShape:
        async with self._database.read() as conn:
            found = (await destinations.of_ids(conn, [destination_id])).get(destination_id)
            waiting = await callback_states.waiting_at(conn, [destination_id])
        if found is None:
            raise Rejected(404, Reason.NOT_FOUND, "There is no destination with this id.")
        return DestinationShape.of(found, waiting.get(destination_id, NOBODY_WAITS))
