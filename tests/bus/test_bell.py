"""The bell: whoever waits is woken by what is new, by time, or by the end, and by nothing else."""

import asyncio

import pytest

from tocsin.bus.bell import Bell

LONG_S = 5.0


async def turns() -> None:
    """Let every task do what it can do now."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_everybody_who_waits_is_woken_by_a_ring() -> None:
    bell = Bell()
    waiting = [asyncio.create_task(bell.wait(after, LONG_S)) for after in (0, 3)]
    await turns()

    bell.ring(4)
    await asyncio.gather(*waiting)

    assert bell.newest == 4


async def test_a_ring_before_the_wait_is_not_lost() -> None:
    bell = Bell()
    bell.ring(4)

    waiting = asyncio.create_task(bell.wait(3, LONG_S))
    await turns()

    assert waiting.done()


@pytest.mark.parametrize("seq", [1, 4])
async def test_an_older_number_rings_for_nobody(seq: int) -> None:
    bell = Bell()
    bell.ring(4)
    waiting = asyncio.create_task(bell.wait(4, LONG_S))
    await turns()

    bell.ring(seq)
    await turns()

    assert not waiting.done()
    assert bell.newest == 4
    waiting.cancel()


async def test_a_wait_ends_by_itself() -> None:
    bell = Bell()

    await bell.wait(0, 0.01)

    assert not bell._waiting


async def test_a_wait_ends_with_what_it_is_bound_to() -> None:
    bell, gone = Bell(), asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(bell.wait(0, LONG_S, gone))
    await turns()

    gone.set_result(None)
    await waiting
    await bell.wait(0, LONG_S, gone)

    assert not bell._waiting


async def test_all_can_be_woken_without_anything_new() -> None:
    bell = Bell()
    waiting = [asyncio.create_task(bell.wait(9, LONG_S)) for _ in range(3)]
    await turns()

    bell.wake()
    await asyncio.gather(*waiting)

    assert bell.newest == 0


async def test_whoever_gives_up_leaves_nothing_behind() -> None:
    bell = Bell()
    waiting = asyncio.create_task(bell.wait(0, LONG_S))
    await turns()

    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert not bell._waiting
    bell.ring(1)
