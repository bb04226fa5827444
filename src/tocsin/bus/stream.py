"""The bell between instances: a stream in Redis that each writes its commits to, and each reads.

It only rings. A message lost, doubled, late or out of order delays an event by no more than the
look that everybody takes at the journal by itself; so nothing here is tried twice.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from tocsin.bus.connection import Connection, Pause
from tocsin.bus.figures import Figures
from tocsin.bus.message import (
    Fields,
    Heard,
    Sender,
    Unreadable,
    messages_of,
    read_message,
    sender_of,
)
from tocsin.clock import Clock
from tocsin.errors import BusDown, Reason
from tocsin.model.entry import Entry
from tocsin.settings.schema import BusSettings

# Messages that may wait to be sent, at 256 KiB each at most: what Redis does not take within a
# moment, the others read from the journal.
MAX_WAITING: Final = 256
# In one go, each way.
SENT_AT_ONCE: Final = 64
READ_AT_ONCE: Final = 64
# After a silence of so long it is looked whether the stream is still the one that was read.
SILENCE_MS: Final = 1_000

# The id before all others.
NOTHING: Final = b"0-0"


class Stream:
    """Tells what this instance commits, and hears what others do.

    `heard` is given their events, in order of seq within a message. `look` is called when there
    is, or may be, something that only the journal tells. Used from one event loop.
    """

    def __init__(
        self,
        connection: Connection,
        settings: BusSettings,
        sender: Sender,
        clock: Clock,
        figures: Figures,
        *,
        heard: Callable[[Sequence[Entry]], None],
        look: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._name = settings.stream
        self._max_entries = settings.stream_max_entries
        self._sender = sender
        self._clock = clock
        self._figures = figures
        self._heard = heard
        self._look = look
        self._waiting: deque[Fields] = deque()
        self._is_waiting = asyncio.Event()
        # The id of the last message that was read; None: it is to be found anew.
        self._place: bytes | None = None
        self._sending = Pause(clock)
        self._hearing = Pause(clock)

    # --- what is told

    def publish(self, entries: Sequence[Entry]) -> None:
        """Tell the others of a commit, soon; never waits, never fails."""
        for fields in messages_of(self._sender, entries, self._clock.now()):
            if len(self._waiting) >= MAX_WAITING:
                self._figures.dropped.labels("full").inc()
            else:
                self._waiting.append(fields)
        self._is_waiting.set()

    async def send_step(self) -> None:
        """Send what waits, as soon as there is something.

        Raises:
            BusDown: Redis refuses to take it.
        """
        await self._is_waiting.wait()
        batch = [self._waiting.popleft() for _ in range(min(SENT_AT_ONCE, len(self._waiting)))]
        if not self._waiting:
            self._is_waiting.clear()
        if not batch:
            return
        try:
            await self._send(batch)
        except BusDown as error:
            self._figures.dropped.labels("down").inc(len(batch))
            if error.reason is not Reason.BUS_DOWN:
                raise
            await self._sending.after_failure()
            # Old news once Redis is back: who hears again looks at the journal first.
            self._figures.dropped.labels("down").inc(len(self._waiting))
            self._waiting.clear()
            self._is_waiting.clear()
        else:
            self._figures.sent.inc(len(batch))
            self._sending.reset()

    async def _send(self, batch: Sequence[Fields]) -> None:
        async with self._connection.commands() as redis, redis.pipeline(transaction=False) as pipe:
            for fields in batch:
                told: dict[Any, Any] = {**fields}
                pipe.xadd(self._name, told, maxlen=self._max_entries, approximate=True)
            await pipe.execute()

    # --- what is heard

    async def hear_step(self) -> None:
        """Hand on what comes next, or find out that nothing does.

        Raises:
            BusDown: Redis refuses to tell.
        """
        try:
            if self._place is None:
                self._place = await self._newest()
                # Whatever was told before stands in the journal by now.
                self._look()
            messages = await self._read(self._place)
        except BusDown as error:
            self._place = None
            if error.reason is not Reason.BUS_DOWN:
                raise
            await self._hearing.after_failure()
            return
        self._hearing.reset()
        if not messages:
            await self._check_place()
        for place, fields in messages:
            self._place = place
            self._take(fields)

    async def _newest(self) -> bytes:
        async with self._connection.commands() as redis:
            # Any: the library's types name all forms that its answers could have.
            found: Any = await redis.xrevrange(self._name, count=1)
        return found[0][0] if found else NOTHING

    async def _read(self, place: bytes) -> list[tuple[bytes, Fields]]:
        async with self._connection.commands() as redis:
            found: Any = await redis.xread(
                {self._name: place}, count=READ_AT_ONCE, block=SILENCE_MS
            )
        return next(iter(found.values()), [])

    async def _check_place(self) -> None:
        """Begin anew if the stream was emptied: its ids may be lower than before."""
        with suppress(BusDown):
            newest = await self._newest()
            if newest not in (self._place, NOTHING):
                self._place = None

    def _take(self, fields: Fields) -> None:
        try:
            sender = sender_of(fields)
            if sender == self._sender:
                return
            self._figures.received.inc()
            if sender.epoch != self._sender.epoch:
                self._figures.dropped.labels("foreign").inc()
                return
            message = read_message(fields)
        except Unreadable:
            self._figures.dropped.labels("unreadable").inc()
            self._look()
            return
        self._hand_on(message)

    def _hand_on(self, message: Heard) -> None:
        lag_s = (self._clock.now() - message.sent_at).total_seconds()
        self._figures.lag.observe(max(0.0, lag_s))
        if message.entries is None:
            self._look()
        else:
            self._heard(message.entries)
