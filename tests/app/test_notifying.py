"""People are told of what is committed, by who runs that stage; all know the callbacks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import orjson
import pytest

from tests.app.whole import forever, loaded
from tests.appending import event
from tests.notify.deliveries import callback
from tocsin.app.ground import Ground, opened_ground
from tocsin.app.loops import run_here
from tocsin.app.notifying import delivery_loops, make_notify
from tocsin.errors import ConfigError
from tocsin.notify.stage import Notify
from tocsin.settings import stages_of
from tocsin.store import callbacks, destinations
from tocsin.store.destinations import Destination
from tocsin.store.key import SecretKey, Vault
from tocsin.testing.clock import HandClock
from tocsin.testing.outside import Outside, Reply, outside

HERE = {"NOTIFY__ALLOWED_NETWORKS": "127.0.0.0/8"}


@pytest.fixture
async def world() -> AsyncIterator[Outside]:
    async with outside() as world:
        world.answer("/hook", Reply(), method="POST")
        yield world


@asynccontextmanager
async def notifying(
    folder: Path, world: Outside, **environ: str
) -> AsyncIterator[tuple[Ground, Notify]]:
    """The stage with one callback, and its loops going as far as they go on here."""
    made = callback(("custom", {"url": f"{world.url}/hook"}))
    async with opened_ground(loaded(folder, **HERE, **environ), HandClock()) as ground:
        await ground.database.write(lambda conn: callbacks.add(conn, ground.vault, made))
        notify = await make_notify(ground)
        steps = run_here(stages_of(ground.settings), tuple(notify.loops))
        loops = [asyncio.ensure_future(forever(step)) for _, step in steps]
        try:
            yield ground, notify
        finally:
            await notify.leave()
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)


async def test_what_is_committed_is_told_at_once(tmp_path: Path, world: Outside) -> None:
    async with notifying(tmp_path, world) as (ground, _):
        await ground.journal.append([event("canary_started"), event("canary_completed")])
        while len(world.asked) < 2:  # noqa: ASYNC110 - until it has arrived
            await asyncio.sleep(0)

    bodies = [orjson.loads(one.body) for one in world.asked]
    assert sorted(one["event_type"] for one in bodies) == ["canary_completed", "canary_started"]


async def test_where_the_stage_is_not_run_its_callbacks_are_known_and_nobody_is_told(
    tmp_path: Path, world: Outside
) -> None:
    async with notifying(tmp_path, world, STAGES="web") as (ground, notify):
        here = run_here(stages_of(ground.settings), tuple(notify.loops))
        await ground.journal.append([event("canary_started")])
        await notify.leave()
        found = await notify.desk.check_config("custom", {"url": f"{world.url}/hook"})

    assert [name for name, _ in here] == ["notify.known"]
    assert found == []
    assert world.asked == []


async def test_a_callback_sealed_with_another_key_stops_the_start(
    tmp_path: Path, world: Outside
) -> None:
    made = callback(("custom", {"url": f"{world.url}/hook"}))
    async with opened_ground(loaded(tmp_path, **HERE), HandClock()) as ground:
        other = Vault([SecretKey.new(), *ground.vault._keys])
        await ground.database.write(lambda conn: callbacks.add(conn, other, made))

        with pytest.raises(ConfigError):
            await make_notify(ground)


async def test_old_deliveries_go_but_destinations_of_callbacks_stay(
    tmp_path: Path, world: Outside
) -> None:
    async with notifying(tmp_path, world, STAGES="web") as (ground, notify):
        [(name, step)] = delivery_loops(ground, notify)
        (used,) = notify.known.destinations
        at = ground.clock.now()
        for one in (used, "nobody"):
            known = Destination(id=one, channel_type="custom", label="", changed_at=at)
            await ground.database.write(partial(destinations.save, one=known))
        assert isinstance(ground.clock, HandClock)
        cleaning = asyncio.ensure_future(step())
        while not ground.clock.sleepers:  # noqa: ASYNC110 - nothing tells that it is asleep
            await asyncio.sleep(0)
        ground.clock.move(31 * 24 * 3600.0)
        await cleaning
        async with ground.database.read() as conn:
            left = await destinations.all_of_them(conn)

    assert name == "store.deliveries"
    assert [one.id for one in left] == [used]
