"""All shards at work on one database, and a world on this machine that they send to."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from tests.appending import rows
from tests.bus.waiting import until
from tests.notify.working import Working, working
from tocsin.model.callback import Callback
from tocsin.model.event import NewEvent, Receipt, new_event_id
from tocsin.notify.delivery.shard import Shard
from tocsin.notify.known import SHARDS, Target
from tocsin.settings.schema import NotifySettings
from tocsin.store import callbacks, deliveries, destinations
from tocsin.store.destinations import Destination
from tocsin.store.journal import Also, Journal
from tocsin.testing.clock import START
from tocsin.testing.outside import Outside, Reply, outside

HOOK = "/hook"
FINE = Reply.of({"ok": True})
BUSY = Reply(status=503)
MOMENT = timedelta(milliseconds=1)


class Gate:
    """The journal behind a gate: what comes without events, as new deliveries do, waits there."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.is_open = asyncio.Event()
        self.is_open.set()
        # Raised in place of what waits, one after the other.
        self.failures: list[Exception] = []
        self.waiting = 0

    async def append(
        self, events: Sequence[NewEvent], also: Also | None = None
    ) -> Sequence[Receipt]:
        if not events:
            self.waiting += 1
            await self.is_open.wait()
            self.waiting -= 1
            if self.failures:
                raise self.failures.pop(0)
        return await self._journal.append(events, also)


@dataclass
class House:
    """All shards at work on one database, and a world that they send to."""

    working: Working
    world: Outside
    gate: Gate
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    shards: Sequence[Shard] = ()
    tasks: Sequence["asyncio.Task[None]"] = ()

    async def begin(self) -> None:
        self.leaving = asyncio.Event()
        tools = replace(self.working.tools, journal=cast("Journal", self.gate))
        self.shards = [Shard(number, tools) for number in range(SHARDS)]
        self.tasks = [asyncio.create_task(one.work(self.leaving)) for one in self.shards]

    async def leave(self) -> None:
        """As an instance that stops."""
        self.leaving.set()
        await asyncio.gather(*self.tasks)

    async def kill(self) -> None:
        """As by a power cut."""
        for one in self.tasks:
            one.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def wake(self) -> None:
        for one in self.shards:
            one.wake()

    @property
    def target(self) -> Target:
        """The only one."""
        (found,) = (
            one for number in range(SHARDS) for one in self.working.tools.known.of_shard(number)
        )
        return found

    def pass_by(self, seconds: float) -> None:
        """Let time pass, and have everybody see it."""
        self.working.clock.move(seconds)
        self.wake()

    async def happen(
        self, *subjects: str, kind: str = "step_completed", source: str = "deployment"
    ) -> None:
        """Events of these subjects, each in a commit of its own."""
        for subject in subjects:
            now = self.working.clock.now()
            new = NewEvent(new_event_id(), source, kind, "shop", subject, now, now, {})
            await self.working.ground.append(new)

    @property
    def config(self) -> dict[str, Any]:
        return {"url": self.world.url + HOOK}

    def subjects(self) -> list[str]:
        """What came, in order, with all repeats."""
        return [one.json["event"]["subject"] for one in self.world.calls_of(HOOK)]

    async def kinds(self) -> list[str]:
        """The types of all events, in order."""
        return [kind for (kind,) in await self.found("type FROM events ORDER BY seq")]

    def ids(self) -> list[str]:
        return [one.headers["webhook-id"] for one in self.world.calls_of(HOOK)]

    async def found(self, what: str) -> list[tuple[Any, ...]]:
        """What a SELECT finds."""
        told = await rows(self.working.ground.database, f"SELECT {what}")
        return [tuple(row.values()) for row in told]

    async def finds(self, what: str, *wanted: tuple[Any, ...]) -> None:
        """Until a SELECT finds just that."""
        async with asyncio.timeout(8):
            while await self.found(what) != list(wanted):  # noqa: ASYNC110 - nothing rings here
                await asyncio.sleep(0.01)

    async def are(self, *states: str) -> None:
        """Until the deliveries stand so, in the order in which they happened."""
        await self.finds(
            "state FROM deliveries ORDER BY event_seq, kind DESC", *((one,) for one in states)
        )

    async def set_paused(self, destination: str, *, is_paused: bool) -> None:
        """As a person does, at another instance; returns once it is seen here."""
        database, now = self.working.ground.database, self.working.clock.now() + MOMENT
        if is_paused:
            one = Destination(id=destination, channel_type="", label="", changed_at=START)
            await database.write(lambda conn: destinations.save(conn, one))
            await database.write(lambda conn: destinations.pause(conn, destination, "ann", now))
        else:
            await database.write(lambda conn: destinations.resume(conn, destination, now))
        self.pass_by(1)
        places = [one._lanes.places for one in self.shards]
        lanes = [one[destination].lane for one in places if destination in one]
        await until(lambda: all(one.is_paused == is_paused for one in lanes))

    async def disable(self, before: Callback) -> None:
        await self.change(before, replace(before, enabled=False))

    async def change(self, before: Callback, after: Callback) -> None:
        vault = self.working.vault
        await self.working.ground.database.write(
            lambda conn: callbacks.change(conn, vault, before, after)
        )
        await self.working.tools.known.load()

    async def write(self, statement: str) -> None:
        await self.working.ground.database.write(lambda conn: conn.exec_driver_sql(statement))

    async def forget_events(self) -> None:
        """Have the delivery wait once more, and no event be kept any more."""
        self.working.tools.feed._kept.clear()
        for statement in ("UPDATE deliveries SET state = 'waiting'", "DELETE FROM events"):
            await self.write(statement)

    async def hasten(self, delivery_id: str) -> None:
        """As a person does, at another instance."""
        now = self.working.clock.now()
        await self.working.ground.database.write(
            lambda conn: deliveries.hasten(conn, delivery_id, now)
        )

    async def put_back(self, delivery_id: str) -> None:
        now = self.working.clock.now()
        await self.working.ground.database.write(
            lambda conn: deliveries.put_back(conn, [delivery_id], now)
        )


@asynccontextmanager
async def house_in(folder: Path, settings: NotifySettings) -> AsyncIterator[House]:
    async with outside() as world, working(folder, settings) as made:
        one = House(made, world, Gate(made.tools.journal))
        made.ground.listeners.append(made.tools.feed.told)
        world.answer(HOOK, FINE, method="POST")
        yield one
        await one.kill()
