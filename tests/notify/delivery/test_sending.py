"""What is sent: folded where the pace asks for it, in place of what stood there, and recorded."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from tests.appending import settings_with
from tests.bus.waiting import until
from tests.notify.deliveries import callback, delivery
from tests.notify.house import BUSY, FINE, HOOK, Gate, House, house_in
from tocsin.model.event import NewEvent, Receipt
from tocsin.model.times import from_us
from tocsin.notify.delivery.policy import BUSY_S
from tocsin.notify.delivery.shard import LOOK_S, Shard
from tocsin.store import deliveries
from tocsin.store.journal import Also, Journal
from tocsin.testing.outside import Reply
from tocsin.testing.platform import Running, platform

EVENT = ("event", "delivered")
DAY = timedelta(days=1)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with house_in(tmp_path, settings_with().notify) as one:
        yield one


@pytest.fixture
async def slack(house: House) -> AsyncIterator[Running]:
    async with platform("slack", house.working.clock) as fake:
        yield fake


def busy(shard: Shard) -> bool:
    return any(place.lane.under_way for place in shard._lanes.places.values())


def telling(fake: Running, use: str = "", **changed: Any) -> Any:
    config = fake.configs[use] if use else fake.config
    return callback((fake.kind, dict(config)), language="en", **changed)


async def test_what_the_pace_has_no_room_for_goes_out_as_one(house: House, slack: Running) -> None:
    await house.working.add(telling(slack))
    await house.begin()
    await house.happen("d-1")
    await house.are("delivered")
    await house.happen("d-2", "d-3", "d-4")
    await house.are("delivered", "waiting", "waiting", "waiting")
    house.pass_by(1)
    await house.finds(
        "kind, state FROM deliveries ORDER BY kind", ("digest", "delivered"), *[EVENT] * 4
    )

    assert len(slack.taken) == 2
    assert "3" in slack.taken[1].title + slack.taken[1].text
    ((folded,),) = await house.found("count(*) FROM deliveries WHERE digest_id IS NOT NULL")
    assert folded == 3


async def test_what_was_folded_while_it_was_read_does_not_go_out_again(
    house: House, slack: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = await house.working.add(telling(slack))
    await house.begin()
    await house.happen("d-1")
    await house.are("delivered")
    await house.happen("d-2", "d-3")
    await house.are("delivered", "waiting", "waiting")
    has_read, may_go_on, read = asyncio.Event(), asyncio.Event(), deliveries.waiting

    async def slowly(*given: Any) -> Any:
        found = await read(*given)
        has_read.set()
        await may_go_on.wait()
        return found

    monkeypatch.setattr(deliveries, "waiting", slowly)
    where = {"destination": target.destination, "shard": target.shard}
    await house.working.store(delivery(1, next_at=house.working.clock.now() + DAY, **where))
    shard = house.shards[target.shard]
    house.working.clock.move(LOOK_S)
    shard._to_look.set()
    await has_read.wait()
    shard._woken.set()
    await house.finds("state FROM deliveries WHERE kind = 'digest'", ("delivered",))
    may_go_on.set()
    lane = shard._lanes.places[target.destination].lane
    await until(lambda: "d-0001" in lane.waiting)

    assert list(lane.waiting) == ["d-0001"]


async def test_a_digest_that_fails_takes_what_it_stands_for_along(
    house: House, slack: Running
) -> None:
    await house.working.add(telling(slack))
    await house.begin()
    await house.happen("d-1")
    await house.are("delivered")
    slack.always("code:invalid_payload")
    await house.happen("d-2", "d-3")
    await house.are("delivered", "waiting", "waiting")
    house.pass_by(1)

    failed = ("failed", "refused")
    await house.finds(
        "state, reason FROM deliveries ORDER BY event_seq",
        ("delivered", None),
        failed,
        failed,
        failed,
    )


async def test_a_platform_that_is_too_busy_holds_all_up_and_costs_no_try(
    house: House, slack: Running
) -> None:
    slack.script("rate_limited")
    await house.working.add(telling(slack))
    await house.begin()
    await house.happen("d-1")
    await house.finds("attempts, tries, state FROM deliveries", (1, 0, "waiting"))
    house.pass_by(60)
    await house.are("delivered")

    assert len(slack.taken) == 1


async def test_what_comes_of_one_deployment_stands_in_one_message(house: House) -> None:
    async with platform("discord", house.working.clock) as discord:
        await house.working.add(telling(discord))
        await house.begin()
        for at, kind in enumerate(("step_started", "step_completed", "deployment_completed"), 1):
            await house.happen("d-1", kind=kind)
            await house.are(*["delivered"] * at)
            house.pass_by(5)
        await house.happen("d-2")
        await house.are(*["delivered"] * 4)

    assert [one.edits for one in discord.taken] == [2, 0]


async def test_a_name_that_no_database_keeps_ends_nobodys_deliveries(house: House) -> None:
    """It comes from whoever answers: PostgreSQL would refuse all that is stored along with it."""
    house.world.answer("/api/webhooks/1/a", Reply.of({"id": "1\0"}), method="POST")
    config = {"webhook_url": f"{house.world.url}/api/webhooks/1/a"}
    await house.working.add(callback(("discord", config)))
    await house.begin()
    await house.happen("d-1")
    await house.are("delivered")

    assert await house.found("handle FROM posted_messages") == [("1\ufffd",)]


async def test_a_message_that_is_not_there_any_more_is_sent_anew(house: House) -> None:
    async with platform("discord", house.working.clock) as discord:
        await house.working.add(telling(discord))
        await house.begin()
        await house.happen("d-1", kind="step_started")
        await house.are("delivered")
        discord.fake.shelf.taken.clear()
        house.pass_by(5)
        await house.happen("d-1")
        await house.are("delivered", "delivered")

    assert [one.edits for one in discord.taken] == [0]


async def test_what_went_wrong_is_a_message_of_its_own(house: House) -> None:
    async with platform("discord", house.working.clock) as discord:
        await house.working.add(telling(discord))
        await house.begin()
        await house.happen("d-1", kind="step_started")
        await house.are("delivered")
        house.pass_by(5)
        await house.happen("d-1", kind="deployment.stalled", source="tocsin")
        await house.are("delivered", "delivered")

    assert [one.edits for one in discord.taken] == [0, 0]


async def test_what_went_wrong_stays_and_what_comes_after_it_goes_on_in_the_first_message(
    house: House,
) -> None:
    async with platform("discord", house.working.clock) as discord:
        await house.working.add(telling(discord))
        await house.begin()
        stalled = {"kind": "deployment.stalled", "source": "tocsin"}
        for at, told in enumerate(({"kind": "step_started"}, stalled, {}, stalled, {}), 1):
            await house.happen("d-1", **told)
            await house.are(*["delivered"] * at)
            house.pass_by(5)

    assert [one.edits for one in discord.taken] == [2, 0, 0]


async def test_what_went_wrong_first_is_replaced_by_nothing(house: House) -> None:
    async with platform("discord", house.working.clock) as discord:
        await house.working.add(telling(discord))
        await house.begin()
        await house.happen("d-1", kind="deployment.stalled", source="tocsin")
        await house.are("delivered")
        house.pass_by(5)
        await house.happen("d-1")
        await house.are("delivered", "delivered")

    assert [one.edits for one in discord.taken] == [0, 0]


async def test_who_is_too_busy_without_saying_for_how_long_is_left_alone_for_longer_each_time(
    house: House,
) -> None:
    async with platform("feishu", house.working.clock) as feishu:
        feishu.script("rate_limited", "rate_limited", "rate_limited")
        await house.working.add(telling(feishu))
        await house.begin()
        await house.happen("d-1")
        held: list[float] = []
        for times in (1, 2, 3):
            await house.finds("attempts, tries FROM deliveries", (times, 0))
            ((until_us,),) = await house.found("held_until FROM destinations")
            held.append((from_us(until_us) - house.working.clock.now()).total_seconds())
            house.pass_by(held[-1] + 1)
        await house.are("delivered")

    for times, held_s in enumerate(held):
        assert 0.75 <= held_s / (BUSY_S * 2**times) <= 1


@pytest.mark.parametrize("wait_s", ["0", "-1e300"])
async def test_who_is_too_busy_and_says_to_wait_for_nothing_is_left_alone_as_well(
    house: House, wait_s: str
) -> None:
    """Such a try costs none of those that there are, so it would go on as fast as it can."""
    said = Reply(body=f'{{"punish":"deny","wait":{wait_s}}}'.encode())
    house.world.answer("/robot", said, method="POST")
    config = {"webhook_url": f"{house.world.url}/robot?access_token=a"}
    await house.working.add(callback(("dingtalk", config)))
    await house.begin()
    await house.happen("d-1")
    await house.finds("count(*) FROM destinations WHERE held_until IS NOT NULL", (1,))

    ((until_us,),) = await house.found("held_until FROM destinations")
    held_s = (from_us(until_us) - house.working.clock.now()).total_seconds()
    assert 0.75 <= held_s / BUSY_S <= 1


async def test_attempts_are_kept_with_what_was_said(house: House) -> None:
    house.world.answer(HOOK, Reply(status=500, body=b"no room"), FINE, method="POST")
    config = {**house.config, "retry_count": 1, "retry_interval": 1}
    await house.working.add(callback(("custom", config)))
    await house.begin()
    await house.happen("d-1")
    await house.finds("attempts FROM deliveries", (1,))
    house.pass_by(1)
    await house.are("delivered")

    kept = await house.found(
        "number, outcome, status, response FROM delivery_attempts ORDER BY number"
    )
    assert kept == [(1, "later", 500, "no room"), (2, "delivered", 200, '{"ok":true}')]


class Slow:
    """A journal that keeps what comes with events until it is let go, one after the other."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.come = 0
        self.may_go = asyncio.Semaphore(0)

    async def append(
        self, events: Sequence[NewEvent], also: Also | None = None
    ) -> Sequence[Receipt]:
        if events:
            self.come += 1
            await self.may_go.acquire()
        return await self._journal.append(events, also)


async def test_what_is_stored_of_an_earlier_try_says_nothing_of_a_later_one(house: House) -> None:
    """The store still says that it waits: it is not to be sent once more."""
    house.world.answer(HOOK, BUSY, FINE, method="POST")
    slow = Slow(house.working.tools.journal)
    house.gate = Gate(cast("Journal", slow))
    config = {**house.config, "retry_count": 2, "retry_interval": 30}
    await house.working.add(callback(("custom", config)))
    await house.begin()
    await house.happen("d-1")
    await until(lambda: slow.come == 1)
    house.pass_by(30)
    await until(lambda: len(house.ids()) == 2 and slow.come == 1)
    await until(lambda: not any(one._lanes.places and busy(one) for one in house.shards))
    slow.may_go.release()
    await until(lambda: slow.come == 2)
    house.pass_by(30)
    await until(lambda: all(one._look_at > house.working.clock.now() for one in house.shards))
    house.pass_by(30)
    await until(lambda: all(one._look_at > house.working.clock.now() for one in house.shards))
    slow.may_go.release()
    await house.are("delivered")

    assert len(house.ids()) == 2


async def test_an_event_that_is_not_kept_any_more_cannot_be_told(house: House) -> None:
    await house.working.add(callback(("custom", house.config)))
    await house.happen("d-1")
    await house.begin()
    await house.are("delivered")
    await house.leave()
    await house.forget_events()
    await house.begin()
    await house.are("failed")

    assert await house.found("reason FROM deliveries") == [("expired",)]


async def test_a_limit_of_the_whole_account_holds_up_all_its_destinations(house: House) -> None:
    async with platform("discord", house.working.clock) as discord:
        url = dict(discord.config)["webhook_url"]
        others = {"webhook_url": f"{url}?thread_id=1"}
        discord.script("global")
        await house.working.add(telling(discord))
        await house.begin()
        await house.happen("d-1")
        await house.finds("attempts FROM deliveries", (1,))
        await house.working.add(callback(("discord", others), language="en", id="c-2"))
        await house.happen("d-2")
        await house.are("waiting", "waiting", "waiting")
        before = len(discord.taken)
        house.pass_by(60)
        await house.are("delivered", "delivered", "delivered")

    assert before == 0


async def test_nobody_can_park_a_destination_for_ever(house: House) -> None:
    said = replace(FINE, status=429, headers={"Retry-After": "1e300"})
    house.world.answer(HOOK, said, FINE, method="POST")
    await house.working.add(callback(("custom", house.config)))
    await house.begin()
    await house.happen("d-1")
    await house.finds("attempts FROM deliveries", (1,))
    house.pass_by(86_400)
    await house.are("delivered")

    assert len(house.ids()) == 2
