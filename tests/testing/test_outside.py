"""The outside world of tests: it keeps what it was asked, and says what it was told to."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientPayloadError, ClientSession

from tocsin.testing.outside import Outside, Reply, outside


@pytest.fixture
async def world() -> AsyncIterator[Outside]:
    async with outside() as world:
        yield world


async def test_it_answers_by_its_script_and_then_by_the_last_reply(world: Outside) -> None:
    world.answer("/a", Reply.of({"n": 1}), Reply.of({"n": 2}, 202))

    async with ClientSession() as session:
        answers = [await session.get(f"{world.url}/a") for _ in range(3)]
        said = [(one.status, await one.json()) for one in answers]

    assert said == [(200, {"n": 1}), (202, {"n": 2}), (202, {"n": 2})]


async def test_it_keeps_what_it_was_asked(world: Outside) -> None:
    world.answer("/a", Reply(), method="POST")

    async with ClientSession() as session:
        await session.post(f"{world.url}/a?b=1", json={"c": 2}, headers={"X-D": "3"})
        unknown = await session.get(f"{world.url}/e")

    (one,) = world.calls_of("/a")
    assert (one.method, one.query["b"], one.json, one.headers["x-d"]) == (
        "POST",
        "1",
        {"c": 2},
        "3",
    )
    assert unknown.status == 404


async def test_it_can_break_off(world: Outside) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"12345"

    world.answer("/a", Reply(chunks=chunks, announced=100))

    async with ClientSession() as session:
        answer = await session.get(f"{world.url}/a")
        with pytest.raises(ClientPayloadError):
            await answer.read()
