"""`/api/v1/system`: what the parts tell of themselves, in one answer."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from tests.call import called
from tests.journal import AUTH, HTTP, REMOTE, Told, at, event, told_in
from tests.web.systems import system_over
from tocsin.edge.callers import Callers
from tocsin.errors import StoreDown
from tocsin.store.access import StoredCredentials
from tocsin.store.facts import ensure_epoch, raise_pruned_through
from tocsin.store.sqlite import file_of
from tocsin.testing.clock import HandClock
from tocsin.web import system
from tocsin.web.problems import add_problem_handlers
from tocsin.web.system import System, SystemView

PATH = "/api/v1/system"


@dataclass(frozen=True)
class Running:
    told: Told
    clock: HandClock
    system: System
    app: FastAPI


@pytest.fixture
async def running(tmp_path: Path) -> AsyncGenerator[Running, None]:
    clock = HandClock()
    async with told_in(tmp_path) as told:
        parts = system_over(told, clock, RETENTION__BY_TYPE='{"log_*": 7}')
        callers = Callers(StoredCredentials(told.database, clock), AUTH, HTTP)
        app = FastAPI()
        add_problem_handlers(app)
        app.include_router(system.router(system=parts, callers=callers))
        yield Running(told, clock, parts, app)


async def test_everything_is_told_in_one_answer(running: Running) -> None:
    epoch = await running.told.database.write(ensure_epoch)
    await running.told.append([event(), event()])
    await running.told.database.write(lambda conn: raise_pruned_through(conn, 1))
    running.clock.move(60)

    answer = await called(running.app, "GET", PATH)

    told = answer.json
    SystemView.model_validate(told, strict=True)
    database_bytes = told["journal"].pop("database_bytes")
    assert database_bytes >= file_of(running.told.database.url).stat().st_size > 0
    assert told == {
        "instance": "i-1",
        "version": "1.2.3",
        "started_at": "2026-01-01T00:00:00.000Z",
        "uptime_s": 60.0,
        "runs": ["live", "web"],
        "status": "ok",
        "checks": {"store": {"status": "ok", "newest_seq": 2, "waiting_events": 0}},
        "journal": {
            "epoch": epoch,
            "newest_seq": 2,
            "pruned_through": 1,
            "queue_events": 0,
            "queue_max_events": 100_000,
        },
        "live": {"connections": {"socketio": 2, "ws": 1, "sse": 0}, "queue_bytes": 77},
        "stages": [],
        "retention": {
            "keep_days": 30,
            "by_type": {"log_*": 7},
            "by_source": {},
            "last_run_at": None,
            "removed_events": 0,
        },
    }
    assert answer.headers["cache-control"] == "no-store"


async def test_stages_and_retention_tell_what_they_did(running: Running) -> None:
    retention = running.system.retention
    retention.last_run_at, retention.removed_events = at(-60), 7
    outcomes: list[Exception | None] = [None, StoreDown("no")]

    async def step() -> None:
        if not outcomes:
            await asyncio.get_running_loop().create_future()
        outcome = outcomes.pop(0)
        if outcome is not None:
            raise outcome

    with capture_logs():
        loop = asyncio.create_task(running.system.supervisor.keep_going("live.hub", step))
        for _ in range(5):
            await asyncio.sleep(0)
        told = (await called(running.app, "GET", PATH)).json
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)

    assert told["stages"] == [
        {
            "name": "live.hub",
            "failures": 1,
            "last_ok_at": "2026-01-01T00:00:00.000Z",
            "done_by": None,
        }
    ]
    assert told["retention"]["removed_events"] == 7
    assert told["retention"]["last_run_at"] == "2025-12-31T23:59:00.000Z"


async def test_strangers_are_told_nothing(running: Running) -> None:
    answer = await called(running.app, "GET", PATH, peer=REMOTE)

    assert answer.status == 401


async def test_without_the_store_it_says_so(running: Running) -> None:
    await running.told.database.close()
    file_of(running.told.database.url).write_bytes(b"no database" * 1_000)

    answer = await called(running.app, "GET", PATH)

    assert (answer.status, answer.json["reason"]) == (503, "store_down")
