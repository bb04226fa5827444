"""How far each stage has read."""

import pytest
from sqlalchemy import Connection

from tocsin.store.cursors import Position, move, position
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
