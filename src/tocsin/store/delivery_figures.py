"""Read figures of deliveries: how many arrived, how long it took, and what waits."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, Row, case, select
from sqlalchemy import func as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.delivery import DeliveryKind, DeliveryState
from tocsin.model.delivery_figures import DeliveryFigures, Percentiles, Tally, Waiting
from tocsin.model.delivery_history import HistoryStatus
from tocsin.model.times import from_us, to_us
from tocsin.store.delivery_history import joined, reason_column, status_column
from tocsin.store.tables.callbacks import deliveries, destinations

_DAY_US = 24 * 60 * 60 * 1_000_000
_ALL = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresFilter:
    """Deliveries made from `since` on and before `until`, that fit in every other field."""

    since: datetime
    until: datetime
    project_id: str | None = None
    config_id: str | None = None
    channel_types: tuple[str, ...] = ()


async def figures(conn: AsyncConnection, wanted: FiguresFilter) -> DeliveryFigures:
    """Each event counts once for each destination; a digest takes time, but is none itself."""
    told = _told(wanted)
    return DeliveryFigures(
        cells=await _cells(conn, told),
        percentiles=await _percentiles(conn, told),
        waiting=await _waiting(conn, wanted),
        reasons=await _reasons(conn, told),
        paused=await _paused(conn, wanted),
    )


def _fitting(wanted: FiguresFilter) -> list[ColumnElement[bool]]:
    d = deliveries.c
    where: list[ColumnElement[bool]] = []
    if wanted.project_id is not None:
        where.append(d.project == wanted.project_id)
    if wanted.config_id is not None:
        where.append(d.config_id == wanted.config_id)
    if wanted.channel_types:
        where.append(d.channel_type.in_(wanted.channel_types))
    return where


def _told(wanted: FiguresFilter) -> CTE:
    """The deliveries wanted, each with how it stands. Tests tell nothing about how it goes."""
    d = deliveries.c
    return (
        select(
            (d.created_at // _DAY_US).label("day"),
            d.channel_type,
            case((d.kind == DeliveryKind.EVENT.value, status_column())).label("status"),
            d.digest_id.is_not(None).label("is_folded"),
            d.duration_ms,
            case((d.attempts > 1, d.attempts - 1), else_=0).label("retries"),
            reason_column().label("reason"),
        )
        .select_from(joined())
        .where(
            d.created_at >= to_us(wanted.since),
            d.created_at < to_us(wanted.until),
            d.kind != DeliveryKind.TEST.value,
            *_fitting(wanted),
        )
        .cte("told")
    )


async def _cells(conn: AsyncConnection, told: CTE) -> Mapping[tuple[date, str], Tally]:
    def counted(status: HistoryStatus) -> ColumnElement[int]:
        return sql.count().filter(told.c.status == status.value).label(status.value)

    found = select(
        told.c.day,
        told.c.channel_type,
        *(counted(one) for one in HistoryStatus),
        sql.count().filter(told.c.is_folded).label("folded"),
        sql.sum(told.c.retries).label("retries"),
        sql.count(told.c.duration_ms).label("timed"),
        sql.coalesce(sql.sum(told.c.duration_ms), 0).label("duration_sum_ms"),
        sql.max(told.c.duration_ms).label("duration_max_ms"),
    ).group_by(told.c.day, told.c.channel_type)
    return {_place(row): _tally(row) for row in await conn.execute(found)}


def _place(row: Row[Any]) -> tuple[date, str]:
    return from_us(row.day * _DAY_US).date(), row.channel_type


def _tally(row: Row[Any]) -> Tally:
    # PostgreSQL's sums of whole numbers are decimals.
    names = ("success", "failed", "pending", "folded", "retries", "timed", "duration_sum_ms")
    counted = {name: int(getattr(row, name)) for name in names}
    return Tally(**counted, duration_max_ms=row.duration_max_ms)


async def _percentiles(conn: AsyncConnection, told: CTE) -> Mapping[str, Percentiles]:
    """Of each channel and of all: out of how often each time was taken, which sorts nothing."""
    found = (
        select(told.c.channel_type, told.c.duration_ms, sql.count().label("times"))
        .where(told.c.duration_ms.is_not(None))
        .group_by(told.c.channel_type, told.c.duration_ms)
    )
    times = defaultdict[str, Counter[int]](Counter)
    for row in await conn.execute(found):
        for channel in (row.channel_type, _ALL):
            times[channel][row.duration_ms] += row.times
    return {channel: Percentiles.of(counted) for channel, counted in times.items()}


async def _waiting(conn: AsyncConnection, wanted: FiguresFilter) -> Mapping[str, Waiting]:
    d = deliveries.c
    found = (
        select(d.channel_type, sql.count().label("many"), sql.min(d.created_at).label("oldest"))
        .where(d.state == DeliveryState.WAITING.value, *_fitting(wanted))
        .group_by(d.channel_type)
    )
    rows = (await conn.execute(found)).all()
    waiting = {row.channel_type: Waiting(row.many, from_us(row.oldest)) for row in rows}
    if rows:
        oldest = min(from_us(row.oldest) for row in rows)
        waiting[_ALL] = Waiting(sum(one.count for one in waiting.values()), oldest)
    return waiting


async def _reasons(conn: AsyncConnection, told: CTE) -> list[tuple[str, int]]:
    reason = sql.coalesce(told.c.reason, "")
    count = sql.count()
    found = (
        select(reason.label("reason"), count.label("times"))
        .where(told.c.status == HistoryStatus.FAILED.value)
        .group_by(reason)
        .order_by(count.desc(), reason)
    )
    return [(row.reason, row.times) for row in await conn.execute(found)]


async def _paused(conn: AsyncConnection, wanted: FiguresFilter) -> int:
    found = select(sql.count()).select_from(destinations).where(destinations.c.is_paused.is_(True))
    if wanted.channel_types:
        found = found.where(destinations.c.channel_type.in_(wanted.channel_types))
    return (await conn.execute(found)).scalar_one()
