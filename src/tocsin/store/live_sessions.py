"""Keep what live clients asked for, until they can no longer come back for it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.rooms import Rooms, pack_rooms, unpack_rooms
from tocsin.model.times import from_us, to_us
from tocsin.store.statement import in_list, insert_for, json_list
from tocsin.store.tables.live import live_instances, live_sessions


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A client's session; `seq` was the newest event when it began.

    `caller` is whose it is. `ended_at` is None while it is connected. `instance` is the process
    that had it last, where it is read from the database.
    """

    digest: str
    sid: str
    namespace: str
    caller: str
    rooms: Rooms
    seq: int
    ended_at: datetime | None = None
    instance: str = field(default="", compare=False)


def save(
    conn: Connection,
    instance: str,
    sessions: Sequence[LiveSession],
    now: datetime,
    *,
    unless_taken: Collection[str] = (),
) -> None:
    """Store them as they are at `now`, which their process lives to see.

    Of those whose digests are in `unless_taken`, what another process has by now stays as it is:
    what the former one still hears of an old connection is no news.
    """
    _mark_alive(conn, instance, now)
    statement = insert_for(conn.dialect, live_sessions)
    columns = ("sid", "namespace", "caller", "rooms", "seq", "instance", "ended_at")
    is_own = live_sessions.c.instance == statement.excluded.instance
    for where in (None, is_own):
        rows = [
            _row(instance, session)
            for session in sessions
            if (session.digest in unless_taken) is (where is is_own)
        ]
        if rows:
            upsert = statement.on_conflict_do_update(
                index_elements=[live_sessions.c.digest],
                set_={name: statement.excluded[name] for name in columns},
                where=where,
            )
            conn.execute(upsert, rows)


def _row(instance: str, session: LiveSession) -> dict[str, str | int | None]:
    return {
        "digest": session.digest,
        "sid": session.sid,
        "namespace": session.namespace,
        "caller": session.caller,
        "rooms": pack_rooms(session.rooms),
        "seq": session.seq,
        "instance": instance,
        "ended_at": None if session.ended_at is None else to_us(session.ended_at),
    }


async def find(conn: AsyncConnection, digest: str) -> LiveSession | None:
    """The session; one whose process is gone ended when that was last known to be alive."""
    ended_at = func.coalesce(live_sessions.c.ended_at, live_instances.c.alive_at)
    statement = (
        select(
            live_sessions.c.digest,
            live_sessions.c.sid,
            live_sessions.c.namespace,
            live_sessions.c.caller,
            live_sessions.c.rooms,
            live_sessions.c.seq,
            live_sessions.c.instance,
            ended_at.label("ended_at"),
        )
        .select_from(
            live_sessions.outerjoin(
                live_instances, live_instances.c.instance == live_sessions.c.instance
            )
        )
        .where(live_sessions.c.digest == digest)
    )
    row = (await conn.execute(statement)).first()
    if row is None:
        return None
    return LiveSession(
        row.digest,
        row.sid,
        row.namespace,
        row.caller,
        unpack_rooms(row.rooms),
        row.seq,
        None if row.ended_at is None else from_us(row.ended_at),
        row.instance,
    )


async def taken_by_others(
    conn: AsyncConnection, instance: str, digests: Collection[str]
) -> Collection[str]:
    """Which of these sessions another process has by now."""
    others = select(live_instances.c.instance).where(live_instances.c.instance != instance).limit(1)
    if not digests or (await conn.execute(others)).first() is None:
        return ()
    statement = select(live_sessions.c.digest).where(
        live_sessions.c.instance != instance, in_list(live_sessions.c.digest, "digests")
    )
    found = await conn.execute(statement, {"digests": json_list(digests)})
    return found.scalars().all()


def _mark_alive(conn: Connection, instance: str, now: datetime) -> None:
    at = to_us(now)
    statement = insert_for(conn.dialect, live_instances).values(instance=instance, alive_at=at)
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=[live_instances.c.instance], set_={"alive_at": at}
        )
    )


def tidy(conn: Connection, instance: str, now: datetime, before: datetime) -> None:
    """Say that the process lives, and forget sessions and processes that ended before `before`."""
    _mark_alive(conn, instance, now)
    at = to_us(before)
    gone = select(live_instances.c.instance).where(live_instances.c.alive_at < at)
    conn.execute(
        delete(live_sessions).where(
            or_(
                live_sessions.c.ended_at < at,
                and_(live_sessions.c.ended_at.is_(None), live_sessions.c.instance.in_(gone)),
            )
        )
    )
    conn.execute(delete(live_instances).where(live_instances.c.alive_at < at))
