"""kill -9 under load: what was answered is there once, and a repeat doubles nothing."""

import asyncio
import random

import pytest

from tests.system.conftest import Launch
from tests.system.load import Load
from tests.system.reading import reading

pytestmark = pytest.mark.long


@pytest.mark.timeout(600)
async def test_what_was_answered_survives_a_kill_once(launch: Launch, soak_times: int) -> None:
    server = launch()
    loads = []
    for number in range(soak_times):
        load = Load(f"kill-{number}", server.port)
        loads.append(load)
        pouring = asyncio.create_task(load.pour())
        # So many, and not so many seconds: each trial has something to lose.
        await load.until(random.randrange(50, 1500))  # noqa: S311 - no secret
        server.kill()
        await pouring
        await asyncio.to_thread(server.start)

        async with reading(server.port) as reader:
            await load.check(reader)
            await load.repeat_all()
            assert load.receipts.keys() == load.sent.keys()
            await load.check(reader)

    async with reading(server.port) as reader:
        assert len(await reader.events()) == sum(len(load.sent) for load in loads)


async def test_a_kill_right_after_the_start_breaks_nothing(launch: Launch) -> None:
    server = launch(start=False)
    for wait_s in (0.05, 0.1, 0.2, 0.4, 0.8):
        server.launch()
        await asyncio.sleep(wait_s)
        server.kill()

    await asyncio.to_thread(server.start)
    load = Load("after", server.port)
    pouring = asyncio.create_task(load.pour(2))
    await load.until(20)
    server.kill()
    await pouring
    await asyncio.to_thread(server.start)
    async with reading(server.port) as reader:
        await load.check(reader)
