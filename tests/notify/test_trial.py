"""Test messages: sent as all others are, kept in the history, and over with their first try."""

from collections.abc import AsyncIterator

import orjson
import pytest

from tests.appending import rows
from tests.notify.working import Working
from tocsin.errors import Rejected
from tocsin.model.callback import CallbackChannel
from tocsin.model.masks import MASK
from tocsin.notify.trial import Trials
from tocsin.testing.outside import Outside, Reply, outside

CANARY = "canary-0123456789"
PATH = f"/hooks/{CANARY}"


@pytest.fixture
async def world() -> AsyncIterator[Outside]:
    async with outside() as world:
        yield world


def channel(world: Outside, channel_id: str = "ch-1", **config: object) -> CallbackChannel:
    options = {"url": f"{world.url}{PATH}", **config}
    return CallbackChannel(channel_id, "custom", enabled=True, config=options)


async def test_a_test_tells_what_came_of_it_and_stays_in_the_history(
    at_work: Working, world: Outside
) -> None:
    world.answer(PATH, Reply(body=f"thanks for {CANARY}".encode()), method="POST")

    (result,) = await Trials(at_work.tools).test(
        "c-1", "shop", [channel(world)], language="en", event_type="", by="mei"
    )

    assert (result.is_ok, result.status, result.reason) == (True, 200, None)
    assert (result.channel_id, result.channel_type) == ("ch-1", "custom")
    assert result.response == f"thanks for {MASK}"
    assert result.curl.startswith(f"curl -X POST {world.url}/".replace(world.url, f"'{world.url}"))
    assert CANARY not in f"{result}"
    assert await at_work.states() == {result.delivery_id: "delivered"}
    assert await at_work.told() == [("callback.tested", "mei")]
    stored = await rows(at_work.ground.database, "SELECT * FROM delivery_attempts")
    assert len(stored) == 1
    assert CANARY not in f"{stored}"


async def test_a_test_that_fails_is_not_tried_again(at_work: Working, world: Outside) -> None:
    world.answer(PATH, Reply(status=503), method="POST")

    (result,) = await Trials(at_work.tools).test(
        "", "shop", [channel(world, "")], language="zh", event_type="", by="mei"
    )

    assert (result.is_ok, result.status, result.reason) == (False, 503, "busy")
    assert result.error
    assert [*(await at_work.states()).values()] == ["failed"]
    assert len(world.asked) == 1


async def test_each_channel_has_its_own_result(at_work: Working, world: Outside) -> None:
    world.answer(PATH, Reply(), method="POST")
    away = channel(world, "ch-2", url="http://127.0.0.1:1/")

    found = await Trials(at_work.tools).test(
        "c-1", "shop", [channel(world), away], language="en", event_type="", by="mei"
    )

    assert [(one.channel_id, one.is_ok) for one in found] == [("ch-1", True), ("ch-2", False)]
    assert found[1].reason == "unreachable"


async def test_a_test_can_tell_an_event_of_a_type(at_work: Working, world: Outside) -> None:
    world.answer(PATH, Reply(), method="POST")

    await Trials(at_work.tools).test(
        "c-1",
        "shop",
        [channel(world)],
        language="zh",
        event_type="canary_completed",
        by="mei",
    )

    assert orjson.loads(world.asked[0].body)["event_type"] == "canary_completed"


async def test_options_that_cannot_be_used_send_nothing_by_any_channel(
    at_work: Working, world: Outside
) -> None:
    bad = channel(world, "ch-2", url=f"ftp://{CANARY}.example")

    with pytest.raises(Rejected) as told:
        await Trials(at_work.tools).test(
            "c-1", "shop", [channel(world), bad], language="en", event_type="", by="mei"
        )

    assert told.value.status == 422
    assert CANARY not in f"{told.value} {told.value.fields}"
    assert world.asked == []
    assert await at_work.states() == {}
