"""Statements that find and remove what has been kept long enough; each removes one slice."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, select
from sqlalchemy import func as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.times import from_us, to_us
from tocsin.store.facts import raise_pruned_through
from tocsin.store.statement import in_list, json_list
from tocsin.store.tables.access import sessions, sign_in_codes
from tocsin.store.tables.deployments import deployments, log_lines, quiet_watch, runs, steps
from tocsin.store.tables.journal import deliveries_seen, events


class Aged(NamedTuple):
    """What retention needs to know of an event."""

    seq: int
    source: str
    type: str
    received_at: datetime


async def aged_events(conn: AsyncConnection, after: int, limit: int) -> Sequence[Aged]:
    """The next events after a seq, the oldest first."""
    statement = (
        select(events.c.seq, events.c.source, events.c.type, events.c.received_at)
        .where(events.c.seq > after)
        .order_by(events.c.seq)
        .limit(limit)
    )
    return [Aged(*row[:3], from_us(row[3])) for row in await conn.execute(statement)]


def remove_events(conn: Connection, seqs: Sequence[int]) -> None:
    """Remove these events, ascending, and remember up to where some are missing."""
    raise_pruned_through(conn, seqs[-1])
    conn.execute(delete(events).where(in_list(events.c.seq, "seqs")), {"seqs": json_list(seqs)})


async def aged_deployments(
    conn: AsyncConnection, before: datetime, after: int, limit: int
) -> Sequence[tuple[int, int, datetime]]:
    """Deployments whose newest run opened before then: pk, opened seq, last news."""
    statement = (
        select(deployments.c.pk, deployments.c.opened_seq, deployments.c.last_seen_at)
        .where(deployments.c.opened_seq > after, deployments.c.opened_at < to_us(before))
        .order_by(deployments.c.opened_seq)
        .limit(limit)
    )
    return [(row[0], row[1], from_us(row[2])) for row in await conn.execute(statement)]


def remove_deployment(conn: Connection, pk: int, before: datetime, slice_rows: int) -> bool:
    """Remove a slice of a deployment of which nothing has been heard since then.

    Its log goes first. True when nothing of it is left to remove, also when news have come
    in the meantime.
    """
    still = select(deployments.c.pk).where(
        deployments.c.pk == pk, deployments.c.last_seen_at < to_us(before)
    )
    if conn.execute(still).first() is None:
        return True
    of_it = log_lines.c.deployment_pk == pk
    first = conn.execute(select(sql.min(log_lines.c.line)).where(of_it)).scalar_one()
    if first is not None:
        conn.execute(delete(log_lines).where(of_it, log_lines.c.line < first + slice_rows))
        return False
    for table in (steps, runs, quiet_watch):
        conn.execute(delete(table).where(table.c.deployment_pk == pk))
    conn.execute(delete(deployments).where(deployments.c.pk == pk))
    return True


def remove_seen(conn: Connection, before: datetime, slice_rows: int) -> int:
    """Forget keys of deliveries received before then; how many."""
    oldest = (
        select(deliveries_seen.c.key)
        .where(deliveries_seen.c.received_at < to_us(before))
        .order_by(deliveries_seen.c.received_at)
        .limit(slice_rows)
    )
    return conn.execute(delete(deliveries_seen).where(deliveries_seen.c.key.in_(oldest))).rowcount


def remove_ended_sign_ins(conn: Connection, now: datetime) -> None:
    """Remove sessions and one-time codes whose time is over."""
    conn.execute(delete(sessions).where(sessions.c.expires_at < to_us(now)))
    conn.execute(delete(sign_in_codes).where(sign_in_codes.c.expires_at < to_us(now)))


def give_back_space(conn: Connection, pages: int) -> int:
    """Shorten SQLite's file by up to `pages` free pages; how many are left.

    PostgreSQL uses them again by itself, once its own cleaning has come by.
    """
    if conn.dialect.name != "sqlite":
        return 0
    free = int(conn.exec_driver_sql("PRAGMA freelist_count").scalar_one())
    for _ in range(min(pages, free)):
        # One by one: this statement must be stepped on for each further page, which Python's
        # driver does not do (3.11) for one that answers no columns.
        conn.exec_driver_sql("PRAGMA incremental_vacuum(1)")
    return int(conn.exec_driver_sql("PRAGMA freelist_count").scalar_one())
