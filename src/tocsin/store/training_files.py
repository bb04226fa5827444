"""Rows of the files that trainings bring: who fetches which, and what became of it.

A file is taken on lease. Who holds it says so again while it works; of one that was killed the
lease runs out, and another takes the file up. What is written of a file after its lease went to
somebody else is passed over.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.times import to_us
from tocsin.store.statement import in_list, json_list
from tocsin.store.tables.trainings import training_files


class FileState(StrEnum):
    """How far a file is on its way."""

    WAITING = "waiting"
    STORED = "stored"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a training; `key` is its name in the file store."""

    id: str
    training_id: str
    name: str
    url: str
    state: FileState
    reason: str | None
    size_bytes: int | None
    sha256: str | None
    attempts: int

    @property
    def key(self) -> str:
        return f"trainings/{self.id}"


# The columns are called as the fields.
_SHOWN = tuple(training_files.c[part.name] for part in fields(StoredFile))


async def of_trainings(
    conn: AsyncConnection, ids: Collection[str]
) -> Mapping[str, Sequence[StoredFile]]:
    """The files of each training that has some, in the order in which it gave them."""
    statement = (
        select(*_SHOWN)
        .where(in_list(training_files.c.training_id, "ids"))
        .order_by(training_files.c.training_id, training_files.c.position)
    )
    found: dict[str, list[StoredFile]] = {}
    for row in await conn.execute(statement, {"ids": json_list(ids)}):
        found.setdefault(row.training_id, []).append(_file(row))
    return found


async def with_id(conn: AsyncConnection, file_id: str) -> StoredFile | None:
    """The file with this id."""
    row = (await conn.execute(select(*_SHOWN).where(training_files.c.id == file_id))).first()
    return None if row is None else _file(row)


def take(conn: Connection, lease: str, now: datetime, good_for: timedelta) -> StoredFile | None:
    """Take the file that has waited longest and that nobody holds; None when there is none."""
    free = (
        training_files.c.state == FileState.WAITING.value,
        training_files.c.due_at <= to_us(now),
        or_(
            training_files.c.leased_until.is_(None),
            training_files.c.leased_until <= to_us(now),
        ),
    )
    waiting = select(*_SHOWN).where(*free).order_by(training_files.c.due_at).limit(10)
    for row in conn.execute(waiting).all():
        # Another instance may take it at this moment; it is whose update comes first.
        taken = (
            update(training_files)
            .where(training_files.c.id == row.id, *free)
            # Counted ahead: a file that ends the process that fetches it is not tried for ever.
            .values(lease=lease, leased_until=to_us(now + good_for), attempts=row.attempts + 1)
        )
        if conn.execute(taken).rowcount:
            return replace(_file(row), attempts=row.attempts + 1)
    return None


def hold(conn: Connection, file_id: str, lease: str, until: datetime) -> bool:
    """Say that it is still worked on; False when somebody else has it by now."""
    return _change(conn, file_id, lease, leased_until=to_us(until))


def mark_stored(conn: Connection, file_id: str, lease: str, size_bytes: int, sha256: str) -> bool:
    """It lies in the file store, whole."""
    return _change(
        conn,
        file_id,
        lease,
        state=FileState.STORED.value,
        reason=None,
        size_bytes=size_bytes,
        sha256=sha256,
        leased_until=None,
    )


def mark_failed(
    conn: Connection, file_id: str, lease: str, reason: str, again_at: datetime | None
) -> bool:
    """It did not come this time; without `again_at` it is not tried again."""
    values: dict[str, object] = {"reason": reason}
    if again_at is None:
        values["state"] = FileState.FAILED.value
    else:
        values["due_at"] = to_us(again_at)
    return _change(conn, file_id, lease, leased_until=None, **values)


def _change(conn: Connection, file_id: str, lease: str, **values: object) -> bool:
    statement = (
        update(training_files)
        .where(training_files.c.id == file_id, training_files.c.lease == lease)
        .values(**values)
    )
    return conn.execute(statement).rowcount > 0


def _file(row: Row[Any]) -> StoredFile:
    return StoredFile(**{**row._asdict(), "state": FileState(row.state)})
