"""Deployments under way, and until when news of each is awaited."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.times import from_us, to_us
from tocsin.model.words import DeploymentState
from tocsin.store.cursors import Position, locked_position, move
from tocsin.store.statement import insert_for
from tocsin.store.tables.deployments import deployments, quiet_watch
from tocsin.store.tables.journal import events

_UNDER_WAY = (DeploymentState.PENDING.value, DeploymentState.RUNNING.value)


@dataclass(frozen=True, slots=True)
class Quiet:
    """A deployment that is under way and has had no news since its event `last_seq`."""

    pk: int
    project: str
    deployment_id: str
    last_seq: int
    last_seen_at: datetime


async def heard_of(
    conn: AsyncConnection, after: int, upto: int, but: Collection[str]
) -> Sequence[tuple[int, bool, int, datetime]]:
    """Deployments with events in that span, other than of the types `but`.

    As pk, whether it is under way, last seq, last news.
    """
    about = (
        select(events.c.subject, events.c.project)
        .where(events.c.seq > after, events.c.seq <= upto, events.c.type.not_in(but))
        .distinct()
        .subquery()
    )
    statement = select(
        deployments.c.pk, deployments.c.status, deployments.c.last_seq, deployments.c.last_seen_at
    ).join(
        about,
        (deployments.c.deployment_id == about.c.subject)
        & (deployments.c.project == about.c.project),
    )
    return [
        (row.pk, row.status in _UNDER_WAY, row.last_seq, from_us(row.last_seen_at))
        for row in await conn.execute(statement)
    ]


async def due(conn: AsyncConnection, now: datetime, limit: int) -> Sequence[Quiet]:
    """Deployments whose news are overdue, the longest overdue first."""
    statement = (
        select(
            quiet_watch.c.deployment_pk,
            deployments.c.project,
            deployments.c.deployment_id,
            quiet_watch.c.last_seq,
            deployments.c.last_seen_at,
        )
        .join(deployments, deployments.c.pk == quiet_watch.c.deployment_pk)
        .where(
            quiet_watch.c.due_at <= to_us(now),
            # Else there are news that the stage has not read yet.
            quiet_watch.c.last_seq == deployments.c.last_seq,
        )
        .order_by(quiet_watch.c.due_at)
        .limit(limit)
    )
    return [Quiet(*row[:4], from_us(row[4])) for row in await conn.execute(statement)]


def take_up(
    conn: Connection,
    awaited: Sequence[tuple[int, int, datetime]],
    settled: Iterable[int],
    after: int,
    read_to: Position,
) -> bool:
    """Await news of the deployments (pk, last seq, until when), and none of those settled.

    False, and nothing is done, when another instance has taken up what came behind `after`.
    """
    if locked_position(conn, read_to.stage) != after:
        return False
    expect(conn, awaited)
    stop_expecting(conn, settled)
    move(conn, read_to)
    return True


def expect(conn: Connection, rows: Sequence[tuple[int, int, datetime]]) -> None:
    """Await news of each deployment (pk, last seq) until its instant."""
    if not rows:
        return
    statement = insert_for(conn.dialect, quiet_watch).values(
        deployment_pk=bindparam("pk"), last_seq=bindparam("seq"), due_at=bindparam("due")
    )
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=[quiet_watch.c.deployment_pk],
            set_={"last_seq": statement.excluded.last_seq, "due_at": statement.excluded.due_at},
        ),
        [{"pk": pk, "seq": seq, "due": to_us(due_at)} for pk, seq, due_at in rows],
    )


def stop_expecting(conn: Connection, pks: Iterable[int]) -> None:
    """Await nothing more of these."""
    rows = [{"pk": pk} for pk in pks]
    if rows:
        conn.execute(
            delete(quiet_watch).where(quiet_watch.c.deployment_pk == bindparam("pk")), rows
        )
