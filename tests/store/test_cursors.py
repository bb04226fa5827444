"""How far each stage has read."""

import asyncio
import threading
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection

from tocsin.store.beside import opened
from tocsin.store.cursors import Position, locked_position, lowest, move, position
from tocsin.store.database import Database
from tocsin.testing.clock import START


async def read(database: Database, stage: str) -> int:
    async with database.read() as conn:
        return await position(conn, stage)


async def test_a_stage_that_never_read_begins_at_the_beginning(database: Database) -> None:
    assert await read(database, "watch") == 0


async def test_each_stage_has_a_place_of_its_own(database: Database) -> None:
    for to in (
        Position("watch", 5, START),
        Position("notify", 2, START),
        Position("watch", 7, START),
    ):
        await database.write(lambda conn, to=to: move(conn, to))  # type: ignore[misc] # a default

    assert await read(database, "watch") == 7
    assert await read(database, "notify") == 2


async def test_a_move_is_undone_with_the_transaction_it_is_in(database: Database) -> None:
    await database.write(lambda conn: move(conn, Position("watch", 5, START)))

    def move_and_fail(conn: Connection) -> None:
        move(conn, Position("watch", 9, START))
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(move_and_fail)

    assert await read(database, "watch") == 5


async def test_whoever_works_what_comes_next_has_the_place_locked(database: Database) -> None:
    first = await database.write(lambda conn: locked_position(conn, "watch"))
    await database.write(lambda conn: move(conn, Position("watch", 5, START)))

    assert first == 0
    assert await database.write(lambda conn: locked_position(conn, "watch")) == 5


async def test_nobody_else_works_it_meanwhile(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    is_locked, is_seen = threading.Event(), threading.Event()

    def work(conn: Connection) -> int | None:
        found = locked_position(conn, "watch")
        is_locked.set()
        is_seen.wait(5)
        move(conn, Position("watch", 5, START))
        return found

    await database.write(lambda conn: move(conn, Position("watch", 1, START)))
    async with opened(database_url, tmp_path) as other:
        working = asyncio.create_task(database.write(work))
        await asyncio.to_thread(is_locked.wait, 5)
        looking = asyncio.create_task(other.write(lambda conn: locked_position(conn, "watch")))
        if database.dialect.name == "postgresql":
            await looking
        is_seen.set()

        # It passes, or, where only one writes at a time, it comes after.
        expected = None if database.dialect.name == "postgresql" else 5
        assert (await working, await looking) == (1, expected)


async def test_the_lowest_of_those_that_have_begun_is_told(database: Database) -> None:
    for stage, seq in (("a", 7), ("b", 3), ("c", 1)):
        await database.write(partial(move, to=Position(stage, seq, START)))

    async with database.read() as conn:
        assert await lowest(conn, ["a", "b", "d"]) == 3
        assert await lowest(conn, ["d"]) == 0
