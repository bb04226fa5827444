"""One part of the destinations: send what waits for them, whenever it may go.

Who works a shard has its lease, so of each destination one instance alone knows the order, the pace
and the breaker.
"""

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping
from datetime import datetime, timedelta

from tocsin.errors import LeaseLost, StoreDown
from tocsin.notify.delivery.lane import Go
from tocsin.notify.delivery.lanes import Lanes
from tocsin.notify.delivery.reading import Bells, Reading
from tocsin.notify.delivery.recorder import Recorder
from tocsin.notify.delivery.sending import Sending
from tocsin.notify.delivery.tools import Tools
from tocsin.notify.known import Target

# What others have changed is seen after this at the latest.
LOOK_S = 1.0


class Shard:
    """Works one part until it is to be left; all that it knows it reads anew at each begin."""

    def __init__(self, number: int, tools: Tools) -> None:
        self._number = number
        self._tools = tools
        self._news = asyncio.Event()
        self._woken = asyncio.Event()
        self._to_look = asyncio.Event()
        self._wakes = self._seen_wakes = 0
        tools.feed.listen(self._news.set)
        tools.known.listen(self._news.set)
        # What waits may have to go elsewhere now.
        tools.known.listen(self.wake)

    def wake(self) -> None:
        """Have it look at once at what others have changed, before it sends anything more."""
        self._wakes += 1
        self._look_at = self._tools.clock.now()
        self._to_look.set()

    async def work(self, leaving: asyncio.Event) -> None:
        """Read and send until `leaving`; then finish what is under way.

        Raises:
            LeaseLost: another instance has the part now.
            StoreDown: the store was away at the begin.
        """
        tools = self._tools
        recorder = Recorder(tools.database, tools.journal, tools.rows, tools.clock)
        self._lanes = Lanes(self._number, tools)
        self._sending = Sending(self._lanes, recorder, tools, self._woken.set)
        self._look_at = tools.clock.now()
        bells = Bells(self._news, self._woken, self._to_look, leaving)
        reading = Reading(self._number, tools, self._lanes, bells)
        await reading.begin()
        await self._lanes.take_up(self._limits)
        try:
            async with asyncio.TaskGroup() as tasks:
                self._begin(tasks, "recording", recorder.store_on(self._sending.recorded))
                await self._read_and_send(reading, leaving)
                recorder.end()
        except BaseExceptionGroup as group:
            if group.subgroup(LeaseLost) is None:
                raise
            raise LeaseLost("Another instance has this part now.") from group

    async def _read_and_send(self, reading: Reading, leaving: asyncio.Event) -> None:
        """Until all that is under way has ended, after `leaving`."""
        async with asyncio.TaskGroup() as tasks:
            self._begin(tasks, "reading", reading.read_on())
            self._begin(tasks, "storing", reading.store_on())
            self._begin(tasks, "looking", self._look_on(leaving))
            self._begin(tasks, "leaving", self._until(leaving))
            while not leaving.is_set():
                self._woken.clear()
                due_at = self._send(tasks) if self._seen_wakes == self._wakes else None
                await self._wait_for(self._woken, due_at)

    def _begin(
        self, tasks: asyncio.TaskGroup, name: str, work: Coroutine[None, None, None]
    ) -> None:
        tasks.create_task(work, name=f"notify.{self._number} {name}")

    async def _until(self, leaving: asyncio.Event) -> None:
        await leaving.wait()
        for one in (self._woken, self._to_look, self._news):
            one.set()

    async def _wait_for(self, bell: asyncio.Event, at: datetime | None) -> None:
        """Until it rings, and until then at the latest."""
        wait_s = None
        if at is not None:
            wait_s = max(0.0, (at - self._tools.clock.now()).total_seconds())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await bell.wait()

    def _send(self, tasks: asyncio.TaskGroup) -> datetime | None:
        """Begin all that may go now; gives when the next may."""
        now, due, sent = self._tools.clock.now(), [], []
        for place in self._lanes.places.values():
            step = place.lane.next(now)
            while isinstance(step, Go):
                place.lane.begin(step.deliveries)
                place.lane.count(now)
                tasks.create_task(self._sending.send(place, step.deliveries))
                if place.is_low:
                    self._to_look.set()
                if place.lane.account is not None:
                    sent.append(place)
                step = place.lane.next(now)
            due.append(step.until)
        self._lanes.put_last(sent)
        return min((one for one in due if one is not None), default=None)

    # --- looking

    async def _look_on(self, leaving: asyncio.Event) -> None:
        """See now and then what others have put there: retries, pauses, what they left."""
        while not leaving.is_set():
            self._to_look.clear()
            with contextlib.suppress(StoreDown):
                await self._look()
            self._woken.set()
            await self._wait_for(self._to_look, self._look_at)

    async def _look(self) -> None:
        now, wakes = self._tools.clock.now(), self._wakes
        is_due = now >= self._look_at
        if is_due:
            self._look_at = now + timedelta(seconds=LOOK_S)
        for place in list(self._lanes.places.values()):
            await self._lanes.refill(place)
        if is_due:
            if self._tools.known.has_any or self._lanes.places:
                is_asked = wakes != self._seen_wakes
                await self._lanes.take_up(self._limits, is_asked=is_asked)
            self._seen_wakes = wakes
            self._show()

    def _show(self) -> None:
        places, now = self._lanes.places.values(), self._tools.clock.now()
        figures, shard = self._tools.figures, str(self._number)
        figures.waiting.labels(shard).set(sum(one.total for one in places))
        held = [one for one in places if one.lane.is_paused or one.lane.breaker.is_open(now)]
        by_people = [one for one in held if one.destination.paused_by]
        figures.held.labels(shard).set(len(held) - len(by_people))
        figures.paused.labels(shard).set(len(by_people))

    @property
    def _limits(self) -> Mapping[str, Target]:
        return {one.destination: one for one in self._tools.known.of_shard(self._number)}
