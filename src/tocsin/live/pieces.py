"""Commits that came before those they follow: kept for a moment, and put in order. Pure.

Each instance tells of its own commits, so those of two may arrive the wrong way round, or twice,
or one of them not at all.
"""

import heapq
from collections.abc import Sequence
from itertools import count
from typing import Final

from tocsin.model.entry import Entry

# More than this is no disorder of a few milliseconds; the journal has it all.
MAX_ENTRIES: Final = 5_000


class Pieces:
    """What lies beyond a gap."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Sequence[Entry]]] = []
        self._order = count()
        self._count = 0

    def __bool__(self) -> bool:
        return bool(self._heap)

    @property
    def newest(self) -> int:
        """The highest seq among them; 0 when there are none."""
        return max((piece[-1].seq for _, _, piece in self._heap), default=0)

    @property
    def is_too_much(self) -> bool:
        """Whether no more should be kept."""
        return self._count > MAX_ENTRIES

    def put(self, entries: Sequence[Entry]) -> None:
        """Keep a commit's `entries`; their seqs follow on each other."""
        heapq.heappush(self._heap, (entries[0].seq, next(self._order), entries))
        self._count += len(entries)

    def take(self, position: int) -> list[Entry]:
        """Give out what follows on `position`, and forget what is known up to there."""
        found: list[Entry] = []
        while self._heap and self._heap[0][0] <= position + 1:
            _, _, piece = heapq.heappop(self._heap)
            self._count -= len(piece)
            fresh = [one for one in piece if one.seq > position]
            if fresh:
                found += fresh
                position = fresh[-1].seq
        return found

    def clear(self) -> None:
        """Forget all."""
        self._heap.clear()
        self._count = 0
