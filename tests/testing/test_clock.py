"""The clock moved by hand: it stands, and wakes sleepers in the order of their times."""

import asyncio
from datetime import timedelta

from tocsin.testing.clock import START, HandClock


async def turns() -> None:
    """Let every task do what it can do now."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_it_stands_until_it_is_moved() -> None:
    clock = HandClock()

    clock.move(90)

    assert clock.now() == START + timedelta(seconds=90)
    assert clock.monotonic() == 90


async def test_sleepers_wake_in_the_order_of_their_times() -> None:
    clock = HandClock()
    woken: list[int] = []

    async def sleeper(seconds: int) -> None:
        await clock.sleep(seconds)
        woken.append(seconds)

    async with asyncio.TaskGroup() as group:
        for seconds in (3, 1, 2, 0):
            group.create_task(sleeper(seconds))
        await turns()
        clock.move(2)
        await turns()
        assert woken == [0, 1, 2]
        clock.move(1)

    assert woken == [0, 1, 2, 3]


async def test_who_gave_up_sleeping_is_not_woken() -> None:
    clock = HandClock()
    task = asyncio.ensure_future(clock.sleep(5))
    await asyncio.sleep(0)

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    clock.move(10)

    assert clock.sleepers == 0
