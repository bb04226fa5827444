"""Deliveries are sent while they are stored, and still once each, in order, with a row."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.appending import settings_with
from tests.bus.waiting import until
from tests.notify.deliveries import callback
from tests.notify.house import FINE, HOOK, House, house_in
from tocsin.errors import StoreDown
from tocsin.model.callback import CallbackChannel
from tocsin.notify.delivery import lanes, reading
from tocsin.notify.delivery.reading import RETRY_S
from tocsin.notify.known import SHARDS
from tocsin.store import cursors

AWAY = StoreDown("It is away.")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with house_in(tmp_path, settings_with().notify) as one:
        await one.working.add(callback(("custom", one.config)))
        await one.begin()
        yield one
        one.gate.is_open.set()


async def come(house: House, *subjects: str) -> None:
    """Until these have come, in order."""
    await until(lambda: house.subjects() == list(subjects))


async def fail_to_store(house: House, subject: str) -> None:
    """It comes, and its row cannot be stored."""
    house.gate.is_open.clear()
    house.gate.failures = [AWAY]
    await house.happen(subject)
    await come(house, subject)
    house.gate.is_open.set()
    await until(lambda: not house.gate.failures)


def count_begins(monkeypatch: pytest.MonkeyPatch, *, failing: int = 0) -> list[None]:
    """Grows as shards see from where to read; as many as `failing` find the store away."""
    begins, lowest = list[None](), cursors.lowest

    async def counted(*given: Any) -> int:
        begins.append(None)
        if len(begins) <= failing:
            raise AWAY
        return await lowest(*given)

    monkeypatch.setattr(cursors, "lowest", counted)
    return begins


async def pass_a_pause(house: House) -> None:
    """Let the time pass that a failed store is left alone."""
    await until(lambda: bool(house.working.clock.sleepers))
    house.pass_by(RETRY_S)


async def test_a_first_try_does_not_wait_until_its_row_is_stored(house: House) -> None:
    house.gate.is_open.clear()
    await house.happen("d-1", "d-2")
    await come(house, "d-1", "d-2")

    house.gate.is_open.set()
    await house.are("delivered", "delivered")
    assert await house.found("count(*) FROM delivery_attempts") == [(2,)]
    assert len(house.ids()) == 2


async def test_what_could_not_be_stored_is_sent_once_and_stored_later(house: House) -> None:
    await fail_to_store(house, "d-1")
    await pass_a_pause(house)
    await house.are("delivered")
    await house.happen("d-2")
    await house.are("delivered", "delivered")

    assert house.subjects() == ["d-1", "d-2"]
    assert len(set(house.ids())) == 2


async def test_how_far_was_read_is_not_stored_without_what_was_made(house: House) -> None:
    """More was made while a store failed, and all of it is made once more."""
    destination = house.target.destination
    await house.happen("d-1")
    await house.are("delivered")
    await house.set_paused(destination, is_paused=True)
    house.gate.is_open.clear()
    await house.happen("d-2")
    await until(lambda: house.gate.waiting > 0)
    await house.happen("d-3")
    await asyncio.sleep(0.05)
    house.gate.failures = [AWAY]
    house.gate.is_open.set()
    await until(lambda: not house.gate.failures)
    await pass_a_pause(house)
    await house.are("delivered", "waiting", "waiting")
    await house.set_paused(destination, is_paused=False)
    await house.are("delivered", "delivered", "delivered")

    assert house.subjects() == ["d-1", "d-2", "d-3"]


async def test_who_could_not_store_sends_only_what_is_stored(house: House) -> None:
    """Somebody else may have the lease by now."""
    await fail_to_store(house, "d-1")
    house.gate.is_open.clear()
    await house.happen("d-2")
    await pass_a_pause(house)
    await until(lambda: house.gate.waiting > 0)
    await asyncio.sleep(0.05)
    before = house.subjects()
    house.gate.is_open.set()
    await house.are("delivered", "delivered")
    house.gate.is_open.clear()
    await house.happen("d-3")
    await come(house, "d-1", "d-2", "d-3")

    assert before == ["d-1"]


async def test_what_a_changed_callback_overtook_is_sent_once(house: House) -> None:
    made = house.target.callback
    house.gate.is_open.clear()
    await house.happen("d-1")
    await come(house, "d-1")
    await house.change(made, replace(made, name="another"))
    await house.happen("d-2")
    house.gate.is_open.set()
    await house.are("delivered", "delivered")

    assert house.subjects() == ["d-1", "d-2"]


async def test_what_nobody_wants_any_more_is_taken_back(house: House) -> None:
    target = house.target
    await house.happen("d-1")
    await house.are("delivered")
    await house.set_paused(target.destination, is_paused=True)
    house.gate.is_open.clear()
    await house.happen("d-2")
    await until(lambda: house.gate.waiting > 0)
    await house.change(target.callback, replace(target.callback, events=("other",)))
    house.gate.is_open.set()
    await house.set_paused(target.destination, is_paused=False)
    await house.happen("d-3", kind="other")
    await house.are("delivered", "delivered")

    assert house.subjects() == ["d-1", "d-3"]


async def test_what_was_sent_before_a_kill_and_never_stored_comes_again_under_its_id(
    house: House,
) -> None:
    held = asyncio.Event()
    house.world.answer(HOOK, replace(FINE, after=held), FINE, method="POST")
    house.gate.is_open.clear()
    await house.happen("d-1")
    await come(house, "d-1")
    await house.kill()
    held.set()
    house.gate.is_open.set()
    await house.begin()
    await house.are("delivered")

    assert house.subjects() == ["d-1", "d-1"]
    assert len(set(house.ids())) == 1


async def test_of_what_a_kill_left_without_its_cursor_what_came_is_known(house: House) -> None:
    house.gate.is_open.clear()
    await house.happen("d-1")
    await house.are("delivered")
    await house.kill()
    house.gate.is_open.set()
    await house.begin()
    await house.happen("d-2")
    await house.are("delivered", "delivered")

    assert house.subjects() == ["d-1", "d-2"]


async def test_what_comes_next_does_not_overtake_what_is_in_the_store_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "HELD", 2)
    held = asyncio.Event()
    house.world.answer(HOOK, replace(FINE, after=held), FINE, method="POST")
    target = house.target
    await house.happen("d-0")
    await come(house, "d-0")
    await house.set_paused(target.destination, is_paused=True)
    names = [f"d-{number}" for number in range(1, 8)]
    await house.happen(*names)
    await until(lambda: house.gate.waiting == 0)
    held.set()
    await house.set_paused(target.destination, is_paused=False)
    await house.are(*["delivered"] * 8)

    assert sorted(house.subjects()) == ["d-0", *names]


async def test_reading_waits_for_a_store_that_is_slow(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_UNSTORED", 2)
    house.gate.is_open.clear()
    for number in range(2):
        await house.happen(f"d-{number}")
        await until(lambda: len(house.subjects()) > number)  # noqa: B023 - of this round
    await house.happen("d-2")
    await asyncio.sleep(0.05)
    before = house.subjects()
    house.gate.is_open.set()
    await house.are(*["delivered"] * 3)

    assert before == ["d-0", "d-1"]
    assert house.subjects() == ["d-0", "d-1", "d-2"]


async def test_what_another_instance_has_sent_is_known_before_its_event_was_heard_of(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.gate.is_open.clear()
    await house.happen("d-1")
    await house.are("delivered")
    await house.kill()
    house.gate.is_open.set()
    # As in another instance, to which the bell of that event is on its way.
    house.working.tools.feed._newest = 0
    begins = count_begins(monkeypatch)
    await house.begin()
    await until(lambda: len(begins) == SHARDS)
    await house.happen("d-2")
    await house.are("delivered", "delivered")

    assert house.subjects() == ["d-1", "d-2"]


async def test_what_another_shard_has_not_read_is_read_also_after_the_store_was_away(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = house.target.shard
    await house.kill()
    await house.happen("d-1")
    for shard, seq in ((own, 1), ((own + 1) % SHARDS, 0)):
        await house.write(f"INSERT OR REPLACE INTO cursors SELECT 'deliveries.{shard}', {seq}, 1")
    begins = count_begins(monkeypatch, failing=SHARDS)
    await house.begin()
    await until(lambda: len(begins) == SHARDS == house.working.clock.sleepers)
    house.pass_by(RETRY_S)
    await house.are("delivered")

    assert house.subjects() == ["d-1"]


async def test_a_new_channel_is_told_nothing_of_what_was_before(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also shards that read for nobody save how far: what leads there later begins with that."""
    monkeypatch.setattr(reading, "SAVE_EVERY", timedelta(milliseconds=1))
    house.world.answer("/new", FINE, method="POST")
    await house.happen("d-1")
    await house.are("delivered")
    await house.finds("count(*) FROM cursors WHERE seq > 0", (SHARDS,))

    made = house.target.callback
    new = CallbackChannel("ch-2", "custom", enabled=True, config={"url": f"{house.world.url}/new"})
    await house.change(made, replace(made, channels=(*made.channels, new)))
    await house.happen("d-2")
    await house.are("delivered", "delivered", "delivered")

    assert [one.json["event"]["subject"] for one in house.world.calls_of("/new")] == ["d-2"]


async def test_who_reads_for_nobody_does_not_save_how_far_at_each_event(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SAVE_EVERY", timedelta(hours=1))
    for count in (1, 2, 3):
        await house.happen(f"d-{count}")
        await house.are(*["delivered"] * count)

    assert await house.found("stage FROM cursors") == [(f"deliveries.{house.target.shard}",)]
