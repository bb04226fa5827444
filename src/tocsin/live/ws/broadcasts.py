"""Tell all clients of `/ws` what is not stored: figures, services, alerts, log lines.

Each message is put into bytes once for all who want the same of it. Long lists of clients are
gone through in slices, so that nobody else is held up.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Protocol

import structlog

from tocsin.clock import Clock
from tocsin.edge.frames import text_frame
from tocsin.live.pulse import Pulse
from tocsin.live.ws.encoding import encode
from tocsin.live.ws.log_joiner import LogJoiner
from tocsin.live.ws.metrics import WsMetrics
from tocsin.live.ws.server_messages import BROADCAST_TYPES, Broadcast, LogEntry
from tocsin.live.ws.subscription import Subscription

# So many writes are made in a row; then it is somebody else's turn.
SLICE = 500

log = structlog.get_logger(__name__)


class Listener(Protocol):
    """A connection that may get broadcasts."""

    @property
    def subscription(self) -> Subscription: ...

    def give(self, frame: bytes) -> None:
        """Write to this one."""
        ...


class Broadcasts:
    """The entrance for parts that have something to say to everybody. Used from one loop."""

    def __init__(self, clock: Clock, pulse: Pulse, metrics: WsMetrics) -> None:
        self._clock = clock
        self._pulse = pulse
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._listeners: dict[Listener, None] = {}
        self._joiner = LogJoiner()
        self._joins = False
        self._count = 0
        self._leaving: deque[_Leaving] = deque()

    def add(self, listener: Listener) -> None:
        """Give it what is broadcast from now on."""
        self._listeners[listener] = None

    def remove(self, listener: Listener) -> None:
        """Give it nothing more; idempotent."""
        self._listeners.pop(listener, None)

    def next_id(self, kind: str) -> str:
        """The id of a message that is not stored: `status_update` gives `status_7`."""
        self._count += 1
        return f"{kind.partition('_')[0]}_{self._count}"

    def say(self, data: Broadcast) -> None:
        """Tell all who want it."""
        if not self._listeners:
            return
        kind = BROADCAST_TYPES[type(data)]
        is_idle = not self._leaving
        frames = _Frames(kind, data, self.next_id(kind), self._clock)
        self._leaving.append(_Leaving(kind, frames, deque(self._listeners)))
        if is_idle:
            self._write_slice()

    def say_lines(self, file_name: str, entries: Iterable[LogEntry]) -> None:
        """Tell lines of a log file, joined with others to at most 5 messages a second."""
        if self._listeners:
            self._joiner.add(file_name, entries)
            if not self._joins:
                self._join(self._loop.time())

    def _join(self, now: float) -> float | None:
        """Say what may leave; when there is more, that is when to be called again."""
        update = self._joiner.take(now)
        if update is not None:
            self.say(update)
        next_at = self._joiner.next_at
        if next_at is not None and not self._joins:
            self._joins = True
            self._pulse.at(next_at, self._join_again)
        return next_at

    def _join_again(self, now: float) -> float | None:
        next_at = self._join(now)
        self._joins = next_at is not None
        return next_at

    def _write_slice(self) -> None:
        left = SLICE
        while self._leaving and left > 0:
            leaving = self._leaving[0]
            while leaving.to and left > 0:
                left -= 1
                listener = leaving.to.popleft()
                if listener in self._listeners:
                    leaving.give(listener)
            if not leaving.to:
                self._leaving.popleft()
                self._note(leaving)
        if self._leaving:
            self._loop.call_soon(self._write_slice)

    def _note(self, leaving: "_Leaving") -> None:
        self._metrics.broadcast(leaving.kind, leaving.count)
        # Log lines may come five times a second, all day.
        if leaving.kind == "log_update":
            log.debug("broadcast", type=leaving.kind, clients=leaving.count)
        else:
            log.info("broadcast", type=leaving.kind, clients=leaving.count)


class _Frames:
    """One message in the forms in which it goes out."""

    def __init__(self, kind: str, data: Broadcast, broadcast_id: str, clock: Clock) -> None:
        self._kind = kind
        self._data = data
        self._id = broadcast_id
        self._at = clock.now()
        self._whole: bytes | None = None
        self._known: dict[Subscription, bytes | None] = {}

    def of(self, subscription: Subscription) -> bytes | None:
        """What goes to who wants this; None is nothing."""
        if subscription not in self._known:
            self._known[subscription] = self._made_for(subscription)
        return self._known[subscription]

    def _made_for(self, subscription: Subscription) -> bytes | None:
        fitting = subscription.fitting(self._data)
        if fitting is None:
            return None
        if fitting is not self._data:
            return self._encoded(fitting)
        if self._whole is None:
            self._whole = self._encoded(fitting)
        return self._whole

    def _encoded(self, data: Broadcast) -> bytes:
        return text_frame(encode(self._kind, data, self._at, broadcast_id=self._id))


class _Leaving:
    """A message on its way out, and to whom it has yet to go."""

    __slots__ = ("_frames", "count", "kind", "to")

    def __init__(self, kind: str, frames: _Frames, to: deque[Listener]) -> None:
        self.kind = kind
        self.to = to
        self.count = 0
        self._frames = frames

    def give(self, listener: Listener) -> None:
        frame = self._frames.of(listener.subscription)
        if frame is not None:
            self.count += 1
            listener.give(frame)
