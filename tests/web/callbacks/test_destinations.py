"""`/api/v1/release/callbacks/destinations`: listed, paused, resumed."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.deliveries import delivery, keep, known_destination, pause
from tests.web.callbacks.house import CHANNEL, CallbackHouse, callback_house
from tocsin.model.access import Role
from tocsin.model.delivery import DeliveryState
from tocsin.testing.clock import START

PATH = "/callbacks/destinations"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[CallbackHouse, None]:
    async with callback_house(tmp_path) as house:
        await known_destination(house.told.database, failures=2, failing_since=START)
        await known_destination(house.told.database, "d-2", last_ok_at=START)
        await keep(house.told.database, delivery(DeliveryState.WAITING))
        yield house


async def test_destinations_tell_how_they_are(house: CallbackHouse) -> None:
    await pause(house.told.database, "d-2", "")
    found = await house.data("GET", PATH, role=Role.VIEWER)

    paused, failing = found["items"]
    assert (paused["id"], paused["paused"], paused["paused_by"]) == ("d-2", True, "")
    assert failing == {
        "id": "d-1",
        "channel_type": "feishu",
        "label": "open.feishu.cn",
        "paused": False,
        "paused_by": None,
        "paused_at": None,
        "failures": 2,
        "failing_since": "2026-01-01T00:00:00.000Z",
        "last_reason": None,
        "last_error": None,
        "last_ok_at": None,
        "last_failed_at": None,
        "held_until": None,
        "waiting": 1,
        "oldest_waiting_at": "2026-01-01T00:00:00.000Z",
    }


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("paused=true", 0),
        ("paused=false", 2),
        ("paused=", 2),
        ("channel=lark", 2),
        ("channel=x", 0),
    ],
)
async def test_the_list_is_narrowed(house: CallbackHouse, query: str, total: int) -> None:
    assert (await house.data("GET", f"{PATH}?{query}"))["total"] == total


@pytest.mark.parametrize("word", ["pause", "resume"])
async def test_operators_pause_and_resume(house: CallbackHouse, word: str) -> None:
    shown = await house.data("POST", f"{PATH}/d-1/{word}", role=Role.OPERATOR)
    refused = await house.call("POST", f"{PATH}/d-1/{word}", role=Role.VIEWER)
    gone = await house.call("POST", f"{PATH}/d-9/{word}")

    assert shown["id"] == "d-1"
    assert house.desk.asked[0] == (word, "d-1", "a operator's")
    assert (refused.status, gone.status, gone.json["code"]) == (403, 404, 3404)


@pytest.mark.parametrize("word", ["pause", "resume"])
@pytest.mark.parametrize("enabled", [True, False])
async def test_one_to_which_nothing_was_sent_yet_is_there_once_a_callback_leads_to_it(
    house: CallbackHouse, word: str, *, enabled: bool
) -> None:
    custom = {"type": "generic", "config": {"url": "https://example.org/7"}, "enabled": enabled}
    made = await house.created(channels=[CHANNEL, custom], enabled=enabled)
    place = made["channels"][1]["destination_id"]
    shown = await house.data("POST", f"{PATH}/{place}/{word}", role=Role.OPERATOR)

    assert (shown["id"], shown["channel_type"], shown["label"]) == (place, "custom", "example.org")
    assert (shown["failures"], shown["waiting"]) == (0, 0)
    assert house.desk.asked == [(word, place, "a operator's")]
    assert (await house.data("GET", PATH))["total"] == 3


async def test_what_is_known_of_a_destination_stays_when_it_is_paused(house: CallbackHouse) -> None:
    made = await house.created()
    place = made["channels"][0]["destination_id"]
    await known_destination(house.told.database, place, failures=4, failing_since=START)
    shown = await house.data("POST", f"{PATH}/{place}/pause")

    assert (shown["failures"], shown["failing_since"]) == (4, "2026-01-01T00:00:00.000Z")
