"""The writer: one piece of work after the other, each kept whole or not at all."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest
from sqlalchemy import Connection, text

from tests.appending import rows
from tocsin.errors import Reason, Rejected, StoreDown
from tocsin.store import postgres, sqlite
from tocsin.store.address import is_postgres
from tocsin.store.database import Database
from tocsin.store.writer import Writer


def say(conn: Connection, stage: str) -> None:
    # In the order of their numbers, which are given in the order in which they came.
    statement = "INSERT INTO cursors SELECT :stage, count(*), 0 FROM cursors"
    conn.execute(text(statement), {"stage": stage})


async def said(database: Database) -> list[str]:
    found = await rows(database, "SELECT stage FROM cursors ORDER BY seq")
    return [row["stage"] for row in found]


async def test_work_is_done_in_the_order_in_which_it_came(database: Database) -> None:
    writer, names = database.writer, [f"{n:02}" for n in range(20)]

    for name in names:
        writer.submit(lambda conn, name=name: say(conn, name))  # type: ignore[misc] # a default
    await database.write(lambda _conn: None)

    assert await said(database) == names


async def test_what_raises_keeps_nothing_and_the_next_is_done(database: Database) -> None:
    def both(conn: Connection) -> None:
        say(conn, "lost")
        raise Rejected(409, Reason.CONFLICT, "no")

    with pytest.raises(Rejected):
        await database.write(both)
    await database.write(lambda conn: say(conn, "kept"))

    assert await said(database) == ["kept"]


@pytest.mark.parametrize("is_past_core", [True, False])
async def test_a_fault_of_the_database_is_told_as_such_and_got_over(
    database: Database, is_past_core: bool
) -> None:
    def wrong(conn: Connection) -> None:
        say(conn, "lost")
        if is_past_core:
            driver = conn.connection.driver_connection
            assert driver is not None
            driver.execute("SELECT * FROM nothing_of_that_name")
        conn.exec_driver_sql("SELECT * FROM nothing_of_that_name")

    with pytest.raises(StoreDown) as refused:
        await database.write(wrong)
    await database.write(lambda conn: say(conn, "kept"))

    assert refused.value.reason is Reason.STORE_DOWN
    assert refused.value.__cause__ is not None
    assert "nothing_of_that_name" not in refused.value.message
    assert await said(database) == ["kept"]


async def test_that_nothing_can_be_stored_is_known_until_something_is(database: Database) -> None:
    def wrong(conn: Connection) -> None:
        conn.exec_driver_sql("SELECT * FROM nothing_of_that_name")

    before = database.writer.failing
    with pytest.raises(StoreDown) as refused:
        await database.write(wrong)
    meanwhile = database.writer.failing
    await database.write(lambda conn: say(conn, "kept"))

    assert before is None
    assert meanwhile is refused.value
    assert database.writer.failing is None


async def test_what_is_to_be_done_then_is_done_after_the_commit_alone(
    database: Database,
) -> None:
    order: list[str] = []

    def refuse(_conn: Connection) -> None:
        order.append("refused")
        raise Rejected(409, Reason.CONFLICT, "no")

    kept = database.writer.submit(lambda conn: say(conn, "x"), then=lambda: order.append("then"))
    lost = database.writer.submit(refuse, then=lambda: order.append("never"))
    last = database.writer.submit(lambda _conn: order.append("last"))
    await asyncio.gather(*map(asyncio.wrap_future, (kept, lost, last)), return_exceptions=True)

    assert order == ["then", "refused", "last"]


async def test_whoever_gave_up_before_its_turn_is_passed_over(database: Database) -> None:
    gate = threading.Event()
    first = database.writer.submit(lambda _conn: gate.wait(10))
    given_up = asyncio.create_task(database.write(lambda conn: say(conn, "never")))
    await asyncio.sleep(0)

    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    gate.set()
    await asyncio.wrap_future(first)
    await database.write(lambda conn: say(conn, "kept"))

    assert await said(database) == ["kept"]


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    """One beside the database's own, to be closed by the test."""
    kind = postgres if is_postgres(database.url) else sqlite
    engine = kind.writing_engine(database.url)
    yield Writer(engine)
    engine.dispose()


async def test_closing_finishes_all_that_was_submitted(database: Database, writer: Writer) -> None:
    pending: list[Future[None]] = [
        writer.submit(lambda conn, n=n: say(conn, str(n)))  # type: ignore[misc] # a default
        for n in range(5)
    ]

    await asyncio.to_thread(writer.close)
    late = writer.submit(lambda conn: say(conn, "late"))

    assert all(one.done() for one in pending)
    assert isinstance(late.exception(), StoreDown)
    assert await said(database) == ["0", "1", "2", "3", "4"]


async def test_whoever_submits_while_it_closes_is_told(writer: Writer) -> None:
    # Work put behind the end would leave its caller waiting for ever.
    asked: list[Future[None]] = []

    def ask_on() -> None:
        while not (asked and asked[-1].done() and asked[-1].exception()):
            asked.append(writer.submit(lambda _conn: None))

    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.to_thread(ask_on))
        group.create_task(asyncio.to_thread(writer.close))

    assert all(one.done() for one in asked)
