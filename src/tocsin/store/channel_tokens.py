"""Access tokens that platforms give, kept sealed and fetched by one instance at a time."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.times import from_us, to_us
from tocsin.store import secrets
from tocsin.store.key import Vault
from tocsin.store.statement import insert_for
from tocsin.store.tables.callbacks import channel_tokens

# Longer than a fetch may take. Who is killed in the midst of one holds the others up for so long.
CLAIM = timedelta(seconds=20)
# A credential that is used has its token renewed every two hours or so.
UNUSED_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class KeptToken:
    """A token and until when it is used, which is before its platform takes it no more."""

    text: str = field(repr=False)
    expires_at: datetime


async def read(conn: AsyncConnection, vault: Vault, key: str) -> KeptToken | None:
    """The token that is kept of a credential; None before the first.

    Raises:
        ConfigError: it is sealed with another key.
    """
    found = select(channel_tokens.c.expires_at).where(channel_tokens.c.key == key)
    expires_at = (await conn.execute(found)).scalar_one_or_none()
    text = None if expires_at is None else await secrets.read(conn, vault, _place(key))
    return KeptToken(text, from_us(expires_at)) if text and expires_at is not None else None


def claim(conn: Connection, key: str, now: datetime) -> bool:
    """Take it upon oneself to fetch a new one; False while somebody else does."""
    values = {"key": key, "expires_at": 0, "claimed_until": 0, "changed_at": to_us(now)}
    begun = insert_for(conn.dialect, channel_tokens).values(values)
    conn.execute(begun.on_conflict_do_nothing())
    taken = (
        update(channel_tokens)
        .where(channel_tokens.c.key == key, channel_tokens.c.claimed_until <= to_us(now))
        .values(claimed_until=to_us(now + CLAIM))
    )
    return conn.execute(taken).rowcount > 0


def put(conn: Connection, vault: Vault, key: str, new: KeptToken | None, now: datetime) -> None:
    """Keep what was fetched, or nothing new, and let others fetch again.

    Raises:
        StoreDown: the secret key was changed since this process read it.
    """
    values = {"claimed_until": 0, "changed_at": to_us(now)}
    if new is not None:
        values["expires_at"] = to_us(new.expires_at)
        secrets.put(conn, vault, _place(key), new.text, now)
    conn.execute(update(channel_tokens).where(channel_tokens.c.key == key).values(values))


def remove_unused(conn: Connection, now: datetime) -> int:
    """Forget the tokens that ended long ago: nobody has renewed them since; gives how many."""
    before = to_us(now - UNUSED_FOR)
    columns = channel_tokens.c
    # One that is being fetched has a claim of now, however old the row is.
    is_old = (columns.expires_at < before) & (columns.claimed_until < before)
    gone = delete(channel_tokens).where(is_old, columns.changed_at < before).returning(columns.key)
    keys = conn.execute(gone).scalars().all()
    for key in keys:
        secrets.remove(conn, _place(key))
    return len(keys)


def _place(key: str) -> str:
    return f"token/{key}"
