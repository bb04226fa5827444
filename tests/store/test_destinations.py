"""How destinations are: what was learnt of them, who paused them, and what can be replaced."""

from dataclasses import replace
from functools import partial

from tests.appending import after
from tocsin.store import destinations
from tocsin.store.database import Database
from tocsin.store.destinations import Destination
from tocsin.testing.clock import START

FINE = Destination(
    id="a", channel_type="slack", label="hooks.slack.com", changed_at=START, last_ok_at=START
)
FAILING = replace(
    FINE,
    failures=3,
    failing_since=after(1),
    last_failed_at=after(9),
    last_reason="busy",
    last_error="It is busy.",
    held_until=after(20),
    changed_at=after(9),
)


async def save(database: Database, *some: Destination) -> None:
    for one in some:
        await database.write(partial(destinations.save, one=one))


async def read(database: Database, destination_id: str = "a") -> Destination | None:
    async with database.read() as conn:
        return (await destinations.of_ids(conn, [destination_id, "nobody"])).get(destination_id)


async def pause(database: Database, by: str, seconds: float) -> bool:
    return await database.write(lambda conn: destinations.pause(conn, "a", by, after(seconds)))


async def resume(database: Database, seconds: float) -> bool:
    return await database.write(lambda conn: destinations.resume(conn, "a", after(seconds)))


async def test_what_is_learnt_of_a_destination_is_kept(database: Database) -> None:
    await save(database, FINE)
    first = await read(database)
    await save(database, FAILING)

    assert first == FINE
    assert await read(database) == FAILING
    assert await read(database, "b") is None


async def test_a_destination_is_paused_once_and_by_whom_is_kept(database: Database) -> None:
    await save(database, FINE)

    assert await pause(database, "mei", 5)
    assert not await pause(database, "", 6)
    found = await read(database)
    assert found == replace(
        FINE,
        is_paused=True,
        paused_by="mei",
        paused_at=after(5),
        changed_at=after(5),
        touched_at=after(5),
    )


async def test_what_is_learnt_meanwhile_neither_pauses_nor_resumes(database: Database) -> None:
    """Who sends knows of a pause only a moment later."""
    await save(database, FINE)
    await pause(database, "mei", 5)
    await save(database, FAILING)

    found = await read(database)
    assert found == replace(
        FAILING, is_paused=True, paused_by="mei", paused_at=after(5), touched_at=after(5)
    )

    await resume(database, 30)
    await save(database, replace(FAILING, is_paused=True, paused_at=after(31)))
    found = await read(database)
    assert found is not None
    assert not found.is_paused


async def test_one_that_is_resumed_begins_as_if_it_had_never_failed(database: Database) -> None:
    await save(database, FAILING)
    await pause(database, "", 10)

    assert await resume(database, 60)
    found = await read(database)
    assert found == replace(
        FAILING,
        failures=0,
        failing_since=None,
        held_until=None,
        changed_at=after(60),
        touched_at=after(60),
    )


async def test_one_that_only_fails_can_be_had_tried_at_once(database: Database) -> None:
    await save(database, FAILING)

    assert await resume(database, 60)
    found = await read(database)
    assert found is not None
    assert (found.failures, found.held_until) == (0, None)


async def test_one_that_nobody_knows_is_not_paused(database: Database) -> None:
    assert not await pause(database, "mei", 5)
    assert not await resume(database, 5)


async def test_those_that_are_paused_or_fail_are_listed_first(database: Database) -> None:
    await save(database, replace(FINE, id="z"), replace(FAILING, id="b"), FINE)
    await pause(database, "mei", 5)

    async with database.read() as conn:
        found = await destinations.all_of_them(conn)

    assert [one.id for one in found] == ["a", "b", "z"]


async def test_the_newest_message_about_a_thing_is_the_one_to_replace(database: Database) -> None:
    for key, handle in (("shop\n1", "m-1"), ("shop\n2", "m-2"), ("shop\n1", "m-3")):
        posted = partial(
            destinations.save_handle, destination="a", order_key=key, new=handle, now=START
        )
        await database.write(posted)

    async with database.read() as conn:
        assert await destinations.handle(conn, "a", "shop\n1") == "m-3"
        assert await destinations.handle(conn, "a", "shop\n2") == "m-2"
        assert await destinations.handle(conn, "b", "shop\n1") is None
