"""Read how callbacks and destinations are doing: the last result, and what waits."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select, union_all
from sqlalchemy import func as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.delivery import DeliveryState
from tocsin.model.delivery_figures import NOBODY_WAITS, Waiting
from tocsin.model.delivery_history import HistoryStatus
from tocsin.model.times import from_us
from tocsin.store.delivery_history import joined, reason_column, status_column
from tocsin.store.tables.callbacks import deliveries, delivery_attempts

ChannelKey = tuple[str, str]
"""A callback's id and that of a channel of it."""

# Of a SELECT that is made of several; SQLite takes 500.
_BRANCHES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LastResult:
    """The newest delivery by a channel that was tried at all."""

    id: str
    channel_id: str
    channel_type: str
    event_type: str
    status: HistoryStatus
    at: datetime
    reason: str | None
    error: str | None
    duration_ms: int | None


async def waiting(
    conn: AsyncConnection, callback_ids: Collection[str]
) -> Mapping[ChannelKey, Waiting]:
    """What waits for each channel of these callbacks."""
    d = deliveries.c
    found = (
        select(
            d.config_id,
            d.channel_id,
            sql.count().label("many"),
            sql.min(d.created_at).label("oldest"),
        )
        .where(d.state == DeliveryState.WAITING.value, d.config_id.in_(callback_ids))
        .group_by(d.config_id, d.channel_id)
    )
    return {
        (row.config_id, row.channel_id): Waiting(row.many, from_us(row.oldest))
        for row in await conn.execute(found)
    }


async def last_results(
    conn: AsyncConnection, channels: Sequence[ChannelKey]
) -> Mapping[ChannelKey, LastResult]:
    """The last result of each of these channels that has one."""
    found: dict[ChannelKey, LastResult] = {}
    for at in range(0, len(channels), _BRANCHES):
        some = channels[at : at + _BRANCHES]
        newest = union_all(*(select(_newest(key).subquery()) for key in some)).subquery()
        rows = await conn.execute(_results().where(deliveries.c.id.in_(select(newest.c.id))))
        found |= {(row.config_id, row.channel_id): _result(row) for row in rows}
    return found


async def waiting_at(conn: AsyncConnection, ids: Collection[str]) -> Mapping[str, Waiting]:
    """What waits at each of these destinations."""
    d = deliveries.c
    found = (
        select(d.destination, sql.count().label("many"), sql.min(d.created_at).label("oldest"))
        .where(d.state == DeliveryState.WAITING.value, d.destination.in_(ids))
        .group_by(d.destination)
    )
    return {
        row.destination: Waiting(row.many, from_us(row.oldest)) for row in await conn.execute(found)
    }


def all_waiting(found: Collection[Waiting]) -> Waiting:
    """Several together."""
    since = [one.oldest_at for one in found if one.oldest_at is not None]
    if not since:
        return NOBODY_WAITS
    return Waiting(sum(one.count for one in found), min(since))


def _newest(key: ChannelKey) -> Select[str]:
    config_id, channel_id = key
    d = deliveries.c
    return (
        select(d.id)
        .where(d.config_id == config_id, d.channel_id == channel_id, d.attempts > 0)
        .order_by(d.id.desc())
        .limit(1)
    )


def _results() -> Select[Any]:
    d, tried = deliveries.c, delivery_attempts.c
    tried_at = select(sql.max(tried.at)).where(tried.delivery_id == d.id).scalar_subquery()
    return select(
        d.id,
        d.config_id,
        d.channel_id,
        d.channel_type,
        d.event_type,
        status_column().label("status"),
        sql.coalesce(tried_at, d.ended_at, d.created_at).label("at"),
        reason_column().label("reason"),
        d.error,
        d.duration_ms,
    ).select_from(joined())


def _result(row: Row[Any]) -> LastResult:
    return LastResult(
        id=row.id,
        channel_id=row.channel_id,
        channel_type=row.channel_type,
        event_type=row.event_type,
        status=HistoryStatus(row.status),
        at=from_us(row.at),
        reason=row.reason,
        error=row.error,
        duration_ms=row.duration_ms,
    )
