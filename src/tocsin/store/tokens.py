"""Tokens for programs: CI jobs, scripts, other services. Kept by digest, never by their text."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.errors import Reason, Rejected
from tocsin.model.access import Role
from tocsin.model.times import from_us, to_us
from tocsin.model.tokens import Token
from tocsin.store.locks import hold_table
from tocsin.store.tables.access import tokens


async def page(conn: AsyncConnection, limit: int, before: str | None = None) -> Sequence[Token]:
    """At most `limit` tokens, revoked ones too, the newest first, those older than `before`."""
    found = select(tokens).order_by(tokens.c.id.desc()).limit(limit)
    if before is not None:
        found = found.where(tokens.c.id < before)
    return [_token(row) for row in await conn.execute(found)]


async def by_digest(conn: AsyncConnection, digest: str) -> Token | None:
    """The token with this digest, whether it is still good or not."""
    row = (await conn.execute(select(tokens).where(tokens.c.hash == digest))).first()
    return None if row is None else _token(row)


def add(conn: Connection, token: Token, digest: str) -> None:
    """Add a token.

    Raises:
        Rejected: 409, a token that is not revoked has the name.
    """
    hold_table(conn, tokens)
    taken = select(tokens.c.id).where(tokens.c.name == token.name, tokens.c.revoked_at.is_(None))
    if conn.execute(taken).first() is not None:
        raise Rejected(409, Reason.CONFLICT, "A token that is not revoked already has this name.")
    conn.execute(
        insert(tokens).values(
            id=token.id,
            name=token.name,
            role=token.role.word,
            hash=digest,
            created_at=to_us(token.created_at),
            created_by=token.created_by,
            expires_at=None if token.expires_at is None else to_us(token.expires_at),
        )
    )


def in_use(conn: Connection, id_or_name: str) -> Token:
    """The token with that id, else with that name, that is not revoked.

    Raises:
        Rejected: 404, there is none.
    """
    found = select(tokens).where(
        or_(tokens.c.id == id_or_name, tokens.c.name == id_or_name), tokens.c.revoked_at.is_(None)
    )
    # A name may look like another token's id; the id is meant then.
    rows = sorted(conn.execute(found), key=lambda row: row.id != id_or_name)
    if not rows:
        raise Rejected(404, Reason.NOT_FOUND, "No token in use has this id or name.")
    return _token(rows[0])


def revoke(conn: Connection, token_id: str, now: datetime) -> None:
    """Revoke the token with that id; it stays in the list.

    Raises:
        Rejected: 404, it is revoked already, or there is none.
    """
    found = update(tokens).where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None))
    if conn.execute(found.values(revoked_at=to_us(now))).rowcount == 0:
        raise Rejected(404, Reason.NOT_FOUND, "No token in use has this id or name.")


def touch(conn: Connection, token_id: str, now: datetime) -> None:
    """Note that a token was used."""
    conn.execute(update(tokens).where(tokens.c.id == token_id).values(last_used_at=to_us(now)))


def _token(row: Row[Any]) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        role=Role.parse(row.role),
        created_at=from_us(row.created_at),
        created_by=row.created_by,
        expires_at=_instant(row.expires_at),
        last_used_at=_instant(row.last_used_at),
        revoked_at=_instant(row.revoked_at),
    )


def _instant(us: int | None) -> datetime | None:
    return None if us is None else from_us(us)
