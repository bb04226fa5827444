"""One-time codes: once, for a while, and only while there is nobody."""

from datetime import timedelta

from sqlalchemy import select

from tocsin.model.access import Role
from tocsin.model.event import new_event_id
from tocsin.model.people import Person
from tocsin.model.tokens import digest_of
from tocsin.store import people, sign_in_codes
from tocsin.store.database import Database
from tocsin.store.tables.access import sign_in_codes as table
from tocsin.testing.clock import HandClock

HOUR = timedelta(hours=1)


async def create(database: Database, clock: HandClock) -> str:
    code = await database.write(lambda conn: sign_in_codes.create(conn, clock.now(), HOUR))
    assert code is not None
    return code


async def use(database: Database, clock: HandClock, code: str) -> bool:
    return await database.write(lambda conn: sign_in_codes.use(conn, code, clock.now()))


async def test_a_code_opens_once(database: Database, clock: HandClock) -> None:
    code = await create(database, clock)

    assert [await use(database, clock, code) for _ in range(2)] == [True, False]
    assert not await use(database, clock, "another")


async def test_a_code_runs_out(database: Database, clock: HandClock) -> None:
    code = await create(database, clock)

    clock.move(HOUR.total_seconds())

    assert not await use(database, clock, code)


async def test_instances_that_start_together_each_have_a_code(
    database: Database, clock: HandClock
) -> None:
    codes = [await create(database, clock) for _ in range(2)]

    assert [await use(database, clock, code) for code in codes] == [True, True]


async def test_what_opens_nothing_any_more_is_forgotten(
    database: Database, clock: HandClock
) -> None:
    await use(database, clock, await create(database, clock))
    await create(database, clock)
    clock.move(HOUR.total_seconds())

    code = await create(database, clock)

    async with database.read() as conn:
        kept = (await conn.execute(select(table.c.hash))).scalars().all()
    assert kept == [digest_of(code)]


async def test_with_the_first_person_codes_end(database: Database, clock: HandClock) -> None:
    code = await create(database, clock)
    mina = Person(new_event_id(), "mina", Role.ADMIN, clock.now())

    await database.write(lambda conn: people.add(conn, mina, "hash"))

    assert not await use(database, clock, code)
    assert await database.write(lambda c: sign_in_codes.create(c, clock.now(), HOUR)) is None
