"""Records in a file of bounded size, in which the oldest make room for the newest.

The newest are kept because the end of a log tells why a build failed.
"""

import os
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Place:
    offset: int
    length: int
    lines: int


class Ring:
    """Works on an open file, of which it uses the first `max_bytes`.

    What the file does not take or give back (a full disk) is lost like what had to make
    room; `lost_lines` counts both.
    """

    def __init__(self, fd: int, max_bytes: int) -> None:
        self.lost_lines = 0
        self._fd = fd
        self._max_bytes = max_bytes
        self._places: deque[_Place] = deque()
        self._next = 0

    def __len__(self) -> int:
        return len(self._places)

    def put(self, record: bytes, lines: int) -> None:
        """Keep `record`, which has so many lines."""
        place = self._make_room(len(record), lines)
        if place is None or not self._write(place, record):
            self.lost_lines += lines
            return
        self._places.append(place)
        self._next = place.offset + place.length

    def get(self) -> bytes | None:
        """The oldest record, which is then gone; None when there is none."""
        while self._places:
            place = self._places.popleft()
            try:
                record = os.pread(self._fd, place.length, place.offset)
            except OSError:
                record = b""
            if len(record) == place.length:
                return record
            self.lost_lines += place.lines
        return None

    def _make_room(self, length: int, lines: int) -> _Place | None:
        """Where `length` bytes go, whose former records are dropped; None when nowhere."""
        if length > self._max_bytes:
            return None
        if not self._places:
            # From the start, so that a buffer that is seldom needed stays small on the disk.
            self._next = 0
        elif self._next + length > self._max_bytes:
            # Records lie in the file in their order: what is behind this place is older.
            while self._places and self._places[0].offset >= self._next:
                self._drop()
            self._next = 0
        begin, end = self._next, self._next + length
        while self._places and begin <= self._places[0].offset < end:
            self._drop()
        return _Place(begin, length, lines)

    def _drop(self) -> None:
        self.lost_lines += self._places.popleft().lines

    def _write(self, place: _Place, record: bytes) -> bool:
        try:
            return os.pwrite(self._fd, record, place.offset) == place.length
        except OSError:
            return False
