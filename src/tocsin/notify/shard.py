"""One part of the destinations: read the journal for them, and send what waits.

Who works a shard has its lease, so of each destination one instance alone knows the order, the pace
and the breaker. The cursor moves in the transaction that stores the deliveries of what was read.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from tocsin.errors import StoreDown
from tocsin.model.delivery import Delivery, DeliveryState
from tocsin.model.event import Event
from tocsin.notify.known import Target
from tocsin.notify.lane import Go
from tocsin.notify.lanes import Lanes, Place
from tocsin.notify.planner import deliveries_of, group_of
from tocsin.notify.recorder import Recorder
from tocsin.notify.sending import Sending
from tocsin.notify.tools import Tools
from tocsin.store import callbacks, cursors, deliveries
from tocsin.store.cursors import Position
from tocsin.store.delivery_results import Outdated, plan

# What others have changed is seen after this at the latest.
LOOK_S = 1.0
# How far the journal was read is stored so often where nothing else is.
SAVE_EVERY = timedelta(seconds=2)
# After a store that did not answer.
RETRY_S = 1.0


class Shard:
    """Works one part until it is to be left; all that it knows it reads anew at each begin."""

    def __init__(self, number: int, tools: Tools) -> None:
        self._number = number
        self._tools = tools
        self._stage = f"notify.{number}"
        self._news = asyncio.Event()
        self._woken = asyncio.Event()
        tools.feed.listen(self._news.set)
        tools.known.listen(self._news.set)

    def wake(self) -> None:
        """Have it look at once at what others have changed."""
        self._look_at = self._tools.clock.now()
        self._woken.set()

    async def work(self, leaving: asyncio.Event) -> None:
        """Read and send until `leaving`; then finish what is under way.

        Raises:
            LeaseLost: another instance has the part now.
            StoreDown: the store was away at the begin.
        """
        recorder = Recorder(self._tools.journal, self._tools.rows, self._tools.clock)
        self._lanes = Lanes(self._number, self._tools)
        self._sending = Sending(self._lanes, recorder, self._tools, self._woken.set)
        self._groups: dict[str, datetime] = {}
        self._version = -1
        self._look_at = self._tools.clock.now()
        await self._begin()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read_on(leaving), name=f"{self._stage} reading")
            tasks.create_task(self._until(leaving), name=f"{self._stage} leaving")
            while not leaving.is_set():
                await self._look()
                self._woken.clear()
                due_at = self._send(tasks)
                await self._wait(due_at)
        with contextlib.suppress(Outdated, StoreDown):
            # Else it is read once more by who has the part next.
            await self._save(self._position)

    async def _until(self, leaving: asyncio.Event) -> None:
        await leaving.wait()
        self._woken.set()
        self._news.set()

    # --- sending

    def _send(self, tasks: asyncio.TaskGroup) -> datetime | None:
        """Begin all that may go now; gives when the next may."""
        now, due = self._tools.clock.now(), []
        for place in self._lanes.places.values():
            step = place.lane.next(now)
            while isinstance(step, Go):
                place.lane.begin(step.deliveries)
                place.lane.window.add(now)
                tasks.create_task(self._sending.send(place, step.deliveries))
                step = place.lane.next(now)
            due.append(step.until)
        return min((one for one in due if one is not None), default=None)

    async def _wait(self, due_at: datetime | None) -> None:
        now = self._tools.clock.now()
        ends = [self._look_at, *([due_at] if due_at is not None else [])]
        timeout_s = max(0.0, min((one - now).total_seconds() for one in ends))
        try:
            async with asyncio.timeout(timeout_s):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _look(self) -> None:
        """See now and then what others have put there: retries, pauses, what they left."""
        now = self._tools.clock.now()
        with contextlib.suppress(StoreDown):
            for place in list(self._lanes.places.values()):
                await self._lanes.refill(place)
            if now >= self._look_at:
                self._look_at = now + timedelta(seconds=LOOK_S)
                if self._tools.known.has_any or self._lanes.places:
                    await self._lanes.take_up(self._limits)
                self._show()

    def _show(self) -> None:
        places, now = self._lanes.places.values(), self._tools.clock.now()
        figures, shard = self._tools.figures, str(self._number)
        figures.waiting.labels(shard).set(sum(one.total for one in places))
        held = [one for one in places if one.lane.is_paused or one.lane.breaker.is_open(now)]
        figures.held.labels(shard).set(len(held))

    @property
    def _limits(self) -> Mapping[str, Target]:
        return {one.destination: one for one in self._tools.known.of_shard(self._number)}

    # --- reading

    async def _begin(self) -> None:
        await self._look_up()
        await self._lanes.take_up(self._limits)

    async def _look_up(self) -> None:
        """See how far was read; what came after it has no deliveries yet."""
        async with self._tools.database.read() as conn:
            self._saved = await cursors.position(conn, self._stage)
        self._position = self._saved
        self._saved_at = self._tools.clock.now()
        self._is_outdated = False

    async def _read_on(self, leaving: asyncio.Event) -> None:
        while not leaving.is_set():
            self._news.clear()
            try:
                if self._is_outdated:
                    await self._tools.known.look()
                    await self._look_up()
                if not await self._read() and not leaving.is_set():
                    await self._news.wait()
            except Outdated:
                self._is_outdated = True
            except StoreDown:
                await self._tools.clock.sleep(RETRY_S)

    async def _read(self) -> bool:
        """Make the deliveries of what is new; whether there may be more."""
        tools = self._tools
        targets = tools.known.of_shard(self._number)
        if tools.known.version != self._version:
            self._version = tools.known.version
            # Nothing was made of what came after it: it is read by what is known now.
            self._position = self._saved
        if not targets:
            return False
        first = min(one.callback.from_seq for one in targets)
        # What is told while this one reads is not behind what it finds.
        newest = tools.feed.newest
        self._position = max(self._position, min(first, newest))
        if self._position >= newest:
            return False
        told = await tools.feed.read(self._position)
        if not told:
            self._position = newest
            return False
        now = tools.clock.now()
        await self._remember_groups(told, targets)
        new = [one for event in told for one in deliveries_of(event, targets, self._groups, now)]
        if new:
            await self._store(new, told[-1].seq)
        self._position = told[-1].seq
        if now >= self._saved_at + SAVE_EVERY:
            await self._save(self._position)
        return True

    async def _remember_groups(self, told: Sequence[Event], targets: Sequence[Target]) -> None:
        """Find out when groups went out last that this shard has not seen since its begin."""
        for target in targets:
            if target.callback.grouping is None:
                continue
            for key in {group_of(one, target) for one in told} - {*self._groups, None}:
                async with self._tools.database.read() as conn:
                    at = await deliveries.group_goes_at(conn, target.callback.id, key or "")
                if at is not None and key is not None:
                    self._groups[key] = at

    async def _store(self, new: Sequence[Delivery], through: int) -> None:
        """Store deliveries and how far was read, then send.

        Raises:
            Outdated: a callback was changed meanwhile; nothing is stored.
        """
        by_place: dict[str, list[Delivery]] = {}
        for one in new:
            by_place.setdefault(one.destination, []).append(one)
        limits, admitted = self._limits, list[tuple[Place, list[Delivery]]]()
        for destination, some in by_place.items():
            place = await self._lanes.place(destination, limits.get(destination))
            kept = [self._lanes.admitted(place, one, at) for at, one in enumerate(some)]
            admitted.append((place, kept))
        await self._move(through, [one for _, some in admitted for one in some])
        for place, some in admitted:
            self._lanes.feed(place, [one for one in some if one.state is DeliveryState.WAITING])
        self._woken.set()

    async def _save(self, through: int) -> None:
        """Store how far was read, where nothing came of it.

        Raises:
            Outdated: as `_move`.
        """
        if through > self._saved:
            await self._move(through, [])

    async def _move(self, through: int, new: Sequence[Delivery]) -> None:
        """Store deliveries together with how far was read for them.

        Raises:
            Outdated: somebody has changed a callback meanwhile; nothing is stored.
        """
        now = self._tools.clock.now()
        mark = callbacks.mark_of(self._tools.known.marks)

        after, to = self._saved, Position(self._stage, through, now)
        rows = self._tools.rows
        await self._tools.journal.append(
            [], also=lambda conn: plan(conn, rows, new, after, to, mark)
        )
        self._saved, self._saved_at = through, now
