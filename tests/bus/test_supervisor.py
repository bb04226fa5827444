"""A stage's loop goes on whatever its steps do, except when it is told to stop."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from tocsin.bus.supervisor import FIRST_PAUSE_S, LONGEST_PAUSE_S, StageRecord, Supervisor
from tocsin.errors import StoreDown
from tocsin.testing.clock import HandClock

Step = Callable[[], Awaitable[None]]


async def turns() -> None:
    """Let every task do what it can do now."""
    for _ in range(5):
        await asyncio.sleep(0)


@asynccontextmanager
async def supervised(
    step: Step,
) -> AsyncIterator[tuple[HandClock, CollectorRegistry, "asyncio.Task[None]"]]:
    clock, registry = HandClock(), CollectorRegistry()
    loop = asyncio.create_task(Supervisor(clock, registry).keep_going("watch", step))
    await turns()
    try:
        yield clock, registry, loop
    finally:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)


class Steps:
    """Steps whose outcome is told beforehand; the last one waits."""

    def __init__(self, *outcomes: Exception | None) -> None:
        self._outcomes = list(outcomes)
        self.done = 0

    async def __call__(self) -> None:
        if not self._outcomes:
            await asyncio.get_running_loop().create_future()
        outcome = self._outcomes.pop(0)
        self.done += 1
        if outcome is not None:
            raise outcome


async def test_steps_follow_each_other() -> None:
    steps = Steps(None, None, None)

    async with supervised(steps):
        assert steps.done == 3


async def test_a_step_that_fails_is_tried_again_after_a_pause_and_counted() -> None:
    steps = Steps(StoreDown("no"), KeyError("x"), None)

    with capture_logs() as logs:
        async with supervised(steps) as (clock, registry, _):
            first = steps.done
            clock.move(FIRST_PAUSE_S)
            await turns()
            second = steps.done
            clock.move(2 * FIRST_PAUSE_S)
            await turns()

    assert (first, second, steps.done) == (1, 2, 3)
    counted = {
        reason: registry.get_sample_value(
            "tocsin_stage_failures_total", {"stage": "watch", "reason": reason}
        )
        for reason in ("store_down", "bug")
    }
    assert counted == {"store_down": 1, "bug": 1}
    assert [(line["event"], line["stage"], line["reason"]) for line in logs] == [
        ("stage_failed", "watch", "store_down"),
        ("stage_failed", "watch", "bug"),
    ]


async def test_each_stage_tells_how_its_steps_went() -> None:
    clock = HandClock()
    supervisor = Supervisor(clock, CollectorRegistry())
    fresh, failing = Steps(), Steps(None, KeyError("x"))

    with capture_logs():
        loops = [
            asyncio.create_task(supervisor.keep_going(name, steps))
            for name, steps in (("fresh", fresh), ("failing", failing))
        ]
        await turns()
        told = dict(supervisor.stages)
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)

    assert told == {"fresh": StageRecord(), "failing": StageRecord(1, clock.now())}


async def test_pauses_grow_up_to_a_limit_and_begin_again_after_a_success() -> None:
    pauses: list[float] = []
    enough = asyncio.Event()

    class Noting(HandClock):
        async def sleep(self, seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 21:
                enough.set()

    failing: list[Exception | None] = [KeyError("x")] * 20
    steps = Steps(*failing, None, KeyError("x"))
    with capture_logs():
        loop = asyncio.create_task(Supervisor(Noting(), CollectorRegistry()).keep_going("w", steps))
        await enough.wait()
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)

    for n, pause in enumerate(pauses[:20]):
        whole = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**n)
        assert whole / 2 <= pause <= whole
    assert pauses[20] <= FIRST_PAUSE_S


@pytest.mark.parametrize("outcomes", [[], [KeyError("x")]])
async def test_it_ends_when_it_is_told_to(outcomes: list[Exception]) -> None:
    with capture_logs():
        async with supervised(Steps(*outcomes)) as (_, _, loop):
            loop.cancel()
            with pytest.raises(asyncio.CancelledError):
                await loop
