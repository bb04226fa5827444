"""Each statement removes one slice and nothing that is not old enough."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from tests.appending import after, append, began, event, logged, rows, seqs
from tocsin.store import pruning
from tocsin.store.database import Database
from tocsin.store.facts import read_facts


async def counts(database: Database) -> dict[str, int]:
    tables = ("deployments", "steps", "runs", "log_lines", "quiet_watch")
    return {
        name: (await rows(database, f"SELECT count(*) AS n FROM {name}"))[0]["n"]  # noqa: S608 - ours
        for name in tables
    }


async def test_events_are_looked_at_page_by_page(database: Database) -> None:
    await append(database, *(event(f"t{n}", at=after(n)) for n in range(5)))

    async with database.read() as conn:
        page = await pruning.aged_events(conn, 2, 2)

    assert page == [(3, "deployment", "t2", after(2)), (4, "deployment", "t3", after(3))]


async def test_removed_events_are_remembered_as_missing(database: Database) -> None:
    await append(database, *(event() for _ in range(6)))

    await database.write(lambda conn: pruning.remove_events(conn, [1, 3]))

    assert await seqs(database) == [2, 4, 5, 6]
    async with database.read() as conn:
        assert (await read_facts(conn)).pruned_through == 3


async def test_deployments_come_by_the_age_of_their_newest_run(database: Database) -> None:
    for n in range(4):
        await append(database, event(at=after(n), change=began(str(n), n)))

    async with database.read() as conn:
        first = await pruning.aged_deployments(conn, after(3), 0, 2)
        rest = await pruning.aged_deployments(conn, after(3), first[-1][1], 2)

    assert first == [(1, 1, after(0)), (2, 2, after(1))]
    assert rest == [(3, 3, after(2))]


async def remove(database: Database, pk: int, seconds: float, slice_rows: int) -> bool:
    return await database.write(
        lambda conn: pruning.remove_deployment(conn, pk, after(seconds), slice_rows)
    )


async def test_a_deployment_goes_log_first_slice_by_slice(database: Database) -> None:
    lines = [str(n) for n in range(7)]
    await append(
        database,
        event(change=began("1", 0)),
        event(change=logged("1", 0, *lines)),
        event(change=logged("2", 0, "stays")),
    )
    left: list[Any] = []
    while not await remove(database, 1, 1, 3):
        left.append((await counts(database))["log_lines"])

    assert left == [5, 2, 1]
    assert await counts(database) == {
        "deployments": 1,
        "steps": 0,
        "runs": 1,
        "log_lines": 1,
        "quiet_watch": 0,
    }
    assert await remove(database, 1, 1, 3)


async def test_a_deployment_that_is_heard_of_meanwhile_stays(database: Database) -> None:
    await append(database, event(change=logged("1", 0, "a", "b", "c")))
    assert not await remove(database, 1, 1, 2)
    await append(database, event(at=after(2), change=logged("1", 2, "d")))

    assert await remove(database, 1, 1, 2)

    found = await rows(database, "SELECT line, text FROM log_lines ORDER BY line")
    assert [tuple(row.values()) for row in found] == [(3, "c"), (4, "d")]


async def test_keys_of_deliveries_are_forgotten_the_oldest_first(database: Database) -> None:
    await append(database, *(event(at=after(n), dedupe=f"k{9 - n}") for n in range(5)))

    def forget(count: int) -> Any:
        return database.write(lambda conn: pruning.remove_seen(conn, after(3), count))

    first, second, third = await forget(2), await forget(2), await forget(2)

    assert (first, second, third) == (2, 1, 0)
    left = await rows(database, "SELECT key FROM deliveries_seen ORDER BY received_at")
    assert [row["key"] for row in left] == ["k6", "k5"]


async def test_what_signed_somebody_in_goes_when_its_time_is_over(database: Database) -> None:
    now = after(100)

    def hold(conn: Any) -> None:
        for name, at in (("old", now - timedelta(seconds=1)), ("good", now)):
            us = int(at.timestamp() * 1_000_000)
            conn.execute(
                text("INSERT INTO sign_in_codes (hash, created_at, expires_at) VALUES (:h, 0, :e)"),
                {"h": name, "e": us},
            )

    await database.write(hold)
    await database.write(lambda conn: pruning.remove_ended_sign_ins(conn, now))

    assert [row["hash"] for row in await rows(database, "SELECT hash FROM sign_in_codes")] == [
        "good"
    ]


async def test_free_pages_are_given_back_some_at_a_time(sqlite_database: Database) -> None:
    def pages(conn: Any) -> int:
        return int(conn.exec_driver_sql("PRAGMA page_count").scalar_one())

    await append(sqlite_database, *(event(data="x" * 4_000) for _ in range(200)))
    await sqlite_database.write(lambda conn: pruning.remove_events(conn, list(range(1, 201))))
    full = await sqlite_database.write(pages)

    left = await sqlite_database.write(lambda conn: pruning.give_back_space(conn, 50))
    after_one = await sqlite_database.write(pages)
    while left:
        before = left
        left = await sqlite_database.write(lambda conn: pruning.give_back_space(conn, 50))
        assert left == max(0, before - 50)

    assert after_one == full - 50
    assert await sqlite_database.write(pages) < full / 3
