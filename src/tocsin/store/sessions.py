"""Sessions of people who signed in with a browser, kept by the digest of their cookie."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.errors import Reason, Rejected
from tocsin.model.access import Credential, Role
from tocsin.model.people import Person
from tocsin.model.times import to_us
from tocsin.store import people as people_store
from tocsin.store import sign_in_codes
from tocsin.store.tables.access import people, sessions

# Enough of the digest to tell sessions apart, too little to look one up by.
_KEY_CHARS = 16


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session to be opened; `role` counts only without a person, whose own counts else.

    `former` is the digest of the session this browser had, which ends.
    """

    digest: str
    person_id: str | None
    role: Role
    name: str
    csrf: str
    expires_at: datetime
    address: str
    former: str | None


async def credential(conn: AsyncConnection, digest: str, now: datetime) -> Credential | None:
    """What the session stands for; None when it ended or its person is shut out or gone."""
    found = (
        select(
            sessions.c.csrf,
            func.coalesce(people.c.name, sessions.c.name).label("name"),
            func.coalesce(people.c.role, sessions.c.role).label("role"),
        )
        .select_from(sessions.outerjoin(people, people.c.id == sessions.c.person_id))
        .where(
            sessions.c.hash == digest,
            sessions.c.expires_at > to_us(now),
            or_(
                sessions.c.person_id.is_(None),
                people.c.id.is_not(None) & people.c.disabled_at.is_(None),
            ),
        )
    )
    row = (await conn.execute(found)).first()
    if row is None:
        return None
    key = f"session:{digest[:_KEY_CHARS]}"
    return Credential(Role.parse(row.role), row.name, key, row.csrf)


async def person_of(conn: AsyncConnection, digest: str, now: datetime) -> tuple[Person, str] | None:
    """Whose session it is, and the hash of their password; None for one opened by a code."""
    if await credential(conn, digest, now) is None:
        return None
    found = select(sessions.c.person_id).where(sessions.c.hash == digest)
    person_id = (await conn.execute(found)).scalar_one_or_none()
    return None if person_id is None else await people_store.with_id(conn, person_id)


def open_by_password(
    conn: Connection, session: NewSession, password_hash: str, now: datetime
) -> None:
    """Open a session for who gave the password that `password_hash` stands for.

    Raises:
        Rejected: 401, that is no longer the person's password.
    """
    people_store.confirm_password(conn, session.person_id or "", password_hash)
    _add(conn, session, now)


def open_by_code(conn: Connection, session: NewSession, code: str, now: datetime) -> None:
    """Use the code up and open a session.

    Raises:
        Rejected: 401, the code is unknown, used or too old.
    """
    if not sign_in_codes.use(conn, code, now):
        message = "This sign-in address is used up or too old; a restart prints a new one."
        raise Rejected(401, Reason.BAD_CREDENTIALS, message)
    _add(conn, session, now)


def end(conn: Connection, digest: str) -> None:
    """End a session; one that is not there is ended already."""
    conn.execute(delete(sessions).where(sessions.c.hash == digest))


def _add(conn: Connection, session: NewSession, now: datetime) -> None:
    """Store a session, and clear away those that ran out and the one it takes the place of."""
    if session.former is not None:
        end(conn, session.former)
    conn.execute(delete(sessions).where(sessions.c.expires_at <= to_us(now)))
    conn.execute(
        insert(sessions).values(
            hash=session.digest,
            person_id=session.person_id,
            role=session.role.word if session.person_id is None else None,
            name=session.name,
            csrf=session.csrf,
            created_at=to_us(now),
            expires_at=to_us(session.expires_at),
            address=session.address,
        )
    )
