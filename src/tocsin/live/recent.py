"""The newest events, read from the journal once and encoded once, for all who are connected."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import orjson

from tocsin.bus.bell import Bell
from tocsin.live.offset import Offset
from tocsin.model.cloudevent import event_json
from tocsin.model.event import Event
from tocsin.model.filters import EventFilter
from tocsin.store import events as stored
from tocsin.store.database import Database

PAGE = 500
# How long an event written by another process may stay unseen.
LOOK_S = 1.0
MAX_EVENTS = 5_000
MAX_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Encoded:
    """An event, and the message of it that all streams send."""

    event: Event
    message: bytes


def encode(epoch: str, event: Event) -> Encoded:
    """`event` as a message of an event stream."""
    return Encoded(event, message_of(Offset(epoch, event.seq), event.type, event_json(event)))


def message_of(offset: Offset, kind: str, data: object) -> bytes:
    """One message of an event stream; JSON has no line ends, a sender's type may."""
    name = " ".join(kind.split())
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (
        str(offset).encode(),
        name.encode(),
        orjson.dumps(data),
    )


class Recent:
    """Follows the journal; `bell` rings once an event can be had here."""

    def __init__(self, database: Database, committed: Bell, epoch: str, newest: int) -> None:
        self.epoch = epoch
        self.bell = Bell()
        self.bell.ring(newest)
        self._database = database
        self._committed = committed
        self._kept: deque[Encoded] = deque()
        self._bytes = 0
        self._floor = newest
        self._followers = 0

    @property
    def newest(self) -> int:
        """The last event looked at."""
        return self.bell.newest

    @property
    def floor(self) -> int:
        """Everything after this seq is here."""
        return self._floor

    def after(self, seq: int) -> Sequence[Encoded] | None:
        """The events after `seq`, oldest first; None when some of them are no longer here."""
        if seq < self._floor:
            return None
        found: list[Encoded] = []
        for one in reversed(self._kept):
            if one.event.seq <= seq:
                break
            found.append(one)
        found.reverse()
        return found

    @contextmanager
    def followed(self) -> Iterator[None]:
        """While somebody is connected; from here on nothing is passed over."""
        self._followers += 1
        try:
            yield
        finally:
            self._followers -= 1

    async def step(self) -> None:
        """Wait for new events, and take them up."""
        await self._committed.wait(self.newest, LOOK_S)
        if not self._followers:
            self._pass_over()
            return
        is_more = True
        while is_more:
            async with self._database.read() as conn:
                page = await stored.page(
                    conn, EventFilter(), PAGE, after_seq=self.newest, is_ascending=True
                )
            for event in page.items:
                self._keep(encode(self.epoch, event))
            if page.items:
                self.bell.ring(page.items[-1].seq)
            is_more = page.is_more

    def _pass_over(self) -> None:
        """Nobody is connected: reading and encoding would cost half as much as storing did."""
        self._kept.clear()
        self._bytes = 0
        self._floor = max(self._floor, self._committed.newest)
        self.bell.ring(self._floor)

    def _keep(self, one: Encoded) -> None:
        self._kept.append(one)
        self._bytes += len(one.message)
        while len(self._kept) > MAX_EVENTS or self._bytes > MAX_BYTES:
            dropped = self._kept.popleft()
            self._bytes -= len(dropped.message)
            self._floor = dropped.event.seq
