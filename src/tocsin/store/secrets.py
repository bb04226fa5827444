"""Secrets kept in the database, sealed; and the mark that tells which key they are sealed with.

The mark is a row like the others. It lets a start with the wrong key stop with a clear word,
and it keeps a server that still runs with an old key from sealing anything that nobody could
open once that key is thrown away.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.errors import ConfigError, StoreDown
from tocsin.model.times import to_us
from tocsin.store.key import Sealed, SecretKey, Vault
from tocsin.store.locks import hold_table
from tocsin.store.tables.access import secrets

_MARK = ".key"


async def names(conn: AsyncConnection) -> Sequence[str]:
    """What is kept, by name."""
    found = select(secrets.c.name).where(secrets.c.name != _MARK).order_by(secrets.c.name)
    return list((await conn.execute(found)).scalars())


async def read(conn: AsyncConnection, vault: Vault, name: str) -> str | None:
    """A secret in plain; None when there is none of that name.

    Raises:
        ConfigError: the vault has not its key, or the row was tampered with.
    """
    return await conn.run_sync(opened, vault, name)


def opened(conn: Connection, vault: Vault, name: str) -> str | None:
    """The same, in a transaction that goes on to change it."""
    row = conn.execute(select(secrets).where(secrets.c.name == name)).first()
    return None if row is None else vault.open(name, Sealed(row.key_id, row.ciphertext))


def put(conn: Connection, vault: Vault, name: str, plain: str, now: datetime) -> None:
    """Keep a secret, in place of one of the same name.

    Raises:
        StoreDown: the key was changed since this process read it; a restart reads the new one.
    """
    hold_table(conn, secrets)
    marked = conn.execute(select(secrets.c.key_id).where(secrets.c.name == _MARK)).scalar()
    if marked is not None and not vault.can_open(marked):
        raise StoreDown("The secret key was changed while Tocsin ran; restart it.")
    _store(conn, vault, name, plain, now)


def remove(conn: Connection, name: str) -> None:
    """Forget a secret; one that is not there is forgotten already."""
    conn.execute(delete(secrets).where(secrets.c.name == name))


def check_key(conn: Connection, vault: Vault, now: datetime) -> None:
    """Hold the key against what is stored, at the start; a new database is marked with it.

    Raises:
        ConfigError: the database's secrets are sealed with another key.
    """
    # Several instances may begin on a new database at the same moment, and mark it once.
    hold_table(conn, secrets)
    row = conn.execute(select(secrets).where(secrets.c.name == _MARK)).first()
    if row is None:
        _store(conn, vault, _MARK, "", now)
    elif not vault.can_open(row.key_id):
        message = (
            "secret_key: the stored secrets are sealed with another key "
            f"({row.key_id}, this one is {vault.key_id})"
        )
        raise ConfigError([message])
    else:
        vault.open(_MARK, Sealed(row.key_id, row.ciphertext))


def reseal(conn: Connection, old: Sequence[SecretKey], new: SecretKey, now: datetime) -> int:
    """Seal everything with `new`, in the transaction of `conn`; gives how many secrets.

    Raises:
        ConfigError: something opens with none of `old` and `new`; nothing is changed.
    """
    hold_table(conn, secrets)
    vault = Vault([new, *old])
    rows = conn.execute(select(secrets)).all()
    for row in rows:
        plain = vault.open(row.name, Sealed(row.key_id, row.ciphertext))
        _store(conn, vault, row.name, plain, now)
    if all(row.name != _MARK for row in rows):
        _store(conn, vault, _MARK, "", now)
    return sum(row.name != _MARK for row in rows)


def _store(conn: Connection, vault: Vault, name: str, plain: str, now: datetime) -> None:
    sealed = vault.seal(name, plain)
    row = {
        "key_id": sealed.key_id,
        "ciphertext": sealed.ciphertext,
        "updated_at": to_us(now),
    }
    if conn.execute(update(secrets).where(secrets.c.name == name).values(row)).rowcount == 0:
        conn.execute(insert(secrets).values(name=name, **row))
