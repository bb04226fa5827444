"""Leases: one instance at a time, and one that comes late with its work does no harm."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from structlog.testing import capture_logs

from tests.appending import rows
from tocsin.errors import LeaseLost, StoreDown
from tocsin.store.beside import opened
from tocsin.store.cursors import Position, move
from tocsin.store.database import Database
from tocsin.store.leases import (
    LASTS_S,
    RENEW_EVERY_S,
    Lease,
    Leases,
    check,
    end_former,
    give_back,
    instances,
    take,
)
from tocsin.testing.clock import START, HandClock

NAME = "watch"


async def taken(database: Database, owner: str, *names: str) -> dict[str, int]:
    """What `owner` has after it has asked, by its token."""
    held = await database.write(lambda conn: take(conn, names or (NAME,), owner, START))
    return {name: lease.token for name, lease in held.items()}


async def pass_by(database: Database, seconds: float) -> None:
    """Let so much time pass for the leases, whatever clock the database goes by."""
    gone = text("UPDATE leases SET until = until - :us")
    await database.write(lambda conn: conn.execute(gone, {"us": round(seconds * 1_000_000)}))


async def test_who_comes_first_has_it_and_can_go_on(database: Database) -> None:
    first = await taken(database, "a")
    other = await taken(database, "b")
    again = await taken(database, "a")

    assert (first, other, again) == ({NAME: 1}, {}, {NAME: 1})


async def test_who_is_back_lets_go_what_it_had_when_it_was_killed(database: Database) -> None:
    await taken(database, "a 1")
    await taken(database, "b 1", "other")
    await database.write(lambda conn: end_former(conn, "a"))

    assert await taken(database, "a 2") == {NAME: 2}
    assert await taken(database, "a 2", "other") == {}


async def test_one_that_is_not_renewed_goes_to_another_with_a_higher_token(
    database: Database,
) -> None:
    await taken(database, "a")
    await pass_by(database, LASTS_S - 1)
    early = await taken(database, "b")
    await pass_by(database, 2)
    late = await taken(database, "b")
    back = await taken(database, "a")

    assert (early, late, back) == ({}, {NAME: 2}, {})


async def test_renewing_makes_it_last_on(database: Database) -> None:
    for _ in range(3):
        await taken(database, "a")
        await pass_by(database, LASTS_S - 1)

    assert await taken(database, "b") == {}


async def test_one_that_is_given_back_is_free_at_once(database: Database) -> None:
    await taken(database, "a", "watch", "retention")
    await taken(database, "b", "sweep")

    await database.write(lambda conn: give_back(conn, "a"))

    names = ("retention", "sweep", "watch")
    assert await taken(database, "c", *names) == {"retention": 2, "watch": 2}


async def test_one_of_a_clock_that_was_wrong_does_not_last_for_ever(database: Database) -> None:
    await taken(database, "a")
    await pass_by(database, -86_400)

    assert await taken(database, "b") == {NAME: 2}


async def test_who_asks_for_nothing_gets_nothing(database: Database) -> None:
    assert await database.write(lambda conn: take(conn, (), "a", START)) == {}


async def test_one_that_wakes_up_late_cannot_write(database: Database) -> None:
    await taken(database, "a")
    await pass_by(database, LASTS_S + 1)
    await taken(database, "b")

    def write(conn: Connection) -> None:
        move(conn, Position("a", 1, START))
        check(conn, Lease(NAME, "a", 1))

    with pytest.raises(LeaseLost):
        await database.write(write)

    assert await rows(database, "SELECT stage FROM cursors") == []
    await database.write(lambda conn: check(conn, Lease(NAME, "b", 2)))


async def test_one_that_had_it_twice_cannot_write_by_the_first_time(database: Database) -> None:
    for owner in ("a", "b", "a"):
        await taken(database, owner)
        await pass_by(database, LASTS_S + 1)

    with pytest.raises(LeaseLost):
        await database.write(lambda conn: check(conn, Lease(NAME, "a", 1)))
    await database.write(lambda conn: check(conn, Lease(NAME, "a", 3)))


async def test_one_that_ran_out_counts_until_somebody_else_takes_it(database: Database) -> None:
    await taken(database, "a")
    await pass_by(database, LASTS_S + 1)

    await database.write(lambda conn: check(conn, Lease(NAME, "a", 1)))


async def test_nobody_takes_it_in_the_midst_of_what_is_written_under_it(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    await taken(database, "a")
    await pass_by(database, LASTS_S + 1)
    is_checked, goes_on = threading.Event(), threading.Event()
    order: list[str] = []

    def write(conn: Connection) -> None:
        check(conn, Lease(NAME, "a", 1))
        is_checked.set()
        goes_on.wait(5)
        order.append("written")

    async with opened(database_url, tmp_path) as other:
        writing = asyncio.create_task(database.write(write))
        await asyncio.to_thread(is_checked.wait, 5)
        taking = asyncio.create_task(taken(other, "b"))
        taking.add_done_callback(lambda _: order.append("taken"))
        await asyncio.sleep(0)
        goes_on.set()
        await asyncio.gather(writing, taking)

    assert order == ["written", "taken"]
    assert taking.result() == {NAME: 2}


async def test_the_instances_at_work_are_known(database: Database) -> None:
    await taken(database, "one 17", "watch", "retention")
    await taken(database, "two words 18", "sweep")
    before = await database.write(lambda conn: instances(conn, START))
    await pass_by(database, LASTS_S + 1)

    assert before == {"one", "two words"}
    assert await database.write(lambda conn: instances(conn, START)) == set()


# --- what a process does alone


class Work:
    """A step that says when it is under way, and waits to be told to go on."""

    def __init__(self, database: Database, name: str) -> None:
        self.database = database
        self.name = name
        self.began = asyncio.Event()
        self.go_on = asyncio.Event()
        self.done = 0

    async def __call__(self) -> None:
        self.began.set()
        await self.go_on.wait()
        self.done += 1
        await self.database.write(lambda conn: move(conn, Position(self.name, self.done, START)))


async def turns() -> None:
    """Let every task do what it can do now."""
    for _ in range(5):
        await asyncio.sleep(0)


async def repeated(step: Callable[[], Awaitable[None]]) -> None:
    while True:
        await step()


class Instance:
    """One instance with its work, which it repeats."""

    def __init__(self, database: Database, name: str) -> None:
        self.clock = HandClock()
        self.leases = Leases(database, self.clock, name)
        self.work = Work(database, name)
        self.loop = asyncio.create_task(repeated(self.leases.alone(NAME, self.work)))

    async def end(self) -> None:
        self.loop.cancel()
        with suppress(asyncio.CancelledError):
            await self.loop


async def test_one_instance_does_it_and_another_when_that_is_killed(database: Database) -> None:
    one = Instance(database, "one")
    await one.work.began.wait()
    two = Instance(database, "two")
    await two.leases.renew()
    doing = await one.leases.owners()
    await one.end()
    await pass_by(database, LASTS_S + 1)
    early = two.work.began.is_set()
    await two.leases.renew()
    await two.work.began.wait()

    assert not early
    assert doing == {NAME: "one"}
    assert await one.leases.owners() == {NAME: "two"}
    await two.end()


async def test_a_stop_gives_it_back(database: Database) -> None:
    one, two = Instance(database, "one"), Instance(database, "two")
    await one.work.began.wait()
    await one.end()
    await database.write(one.leases.give_back)
    nobody = await one.leases.owners()
    await two.leases.renew()
    await two.work.began.wait()

    assert nobody == {}
    await two.end()


async def test_one_that_sleeps_past_its_lease_stores_nothing_when_it_wakes(
    database: Database,
) -> None:
    one = Instance(database, "one")
    await one.work.began.wait()
    # It is held up: nothing of it runs, neither the work nor the renewing.
    two = Instance(database, "two")
    await two.leases.renew()
    await pass_by(database, LASTS_S + 1)
    await two.leases.renew()
    await two.work.began.wait()
    with capture_logs() as logs:
        one.work.go_on.set()
        await turns()
        # What it wants written is done, or refused, before this.
        await database.write(lambda _conn: None)
        await turns()

    assert [(line["event"], line["fence"]) for line in logs] == [("lease_lost", 1)]
    assert await rows(database, "SELECT stage FROM cursors") == []
    assert not one.loop.done()
    await one.end()
    await two.end()


async def test_work_under_way_is_broken_off_when_another_has_it(database: Database) -> None:
    one = Instance(database, "one")
    await one.work.began.wait()
    one.work.began.clear()
    await pass_by(database, LASTS_S + 1)
    await taken(database, "two")
    await one.leases.renew()
    one.work.go_on.set()
    await database.write(lambda conn: give_back(conn, "two"))
    await one.leases.renew()
    await one.work.began.wait()

    assert one.work.done <= 1, "what was broken off was not finished"
    await one.end()


async def test_without_the_database_it_is_kept_for_as_long_as_it_lasts(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Instance(database, "one")
    await one.work.began.wait()

    async def fail(_work: object) -> Any:
        raise StoreDown("gone")

    monkeypatch.setattr(database, "write", fail)
    with capture_logs() as logs:
        one.clock.move(LASTS_S / 2)
        is_sure = await one.leases.renew()
        early = len(logs)
        one.clock.move(LASTS_S / 2)
        await one.leases.renew()

    assert not is_sure
    assert early == 0
    assert [line["event"] for line in logs] == ["lease_lost"]
    await one.end()


async def test_the_loop_renews_now_and_then(database: Database) -> None:
    one = Instance(database, "one")
    await one.work.began.wait()
    await pass_by(database, LASTS_S - 1)
    step = asyncio.create_task(one.leases.step())
    await turns()
    await database.write(lambda _conn: None)
    await turns()
    await pass_by(database, 2)
    one.clock.move(RENEW_EVERY_S)
    await step

    assert await taken(database, "two") == {}
    await one.end()


async def test_a_fault_of_the_work_is_its_own(database: Database) -> None:
    leases = Leases(database, HandClock(), "one")

    async def fail() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await leases.alone(NAME, fail)()


async def test_an_instance_that_does_not_do_it_holds_nobody_up(database: Database) -> None:
    one, two = Leases(database, HandClock(), "one"), Leases(database, HandClock(), "two")
    done: list[str] = []

    async def work() -> None:
        done.append("two")

    one.alone(NAME, work)
    await one.renew()
    await two.alone(NAME, work)()

    assert done == ["two"]
