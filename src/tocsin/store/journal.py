"""The journal: all events in commit order, appended in groups that share one commit.

While the writer commits one group, the next gathers; a caller alone is not made to wait for
company. An answer comes only once the commit is on the disk.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram
from sqlalchemy import Connection

from tocsin.errors import StoreDown
from tocsin.model.entry import Entry
from tocsin.model.event import NewEvent, Receipt
from tocsin.store.append import Appended, Appender
from tocsin.store.database import Database
from tocsin.store.fence import fenced_also

T = TypeVar("T")
# What it gives is nobody's.
Also = Callable[[Connection], object]


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a group may grow, and how much may be in hand before callers are sent away.

    A group is closed once it has `batch_max_events`; the last caller's may go beyond.
    """

    batch_max_events: int = 512
    queue_max_events: int = 100_000


@dataclass(frozen=True, slots=True)
class Call:
    """What one caller wants appended, all of it or nothing."""

    events: Sequence[NewEvent]
    also: Also | None
    answer: "asyncio.Future[list[Receipt]]"


class Journal:
    """Appends events; `on_commit` is given them, in order of seq, in the event loop's thread."""

    def __init__(
        self,
        database: Database,
        appender: Appender,
        limits: Limits,
        on_commit: Callable[[Sequence[Entry]], None],
        registry: CollectorRegistry,
    ) -> None:
        self._database = database
        self._appender = appender
        self.limits = limits
        self._on_commit = on_commit
        self._waiting: deque[Call] = deque()
        self._waiting_events = 0
        self._in_hand = 0
        self._loop = asyncio.get_running_loop()
        self._appended = Counter(
            "tocsin_journal_events", "Events appended to the journal.", registry=registry
        )
        self._batch = Histogram(
            "tocsin_journal_batch_events",
            "Events that shared one commit.",
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024),
            registry=registry,
        )

    @property
    def waiting_events(self) -> int:
        """How many events wait for their commit, those of the group in hand included."""
        return self._waiting_events

    async def append(self, events: Sequence[NewEvent], also: Also | None = None) -> list[Receipt]:
        """Append `events` in one transaction, together with what `also` writes; a receipt each.

        An event whose `dedupe` key is known is not stored again and gets the first receipt.

        Raises:
            StoreDown: nothing of it is stored.
        """
        # One alone may be larger: it would never be stored, however often its sender tries.
        if self._waiting and (self._waiting_events + len(events) > self.limits.queue_max_events):
            raise StoreDown(
                "Too much is waiting to be stored; nothing was stored.", retry_after_s=1
            )
        answer: asyncio.Future[list[Receipt]] = self._loop.create_future()
        self._waiting.append(Call(events, fenced_also(also), answer))
        self._waiting_events += len(events)
        self._drain()
        return await answer

    async def remove(self, work: Callable[[Connection], T]) -> T:
        """Run `work`, which takes away what was folded from events, and forget it here too.

        Raises:
            StoreDown: nothing of it is done.
        """

        def both(conn: Connection) -> T:
            self._appender.forget(conn)
            return work(conn)

        return await self._database.write(both)

    def _drain(self) -> None:
        """Have the writer take what waits, unless it is busy; runs in the event loop's thread."""
        if self._waiting and not self._in_hand:
            self._hand_over([], self._gather)

    def _hand_over(self, group: list[Call], gather: Callable[[list[Call]], None]) -> None:
        self._in_hand += 1
        work = partial(self._write, group, gather)
        future = self._database.writer.submit(work, then=self._appender.committed)
        future.add_done_callback(
            lambda done: self._loop.call_soon_threadsafe(self._settle, group, done)
        )

    def _gather(self, group: list[Call]) -> None:
        """Fill the group; runs in the writer's thread, once it comes to its turn.

        Until then a busy event loop may have held the interpreter for some milliseconds and
        taken in a dozen more calls, which so share this commit.
        """
        size = 0
        with suppress(IndexError):  # nobody waits any more
            while size < self.limits.batch_max_events:
                entry = self._waiting.popleft()
                group.append(entry)
                size += len(entry.events)

    def _write(
        self, group: list[Call], gather: Callable[[list[Call]], None], conn: Connection
    ) -> Appended:
        """The group's transaction; runs in the writer's thread."""
        gather(group)
        appended = self._appender.append(conn, [entry.events for entry in group])
        for entry in group:
            if entry.also is not None:
                entry.also(conn)
        return appended

    def _settle(self, group: list[Call], done: "Future[Appended]") -> None:
        """Answer the group's callers and start the next group; in the event loop's thread."""
        self._in_hand -= 1
        error = done.exception()
        if error is not None and not isinstance(error, StoreDown) and len(group) > 1:
            # One of them cannot be stored; the others must not suffer for it.
            for entry in group:
                self._hand_over([entry], lambda _group: None)
            return
        if error is not None and not group:
            # It failed before anything was gathered: what waits is what is refused. Nothing else
            # is in hand then, so nobody takes out of it meanwhile.
            group.extend(self._waiting)
            self._waiting.clear()
        self._waiting_events -= sum(len(entry.events) for entry in group)
        if error is None:
            self._answer(group, done.result())
        else:
            for entry in group:
                if not entry.answer.done():
                    entry.answer.set_exception(error)
        self._drain()

    def _answer(self, group: list[Call], appended: Appended) -> None:
        for entry, receipts in zip(group, appended.receipts, strict=True):
            if not entry.answer.done():
                entry.answer.set_result(receipts)
        self._appended.inc(len(appended.entries))
        self._batch.observe(sum(len(entry.events) for entry in group))
        if appended.entries:
            self._on_commit(appended.entries)
