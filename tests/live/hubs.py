"""A hub over a journal in a temporary folder, which it follows as in a running server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from tests.appending import Ground, ground_in
from tests.live.hearing import Ear, Numbers
from tocsin.live.hub import Hub
from tocsin.live.rooms import EVERYTHING
from tocsin.store import events as stored
from tocsin.store.facts import read_facts


async def newest_of(ground: Ground) -> int:
    """The newest seq in the database."""
    async with ground.database.read() as conn:
        return await stored.newest_seq(conn)


async def until(is_so: Callable[[], bool]) -> None:
    """Return once it is so; the test's own time limit is the end of it."""
    while not is_so():  # noqa: ASYNC110 - of whatever nobody tells
        # Without a pause the threads that read would hardly come to their turn.
        await asyncio.sleep(0.001)


class LoopTime:
    """The running loop's clock, which stands still until it is moved."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self.now_s = loop.time()
        patch.setattr(loop, "time", lambda: self.now_s)

    async def move(self, seconds: float) -> None:
        """Let time pass, and what is due by then happen."""
        self.now_s += seconds
        for _ in range(3):
            await asyncio.sleep(0)


@asynccontextmanager
async def hub_of(
    ground: Ground, *, is_following: bool = True, patience_s: float = 0.0
) -> AsyncIterator[Hub]:
    """A hub that is told of what `ground` commits, and looks for what others do.

    It counts into the journal's registry, unless there is a hub already that does.
    """
    registry = CollectorRegistry() if ground.listeners else ground.registry
    async with ground.database.read() as conn:
        former_epochs = (await read_facts(conn)).former_epochs
    newest = await newest_of(ground)
    hub = Hub(
        ground.database,
        ground.epoch,
        newest,
        registry,
        patience_s=patience_s,
        former_epochs=former_epochs,
    )
    ground.listeners.append(hub.publish)
    following = asyncio.create_task(_follow(hub)) if is_following else None
    try:
        yield hub
    finally:
        ground.listeners.remove(hub.publish)
        if following is not None:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


@asynccontextmanager
async def hub_in(
    folder: Path, *, is_following: bool = True, patience_s: float = 0.0
) -> AsyncIterator[tuple[Ground, Hub]]:
    """The journal in `folder` and a hub over it."""
    async with (
        ground_in(folder) as ground,
        hub_of(ground, is_following=is_following, patience_s=patience_s) as hub,
    ):
        yield ground, hub


async def _follow(hub: Hub) -> None:
    while True:
        await hub.step()


async def down(ground: Ground) -> None:
    """Nothing can be read of the journal any more."""
    await ground.database.write(lambda conn: conn.exec_driver_sql("DROP TABLE events"))


def joined(hub: Hub, count: int = 1, **dialect: Any) -> list[Ear]:
    """So many who want everything."""
    ears = [Ear(Numbers(**dialect)) for _ in range(count)]
    for ear in ears:
        hub.join(ear.client, EVERYTHING)
    return ears


def is_here(hub: Hub, ear: Ear) -> bool:
    """Whether the hub knows of it."""
    return ear.client in set(hub._rooms.clients()) or ear.client in hub._late
