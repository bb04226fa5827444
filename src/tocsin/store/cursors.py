"""How far each stage has read the journal.

A stage moves its cursor in the transaction that stores its own rows, so that nothing is
missed or done twice after a crash.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.times import to_us
from tocsin.store.tables.journal import cursors


@dataclass(frozen=True, slots=True)
class Position:
    """A stage has read up to `seq`."""

    stage: str
    seq: int
    at: datetime


async def position(conn: AsyncConnection, stage: str) -> int:
    """The seq up to which the stage has read; 0 before its first."""
    found = await conn.execute(select(cursors.c.seq).where(cursors.c.stage == stage))
    return found.scalar_one_or_none() or 0


def move(conn: Connection, to: Position) -> None:
    """Say how far a stage has read."""
    statement = insert(cursors).values(stage=to.stage, seq=to.seq, moved_at=to_us(to.at))
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=[cursors.c.stage],
            set_={"seq": statement.excluded.seq, "moved_at": statement.excluded.moved_at},
        )
    )
