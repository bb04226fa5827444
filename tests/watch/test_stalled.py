"""A deployment that goes quiet is marked once, and news take it back; a crash changes nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from tests.appending import (
    Ground,
    Place,
    after,
    began,
    done,
    ended,
    event,
    ground_in,
    logged,
    rows,
    settings_with,
)
from tocsin.errors import StoreDown
from tocsin.store import quiet_watch
from tocsin.testing.clock import HandClock
from tocsin.watch import stalled as module
from tocsin.watch.stalled import StalledDeployments

TWO_HOURS_S = 7200
POLL_S = settings_with().watch.poll_s


@dataclass(frozen=True)
class Watched:
    """A journal, and the stage that watches it."""

    ground: Ground
    clock: HandClock
    stage: StalledDeployments

    async def look(self, seconds: float) -> None:
        """Let the stage do one step at that time, which is at least its pause from now."""
        to_go_s = (after(seconds) - self.clock.now()).total_seconds()
        assert to_go_s >= POLL_S
        self.clock.move(to_go_s - POLL_S)
        step = asyncio.create_task(self.stage.step())
        await asyncio.sleep(0)
        self.clock.move(POLL_S)
        await step

    async def verdicts(self) -> list[tuple[str, str]]:
        found = await rows(
            self.ground.database,
            "SELECT project, subject FROM events WHERE type = 'deployment.stalled' ORDER BY seq",
        )
        return [(row["project"], row["subject"]) for row in found]

    async def marked(self) -> list[str]:
        found = await rows(
            self.ground.database,
            "SELECT deployment_id FROM deployments WHERE is_stalled ORDER BY deployment_id",
        )
        return [row["deployment_id"] for row in found]


@asynccontextmanager
async def watched_in(place: Place, clock: HandClock | None = None) -> AsyncIterator[Watched]:
    clock = clock or HandClock()
    async with ground_in(place) as ground:
        watch = settings_with().watch
        yield Watched(
            ground, clock, StalledDeployments(ground.database, ground.journal, clock, watch)
        )


def test_two_hours_is_the_default() -> None:
    assert settings_with().watch.stalled_after_s == TWO_HOURS_S


async def test_it_is_marked_when_nothing_came_for_two_hours_and_once(tmp_path: Path) -> None:
    async with watched_in(tmp_path) as watched:
        await watched.ground.append(event(change=began("1", 0)))
        await watched.look(10)
        await watched.look(TWO_HOURS_S - 5)
        early = await watched.verdicts()
        for seconds in (TWO_HOURS_S, TWO_HOURS_S + 5, 5 * TWO_HOURS_S):
            await watched.look(seconds)

        assert early == []
        assert await watched.verdicts() == [("shop", "1")]
        assert await watched.marked() == ["1"]


async def test_news_put_it_off(tmp_path: Path) -> None:
    async with watched_in(tmp_path) as watched:
        await watched.ground.append(event(change=began("1", 0)))
        await watched.look(10)
        await watched.ground.append(event(at=after(5000), change=logged("1", 5000, "working")))
        await watched.look(TWO_HOURS_S + 1)
        between = await watched.marked()
        await watched.look(5000 + TWO_HOURS_S)

        assert between == []
        assert await watched.marked() == ["1"]


async def test_news_take_it_back_and_another_silence_is_said_again(tmp_path: Path) -> None:
    async with watched_in(tmp_path) as watched:
        await watched.ground.append(event(change=began("1", 0)))
        await watched.look(10)
        await watched.look(TWO_HOURS_S)
        await watched.ground.append(event(at=after(8000), change=logged("1", 8000, "back")))
        taken_back = await watched.marked()
        await watched.look(8010)
        await watched.look(8000 + TWO_HOURS_S)

        assert taken_back == []
        assert await watched.marked() == ["1"]
        assert await watched.verdicts() == [("shop", "1")] * 2


async def test_that_it_runs_for_long_is_no_news(tmp_path: Path) -> None:
    async with watched_in(tmp_path) as watched:
        await watched.ground.append(event(change=began("1", 0)))
        await watched.look(TWO_HOURS_S)
        await watched.ground.append(event("deployment.running_long", subject="1"))
        await watched.look(TWO_HOURS_S + 10)

        assert await rows(watched.ground.database, "SELECT * FROM quiet_watch") == []
        assert await watched.verdicts() == [("shop", "1")]


@pytest.mark.parametrize("completed_at", [6, TWO_HOURS_S - 1])
async def test_one_that_is_complete_is_never_marked(tmp_path: Path, completed_at: int) -> None:
    async with watched_in(tmp_path) as watched:
        await watched.ground.append(event(change=began("1", 0)))
        await watched.look(5)
        await watched.ground.append(event(at=after(completed_at), change=done("1", completed_at)))
        for days in range(1, 4):
            await watched.look(days * 86_400)

        assert await watched.verdicts() == []
        assert await rows(watched.ground.database, "SELECT * FROM quiet_watch") == []


async def test_a_new_run_is_watched_again(tmp_path: Path) -> None:
    async with watched_in(tmp_path) as watched:
        await watched.ground.append(
            event(change=began("1", 0)), event(at=after(5), change=done("1", 5))
        )
        await watched.look(10)
        await watched.ground.append(event(at=after(20), change=began("1", 20)))
        await watched.look(30)
        await watched.look(20 + TWO_HOURS_S)

        assert await watched.marked() == ["1"]


async def test_one_that_nobody_named_a_project_for_is_watched_under_its_later_name(
    tmp_path: Path,
) -> None:
    async with watched_in(tmp_path) as watched:
        await watched.ground.append(
            event(project="", change=began("1", 0)), event(project="", change=began("2", 0))
        )
        await watched.look(5)
        await watched.ground.append(event(at=after(9), change=ended("1", 9)))
        await watched.look(9 + TWO_HOURS_S)

        assert sorted(await watched.verdicts()) == [("shop", "1"), ("unknown", "2")]
        assert await watched.marked() == ["1", "2"]


async def test_many_are_read_and_said_in_portions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SPAN", 2)
    monkeypatch.setattr(module, "PAGE", 3)
    async with watched_in(tmp_path) as watched:
        await watched.ground.append(*(event(change=began(str(n), 0)) for n in range(7)))
        for n in range(3):
            await watched.look(TWO_HOURS_S + 5 * n)

        assert sorted(await watched.verdicts()) == [("shop", str(n)) for n in range(7)]


async def test_what_was_quiet_while_tocsin_was_down_is_marked(tmp_path: Path) -> None:
    clock = HandClock()
    async with watched_in(tmp_path, clock) as watched:
        await watched.ground.append(event(change=began("1", 0)))
        await watched.look(10)
    async with watched_in(tmp_path, clock) as watched:
        await watched.look(TWO_HOURS_S)

        assert await watched.marked() == ["1"]


def fail_after(real: Callable[..., None]) -> Callable[..., None]:
    def stopping(conn: Connection, *rest: Any) -> None:
        real(conn, *rest)
        raise StoreDown("stopped")

    return stopping


@pytest.mark.parametrize("where", ["take_up", "stop_expecting"])
async def test_a_stop_within_a_step_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    clock = HandClock()
    with monkeypatch.context() as stopping:
        async with watched_in(tmp_path, clock) as watched:
            await watched.ground.append(event(change=began("1", 0)))
            if where == "stop_expecting":
                await watched.look(10)
            stopping.setattr(quiet_watch, where, fail_after(getattr(quiet_watch, where)))
            with pytest.raises(StoreDown):
                await watched.look(TWO_HOURS_S)
            said = await watched.verdicts()
    async with watched_in(tmp_path, clock) as watched:
        await watched.look(TWO_HOURS_S + 10)
        await watched.look(TWO_HOURS_S + 20)

        assert said == []
        assert await watched.verdicts() == [("shop", "1")]
        assert await watched.marked() == ["1"]


async def test_two_instances_that_notice_it_at_once_say_it_once(tmp_path: Path) -> None:
    async with watched_in(tmp_path) as one, watched_in(tmp_path) as other:
        await one.ground.append(event(change=began("1", 0)))
        await one.look(10)
        for watched in (one, other):
            watched.clock.move(TWO_HOURS_S)
        await asyncio.gather(one.stage.say_overdue(), other.stage.say_overdue())

        assert await one.verdicts() == [("shop", "1")]
        assert await one.marked() == ["1"]


async def test_two_instances_on_one_server_do_each_thing_once(
    empty_postgres: Callable[[], str],
) -> None:
    address = empty_postgres()
    async with watched_in(address) as one, watched_in(address) as other:
        await one.ground.append(*(event(change=began(str(n), 0)) for n in range(5)))
        await asyncio.gather(one.stage.read_news(), other.stage.read_news())
        for watched in (one, other):
            watched.clock.move(TWO_HOURS_S)
        await asyncio.gather(one.stage.say_overdue(), other.stage.say_overdue())

        assert sorted(await one.verdicts()) == [("shop", str(n)) for n in range(5)]
        assert await one.marked() == [str(n) for n in range(5)]
