"""The lanes of a shard: what the store has of them, and what changes there."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.notify.deliveries import after, attempt, callback, delivery
from tests.notify.working import Working, target_of
from tocsin.errors import Reason, StoreDown
from tocsin.model.delivery import Delivery, DeliveryState
from tocsin.notify.channel import Rate
from tocsin.notify.delivery import lanes as module
from tocsin.notify.delivery.lane import Go, Wait
from tocsin.notify.delivery.lanes import Lanes, Place
from tocsin.notify.known import SHARDS, Target
from tocsin.store import callbacks, deliveries, destinations
from tocsin.store.destinations import Destination
from tocsin.testing.clock import START

URL = {"url": "https://hooks.example.com/a", "rate_per_minute": 2}


@pytest.fixture(autouse=True)
def _few_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HELD", 4)


class Shard:
    """The lanes of the shard that one callback's only channel is in."""

    def __init__(self, at_work: Working, target: Target) -> None:
        self.at_work = at_work
        self.target = target
        self.lanes = Lanes(target.shard, at_work.tools)

    def delivery(self, number: int, **changed: Any) -> Delivery:
        where = {"destination": self.target.destination, "shard": self.target.shard}
        return delivery(number, **where, **changed)

    async def store(self, *numbers: int, **changed: Any) -> list[Delivery]:
        made = [self.delivery(one, **changed) for one in numbers]
        await self.at_work.store(*made)
        return made

    async def take_up(self, *, is_asked: bool = True) -> Place:
        await self.lanes.take_up({self.target.destination: self.target}, is_asked=is_asked)
        return await self.place()

    async def place(self) -> Place:
        return await self.lanes.place(self.target.destination, self.target)

    async def learn(self, **changed: Any) -> None:
        known = Destination(
            id=self.target.destination, channel_type="custom", label="h", changed_at=START
        )
        learnt = replace(known, **changed)
        await self.write(lambda conn: destinations.save(conn, learnt))

    async def write(self, work: Callable[[Any], object]) -> None:
        await self.at_work.ground.database.write(work)

    async def finish(self, place: Place, done: Delivery) -> None:
        """As when it was sent: it leaves the lane at once, and the store a moment later."""
        place.lane.begin([done])
        place.lane.end(done._replace(state=DeliveryState.DELIVERED))
        place.total -= 1


@pytest.fixture
async def shard(at_work: Working) -> Shard:
    return Shard(at_work, await at_work.add(callback(("custom", URL))))


def waiting(place: Place) -> list[int]:
    return [one.event_seq for one in place.lane.waiting.values()]


async def test_what_waits_in_the_store_is_taken_up_in_its_order(shard: Shard) -> None:
    await shard.store(3, 1, 2)

    place = await shard.take_up()

    assert waiting(place) == [1, 2, 3]
    assert (place.total, place.is_more) == (3, False)
    assert place.lane.limits == shard.target.limits


async def test_of_very_many_some_are_in_memory_and_the_rest_is_read_in_turn(shard: Shard) -> None:
    stored = await shard.store(*range(1, 8))
    place = await shard.take_up()
    assert (waiting(place), place.total, place.is_more) == ([1, 2, 3, 4], 7, True)

    for one in stored[:2]:
        await shard.finish(place, one)
    await shard.lanes.refill(place)
    assert waiting(place) == [3, 4]
    await shard.finish(place, stored[2])
    await shard.lanes.refill(place)

    assert waiting(place) == [4, 5, 6, 7]
    assert not place.is_more


async def test_what_waits_for_a_time_keeps_nothing_out_that_may_go(shard: Shard) -> None:
    """As an alert behind a night's notices that quiet hours hold, or behind many retries."""
    await shard.store(*range(1, 15), next_at=after(3600))
    await shard.store(15)
    place = await shard.take_up()
    await shard.lanes.refill(place)
    step = place.lane.next(START)

    assert isinstance(step, Go)
    assert [one.event_seq for one in step.deliveries] == [15]
    assert shard.lanes.has_room(place)


async def test_all_that_is_in_memory_is_bounded(
    shard: Shard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_HELD", 8)
    await shard.store(*range(1, 15), next_at=after(3600))
    place = await shard.take_up()
    await shard.lanes.refill(place)

    assert waiting(place) == list(range(1, 9))
    assert not shard.lanes.has_room(place)


async def test_what_was_put_back_among_many_is_found(shard: Shard) -> None:
    numbers = [*range(1, 7), *range(8, 15)]
    await shard.store(*numbers, next_at=after(3600))
    place = await shard.take_up()
    await shard.lanes.refill(place)
    assert waiting(place) == numbers
    await shard.store(7, next_at=after(3600))
    await shard.take_up()

    assert waiting(place) == list(range(1, 15))


async def test_what_was_just_stored_waits_behind_what_is_in_the_store_alone(
    shard: Shard,
) -> None:
    await shard.store(*range(1, 7))
    place = await shard.take_up()
    (new,) = await shard.store(7)
    assert not shard.lanes.has_room(place)
    shard.lanes.feed(place, new)
    assert (waiting(place), place.total) == ([1, 2, 3, 4], 7)

    for one in list(place.lane.waiting.values()):
        await shard.finish(place, one)
    await shard.lanes.refill(place)

    assert waiting(place) == [5, 6, 7]


async def test_what_was_just_stored_needs_no_read_where_all_is_in_memory(shard: Shard) -> None:
    place = await shard.take_up()
    for one in await shard.store(1, 2):
        assert shard.lanes.has_room(place)
        shard.lanes.feed(place, one)

    assert (waiting(place), place.total, place.is_more) == ([1, 2], 2, False)


async def test_what_was_counted_too_high_is_put_right_by_the_next_read(shard: Shard) -> None:
    """As when something is counted in the store just before its end is stored."""
    place = await shard.place()
    place.total = 1
    (new,) = await shard.store(1)

    assert not shard.lanes.feed(place, new)
    await shard.lanes.refill(place)

    assert place.total == 1
    assert list(place.lane.waiting) == ["d-0001"]
    assert shard.lanes.feed(place, (await shard.store(2))[0])


async def test_what_is_fed_while_the_rest_is_read_still_counts(shard: Shard) -> None:
    place = await shard.place()
    place.total = 1
    reading = asyncio.ensure_future(shard.lanes.refill(place))
    await asyncio.sleep(0)
    assert not shard.lanes.feed(place, shard.delivery(1))
    await reading

    assert place.total == 2
    assert place.is_low


async def test_what_is_taken_back_is_read_once_it_is_stored(shard: Shard) -> None:
    place = await shard.take_up()
    first, second = shard.delivery(1), shard.delivery(2)
    shard.lanes.feed(place, first)
    shard.lanes.feed(place, second)
    place.lane.begin([first])

    assert [shard.lanes.withdraw(place, one) for one in (first, second)] == [False, True]
    assert (waiting(place), place.total) == ([], 1)

    await shard.at_work.store(second)
    place.total += 1
    await shard.lanes.refill(place)
    assert waiting(place) == [2]


async def test_what_the_store_does_not_have_yet_does_not_count_as_gone(shard: Shard) -> None:
    place = await shard.take_up()
    shard.lanes.is_ahead = True
    shard.lanes.feed(place, shard.delivery(1))

    place = await shard.take_up()

    assert (waiting(place), place.total) == ([1], 1)


async def test_what_others_put_back_is_found_by_looking(shard: Shard) -> None:
    place = await shard.take_up()
    assert waiting(place) == []
    await shard.store(1)

    place = await shard.take_up()

    assert waiting(place) == [1]


async def test_what_was_made_here_is_no_reason_to_read(
    shard: Shard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is stored and fed while it is counted was known here all the time."""
    place = await shard.take_up()
    reads, counted_waiting = [], deliveries.counted_waiting

    async def counted_meanwhile(*given: Any) -> Any:
        for one in await shard.store(*range(1, 4)):
            shard.lanes.feed(place, one)
        await shard.store(4)
        place.behind = 1
        return await counted_waiting(*given)

    async def read(*given: Any) -> Any:
        reads.append(given)
        return []

    monkeypatch.setattr(deliveries, "counted_waiting", counted_meanwhile)
    monkeypatch.setattr(deliveries, "waiting", read)
    await shard.take_up(is_asked=False)

    assert (waiting(place), place.total) == ([1, 2, 3], 3)
    assert not reads


async def test_what_others_put_back_is_found_although_much_is_made_here(shard: Shard) -> None:
    place = await shard.take_up()
    await shard.store(1)
    place.behind = 1

    for _ in range(module.DOUBTED_LOOKS):
        assert waiting(place) == []
        await shard.take_up(is_asked=False)
    assert waiting(place) == [1]

    await shard.store(2)
    await shard.take_up(is_asked=True)
    assert waiting(place) == [1, 2]


async def test_what_was_sent_and_is_not_stored_yet_is_not_sent_again(shard: Shard) -> None:
    """The store still says that it waits; to believe it would send it twice."""
    first, _ = await shard.store(1, 2)
    place = await shard.take_up()
    shard.lanes.unrecorded[first.id] = first.destination
    await shard.finish(place, first)

    place = await shard.take_up()

    assert waiting(place) == [2]
    assert place.total == 1
    changed = first._replace(state=DeliveryState.DELIVERED)
    await shard.write(lambda conn: shard.at_work.tools.rows.change(conn, [changed]))
    shard.lanes.recorded(first.id)
    place = await shard.take_up()
    assert (waiting(place), place.total) == ([2], 1)


async def test_what_is_not_stored_yet_of_another_destination_is_no_less_here(shard: Shard) -> None:
    await shard.store(*range(1, 8))
    shard.lanes.unrecorded |= dict.fromkeys(("d-0011", "d-0012", "d-0013"), "1" * 32)

    place = await shard.take_up()

    assert (waiting(place), place.total, place.is_more) == ([1, 2, 3, 4], 7, True)


async def test_what_was_stored_is_kept_in_mind_only_while_a_read_is_under_way(
    shard: Shard, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = await shard.store(1, 2)
    read = deliveries.waiting

    async def waiting_meanwhile(*given: Any) -> Any:
        shard.lanes.recorded(first.id)
        return await read(*given)

    monkeypatch.setattr(deliveries, "waiting", waiting_meanwhile)
    place = await shard.take_up()
    shard.lanes.recorded("d-0003")

    assert waiting(place) == [2]
    assert not shard.lanes._recorded_meanwhile


async def test_what_is_put_back_while_its_result_is_stored_is_found_a_look_later(
    shard: Shard, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = await shard.store(1)
    place = await shard.take_up()
    await shard.finish(place, one)
    read = deliveries.waiting

    async def waiting_meanwhile(*given: Any) -> Any:
        found = await read(*given)
        shard.lanes.recorded(one.id)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "waiting", waiting_meanwhile)
        await shard.take_up()
    assert waiting(place) == []
    await shard.lanes.refill(place)

    assert waiting(place) == [1]


async def test_a_lane_begins_with_what_is_known_of_its_destination(shard: Shard) -> None:
    await shard.learn(is_paused=True, failures=7, held_until=after(60))
    tried = [attempt(at, destination=shard.target.destination) for at in (1, 2)]
    await shard.write(lambda conn: shard.at_work.tools.rows.add_attempts(conn, tried))
    await shard.store(1)

    place = await shard.take_up()

    assert place.lane.is_paused
    assert place.lane.held_until == after(60)
    assert place.lane.breaker.is_tripped
    assert place.lane.window.room(START) == 0
    assert place.lane.next(after(120)) == Wait(None)


async def test_after_a_start_one_is_tried_first_where_it_failed_before(shard: Shard) -> None:
    await shard.learn(failures=2)
    await shard.store(1, 2)
    place = await shard.take_up()

    step = place.lane.next(START)
    assert isinstance(step, Go)
    place.lane.begin(step.deliveries)

    assert place.lane.next(START) == Wait(None)


async def test_who_is_paused_by_a_person_is_left_alone_and_goes_on_afresh(shard: Shard) -> None:
    await shard.learn(failures=6, held_until=after(600))
    await shard.store(1)
    place = await shard.take_up()
    destination = shard.target.destination
    await shard.write(lambda conn: destinations.pause(conn, destination, "mei", after(1)))
    place = await shard.take_up()
    assert place.lane.is_paused

    await shard.write(lambda conn: destinations.resume(conn, destination, after(2)))
    place = await shard.take_up()

    assert not place.lane.is_paused
    assert isinstance(place.lane.next(after(2)), Go)


async def test_what_waits_for_a_channel_that_is_gone_is_there_to_be_ended(shard: Shard) -> None:
    await shard.store(1)

    await shard.lanes.take_up({})

    place = await shard.lanes.place(shard.target.destination, None)
    assert isinstance(place.lane.next(START), Go)


async def test_changed_options_change_the_pace(shard: Shard) -> None:
    place = await shard.take_up()
    limits = replace(shard.target.limits, concurrency=1)

    await shard.lanes.place(shard.target.destination, replace(shard.target, limits=limits))

    assert place.lane.limits.concurrency == 1


async def test_where_too_many_wait_a_new_one_ends_at_once(shard: Shard) -> None:
    most = shard.at_work.tools.settings.max_waiting
    place, new = await shard.take_up(), shard.delivery(1)
    place.total = most - 2

    place.behind = 1
    assert shard.lanes.admitted(place, new) is new
    place.behind = 2
    ended = shard.lanes.admitted(place, new)

    assert ended.state is DeliveryState.FAILED
    assert (ended.reason, ended.ended_at) == (Reason.TOO_MANY_WAITING.value, new.created_at)


async def test_what_another_version_had_in_another_shard_is_brought_into_its_own(
    shard: Shard,
) -> None:
    former = (shard.target.shard + 1) % SHARDS
    await shard.store(1, 2)
    moved = "UPDATE deliveries SET shard = ?"
    await shard.write(lambda conn: conn.exec_driver_sql(moved, (former,)))

    elsewhere = Lanes(former, shard.at_work.tools)
    await elsewhere.take_up({})
    place = await shard.take_up()

    assert not elsewhere.places
    assert waiting(place) == [1, 2]
    assert {one.shard for one in place.lane.waiting.values()} == {shard.target.shard}


async def lead_to(shard: Shard, url: str) -> Target:
    """As when a person gives the channel another address."""
    before, after_ = shard.target.callback, callback(("custom", URL | {"url": url}))
    vault = shard.at_work.vault
    await shard.write(lambda conn: callbacks.change(conn, vault, before, after_))
    await shard.at_work.tools.known.load()
    found = shard.at_work.tools.known.target("c-1", "ch-1")
    assert found is not None
    return found


def other_address(shard: Shard, *, same_shard: bool) -> str:
    """An address in the shard, or in another one."""
    urls = (f"https://hooks.example.com/{at}" for at in range(1_000))
    return next(
        one
        for one in urls
        if (target_of("custom", url=one).shard == shard.target.shard) == same_shard
    )


@pytest.mark.parametrize("same_shard", [True, False])
async def test_what_waits_goes_where_its_channel_leads_by_now(
    shard: Shard, *, same_shard: bool
) -> None:
    await shard.store(*range(1, 8))
    place = await shard.take_up()
    target = await lead_to(shard, other_address(shard, same_shard=same_shard))

    await shard.take_up()
    theirs = shard.lanes if same_shard else Lanes(target.shard, shard.at_work.tools)
    await theirs.take_up({target.destination: target})

    assert (waiting(place), place.total) == ([], 0)
    led = theirs.places[target.destination]
    assert (waiting(led), led.total) == ([1, 2, 3, 4], 7)
    assert led.lane.limits == target.limits


async def test_what_is_under_way_comes_after_it_has_ended(shard: Shard) -> None:
    first, second = await shard.store(1, 2)
    place = await shard.take_up()
    place.lane.begin([first])
    target = await lead_to(shard, other_address(shard, same_shard=True))
    await shard.take_up()
    led = await shard.lanes.place(target.destination, target)
    assert (waiting(place), waiting(led)) == ([], [second.event_seq])

    place.lane.end(first._replace(next_at=after(5)))
    await shard.take_up()

    assert (waiting(place), waiting(led)) == ([], [1, 2])


@pytest.mark.parametrize("is_done", [False, True])
async def test_what_could_not_be_led_elsewhere_goes_from_one_place_alone(
    shard: Shard, monkeypatch: pytest.MonkeyPatch, *, is_done: bool
) -> None:
    """A commit that was not heard of may have been made."""
    await shard.store(1)
    place = await shard.take_up()
    target = await lead_to(shard, other_address(shard, same_shard=True))
    journal, append = shard.at_work.tools.journal, shard.at_work.tools.journal.append

    async def fail(*given: Any, **changed: Any) -> None:
        if is_done:
            await append(*given, **changed)
        raise StoreDown("It is away.")

    with monkeypatch.context() as patched:
        patched.setattr(journal, "append", fail)
        with pytest.raises(StoreDown):
            await shard.take_up()
    assert (waiting(place), place.total) == ([], 0)
    await shard.take_up()

    led = await shard.lanes.place(target.destination, target)
    assert (waiting(place), waiting(led)) == ([], [1])


@pytest.mark.parametrize(("is_asked", "looks"), [(True, 1), (False, 2)])
async def test_what_is_put_back_after_its_channel_leads_elsewhere_goes_there(
    shard: Shard, *, is_asked: bool, looks: int
) -> None:
    """Nobody may ask for it here: it was put back by an instance that is not heard of."""
    target = await lead_to(shard, other_address(shard, same_shard=True))
    now_there = {target.destination: target}
    await shard.lanes.take_up(now_there)
    await shard.store(1)

    for _ in range(looks):
        await shard.lanes.take_up(now_there, is_asked=is_asked)

    led = await shard.lanes.place(target.destination, target)
    assert waiting(led) == [1]


async def test_a_changed_rate_counts_what_was_sent_before(shard: Shard) -> None:
    place = await shard.take_up()
    place.lane.count(START)
    slower = replace(shard.target.limits, rates=(Rate(1, 60.0),))

    await shard.lanes.place(shard.target.destination, replace(shard.target, limits=slower))

    assert place.lane.window.free_at(START) == after(60)


async def test_a_lane_that_had_no_rate_learns_what_was_sent(shard: Shard) -> None:
    tried = [attempt(1, destination=shard.target.destination)]
    await shard.write(lambda conn: shard.at_work.tools.rows.add_attempts(conn, tried))
    place = await shard.lanes.place(shard.target.destination, None)

    await shard.place()

    assert place.lane.window.room(START) == 1


async def test_who_opens_a_lane_at_the_same_time_gets_the_same(shard: Shard) -> None:
    first, second = await asyncio.gather(shard.place(), shard.place())

    assert first is second


async def test_who_has_sent_is_asked_last(shard: Shard) -> None:
    some = [await shard.lanes.place(name, None) for name in ("0" * 32, "1" * 32, "2" * 32)]

    shard.lanes.put_last([some[1], some[0]])

    assert list(shard.lanes.places.values()) == [some[2], some[1], some[0]]
