"""People in the store: names once, somebody who administers always, sessions end with access."""

from functools import partial

import pytest

from tocsin.errors import Rejected
from tocsin.model.access import Credential, Role
from tocsin.model.event import new_event_id
from tocsin.model.people import Person
from tocsin.store import people, sessions
from tocsin.store.database import Database
from tocsin.store.people import PersonChange
from tocsin.store.sessions import NewSession
from tocsin.testing.clock import START, HandClock


def person(name: str, role: Role = Role.ADMIN) -> Person:
    return Person(new_event_id(), name, role, START)


async def added(database: Database, *names: str, role: Role = Role.ADMIN) -> list[Person]:
    found = [person(name, role) for name in names]
    for one in found:
        await database.write(partial(people.add, person=one, password_hash=f"hash of {one.name}"))
    return found


async def with_session(database: Database, of: Person, digest: str) -> None:
    session = NewSession(
        digest, of.id, of.role, of.name, "csrf", START.replace(year=2027), "", None
    )
    await database.write(
        lambda conn: sessions.open_by_password(conn, session, f"hash of {of.name}", START)
    )


async def credential(database: Database, digest: str) -> Credential | None:
    async with database.read() as conn:
        return await sessions.credential(conn, digest, START)


async def change(database: Database, of: Person, wanted: PersonChange) -> None:
    await database.write(lambda conn: people.change(conn, of.id, wanted, START))


async def test_a_page_goes_on_where_the_one_before_it_ended(database: Database) -> None:
    everybody = await added(database, "a", "b", "c")

    async with database.read() as conn:
        first = await people.page(conn, 2)
        second = await people.page(conn, 2, first[-1].id)

    assert [*first, *second] == sorted(everybody, key=lambda one: one.id, reverse=True)


async def test_the_house_is_empty_until_somebody_is_added(database: Database) -> None:
    async with database.read() as conn:
        before = await people.is_empty(conn)
    await added(database, "mina")

    async with database.read() as conn:
        after = await people.is_empty(conn)

    assert (before, after) == (True, False)


async def test_a_name_is_given_once_however_it_is_written(database: Database) -> None:
    await added(database, "Mina")

    with pytest.raises(Rejected, match="already has this name") as refused:
        await added(database, "mINA")

    assert refused.value.status == 409


async def test_somebody_is_found_by_name_until_they_are_shut_out(database: Database) -> None:
    mina, *_ = await added(database, "Mina", "jun")

    async with database.read() as conn:
        before = await people.with_password(conn, "mina")
        nobody = await people.with_password(conn, "who")
    await change(database, mina, PersonChange(is_disabled=True))
    async with database.read() as conn:
        after = await people.with_password(conn, "mina")

    assert before == (mina, "hash of Mina")
    assert nobody is None
    assert after is None


async def test_the_last_admin_stays_one(database: Database) -> None:
    mina, jun = await added(database, "mina", "jun")
    await added(database, "ann", role=Role.OPERATOR)
    await change(database, jun, PersonChange(is_disabled=True))

    for attempt in (PersonChange(role=Role.VIEWER), PersonChange(is_disabled=True)):
        with pytest.raises(Rejected, match="last admin"):
            await change(database, mina, attempt)
    with pytest.raises(Rejected, match="last admin"):
        await database.write(lambda conn: people.remove(conn, mina.id))

    await change(database, jun, PersonChange(is_disabled=False))
    await database.write(lambda conn: people.remove(conn, mina.id))


async def test_a_new_role_counts_in_open_sessions(database: Database) -> None:
    mina, _ = await added(database, "mina", "jun")
    await with_session(database, mina, "d1")

    await change(database, mina, PersonChange(role=Role.VIEWER))

    found = await credential(database, "d1")
    assert found is not None
    assert found.role is Role.VIEWER


async def test_a_new_password_ends_all_sessions_but_the_one_it_was_set_in(
    database: Database,
) -> None:
    (mina,) = await added(database, "mina")
    await with_session(database, mina, "d1")
    await with_session(database, mina, "d2")

    await change(database, mina, PersonChange(password_hash="new", kept_session="d2"))

    assert await credential(database, "d1") is None
    assert await credential(database, "d2") is not None
    with pytest.raises(Rejected, match="wrong"):
        await with_session(database, mina, "d3")


@pytest.mark.parametrize("how", ["shut out", "removed"])
async def test_who_loses_access_loses_their_sessions(
    database: Database, clock: HandClock, how: str
) -> None:
    mina, _ = await added(database, "mina", "jun")
    await with_session(database, mina, "d1")

    if how == "removed":
        await database.write(lambda conn: people.remove(conn, mina.id))
    else:
        await change(database, mina, PersonChange(is_disabled=True, kept_session="d1"))

    assert await credential(database, "d1") is None
    with pytest.raises(Rejected):
        await with_session(database, mina, "d2")


async def test_who_is_not_there_is_not_found(database: Database) -> None:
    async with database.read() as conn:
        with pytest.raises(Rejected) as by_id:
            await conn.run_sync(people.by_id, "x")
        with pytest.raises(Rejected) as by_name:
            await conn.run_sync(people.by_name, "x")

    assert by_id.value.status == by_name.value.status == 404


async def test_a_password_may_be_changed_without_touching_the_rest(database: Database) -> None:
    (mina,) = await added(database, "mina")

    await change(database, mina, PersonChange(password_hash="new"))

    async with database.read() as conn:
        assert await conn.run_sync(people.by_name, "MINA") == mina
        assert await people.with_password(conn, "mina") == (mina, "new")
