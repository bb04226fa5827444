"""The buffer between the command and the sender: bounded, and never waited for.

As long as the sender keeps up, everything stays in memory. Else it goes to a file without a
name, which nobody else can open and which is gone with the process, however that ends: it holds
output as it came, with its secrets.
"""

import tempfile
from pathlib import Path
from threading import Condition, Event
from typing import IO

from tocsin.running.frames import Frame, Kind, gap
from tocsin.running.ring import Ring

MAX_BYTES = 64 * 1024 * 1024
_MAX_MEMORY_BYTES = 256 * 1024
# Pieces so close in time become one: a program that flushes each line is not thousands of frames.
_JOIN_S = 0.02
# And so long they gather: to hand on each of them would cost more than a build has to spare.
_GATHER_S = 0.05
_MAX_FRAME_BYTES = 64 * 1024


class Spool:
    """Many threads put pieces in, one takes them out. `lines` counts line ends put in."""

    def __init__(self, max_bytes: int = MAX_BYTES, folder: Path | None = None) -> None:
        self.lines = 0
        self._changed = Condition()
        self._closed = Event()
        self._joining: list[bytes] = []
        self._joining_bytes = 0
        self._joined_as: tuple[Kind, float] | None = None
        self._frames: list[bytes] = []
        self._frames_bytes = 0
        self._frames_lines = 0
        self._file = _nameless(folder)
        # Without a file the ring has no room, and what memory does not hold is lost.
        fd, room_bytes = (self._file.fileno(), max_bytes) if self._file else (-1, 0)
        self._ring = Ring(fd, room_bytes)

    def put(self, kind: Kind, at: float, data: bytes) -> None:
        """Take a piece of output; never waits. After `close` it is ignored."""
        lines = data.count(b"\n")
        with self._changed:
            if self._closed.is_set():
                return
            self.lines += lines
            self._join(kind, at, data)
            self._frames_lines += lines
            if self._frames_bytes > _MAX_MEMORY_BYTES:
                self._spill()
            self._changed.notify()

    def close(self) -> None:
        """No more is coming."""
        with self._changed:
            self._closed.set()
            self._changed.notify()

    def take(self) -> bytes | None:
        """The oldest pieces, as frames; waits for some, None when all is taken after `close`."""
        with self._changed:
            while not (self._ring or self._frames or self._joining):
                if self._closed.is_set():
                    return None
                self._changed.wait()
            if not self._ring:
                return self._with_gap(self._from_memory())
            record = self._ring.get()
            return self._with_gap(self._from_memory() if record is None else record)

    def gather(self) -> None:
        """Wait a moment for more, unless there is much already or no more is coming."""
        if not self._ring:
            self._closed.wait(_GATHER_S)

    def clean_up(self) -> None:
        """Give the disk's space back."""
        if self._file is not None:
            self._file.close()

    def _join(self, kind: Kind, at: float, data: bytes) -> None:
        begun = self._joined_as
        if begun is not None:
            is_near = 0 <= at - begun[1] < _JOIN_S
            if begun[0] is not kind or not is_near or self._joining_bytes > _MAX_FRAME_BYTES:
                self._end_frame()
        if self._joined_as is None:
            self._joined_as = (kind, at)
        self._joining.append(data)
        self._joining_bytes += len(data)
        if self._joining_bytes > _MAX_FRAME_BYTES:
            self._end_frame()

    def _end_frame(self) -> None:
        if self._joined_as is None:
            return
        frame = Frame(*self._joined_as, b"".join(self._joining)).packed()
        self._frames.append(frame)
        self._frames_bytes += len(frame)
        self._joined_as, self._joining, self._joining_bytes = None, [], 0

    def _spill(self) -> None:
        lines = self._frames_lines
        self._ring.put(self._from_memory(), lines)

    def _from_memory(self) -> bytes:
        self._end_frame()
        taken = b"".join(self._frames)
        self._frames, self._frames_bytes, self._frames_lines = [], 0, 0
        return taken

    def _with_gap(self, frames: bytes) -> bytes:
        lost, self._ring.lost_lines = self._ring.lost_lines, 0
        return gap(lost, 0.0).packed() + frames if lost else frames


def _nameless(folder: Path | None) -> IO[bytes] | None:
    try:
        return tempfile.TemporaryFile(prefix="tocsin-", dir=folder, buffering=0)
    except OSError:
        return None
