"""Health: honest, quick, and told to strangers in one word."""

import asyncio
import threading
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection as Write

from tests.journal import REMOTE, reading_in
from tocsin.bus.connection import Connection
from tocsin.bus.figures import Figures
from tocsin.bus.inbox import Lengths
from tocsin.errors import BusDown, StoreDown
from tocsin.model.access import Role
from tocsin.testing.clock import START, HandClock
from tocsin.web import health
from tocsin.web.health import Finding, Health, Status


async def well() -> Finding:
    return Finding(Status.OK, {"newest_seq": 3})


async def slow() -> Finding:
    return Finding(Status.DEGRADED, {"late_s": 4})


async def broken() -> Finding:
    raise StoreDown("The database does not answer; nothing was stored.")


async def hanging() -> Finding:
    await asyncio.get_running_loop().create_future()
    return Finding(Status.OK, {})


class Lists:
    """The inbox as far as health looks at it."""

    def __init__(self, error: BusDown | None = None) -> None:
        self._error = error

    async def lengths(self) -> Lengths:
        if self._error is not None:
            raise self._error
        return Lengths(waiting=3, taken=2, dead=1)


async def test_without_redis_it_is_degraded_and_no_worse() -> None:
    connection = Connection("redis://127.0.0.1:1/0", Figures(CollectorRegistry()))
    found = await health.bus_check(connection)()
    await connection.close()

    assert found.status is Status.DEGRADED
    assert found.details["reason"] == "bus_down"


async def test_the_inbox_tells_how_much_waits() -> None:
    found = await health.inbox_check(Lists(), lambda: None)()

    counts = {"waiting_messages": 3, "taken_messages": 2, "dead_messages": 1}
    assert found == Finding(Status.OK, counts)


async def test_an_inbox_that_cannot_be_stored_is_degraded_and_says_since_when() -> None:
    found = await health.inbox_check(Lists(), lambda: START)()

    assert found.status is Status.DEGRADED
    assert found.details["waits_since"] == "2026-01-01T00:00:00.000Z"


async def test_an_inbox_without_redis_is_degraded() -> None:
    found = await health.inbox_check(Lists(BusDown("Redis is away.")), lambda: None)()

    assert found.status is Status.DEGRADED
    assert found.details == {"message": "Redis is away.", "reason": "bus_down"}


def health_of(**checks: health.Check) -> Health:
    return Health(instance="i-1", version="1", clock=HandClock(), checks=checks)


async def test_the_worst_check_is_the_status_of_the_whole() -> None:
    assert (await health_of(store=well).report())[0] is Status.OK
    assert (await health_of(store=well, bus=slow).report())[0] is Status.DEGRADED
    assert (await health_of(store=broken, bus=slow).report())[0] is Status.DOWN


async def test_each_check_is_told_by_itself() -> None:
    _, report = await health_of(store=broken, bus=slow).report()

    assert report["checks"] == {
        "store": {
            "status": "down",
            "message": "The database does not answer; nothing was stored.",
            "reason": "store_down",
        },
        "bus": {"status": "degraded", "late_s": 4},
    }


async def test_a_check_that_hangs_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CHECK_LIMIT_S", 0.01)

    status, report = await health_of(store=hanging).report()

    assert status is Status.DOWN
    assert "no answer" in report["checks"]["store"]["message"]


async def test_calls_are_wanted_until_it_stops_and_with_the_store_only() -> None:
    one = health_of(store=well, bus=broken)
    before = await one.is_ready()
    one.stop()

    assert before
    assert not await one.is_ready()
    assert not await health_of(store=broken).is_ready()


async def test_strangers_are_told_the_status_alone(tmp_path: Path) -> None:
    async with reading_in(tmp_path) as reading:
        reading.clock.move(12.5)
        viewer = await reading.token(Role.VIEWER)

        local = await reading.get("/health")
        stranger = await reading.get("/health", peer=REMOTE)
        known = await reading.get("/health", peer=REMOTE, headers=viewer)
        wrong = await reading.get("/health", peer=REMOTE, headers={"authorization": "Bearer no"})

    assert local.json == known.json
    assert local.json == {
        "status": "ok",
        "instance": "i-1",
        "version": "1.2.3",
        "uptime_s": 12.5,
        "checks": {"store": {"status": "ok", "newest_seq": 0, "waiting_events": 0}},
    }
    assert stranger.json == wrong.json == {"status": "ok"}
    assert stranger.status == wrong.status == 200


async def test_readiness_ends_with_the_stop_and_life_does_not(tmp_path: Path) -> None:
    async with reading_in(tmp_path) as reading:
        ready = await reading.get("/health/ready", peer=REMOTE)
        reading.health.stop()
        stopping = await reading.get("/health/ready")
        live = await reading.get("/health/live", method="HEAD")

    assert (ready.status, ready.json) == (200, {"status": "ok"})
    assert (stopping.status, stopping.json) == (503, {"status": "down"})
    assert stopping.headers["cache-control"] == "no-store"
    assert live.status == 200


def until_no_connection_works() -> None:
    """Nobody waits for the thread of a connection that could not be made, and it needs the loop."""
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            thread.join(5)


async def test_a_store_that_can_be_read_alone_is_degraded(tmp_path: Path) -> None:
    def refused(conn: Write) -> None:
        conn.exec_driver_sql("PRAGMA query_only=ON")
        conn.exec_driver_sql("DELETE FROM cursors")

    async with reading_in(tmp_path) as reading:
        with pytest.raises(StoreDown):
            await reading.told.database.write(refused)
        whole = await reading.get("/health")
        await reading.told.database.write(lambda _conn: None)
        after = await reading.get("/health")

    assert (whole.status, whole.json["status"]) == (200, "degraded")
    assert whole.json["checks"]["store"]["reason"] == "store_down"
    assert after.json["status"] == "ok"


async def test_without_the_store_it_says_so(tmp_path: Path) -> None:
    async with reading_in(tmp_path) as reading:
        await reading.told.database.close()
        (tmp_path / "tocsin.db").rename(tmp_path / "gone.db")
        (tmp_path / "tocsin.db").mkdir()

        whole = await reading.get("/health")
        ready = await reading.get("/health/ready")
        live = await reading.get("/health/live")
    await asyncio.to_thread(until_no_connection_works)

    assert (whole.status, whole.json["status"]) == (503, "down")
    assert whole.json["checks"]["store"]["reason"] == "store_down"
    assert (ready.status, live.status) == (503, 200)
