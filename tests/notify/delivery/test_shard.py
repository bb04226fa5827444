"""A shard reads the journal for its destinations, and sends what waits: whatever happens."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import Gauge

from tests.appending import settings_with
from tests.bus.waiting import until
from tests.notify.deliveries import callback
from tests.notify.house import BUSY, FINE, HOOK, House, house_in
from tocsin.errors import LeaseLost
from tocsin.model.callback import Callback, Grouping
from tocsin.notify.channel import Account, Limits, Rate, find_channels
from tocsin.notify.delivery.shard import LOOK_S
from tocsin.notify.known import SHARDS, Target, make_target
from tocsin.store import callbacks
from tocsin.store.fence import fence
from tocsin.testing.clock import START
from tocsin.testing.outside import Reply

GROUPED = [("digest", "delivered"), *[("event", "delivered")] * 3]


def counted(gauge: Gauge) -> float:
    """Over all shards."""
    return sum(sample.value for metric in gauge.collect() for sample in metric.samples)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with house_in(tmp_path, settings_with().notify) as one:
        yield one


async def test_what_happens_is_told_once(house: House) -> None:
    await house.working.add(callback(("custom", house.config)))
    await house.begin()
    await house.happen("d-1")
    await house.are("delivered")
    await house.leave()

    assert house.subjects() == ["d-1"]
    assert await house.kinds() == ["step_completed", "delivery.sent"]


async def test_nothing_is_told_of_what_was_before_the_callback(house: House) -> None:
    await house.happen("before")
    await house.working.add(callback(("custom", house.config)))
    await house.begin()
    await house.happen("after")
    await house.are("delivered")

    assert house.subjects() == ["after"]


async def test_a_callback_is_told_of_what_happened_before_it_was_known_here(house: House) -> None:
    await house.working.add(callback(("custom", house.config), id="c-0", events=("other",)))
    await house.begin()
    await house.happen("before")
    new = callback(("custom", house.config))
    vault = house.working.vault
    await house.working.ground.database.write(lambda conn: callbacks.add(conn, vault, new))
    await house.happen("after")
    house.working.clock.move(60)
    await house.happen("later")
    await house.working.tools.known.load()
    await house.are("delivered", "delivered")

    assert house.subjects() == ["after", "later"]


async def test_what_was_told_is_not_told_again_after_a_kill(house: House) -> None:
    await house.working.add(callback(("custom", house.config)))
    await house.begin()
    await house.happen("d-1", "d-2")
    await house.are("delivered", "delivered")
    await house.kill()
    await house.happen("d-3")
    await house.begin()
    await house.are("delivered", "delivered", "delivered")

    assert sorted(house.subjects()) == ["d-1", "d-2", "d-3"]


async def test_a_try_that_a_kill_cut_off_is_made_again_under_the_same_id(house: House) -> None:
    held = asyncio.Event()
    house.world.answer(HOOK, replace(FINE, after=held), FINE, method="POST")
    await house.working.add(callback(("custom", house.config)))
    await house.begin()
    await house.happen("d-1")
    await until(lambda: len(house.ids()) == 1)
    await house.kill()
    held.set()
    await house.begin()
    await house.are("delivered")

    assert len(house.ids()) == 2
    assert len(set(house.ids())) == 1


async def test_who_has_lost_its_part_says_just_that(house: House) -> None:
    is_lost = False

    def check(_conn: object) -> None:
        if is_lost:
            raise LeaseLost("Another one has it.")

    await house.working.add(callback(("custom", house.config)))
    with fence(check):
        await house.begin()
    await house.happen("d-1")
    await house.are("delivered")
    is_lost = True
    await house.happen("d-2")

    async with asyncio.timeout(8):
        with pytest.raises(LeaseLost):
            await house.tasks[house.target.shard]


async def test_one_that_leaves_finishes_what_is_under_way(house: House) -> None:
    held = asyncio.Event()
    house.world.answer(HOOK, replace(FINE, after=held), FINE, method="POST")
    await house.working.add(callback(("custom", house.config)))
    await house.begin()
    await house.happen("d-1")
    await until(lambda: len(house.ids()) == 1)
    leaving = asyncio.create_task(house.leave())
    await asyncio.sleep(0)
    held.set()
    await leaving
    await house.begin()
    await house.happen("d-2")
    await house.are("delivered", "delivered")

    assert house.subjects() == ["d-1", "d-2"]


async def test_what_fails_is_tried_again_after_its_pause(house: House) -> None:
    house.world.answer(HOOK, BUSY, FINE, method="POST")
    config = {**house.config, "retry_count": 2, "retry_interval": 30}
    await house.working.add(callback(("custom", config)))
    await house.begin()
    await house.happen("d-1")
    await house.finds("attempts, state FROM deliveries", (1, "waiting"))
    house.pass_by(29)
    await asyncio.sleep(0.05)
    before = len(house.ids())
    house.pass_by(1)
    await house.are("delivered")

    assert (before, len(house.ids()), len(set(house.ids()))) == (1, 2, 1)
    assert await house.kinds() == ["step_completed", "delivery.retrying", "delivery.sent"]


async def test_what_waits_for_its_next_try_can_be_tried_now(house: House) -> None:
    house.world.answer(HOOK, BUSY, FINE, method="POST")
    config = {**house.config, "retry_count": 2, "retry_interval": 30}
    await house.working.add(callback(("custom", config)))
    await house.begin()
    await house.happen("d-1")
    await house.finds("attempts, state FROM deliveries", (1, "waiting"))
    ((delivery_id,),) = await house.found("id FROM deliveries")
    await house.hasten(delivery_id)
    house.wake()
    await house.are("delivered")

    assert len(house.ids()) == 2


async def test_what_is_never_taken_is_given_up_and_can_be_put_back(house: House) -> None:
    house.world.answer(HOOK, BUSY, BUSY, FINE, method="POST")
    config = {**house.config, "retry_count": 1, "retry_interval": 1}
    await house.working.add(callback(("custom", config)))
    await house.begin()
    await house.happen("d-1")
    await house.finds("attempts FROM deliveries", (1,))
    house.pass_by(1)
    await house.are("failed")
    ((delivery_id, reason),) = await house.found("id, reason FROM deliveries")
    await house.put_back(delivery_id)
    house.wake()
    await house.are("delivered")

    assert reason == "busy"
    assert len(set(house.ids())) == 1


async def test_a_destination_that_is_paused_is_sent_nothing_until_it_is_resumed(
    house: House,
) -> None:
    target = await house.working.add(callback(("custom", house.config)))
    await house.begin()
    await house.happen("d-1")
    await house.are("delivered")
    await house.set_paused(target.destination, is_paused=True)
    await house.happen("d-2")
    await house.are("delivered", "waiting")
    before = house.subjects()
    await house.set_paused(target.destination, is_paused=False)
    await house.are("delivered", "delivered")

    assert before == ["d-1"]
    assert house.subjects() == ["d-1", "d-2"]


async def test_a_destination_that_is_gone_is_paused_and_its_owner_told(house: House) -> None:
    house.world.answer(HOOK, Reply(status=410), method="POST")
    await house.working.add(callback(("custom", house.config)))
    await house.begin()
    await house.happen("d-1")
    await house.are("failed")
    await house.happen("d-2")
    await house.are("failed", "waiting")

    assert house.subjects() == ["d-1"]
    paused = await house.found("is_paused, paused_by, last_reason FROM destinations")
    assert paused == [(1, "", "gone")]
    house.pass_by(LOOK_S)
    await until(lambda: counted(house.working.tools.figures.held) == 1)
    assert "destination.paused" in await house.kinds()


async def test_those_that_a_person_has_paused_are_counted_apart(house: House) -> None:
    figures = house.working.tools.figures
    target = await house.working.add(callback(("custom", house.config)))
    await house.begin()
    await house.happen("d-1")
    await house.are("delivered")
    await house.set_paused(target.destination, is_paused=True)
    house.pass_by(LOOK_S)

    await until(lambda: counted(figures.paused) == 1)
    assert counted(figures.held) == 0


async def test_one_that_fails_for_long_is_paused(tmp_path: Path) -> None:
    settings = replace(settings_with().notify, pause_after_s=100)
    async with house_in(tmp_path, settings) as house:
        house.world.answer(HOOK, BUSY, method="POST")
        config = {**house.config, "retry_count": 50, "retry_interval": 60}
        await house.working.add(callback(("custom", config)))
        await house.begin()
        await house.happen("d-1")
        for count in (1, 2, 3):
            await house.finds("attempts FROM deliveries", (count,))
            house.pass_by(60)
        await house.finds("is_paused FROM destinations", (1,))

        assert len(house.ids()) == 3


async def test_what_is_grouped_goes_out_as_one_and_shares_its_fate(house: House) -> None:
    grouping = Grouping(("project",), 30, 300)
    await house.working.add(callback(("custom", house.config), grouping=grouping))
    await house.begin()
    await house.happen("d-1", "d-2", "d-3")
    await house.are("waiting", "waiting", "waiting")
    house.pass_by(30)
    await house.finds("kind, state FROM deliveries ORDER BY kind", *GROUPED)

    (call,) = house.world.calls_of(HOOK)
    assert [one["event"]["subject"] for one in call.json["events"]] == ["d-1", "d-2", "d-3"]
    await house.happen("d-4")
    await house.are("delivered", "delivered", "delivered", "delivered", "waiting")
    house.pass_by(299)
    await asyncio.sleep(0.05)
    assert len(house.ids()) == 1
    house.pass_by(1)
    await until(lambda: len(house.ids()) == 2)


async def test_what_waits_for_a_callback_that_was_disabled_is_ended(house: House) -> None:
    house.world.answer(HOOK, BUSY, method="POST")
    config = {**house.config, "retry_count": 5, "retry_interval": 30}
    made = callback(("custom", config))
    await house.working.add(made)
    await house.begin()
    await house.happen("d-1")
    await house.finds("attempts FROM deliveries", (1,))
    await house.disable(made)
    await house.are("failed")

    assert await house.found("reason FROM deliveries") == [("disabled",)]
    assert len(house.ids()) == 1


async def test_beyond_what_may_wait_deliveries_end_and_are_kept(tmp_path: Path) -> None:
    settings = replace(settings_with().notify, max_waiting=2)
    async with house_in(tmp_path, settings) as house:
        target = await house.working.add(callback(("custom", house.config)))
        await house.set_paused(target.destination, is_paused=True)
        await house.begin()
        await house.happen("d-1", "d-2", "d-3")
        await house.are("waiting", "waiting", "failed")

        failed = await house.found("reason FROM deliveries WHERE state = 'failed'")
        assert failed == [("too_many_waiting",)]
        assert (await house.kinds())[-1] == "delivery.failed"


def elsewhere(target: Target, base: str) -> Callback:
    """The same callback, with an address that is in another shard."""
    made = (callback(("custom", {"url": f"{base}{HOOK}?{at}"})) for at in range(1_000))
    return next(one for one in made if make_target(one, one.channels[0]).shard != target.shard)


async def test_who_has_another_address_is_not_told_again_of_what_was(house: House) -> None:
    target = await house.working.add(callback(("custom", house.config)))
    await house.begin()
    await until(lambda: all(getattr(one, "_look_at", START) > START for one in house.shards))
    await house.happen("d-1", "d-2")
    await house.are("delivered", "delivered")
    await house.change(target.callback, elsewhere(target, house.world.url))
    await house.happen("d-3")
    await house.are("delivered", "delivered", "delivered")

    assert house.subjects() == ["d-1", "d-2", "d-3"]


async def test_what_waits_goes_to_the_address_of_now(house: House) -> None:
    target = await house.working.add(callback(("custom", house.config)))
    await house.set_paused(target.destination, is_paused=True)
    await house.begin()
    await house.happen("d-1", "d-2")
    await house.are("waiting", "waiting")
    await house.change(target.callback, elsewhere(target, house.world.url))
    await house.finds("DISTINCT shard FROM deliveries", (house.target.shard,))
    house.pass_by(LOOK_S)
    await house.are("delivered", "delivered")

    assert house.subjects() == ["d-1", "d-2"]


async def test_what_waited_in_a_shard_of_another_version_is_sent(house: House) -> None:
    """As after an upgrade by which some destinations are counted together."""
    target = await house.working.add(callback(("custom", house.config)))
    await house.set_paused(target.destination, is_paused=True)
    await house.begin()
    await house.happen("d-1", "d-2")
    await house.are("waiting", "waiting")
    await house.leave()
    former = (target.shard + 1) % SHARDS
    await house.write(f"UPDATE deliveries SET shard = {former}")  # noqa: S608 - a number of ours
    # The other one has not read all, and this one has.
    await house.write("DELETE FROM deliveries WHERE event_seq > 1")
    await house.write(f"INSERT OR REPLACE INTO cursors SELECT 'deliveries.{former}', 1, 1")
    await house.begin()
    await house.finds("DISTINCT shard, count(*) FROM deliveries", (target.shard, 2))
    await house.set_paused(target.destination, is_paused=False)
    await house.are("delivered", "delivered")

    assert house.subjects() == ["d-1", "d-2"]


async def test_each_destination_of_a_busy_account_has_its_turn(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = (Rate(2, 1.0),)
    custom = find_channels()["custom"]
    monkeypatch.setattr(custom, "account", lambda _: Account("a", rates), raising=False)
    monkeypatch.setattr(custom, "limits", lambda _: Limits(max_size=1, can_fold=False))
    urls = [f"{house.world.url}{HOOK}?{at}" for at in range(6)]
    await house.working.add(callback(*(("custom", {"url": url}) for url in urls)))
    await house.begin()
    await house.happen("d-1", "d-2", "d-3", "d-4")
    for count in (2, 4, 6):
        await house.finds("count(*) FROM delivery_attempts", (count,))
        house.pass_by(1)

    told = [*(name for one in house.world.calls_of(HOOK) for name in one.query)]
    assert sorted(told) == ["0", "1", "2", "3", "4", "5"]
