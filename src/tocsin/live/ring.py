"""The newest events, kept in memory for those who come back within a moment. Pure."""

from collections import deque
from collections.abc import Sequence

import orjson

from tocsin.model.entry import Entry

MAX_ENTRIES = 2_000
MAX_BYTES = 8 * 1024 * 1024


class Ring:
    """Everything after `floor`, up to the newest."""

    def __init__(self, floor: int) -> None:
        self.floor = floor
        self._entries: deque[tuple[Entry, int]] = deque()
        self._bytes = 0

    def add(self, entries: Sequence[Entry]) -> None:
        """Keep `entries`, which follow on the newest, and let go of the oldest."""
        for entry in entries:
            size = len(orjson.dumps(entry.event.data))
            self._entries.append((entry, size))
            self._bytes += size
        while len(self._entries) > MAX_ENTRIES or self._bytes > MAX_BYTES:
            dropped, size = self._entries.popleft()
            self._bytes -= size
            self.floor = dropped.seq

    def after(self, seq: int) -> Sequence[Entry] | None:
        """The events after `seq`, oldest first; None when some of them are no longer here."""
        if seq < self.floor:
            return None
        found: list[Entry] = []
        for entry, _ in reversed(self._entries):
            if entry.seq <= seq:
                break
            found.append(entry)
        found.reverse()
        return found
