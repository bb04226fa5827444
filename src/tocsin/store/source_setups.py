"""Set-ups of sources that are stored, each with its secrets, which are sealed as one text."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, case, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.errors import Reason, Rejected
from tocsin.model.inbound_call import SetUpKey
from tocsin.model.source_setup import EndedSetting, KeptSecret, StoredSetUp
from tocsin.model.times import from_us, to_us
from tocsin.store import secrets
from tocsin.store.key import Vault
from tocsin.store.statement import insert_for
from tocsin.store.tables.sources import inbound_calls, source_counts, source_setups

# Each is read again and again by every instance.
MAX_STORED = 200

Marks = Mapping[SetUpKey, int]
"""Of each set-up when it was last changed."""


async def marks(conn: AsyncConnection) -> Marks:
    """By which a change is noticed, wherever it was made."""
    found = select(source_setups.c.kind, source_setups.c.name, source_setups.c.changed_at)
    return {(row.kind, row.name): row.changed_at for row in await conn.execute(found)}


async def read_all(conn: AsyncConnection, vault: Vault) -> Sequence[StoredSetUp]:
    """All that are stored, with their secrets.

    Raises:
        ConfigError: a secret is sealed with another key, or was tampered with.
    """

    def read(conn: Connection) -> list[StoredSetUp]:
        order = (source_setups.c.kind, source_setups.c.name)
        rows = conn.execute(select(source_setups).order_by(*order)).all()
        return [_opened(conn, vault, row) for row in rows]

    return await conn.run_sync(read)


def add(conn: Connection, vault: Vault, new: StoredSetUp) -> None:
    """Store a set-up.

    Raises:
        Rejected: 409, it is there already, or there are too many.
        StoreDown: the key was changed since this process read it.
    """
    counted = select(func.count()).select_from(source_setups).where(source_setups.c.is_stored)
    if conn.execute(counted).scalar_one() >= MAX_STORED:
        message = f"There are {MAX_STORED} set-ups already; remove one, or use the settings."
        raise Rejected(409, Reason.CONFLICT, message)
    added = insert_for(conn.dialect, source_setups).values(
        kind=new.kind,
        name=new.name,
        is_stored=new.is_stored,
        created_at=to_us(new.created_at),
        changed_at=to_us(new.created_at),
    )
    added = added.on_conflict_do_nothing()
    if conn.execute(added.returning(source_setups.c.kind)).first() is None:
        raise Rejected(409, Reason.CONFLICT, "This source has a set-up of that name already.")
    _seal(conn, vault, new, new.created_at)


def change(
    conn: Connection,
    vault: Vault,
    key: SetUpKey,
    work: Callable[[StoredSetUp], StoredSetUp],
    now: datetime,
) -> None:
    """Store what `work` makes of the set-up's secrets.

    Of one that is in the settings only nothing is stored yet.

    Raises:
        ConfigError: its secrets are sealed with another key.
        StoreDown: the key was changed since this process read it.
    """
    kind, name = key
    changed = insert_for(conn.dialect, source_setups).values(
        kind=kind, name=name, is_stored=False, created_at=to_us(now), changed_at=to_us(now)
    )
    # Also where the row is there: nobody else changes it until this is committed.
    changed = changed.on_conflict_do_update(
        index_elements=["kind", "name"],
        set_={"changed_at": _later(source_setups.c.changed_at, to_us(now))},
    )
    conn.execute(changed)
    here = (source_setups.c.kind == kind, source_setups.c.name == name)
    row = conn.execute(select(source_setups).where(*here)).one()
    _seal(conn, vault, work(_opened(conn, vault, row)), now)


def remove(conn: Connection, key: SetUpKey) -> None:
    """Forget a stored set-up with its secrets, its calls and what was counted of it.

    Raises:
        Rejected: 404, there is none.
    """
    kind, name = key
    here = (source_setups.c.kind == kind, source_setups.c.name == name)
    if conn.execute(delete(source_setups).where(*here, source_setups.c.is_stored)).rowcount == 0:
        raise Rejected(404, Reason.NOT_FOUND, "There is no stored set-up of that name.")
    secrets.remove(conn, _place(kind, name))
    for table in (source_counts, inbound_calls):
        conn.execute(delete(table).where(table.c.kind == kind, table.c.name == name))


def _later(column: Any, now_us: int) -> Any:
    """A time other than the one before, also where the clock went back."""
    return case((column >= now_us, column + 1), else_=now_us)


def _place(kind: str, name: str) -> str:
    return f"source/{kind}/{name}"


def _seal(conn: Connection, vault: Vault, new: StoredSetUp, now: datetime) -> None:
    told = {
        "secrets": [
            {
                "id": one.id,
                "text": one.text,
                "created_at": to_us(one.created_at),
                "ends_at": None if one.ends_at is None else to_us(one.ends_at),
            }
            for one in new.secrets
        ],
        "ended_settings": [
            {"digest": one.digest, "ends_at": to_us(one.ends_at)} for one in new.ended_settings
        ],
    }
    secrets.put(conn, vault, _place(new.kind, new.name), orjson.dumps(told).decode(), now)


def _opened(conn: Connection, vault: Vault, row: Row[Any]) -> StoredSetUp:
    text = secrets.opened(conn, vault, _place(row.kind, row.name))
    told = orjson.loads(text) if text is not None else {"secrets": [], "ended_settings": []}
    return StoredSetUp(
        row.kind,
        row.name,
        row.is_stored,
        from_us(row.created_at),
        tuple(
            KeptSecret(
                one["id"],
                one["text"],
                from_us(one["created_at"]),
                None if one["ends_at"] is None else from_us(one["ends_at"]),
            )
            for one in told["secrets"]
        ),
        tuple(
            EndedSetting(one["digest"], from_us(one["ends_at"])) for one in told["ended_settings"]
        ),
    )
