"""Changes from the command line: made whole with their event, or not at all."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from tocsin.errors import Reason, Rejected
from tocsin.model.audit import setting_changed
from tocsin.store import sign_in_codes
from tocsin.store.beside import change, opened
from tocsin.store.database import Database
from tocsin.store.tables.access import sign_in_codes as codes
from tocsin.store.tables.journal import events
from tocsin.testing.clock import START, HandClock

EVENT = setting_changed("thing.done", "thing", "me", START)


def refuse(conn: Connection) -> None:
    sign_in_codes.create(conn, START, HandClock().now() - START)
    raise Rejected(409, Reason.CONFLICT, "no")


async def rows(database: Database) -> tuple[int, int]:
    async with database.read() as conn:
        told = (await conn.execute(select(events))).all()
        done = (await conn.execute(select(codes))).all()
    return len(told), len(done)


async def test_a_change_and_its_event_are_one(database: Database) -> None:
    code = await change(
        database, [EVENT], lambda conn: sign_in_codes.create(conn, START, START - START)
    )

    assert code is not None
    assert await rows(database) == (1, 1)


async def test_a_refused_change_leaves_nothing(database: Database) -> None:
    with pytest.raises(Rejected):
        await change(database, [EVENT], refuse)

    assert await rows(database) == (0, 0)


async def test_two_processes_work_on_one_database(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    async with opened(database_url, tmp_path) as second:
        for one in (database, second, database):
            await change(one, [setting_changed("a", "b", "c", START)], lambda _conn: None)

    assert (await rows(database))[0] == 3
