"""One timer for all that live connections do by the clock: heartbeats, limits, time-outs."""

import asyncio
from collections import deque
from collections.abc import Callable

from tocsin.live.wheel import Wheel

# Called at its time; a returned time is when it wants to be called next.
Beat = Callable[[float], float | None]


class Pulse:
    """Calls what has come up; times are those of the event loop's clock.

    Late by up to `resolution_s`, and never early. At most `MAX_AT_ONCE` are called in a row, so
    that the heartbeats of ten thousand sockets do not hold up what they would wait for.
    """

    MAX_AT_ONCE = 500

    def __init__(self, resolution_s: float = 0.1) -> None:
        self._wheel: Wheel[Beat] = Wheel(resolution_s)
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.Handle | None = None
        self._timer_at = 0.0
        self._left: deque[Beat] = deque()

    def at(self, when: float, beat: Beat) -> None:
        """Have `beat` called at `when`."""
        self._wheel.add(beat, when)
        self._set()

    def after(self, delay_s: float, beat: Beat) -> None:
        """Have `beat` called in `delay_s` seconds."""
        self.at(self._loop.time() + delay_s, beat)

    def stop(self) -> None:
        """Call nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._wheel = Wheel(1.0)
        self._left.clear()

    def _set(self) -> None:
        """Have the timer go off for what comes up next."""
        next_at = 0.0 if self._left else self._wheel.next_at
        if next_at is None or (self._timer is not None and self._timer_at <= next_at):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_at = self._loop.call_at(next_at, self._turn), next_at

    def _turn(self) -> None:
        self._timer = None
        now = self._loop.time()
        if not self._left:
            self._left.extend(self._wheel.take(now))
        room = self.MAX_AT_ONCE
        try:
            while self._left and room:
                room -= 1
                beat = self._left.popleft()
                again_at = beat(now)
                if again_at is not None:
                    self._wheel.add(beat, again_at)
        finally:
            # One that fails is the event loop's to tell of; the others go on.
            self._set()
