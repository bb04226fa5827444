"""Callbacks are tried out, stored or not, and many are worked on at once."""

from typing import Any

import pytest

from tests.deliveries import delivery, keep
from tests.web.callbacks.house import CHANNEL, SECRET, CallbackHouse, faults
from tocsin.model.access import Role
from tocsin.model.callback_desk import ReplayWish
from tocsin.model.delivery import DeliveryState

REFUSED = {"type": "custom", "config": {"url": "https://example.org/refused"}}
NOBODY = "01a20406-0000-7000-8000-000000000000"


async def test_a_test_answers_a_result_for_each_channel(house: CallbackHouse) -> None:
    made = await house.created(channels=[CHANNEL, REFUSED, {**CHANNEL, "enabled": False}])
    found = await house.data("POST", f"/callbacks/{made['id']}/test", role=Role.OPERATOR)

    assert not found["ok"]
    good, bad = found["results"]
    assert good == {
        "channel_id": made["channels"][0]["id"],
        "channel_type": "feishu",
        "ok": True,
        "status": 200,
        "response": '{"code":0}',
        "duration_ms": 5,
        "curl": "curl -X POST 'https://••••'",
        "reason": None,
        "error": None,
        "delivery_id": None,
    }
    assert (bad["ok"], bad["reason"]) == (False, "bad_signature")
    (asked,) = house.desk.asked
    assert asked[1:3] == (made["id"], "shop")
    assert asked[4:] == ("zh", "", "a operator's")


async def test_a_test_may_name_the_channel(house: CallbackHouse) -> None:
    disabled = {**REFUSED, "enabled": False}
    made = await house.created(channels=[CHANNEL, disabled])
    path = f"/callbacks/{made['id']}/test"
    by_type = await house.data("POST", path, {"channel_type": "lark"})
    by_id = await house.data("POST", path, {"channel_id": made["channels"][1]["id"]})
    other = await house.call("POST", path, {"channel_type": "slack"})

    assert [one["channel_type"] for one in by_type["results"]] == ["feishu"]
    assert [one["channel_type"] for one in by_id["results"]] == ["custom"]
    assert list(faults(other)) == ["channel_type"]


async def test_without_a_channel_to_try_there_is_no_test(house: CallbackHouse) -> None:
    made = await house.created(channels=[{**CHANNEL, "enabled": False}])
    refused = await house.call("POST", f"/callbacks/{made['id']}/test")
    gone = await house.call("POST", f"/callbacks/{NOBODY}/test")

    assert (refused.status, refused.json["code"]) == (409, 3409)
    assert (gone.status, gone.json["code"]) == (404, 3404)


async def test_options_are_tried_without_being_stored(house: CallbackHouse) -> None:
    body = {"channel_type": "lark", "config": {"webhook_url": SECRET}, "language": "en"}
    found = await house.data("POST", "/callbacks/test-direct", body, role=Role.OPERATOR)
    wrong = {"type": "pigeon", "config": {}}
    refused = await house.call("POST", "/callbacks/test-direct", wrong)

    assert found["ok"]
    assert found["results"][0]["channel_id"] is None
    assert house.desk.asked == [
        ("test", "", "", [{"webhook_url": SECRET}], "en", "", "a operator's")
    ]
    assert list(faults(refused)) == ["type"]
    assert (await house.data("GET", "/callbacks"))["total"] == 0


async def test_only_admins_send_a_kept_secret_to_an_address_of_their_own(
    house: CallbackHouse,
) -> None:
    custom = {"type": "custom", "config": {"url": "https://a.org", "headers": {"K": "k-1234"}}}
    made = await house.created(channels=[custom])
    body = {
        "type": "custom",
        "config": {"url": "https://b.org", "headers": {"K": "••••1234"}},
        "callback_id": made["id"],
        "channel_id": made["channels"][0]["id"],
    }
    path = "/callbacks/test-direct"
    refused = await house.call("POST", path, body, role=Role.OPERATOR)
    bare = {"type": "custom", "config": body["config"]}
    unkept = await house.call("POST", path, bare, role=Role.OPERATOR)
    other = await house.call("POST", path, {**body, "channel_id": "x"})
    await house.data("POST", path, body)

    assert refused.status == 403
    assert list(faults(unkept)) == ["config.url"]
    assert list(faults(other)) == ["channel_id"]
    ((_, _, _, configs, *_),) = house.desk.asked
    assert configs == [{"url": "https://b.org", "headers": {"K": "k-1234"}}]


async def test_one_thing_is_done_to_many(house: CallbackHouse) -> None:
    ids = [(await house.created())["id"] for _ in range(2)]

    async def batch(action: str, *some: str) -> Any:
        return await house.data("POST", "/callbacks/batch", {"action": action, "ids": some})

    disabled = await batch("disable", *ids, NOBODY, ids[0])
    shown = await house.data("GET", "/callbacks?enabled=false")
    again = await batch("disable", ids[0])
    tested = await batch("test", ids[0])
    deleted = await batch("delete", *ids)

    assert not disabled["ok"]
    assert [(one["id"], one["ok"], one["code"]) for one in disabled["results"]] == [
        (ids[0], True, 0),
        (ids[1], True, 0),
        (NOBODY, False, 3404),
    ]
    assert shown["total"] == 2
    assert again["ok"]
    assert tested["results"][0]["data"]["results"][0]["ok"]
    assert deleted["ok"]
    assert (await house.data("GET", "/callbacks"))["total"] == 0
    assert await house.changes() == [
        *["callback.created"] * 2,
        *["callback.disabled"] * 2,
        *["callback.removed"] * 2,
    ]


async def test_a_retry_is_of_deliveries_or_of_all_that_a_callback_failed(
    house: CallbackHouse,
) -> None:
    made = await house.created()
    failed = delivery(DeliveryState.FAILED)
    await keep(house.told.database, failed)
    body = {"action": "retry", "ids": [failed.id, made["id"], NOBODY]}
    found = await house.data("POST", "/callbacks/batch", body, role=Role.OPERATOR)

    assert [one["data"] for one in found["results"]] == [{"count": 1}, {"count": 3}, None]
    wish = ReplayWish(config_id=made["id"], state=DeliveryState.FAILED)
    by = "a operator's"
    assert house.desk.asked == [("retry", failed.id, by), ("replay", wish, by)]


async def test_operators_try_and_admins_do_the_rest(house: CallbackHouse) -> None:
    made = await house.created()
    ids = [made["id"]]

    for action, status in (("test", 200), ("retry", 200), ("enable", 403), ("delete", 403)):
        body = {"action": action, "ids": ids}
        answer = await house.call("POST", "/callbacks/batch", body, role=Role.OPERATOR)
        assert answer.status == status, action
        viewer = await house.call("POST", "/callbacks/batch", body, role=Role.VIEWER)
        assert viewer.status == 403, action
    path = f"/callbacks/{made['id']}/test"
    assert (await house.call("POST", path, role=Role.VIEWER)).json["code"] == 3403


@pytest.mark.parametrize("body", [{"action": "test", "ids": []}, {"action": "x", "ids": ["a"]}])
async def test_a_batch_names_what_is_to_be_done(house: CallbackHouse, body: Any) -> None:
    refused = await house.call("POST", "/callbacks/batch", body)

    assert len(faults(refused)) == 1
