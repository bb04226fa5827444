"""What is new in the journal, for those who tell people of it: out of memory, else read back."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

import orjson

from tocsin.model.entry import Entry, read_out
from tocsin.model.event import Event
from tocsin.model.filters import EventFilter
from tocsin.notify.delivery.routes import is_never_told
from tocsin.store import events
from tocsin.store.database import Database

# How many of the newest are kept, how large one may be for that, and all of them: as JSON, which
# takes some ten times as much once it is read.
KEPT = 2_000
MAX_KEPT_BYTES = 65_536
MAX_BYTES = 4 * 1024 * 1024
# Events that are read at once.
PAGE = 500
# What another process has written is seen after this at the latest.
LOOK_S = 1.0


class Feed:
    """The newest events of this process, and a bell. Used from one event loop.

    Those that tell of deliveries nobody is told of; there is one for each try, so they are passed
    over as early as here.
    """

    def __init__(self, database: Database, newest: int, is_wanted: Callable[[], bool]) -> None:
        self._database = database
        self._is_wanted = is_wanted
        self._newest = newest
        # By seq, in its order: all there are from one seq through another, those left out that
        # tell of deliveries. Each is read once for all who send it.
        self._kept = _Newest()
        self._from, self._through = newest + 1, newest
        # By seq, what was read back lately: who makes a delivery of it wants it again to send it.
        self._read_back = _Newest()
        self._reading_back = asyncio.Lock()
        self._listeners: list[Callable[[], None]] = []

    @property
    def newest(self) -> int:
        """The highest seq that was heard of."""
        return self._newest

    def listen(self, heard: Callable[[], None]) -> None:
        """Have `heard` called whenever there is something new."""
        self._listeners.append(heard)

    def told(self, entries: Sequence[Entry]) -> None:
        """Take events that were just committed, here or elsewhere."""
        if not entries or entries[-1].seq <= self._newest:
            return
        wanted = [one for one in entries if not is_never_told(one.event)]
        # What another process committed before is on its way still, and comes too late to ring.
        has_overtaken = entries[0].seq > self._newest + 1
        if self._is_wanted():
            self._keep(entries, wanted)
        else:
            self._forget(entries[-1].seq)
        self._newest = entries[-1].seq
        if wanted or has_overtaken:
            self._ring()

    def _keep(self, entries: Sequence[Entry], wanted: Sequence[Entry]) -> None:
        if entries[0].seq != self._through + 1:
            self._forget(entries[0].seq - 1)
        sizes = [_size(one.event.data) for one in wanted]
        if any(size > MAX_KEPT_BYTES for size in sizes):
            # They are read back when they are wanted.
            self._forget(entries[-1].seq)
            return
        for one, size in zip(wanted, sizes, strict=True):
            self._kept.put(replace(one.event, data=one.data), size)
        self._through = entries[-1].seq
        self._from = max(self._from, self._kept.cut() + 1)

    def _forget(self, through: int) -> None:
        self._kept.clear()
        self._from, self._through = through + 1, through

    def _ring(self) -> None:
        for heard in self._listeners:
            heard()

    async def step(self) -> None:
        """Let time pass, then look for what nobody told of.

        Raises:
            StoreDown: the journal cannot be read.
        """
        await asyncio.sleep(LOOK_S)
        async with self._database.read() as conn:
            newest = await events.newest_seq(conn)
        if newest > self._newest:
            self._newest = newest
            self._ring()

    def kept(self, seq: int) -> Event | None:
        """An event that is in memory; None when it is to be read back."""
        found = self._kept.get(seq)
        return self._read_back.get(seq) if found is None else found

    async def read(self, after: int) -> Sequence[Event]:
        """The events behind `after`, in order, at most `PAGE`, with `data` as it was said.

        Raises:
            StoreDown: the journal cannot be read.
        """
        # What was found by looking alone is not among them.
        if self._from <= after + 1 and self._through == self._newest:
            return self._kept.behind(after)
        async with self._database.read() as conn:
            page = await events.page(conn, EventFilter(), PAGE, after_seq=after, is_ascending=True)
        return self._keep_back(page.items)

    async def read_back(self, seq: int, next_ones: Sequence[int]) -> Event | None:
        """An event that is not in memory; None when it is not there any more.

        Those that are wanted next are read with it, so that each is not read by itself.

        Raises:
            StoreDown: the journal cannot be read.
        """
        async with self._reading_back:
            # Whoever came first may have read it already.
            found = self.kept(seq)
            if found is not None:
                return found
            seqs = {seq, *(one for one in next_ones if self.kept(one) is None)}
            async with self._database.read() as conn:
                read = self._keep_back(await events.with_seqs(conn, seqs))
        return next((one for one in read if one.seq == seq), None)

    def _keep_back(self, read: Sequence[Event]) -> Sequence[Event]:
        """What was read back as it was said; what is not too large is kept."""
        found = [read_out(one) for one in read]
        for one, told in zip(read, found, strict=True):
            size = _size(one.data)
            if size <= MAX_KEPT_BYTES and not is_never_told(one):
                self._read_back.put(told, size)
        self._read_back.cut()
        return found


class _Newest:
    """Events by seq, in the order in which they came, as many as may be kept."""

    def __init__(self) -> None:
        self._events: dict[int, Event] = {}
        self._sizes: dict[int, int] = {}
        self._bytes = 0

    def put(self, event: Event, size: int) -> None:
        """Keep one; `size` is that of its data as JSON."""
        self._bytes += size - self._sizes.get(event.seq, 0)
        self._events[event.seq], self._sizes[event.seq] = event, size

    def get(self, seq: int) -> Event | None:
        return self._events.get(seq)

    def behind(self, after: int) -> Sequence[Event]:
        """The first `PAGE` of those with a higher seq, where they came in its order."""
        newer = list(takewhile(lambda one: one.seq > after, reversed(self._events.values())))
        return newer[: -PAGE - 1 : -1]

    def cut(self) -> int:
        """Forget what came first and is too much; gives the last seq of that, 0 if nothing is."""
        last = 0
        while len(self._events) > KEPT or self._bytes > MAX_BYTES:
            last = next(iter(self._events))
            del self._events[last]
            self._bytes -= self._sizes.pop(last)
        return last

    def clear(self) -> None:
        self._events.clear()
        self._sizes.clear()
        self._bytes = 0


def _size(data: Any) -> int:
    # JSON as it is kept is copied, not written.
    return len(orjson.dumps(data))
