"""How callbacks and their channels are doing, as people are shown it."""

from datetime import timedelta

from tests.deliveries import attempt, delivery, keep, known_destination, pause
from tests.web.callbacks.house import CHANNEL, CallbackHouse
from tocsin.model.delivery import DeliveryState
from tocsin.testing.clock import START


async def test_a_callback_tells_how_it_is_doing(house: CallbackHouse) -> None:
    made = await house.created()
    about = {
        "config_id": made["id"],
        "channel_id": made["channels"][0]["id"],
        "destination": made["channels"][0]["destination_id"],
    }
    failed = delivery(DeliveryState.FAILED, **about)
    waiting = [
        delivery(DeliveryState.WAITING, created_at=START + timedelta(seconds=at), **about)
        for at in (5, 9)
    ]
    await keep(house.told.database, failed, *waiting, attempts=(attempt(failed),))
    await known_destination(house.told.database, about["destination"], failures=3)
    await pause(house.told.database, about["destination"])

    shown = await house.data("GET", f"/callbacks/{made['id']}")
    last = shown["state"]["last"]
    assert (last["id"], last["status"], last["error"]) == (failed.id, "failed", "Busy.")
    assert (last["channel"], last["duration"]) == ("feishu", 87)
    assert (shown["state"]["waiting"], shown["state"]["paused"]) == (2, True)
    assert shown["state"]["oldest_waiting_at"] == "2026-01-01T00:00:05.000Z"
    state = shown["channels"][0]["state"]
    assert (state["paused"], state["paused_by"], state["last"]) == (True, "ann", last)


async def test_a_callback_that_told_nothing_yet_says_so(house: CallbackHouse) -> None:
    made = await house.created(channels=[CHANNEL, CHANNEL])

    nothing = {"waiting": 0, "oldest_waiting_at": None, "paused": False, "last": None}
    assert made["state"] == nothing
    for channel in made["channels"]:
        assert {name: channel["state"][name] for name in nothing} == nothing
        assert channel["state"]["paused_by"] is None


async def test_two_channels_to_one_destination_are_told_apart_but_paused_together(
    house: CallbackHouse,
) -> None:
    made = await house.created(channels=[CHANNEL, CHANNEL])
    first, second = made["channels"]
    of_first = {"channel_id": first["id"], "destination": first["destination_id"]}
    sent = delivery(config_id=made["id"], **of_first)
    await keep(house.told.database, sent, attempts=(attempt(sent),))
    await known_destination(house.told.database, first["destination_id"])
    await pause(house.told.database, first["destination_id"])

    shown = await house.data("GET", f"/callbacks/{made['id']}")
    states = [one["state"] for one in shown["channels"]]
    assert first["destination_id"] == second["destination_id"]
    assert [one["last"] and one["last"]["id"] for one in states] == [sent.id, None]
    assert [one["paused"] for one in states] == [True, True]
    assert shown["state"]["last"]["id"] == sent.id
