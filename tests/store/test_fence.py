"""A fence: nothing of a piece of work is written behind its back."""

import asyncio

import pytest
from sqlalchemy import Connection

from tests.appending import Place, event, ground_in, rows
from tocsin.store.cursors import Position, move
from tocsin.store.database import Database
from tocsin.store.fence import fence, fenced_also
from tocsin.testing.clock import START


def note(conn: Connection) -> None:
    move(conn, Position("noted", 1, START))


def refuse(_conn: Connection) -> None:
    raise LookupError


async def is_noted(database: Database) -> bool:
    return bool(await rows(database, "SELECT stage FROM cursors"))


async def test_without_a_fence_all_is_written(database: Database) -> None:
    await database.write(note)

    assert await is_noted(database)


async def test_what_the_check_refuses_is_not_written(database: Database) -> None:
    with fence(refuse), pytest.raises(LookupError):
        await database.write(note)

    assert not await is_noted(database)


async def test_the_check_is_in_the_transaction_of_the_work(database: Database) -> None:
    def fail(_conn: Connection) -> None:
        raise LookupError

    with fence(note), pytest.raises(LookupError):
        await database.write(fail)

    assert not await is_noted(database)


async def test_tasks_that_begin_inside_are_behind_it_too(database: Database) -> None:
    with fence(refuse):
        inside = asyncio.create_task(database.write(note))
    outside = asyncio.create_task(database.write(lambda _conn: None))

    with pytest.raises(LookupError):
        await inside
    await outside
    assert not await is_noted(database)


def test_what_is_done_besides_is_behind_it_too() -> None:
    open_country = (fenced_also(None), fenced_also(note))
    with fence(refuse):
        inside = (fenced_also(None), fenced_also(note))

    assert open_country == (None, note)
    assert inside[0] is refuse
    assert inside[1] is not note


async def test_events_are_behind_it_too_and_others_of_their_group_are_not(place: Place) -> None:
    async with ground_in(place) as ground:
        with fence(refuse):
            inside = asyncio.create_task(ground.append(event("inside"), event("inside")))
        outside = [asyncio.create_task(ground.append(event("outside"))) for _ in range(3)]

        with pytest.raises(LookupError):
            await inside
        assert [receipts[0].seq for receipts in await asyncio.gather(*outside)] == [1, 2, 3]
