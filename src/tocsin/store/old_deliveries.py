"""Remove deliveries that have been kept long enough, and what is known of where they went.

What still waits is never removed, however old it is, unless its callback is gone: where a paused
destination holds it up, nobody would end it. Access tokens of credentials that nobody
uses any more go as well, whatever is kept for how long.
"""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import Connection, delete, exists, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.clock import Clock
from tocsin.model.delivery import DeliveryState
from tocsin.model.retention import FOR_EVER
from tocsin.model.times import to_us
from tocsin.settings.schema import NotifySettings
from tocsin.store import channel_tokens
from tocsin.store.database import Database
from tocsin.store.statement import in_list, json_list
from tocsin.store.tables.callbacks import (
    callbacks,
    deliveries,
    delivery_attempts,
    destinations,
    posted_messages,
)

# Removed in one transaction, each with its attempts.
SLICE = 500
# An hour's delay is nothing to what is kept for days.
EVERY_S = 3600.0
# Between two slices the writer serves whoever waits; this lets them come.
PAUSE_S = 0.01

_ENDED = [one.value for one in DeliveryState if one.is_final]

log = structlog.get_logger(__name__)


class OldDeliveries:
    """One step lets time pass and removes what ended long enough ago.

    `used` gives the destinations that callbacks lead to. They are kept, lest one that somebody
    has paused begins to be sent to again.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: NotifySettings,
        used: Callable[[], Awaitable[Collection[str]]],
    ) -> None:
        self._database = database
        self._clock = clock
        self._keep_days = settings.keep_days
        self._used = used

    async def step(self) -> None:
        await self._clock.sleep(EVERY_S)
        await self.clean_up()

    async def clean_up(self) -> None:
        """Remove everything whose time is over.

        Raises:
            ConfigError: a callback's secrets are sealed with another key.
            StoreDown: the database does not answer; the rest stays for later.
        """
        now = self._clock.now()
        await self._database.write(partial(channel_tokens.remove_unused, now=now))
        if self._keep_days == FOR_EVER:
            return
        before = now - timedelta(days=self._keep_days)
        count = await self._in_slices(partial(_remove_deliveries, before=before))
        await self._in_slices(partial(_remove_posted, before=before))
        gone = await self._remove_destinations(before)
        if count or gone:
            log.info("deliveries_removed", count=count, destinations=gone)

    async def _in_slices(self, remove: Callable[[Connection], int]) -> int:
        count = 0
        while removed := await self._database.write(remove):
            count += removed
            await self._clock.sleep(PAUSE_S)
        return count

    async def _remove_destinations(self, before: datetime) -> int:
        used = await self._used()
        async with self._database.read() as conn:
            unused = await _quiet_destinations(conn, before) - set(used)
        if not unused:
            return 0
        remove = partial(_forget_destinations, ids=unused, before=before)
        return await self._database.write(remove)


def _remove_deliveries(conn: Connection, before: datetime) -> int:
    # A UUIDv7 begins with its milliseconds (RFC 9562, 5.7): what was made earlier has a lesser id.
    at_ms = f"{to_us(before) // 1_000:012x}"
    has_ended = deliveries.c.state.in_(_ENDED) & (deliveries.c.ended_at < to_us(before))
    is_known = exists().where(callbacks.c.id == deliveries.c.config_id)
    is_over = has_ended | (deliveries.c.state.not_in(_ENDED) & ~is_known)
    aged = (
        select(deliveries.c.id)
        .where(deliveries.c.id < f"{at_ms[:8]}-{at_ms[8:]}", is_over)
        .order_by(deliveries.c.id)
        .limit(SLICE)
    )
    # Asked again of the row itself: somebody may have it made once more at this moment.
    gone = delete(deliveries).where(deliveries.c.id.in_(aged), is_over).returning(deliveries.c.id)
    ids = list(conn.execute(gone).scalars())
    of_them = delete(delivery_attempts).where(in_list(delivery_attempts.c.delivery_id, "ids"))
    conn.execute(of_them, {"ids": json_list(ids)})
    return len(ids)


def _remove_posted(conn: Connection, before: datetime) -> int:
    """Forget by what messages can be replaced of which nothing was heard since then."""
    key = (posted_messages.c.destination, posted_messages.c.order_key)
    aged = select(*key).where(posted_messages.c.posted_at < to_us(before)).limit(SLICE)
    return conn.execute(delete(posted_messages).where(tuple_(*key).in_(aged))).rowcount


async def _quiet_destinations(conn: AsyncConnection, before: datetime) -> set[str]:
    found = select(destinations.c.id).where(destinations.c.changed_at < to_us(before))
    return set((await conn.execute(found)).scalars())


def _forget_destinations(conn: Connection, ids: Collection[str], before: datetime) -> int:
    waits = exists().where(
        deliveries.c.state == DeliveryState.WAITING.value,
        deliveries.c.destination == destinations.c.id,
    )
    gone = delete(destinations).where(
        in_list(destinations.c.id, "ids"), destinations.c.changed_at < to_us(before), ~waits
    )
    return conn.execute(gone, {"ids": json_list(sorted(ids))}).rowcount
