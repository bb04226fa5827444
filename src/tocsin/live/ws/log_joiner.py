"""Join lines of log files into few messages: at most 5 a second, however many lines come.

Pure. The first lines leave at once, what follows waits for its turn; files take turns.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from tocsin.live.ws.server_messages import LogEntry, LogUpdate

EVERY_S = 0.2
# Lines of one message, so that it stays below the 64 KiB that clients are advised to expect.
MAX_ENTRIES = 200
# Lines of one file that wait; beyond it the oldest are let go, and counted.
MAX_WAITING = 2_000


@dataclass(slots=True)
class _Waiting:
    entries: deque[LogEntry] = field(default_factory=deque)
    dropped: int = 0


class LogJoiner:
    """The lines that wait, by file; times are seconds of any clock that goes on."""

    def __init__(self) -> None:
        self._files: dict[str, _Waiting] = {}
        self._free_at = 0.0

    def add(self, file_name: str, entries: Iterable[LogEntry]) -> None:
        """Have lines wait for their turn."""
        waiting = self._files.setdefault(file_name, _Waiting())
        waiting.entries.extend(entries)
        while len(waiting.entries) > MAX_WAITING:
            waiting.entries.popleft()
            waiting.dropped += 1
        if not waiting.entries:
            del self._files[file_name]

    @property
    def next_at(self) -> float | None:
        """When something leaves; None while nothing waits."""
        return self._free_at if self._files else None

    def take(self, now: float) -> LogUpdate | None:
        """What leaves now, of the file that has waited longest."""
        if not self._files or now < self._free_at:
            return None
        self._free_at = now + EVERY_S
        file_name = next(iter(self._files))
        waiting = self._files.pop(file_name)
        entries = tuple(islice(waiting.entries, MAX_ENTRIES))
        for _ in entries:
            waiting.entries.popleft()
        total = len(entries) + waiting.dropped
        waiting.dropped = 0
        if waiting.entries:
            self._files[file_name] = waiting
        return LogUpdate(file_name, entries, total)
