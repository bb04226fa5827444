"""The people who may sign in; every rule that needs the other rows is kept here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.errors import Reason, Rejected
from tocsin.model.access import Role
from tocsin.model.people import Person, name_key
from tocsin.model.times import from_us, to_us
from tocsin.store.locks import hold_table
from tocsin.store.tables.access import people, sessions, sign_in_codes

_COLUMNS = (people.c.id, people.c.name, people.c.role, people.c.created_at, people.c.disabled_at)


@dataclass(frozen=True, slots=True)
class PersonChange:
    """What to change of somebody; None leaves a thing as it is.

    `kept_session` is the digest of a session that outlives a new password: the one it was set in.
    """

    role: Role | None = None
    is_disabled: bool | None = None
    password_hash: str | None = None
    kept_session: str | None = None


async def page(conn: AsyncConnection, limit: int, before: str | None = None) -> Sequence[Person]:
    """At most `limit` people, the latest added first, those added before `before` (an id)."""
    found = select(*_COLUMNS).order_by(people.c.id.desc()).limit(limit)
    if before is not None:
        found = found.where(people.c.id < before)
    return [_person(row) for row in await conn.execute(found)]


async def is_empty(conn: AsyncConnection) -> bool:
    """Whether nobody was ever added, so that the first start has to let somebody in."""
    return (await conn.execute(select(people.c.id).limit(1))).first() is None


async def with_password(conn: AsyncConnection, name: str) -> tuple[Person, str] | None:
    """Who has that name and is not shut out, and the hash of their password."""
    return await _first_with_password(conn, people.c.name_key == name_key(name))


async def with_id(conn: AsyncConnection, person_id: str) -> tuple[Person, str] | None:
    """Who has that id and is not shut out, and the hash of their password."""
    return await _first_with_password(conn, people.c.id == person_id)


async def _first_with_password(
    conn: AsyncConnection, is_meant: ColumnElement[bool]
) -> tuple[Person, str] | None:
    found = select(*_COLUMNS, people.c.password_hash).where(
        is_meant, people.c.disabled_at.is_(None)
    )
    row = (await conn.execute(found)).first()
    return None if row is None else (_person(row), row.password_hash)


def by_id(conn: Connection, person_id: str) -> Person:
    """The person with that id.

    Raises:
        Rejected: 404, nobody has it.
    """
    row = conn.execute(select(*_COLUMNS).where(people.c.id == person_id)).first()
    if row is None:
        raise Rejected(404, Reason.NOT_FOUND, "No person has this id.")
    return _person(row)


def by_name(conn: Connection, name: str) -> Person:
    """The person with that name.

    Raises:
        Rejected: 404, nobody has it.
    """
    row = conn.execute(select(*_COLUMNS).where(people.c.name_key == name_key(name))).first()
    if row is None:
        raise Rejected(404, Reason.NOT_FOUND, f"Nobody is called {name!r}.")
    return _person(row)


def confirm_password(conn: Connection, person_id: str, password_hash: str) -> None:
    """Make sure that a password that was right a moment ago still is.

    Raises:
        Rejected: 401, it was changed meanwhile, or its person is shut out or gone.
    """
    found = select(people.c.id).where(
        people.c.id == person_id,
        people.c.password_hash == password_hash,
        people.c.disabled_at.is_(None),
    )
    # It stays so until what it was asked for is done.
    if conn.execute(found.with_for_update(read=True)).first() is None:
        raise Rejected(401, Reason.BAD_CREDENTIALS, "Name or password is wrong.")


def add(conn: Connection, person: Person, password_hash: str) -> None:
    """Add somebody. From then on one-time codes open nothing: they are for an empty house.

    Raises:
        Rejected: 409, the name is taken.
    """
    hold_table(conn, people)
    key = name_key(person.name)
    if conn.execute(select(people.c.id).where(people.c.name_key == key)).first() is not None:
        raise Rejected(409, Reason.CONFLICT, "Somebody already has this name.")
    conn.execute(
        insert(people).values(
            id=person.id,
            name=person.name,
            name_key=key,
            password_hash=password_hash,
            role=person.role.word,
            created_at=to_us(person.created_at),
        )
    )
    conn.execute(delete(sign_in_codes))


def change(conn: Connection, person_id: str, wanted: PersonChange, now: datetime) -> None:
    """Change somebody; a new password, or being shut out, ends their sessions.

    Raises:
        Rejected: 404, nobody has the id; 409, nobody would be left who administers.
    """
    hold_table(conn, people)
    person = by_id(conn, person_id)
    role = person.role if wanted.role is None else wanted.role
    disabled_at = person.disabled_at
    if wanted.is_disabled is not None:
        disabled_at = (disabled_at or now) if wanted.is_disabled else None
    if role is not Role.ADMIN or disabled_at is not None:
        _keep_an_admin(conn, person)
    values: dict[str, Any] = {
        "role": role.word,
        "disabled_at": None if disabled_at is None else to_us(disabled_at),
    }
    if wanted.password_hash is not None:
        values["password_hash"] = wanted.password_hash
    conn.execute(update(people).where(people.c.id == person_id).values(values))
    if wanted.password_hash is not None or disabled_at is not None:
        ended = delete(sessions).where(sessions.c.person_id == person_id)
        if wanted.kept_session is not None and disabled_at is None:
            ended = ended.where(sessions.c.hash != wanted.kept_session)
        conn.execute(ended)


def change_by_password(
    conn: Connection, person_id: str, password_hash: str, wanted: PersonChange, now: datetime
) -> None:
    """Change somebody who gave the password that `password_hash` stands for.

    Raises:
        Rejected: 401, that is no longer the person's password.
    """
    hold_table(conn, people)
    confirm_password(conn, person_id, password_hash)
    change(conn, person_id, wanted, now)


def remove(conn: Connection, person_id: str) -> None:
    """Remove somebody and their sessions.

    Raises:
        Rejected: 404, nobody has the id; 409, nobody would be left who administers.
    """
    hold_table(conn, people)
    person = by_id(conn, person_id)
    _keep_an_admin(conn, person)
    conn.execute(delete(people).where(people.c.id == person_id))
    conn.execute(delete(sessions).where(sessions.c.person_id == person_id))


def _keep_an_admin(conn: Connection, person: Person) -> None:
    if person.role is not Role.ADMIN or person.disabled_at is not None:
        return
    others = select(func.count()).where(
        people.c.role == Role.ADMIN.word,
        people.c.disabled_at.is_(None),
        people.c.id != person.id,
    )
    if conn.execute(others).scalar_one() == 0:
        raise Rejected(
            409, Reason.CONFLICT, "This is the last admin; make somebody else one first."
        )


def _person(row: Row[*tuple[Any, ...]]) -> Person:
    return Person(
        row.id,
        row.name,
        Role.parse(row.role),
        from_us(row.created_at),
        None if row.disabled_at is None else from_us(row.disabled_at),
    )
