"""Sessions of live clients in the database, and until when their processes were alive."""

from dataclasses import replace
from datetime import datetime, timedelta

from tocsin.model.rooms import Room, RoomKind
from tocsin.store import live_sessions as stored
from tocsin.store.database import Database
from tocsin.store.live_sessions import LiveSession
from tocsin.testing.clock import START

SHOP = Room(RoomKind.PROJECT, "магазин")
ONE = Room(RoomKind.DEPLOYMENT, "1")


def session(digest: str = "d-1", **more: object) -> LiveSession:
    known = LiveSession(digest, "s-1", "/", "mina", frozenset({SHOP, ONE}), 7)
    return replace(known, **more)  # type: ignore[arg-type] # fields by name


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


async def save(
    database: Database, *sessions: LiveSession, instance: str = "i-1", seconds: float = 0
) -> None:
    await database.write(lambda conn: stored.save(conn, instance, sessions, at(seconds)))


async def find(database: Database, digest: str = "d-1") -> LiveSession | None:
    async with database.read() as conn:
        return await stored.find(conn, digest)


async def tidy(database: Database, seconds: float, before: float, instance: str = "i-1") -> None:
    await database.write(lambda conn: stored.tidy(conn, instance, at(seconds), at(before)))


async def test_a_session_comes_back_as_it_was_saved(database: Database) -> None:
    ended = session(ended_at=at(3))
    await save(database, ended)

    assert await find(database) == ended


async def test_an_unknown_one_is_none(database: Database) -> None:
    await save(database, session())

    assert await find(database, "d-2") is None


async def test_saving_again_replaces_it(database: Database) -> None:
    await save(database, session(ended_at=at(1)), instance="i-1")
    later = session(rooms=frozenset(), seq=9, sid="s-2", ended_at=at(2))
    await save(database, later, session("d-2"), instance="i-2")

    assert await find(database) == later
    assert await find(database, "d-2") is not None


async def test_one_that_is_connected_ended_when_its_process_was_last_alive(
    database: Database,
) -> None:
    await save(database, session(), seconds=0)
    first = await find(database)
    await tidy(database, 10, -100)
    second = await find(database)

    assert first == session(ended_at=at(0))
    assert second == session(ended_at=at(10))


async def test_another_process_that_lives_on_does_not_lengthen_it(database: Database) -> None:
    await save(database, session(), instance="killed")
    await save(database, session("d-2"), instance="alive", seconds=50)
    await tidy(database, 60, 0, instance="alive")

    found = await find(database)
    assert found is not None
    assert found.ended_at == at(0)


async def test_tidying_forgets_who_did_not_come_back_in_time(database: Database) -> None:
    await save(database, session("gone", ended_at=at(10)), session("in time", ended_at=at(20)))
    await save(database, session("connected"))
    await save(database, session("killed"), instance="killed", seconds=5)
    await save(database, session("just killed"), instance="just killed", seconds=30)

    await tidy(database, 140, 20)

    kept = [
        digest
        for digest in ("gone", "in time", "connected", "killed", "just killed")
        if await find(database, digest) is not None
    ]
    assert kept == ["in time", "connected", "just killed"]


async def test_many_are_saved_in_one_transaction(database: Database) -> None:
    many = [session(f"d-{number}", seq=number) for number in range(500)]
    await save(database, *many)

    found = await find(database, "d-499")
    assert found is not None
    assert found.seq == 499
