"""Output passed on as it comes, unchanged and at once, with a copy for the sender."""

import os
import select
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from tocsin.running.child import Output
from tocsin.running.spool import Spool

_PIECE_BYTES = 256 * 1024
# A program in the background that kept the output open is not waited for.
_QUIET_S = 0.25
_DRAIN_S = 2.0
_LOOK_EVERY_S = 0.01


class Passing:
    """One output of the command, in a thread of its own."""

    def __init__(self, output: Output, spool: Spool) -> None:
        self._output = output
        self._spool = spool
        # Since when it has waited for output; None while it hands some on.
        self._idle_since: float | None = time.monotonic()
        # Nobody waits for a thread that reads from what never ends.
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wait(self, until: float) -> None:
        """Until the output has ended, or is quiet, or that time has come.

        What was read is handed on in any case, however slow our own reader is. It has been quiet
        from now on at most: last words may be in the pipe, and our thread have had no turn yet.
        """
        begun = time.monotonic()
        while self._thread.is_alive():
            now, idle_since = time.monotonic(), self._idle_since
            if idle_since is not None and now >= min(until, max(begun, idle_since) + _QUIET_S):
                return
            self._thread.join(_LOOK_EVERY_S)

    def _run(self) -> None:
        output = self._output
        # A pseudo-terminal ends with EIO. When it is our own output that nobody reads any more,
        # the command shall find out as it would have without us.
        # Python's own read would ask the system for so much memory each time.
        buffer = bytearray(_PIECE_BYTES)
        with suppress(OSError), memoryview(buffer) as room:
            while length := os.readv(output.source, [buffer]):
                self._idle_since = None
                now = time.time()
                data = bytes(room[:length])
                write_all(output.target, data)
                self._spool.put(output.kind, now, data)
                self._idle_since = time.monotonic()
        os.close(output.source)


def pass_on(outputs: Sequence[Output], spool: Spool) -> list[Passing]:
    """Begin to pass on each output."""
    passing = [Passing(output, spool) for output in outputs]
    for one in passing:
        one.start()
    return passing


def drain(passing: Sequence[Passing]) -> None:
    """Wait for what the command wrote before it ended; for a moment only."""
    until = time.monotonic() + _DRAIN_S
    for one in passing:
        one.wait(until)


def pass_input(master: int) -> None:
    """Hand what is typed to the command, until the end of either."""

    def carry() -> None:
        with suppress(OSError):
            while data := os.read(0, _PIECE_BYTES):
                write_all(master, data)

    threading.Thread(target=carry, daemon=True).start()


def write_all(target: int, data: bytes) -> None:
    """Write all of `data`, also to what somebody made non-blocking.

    Raises:
        OSError: nobody reads it.
    """
    left = memoryview(data)
    while left:
        try:
            left = left[os.write(target, left) :]
        except BlockingIOError:
            select.select([], [target], [])
