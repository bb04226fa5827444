"""A run that takes long is told of once, whatever happens in between."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.appending import (
    Ground,
    Place,
    after,
    began,
    done,
    event,
    ground_in,
    logged,
    rows,
    settings_with,
)
from tocsin.testing.clock import HandClock
from tocsin.watch import running_long as module
from tocsin.watch.running_long import LongRunningDeployments

HOUR_S = 3600
POLL_S = settings_with().watch.poll_s


@dataclass(frozen=True)
class Watched:
    """A journal, and the stage that watches it."""

    ground: Ground
    clock: HandClock
    stage: LongRunningDeployments

    async def look(self, seconds: float) -> None:
        """Let the stage do one step at that time, which is at least its pause from now."""
        self.clock.move((after(seconds) - self.clock.now()).total_seconds() - POLL_S)
        step = asyncio.create_task(self.stage.step())
        await asyncio.sleep(0)
        self.clock.move(POLL_S)
        await step

    async def said(self) -> list[tuple[str, str]]:
        found = await rows(
            self.ground.database,
            "SELECT project, subject FROM events WHERE type = 'deployment.running_long' "
            "ORDER BY seq",
        )
        return [(row["project"], row["subject"]) for row in found]


@asynccontextmanager
async def watched_in(place: Place, clock: HandClock | None = None) -> AsyncIterator[Watched]:
    clock = clock or HandClock()
    async with ground_in(place) as ground:
        watch = settings_with().watch
        stage = LongRunningDeployments(ground.database, ground.journal, clock, watch)
        yield Watched(ground, clock, stage)


def test_an_hour_is_the_default() -> None:
    assert settings_with().watch.running_long_after_s == HOUR_S


async def test_it_is_told_after_an_hour_and_once(tmp_path: Path) -> None:
    async with watched_in(tmp_path) as watched:
        await watched.ground.append(event(change=began("1", 0)))
        await watched.look(HOUR_S - 5)
        early = await watched.said()
        await watched.look(HOUR_S)
        await watched.ground.append(event(at=after(HOUR_S + 1), change=logged("1", 3601, "still")))
        for seconds in (HOUR_S + 10, 9 * HOUR_S):
            await watched.look(seconds)

        assert early == []
        assert await watched.said() == [("shop", "1")]


async def test_one_that_ends_in_time_is_not_told_of_and_its_next_run_is(tmp_path: Path) -> None:
    async with watched_in(tmp_path) as watched:
        await watched.ground.append(
            event(change=began("1", 0)), event(at=after(HOUR_S - 1), change=done("1", HOUR_S - 1))
        )
        await watched.look(HOUR_S)
        await watched.ground.append(event(at=after(4000), change=began("1", 4000)))
        await watched.look(HOUR_S + 3000)
        between = await watched.said()
        await watched.look(4000 + HOUR_S)

        assert between == []
        assert await watched.said() == [("shop", "1")]


async def test_a_further_run_is_told_of_again(tmp_path: Path) -> None:
    async with watched_in(tmp_path) as watched:
        await watched.ground.append(event(change=began("1", 0)))
        await watched.look(HOUR_S)
        await watched.ground.append(
            event(at=after(4000), change=done("1", 4000)),
            event(at=after(5000), change=began("1", 5000)),
        )
        await watched.look(5000 + HOUR_S)

        assert await watched.said() == [("shop", "1")] * 2


async def test_a_name_that_came_later_does_not_make_it_another_run(tmp_path: Path) -> None:
    async with watched_in(tmp_path) as watched:
        await watched.ground.append(event(project="", change=began("1", 0)))
        await watched.look(HOUR_S)
        await watched.ground.append(event(at=after(4000), change=logged("1", 4000, "still")))
        await watched.look(2 * HOUR_S)

        assert await watched.said() == [("unknown", "1")]


async def test_a_start_goes_on_where_the_last_one_stopped(tmp_path: Path) -> None:
    clock = HandClock()
    async with watched_in(tmp_path, clock) as watched:
        await watched.ground.append(event(change=began("1", 0)))
        await watched.look(HOUR_S)
        await watched.ground.append(event(at=after(4000), change=began("2", 4000)))
    async with watched_in(tmp_path, clock) as watched:
        await watched.look(9000)

        assert await watched.said() == [("shop", "1"), ("shop", "2")]


async def test_many_are_told_of_in_portions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 3)
    async with watched_in(tmp_path) as watched:
        await watched.ground.append(*(event(change=began(str(n), 0)) for n in range(7)))
        for n in range(3):
            await watched.look(HOUR_S + 10 * n)

        assert await watched.said() == [("shop", str(n)) for n in range(7)]


async def test_two_instances_that_notice_it_at_once_say_it_once(tmp_path: Path) -> None:
    async with watched_in(tmp_path) as one, watched_in(tmp_path) as other:
        await one.ground.append(event(change=began("1", 0)))
        for watched in (one, other):
            watched.clock.move(HOUR_S)
        await asyncio.gather(one.stage.say_overdue(), other.stage.say_overdue())

        assert await one.said() == [("shop", "1")]


async def test_two_instances_on_one_server_say_each_once(
    empty_postgres: Callable[[], str],
) -> None:
    address = empty_postgres()
    async with watched_in(address) as one, watched_in(address) as other:
        await one.ground.append(*(event(change=began(str(n), 0)) for n in range(5)))
        for watched in (one, other):
            watched.clock.move(HOUR_S)
        await asyncio.gather(one.stage.say_overdue(), other.stage.say_overdue())

        assert sorted(await one.said()) == [("shop", str(n)) for n in range(5)]
