"""Messages are tried while the command runs, and for a little after it."""

import asyncio
import time
from collections.abc import Callable

import pytest

from tests.running.receiver import Receiver
from tocsin.client.errors import BadAddress
from tocsin.running.brief import Ended
from tocsin.running.deliveries import Deliveries, Ending

MESSAGE = {"type": "log_entry", "project": "p", "deployment_id": "d", "message": "m"}


def ended(wait_s: float) -> Ended:
    return Ended(0, time.time(), wait_s)


async def test_a_message_is_tried_again_under_its_key_no_earlier_than_asked(
    receiver: Receiver,
) -> None:
    receiver.answers = [(503, {"Retry-After": "1"})]
    deliveries = Deliveries(receiver.url, "", Ending())
    async with deliveries.client:
        is_in = await deliveries.get_in(MESSAGE, "k")

    (first, *_), (second, *_) = receiver.posts
    assert is_in
    assert second - first >= 1
    assert {key for _, key, _ in receiver.posts} == {"k"}


async def test_the_end_of_the_command_ends_a_long_pause(receiver: Receiver) -> None:
    receiver.answers = [(503, {"Retry-After": "60"})]
    ending = Ending()
    deliveries = Deliveries(receiver.url, "", ending)
    async with deliveries.client, asyncio.TaskGroup() as tasks:
        trying = tasks.create_task(deliveries.get_in(MESSAGE, "k"))
        await until(lambda: len(receiver.posts) == 1 and bool(deliveries.fault))
        ending.comes(ended(5))

    assert trying.result()
    assert receiver.posts[1][0] - receiver.posts[0][0] < 5


async def test_after_the_end_a_message_is_sent_once(receiver: Receiver) -> None:
    ending = Ending()
    deliveries = Deliveries(receiver.url, "", ending)
    ending.comes(ended(60))
    async with deliveries.client:
        are_in = [await deliveries.get_in(MESSAGE, str(number)) for number in range(20)]

    assert all(are_in)
    assert len(receiver.posts) == 20


@pytest.mark.parametrize("share", [0.5, 1.0])
async def test_after_the_end_a_message_has_its_share_of_the_wait(
    share: float, receiver: Receiver
) -> None:
    receiver.answers = [(-1, {})] * 9
    ending = Ending()
    deliveries = Deliveries(receiver.url, "", ending)
    ending.comes(ended(0.4))
    begun = time.monotonic()
    async with deliveries.client:
        is_in = await deliveries.get_in(MESSAGE, "k", share)

    assert not is_in
    assert 0.4 * share - 0.05 < time.monotonic() - begun < 0.4 * share + 2
    assert "no answer in time" in deliveries.fault


@pytest.mark.parametrize(
    ("status", "posts", "word"),
    [
        (401, 1, "--token"),
        (403, 1, "role"),
        (404, 1, "--url"),
        (400, 2, "refused"),
        (302, 1, "302"),
    ],
)
async def test_a_refusal_is_told_and_one_of_everything_is_not_repeated(
    status: int, posts: int, word: str, receiver: Receiver
) -> None:
    receiver.answers = [(status, {})] * 2
    deliveries = Deliveries(receiver.url, "wrong", Ending())
    async with deliveries.client:
        assert not await deliveries.get_in(MESSAGE, "1")
        assert not await deliveries.get_in(MESSAGE, "2")

    assert len(receiver.posts) == posts
    assert word in deliveries.fault


def test_an_address_that_is_none_is_an_error() -> None:
    async def make() -> None:
        Deliveries("shop", "", Ending())

    with pytest.raises(BadAddress):
        asyncio.run(make())


async def until(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + 8
    while not condition():
        assert time.monotonic() < limit
        await asyncio.sleep(0.01)
