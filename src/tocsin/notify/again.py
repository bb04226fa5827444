"""Deliveries that people have made once more, and destinations that they pause and resume.

What a person wants is a row in the store; whoever works the shard finds it there.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from tocsin.errors import Reason, Rejected
from tocsin.model.audit import setting_changed
from tocsin.model.callback_desk import ReplayWish
from tocsin.model.delivery import Delivery, DeliveryKind, DeliveryState
from tocsin.model.event import NewEvent, new_event_id
from tocsin.notify.delivery.recorder import destination_event
from tocsin.notify.delivery.tools import Tools
from tocsin.store import deliveries, delivery_history, destinations
from tocsin.store.delivery_results import begin_anew

# More than that at once is done in several turns.
MAX_REPLAYED = 10_000


class Again:
    """`wake` has the shards of this process look at once."""

    def __init__(self, tools: Tools, wake: Callable[[], None]) -> None:
        self._tools = tools
        self._wake = wake

    async def retry(self, delivery_id: str, by: str) -> str:
        """Begin a delivery anew, with all its tries; gives the id by which it goes on.

        Of a digest that is the first of what it stands for. One that waits for its next try is
        tried now.

        Raises:
            Rejected: 404, there is none; 409, it is on its way, or part of a digest, or its
                destination is paused, or its callback or channel is gone.
        """
        async with self._tools.database.read() as conn:
            found = await deliveries.with_id(conn, delivery_id)
        if found is None:
            raise Rejected(404, Reason.NOT_FOUND, "There is no delivery with this id.")
        if found.state is DeliveryState.WAITING:
            await self._hasten(found, by)
            return found.id
        if found.state is DeliveryState.FOLDED:
            raise Rejected(409, Reason.CONFLICT, "This delivery is on its way already.")
        if found.kind is DeliveryKind.TEST:
            raise Rejected(409, Reason.CONFLICT, "This was a test; send another one.")
        if self._tools.known.target(found.config_id, found.channel_id) is None:
            raise Rejected(409, Reason.CONFLICT, "Its callback or channel is not there any more.")
        some: Sequence[Delivery] = [found]
        if found.kind is DeliveryKind.DIGEST:
            async with self._tools.database.read() as conn:
                some = await deliveries.folded_in(conn, found.id)
        begun = await self._begin_anew(some, by)
        return begun[0] if begun else found.id

    async def replay(self, wish: ReplayWish, by: str) -> int:
        """Begin all deliveries anew that fit and have ended; gives how many."""
        async with self._tools.database.read() as conn:
            found = await delivery_history.ended(conn, wish, MAX_REPLAYED)
        known = self._tools.known
        # What a digest stands for is among what is found itself.
        ready = [
            one
            for one in found
            if one.kind is DeliveryKind.EVENT
            and known.target(one.config_id, one.channel_id) is not None
        ]
        if ready:
            await self._begin_anew(ready, by)
        return len(ready)

    async def _hasten(self, waiting: Delivery, by: str) -> None:
        now = self._tools.clock.now()
        async with self._tools.database.read() as conn:
            known = (await destinations.of_ids(conn, [waiting.destination])).values()
        if any(one.is_paused for one in known):
            raise Rejected(409, Reason.CONFLICT, "Its destination is paused; resume that.")
        if any(one.held_until is not None and one.held_until > now for one in known):
            message = "Its destination is left alone for now; resume that to have it tried at once."
            raise Rejected(409, Reason.CONFLICT, message)
        if waiting.next_at <= now:
            raise Rejected(409, Reason.CONFLICT, "This delivery is on its way already.")
        told = setting_changed("delivery.retried", waiting.id, by, now)
        hasten = partial(deliveries.hasten, delivery_id=waiting.id, now=now)
        await self._tools.journal.append([told], also=hasten)
        self._wake()

    async def _begin_anew(self, some: Sequence[Delivery], by: str) -> list[str]:
        """What failed goes on as it is; of what arrived another one is made. Gives their ids.

        A receiver that knows the id of what it has would pass a repeat over.
        """
        now = self._tools.clock.now()
        failed = [one.id for one in some if one.state is DeliveryState.FAILED]
        new = [_copy(one, now) for one in some if one.state is DeliveryState.DELIVERED]

        name = some[0].id if len(some) == 1 else f"{len(some)} deliveries"
        told = setting_changed("delivery.retried", name, by, now)
        rows = self._tools.rows
        await self._tools.journal.append(
            [told], also=lambda conn: begin_anew(conn, rows, failed, new, now)
        )
        self._wake()
        return [*failed, *(one.id for one in new)]

    async def pause(self, destination_id: str, by: str) -> None:
        """Send nothing there until it is resumed.

        Raises:
            Rejected: 404, there is no such destination.
        """
        await self._set(destination_id, by, is_paused=True)

    async def resume(self, destination_id: str, by: str) -> None:
        """Send there what waits, at once, also where it only failed.

        Raises:
            Rejected: 404, there is no such destination.
        """
        await self._set(destination_id, by, is_paused=False)

    async def _set(self, destination_id: str, by: str, *, is_paused: bool) -> None:
        async with self._tools.database.read() as conn:
            found = (await destinations.of_ids(conn, [destination_id])).get(destination_id)
        if found is None:
            raise Rejected(404, Reason.NOT_FOUND, "There is no destination with this id.")
        if found.is_paused == is_paused and (is_paused or not found.failures):
            return
        now = self._tools.clock.now()

        change = destinations.resume
        if is_paused:
            change = partial(destinations.pause, by=by)
        kind = "destination.paused" if is_paused else "destination.resumed"
        told: NewEvent = destination_event(
            kind, destination_id, found.channel_type, found.label, by, None, now
        )
        await self._tools.journal.append(
            [told], also=lambda conn: change(conn, destination_id, now=now)
        )
        self._wake()


def _copy(one: Delivery, now: datetime) -> Delivery:
    return one._replace(
        id=new_event_id(),
        state=DeliveryState.WAITING,
        group_key=None,
        digest_id=None,
        attempts=0,
        tries=0,
        next_at=now,
        created_at=now,
        ended_at=None,
        status=None,
        response="",
        duration_ms=None,
        reason=None,
        error=None,
    )
