"""What is to be done at which time, in slots: thousands of deadlines behind one timer.

Pure. Nothing is ever taken out early: what comes up decides for itself whether it still has
something to do, which is cheaper than to move a deadline with every message (a hashed timing
wheel, Varghese and Lauck 1987).
"""

import heapq
import math
from typing import Generic, TypeVar

T = TypeVar("T")


class Wheel(Generic[T]):
    """Deadlines, rounded up to `resolution_s`."""

    def __init__(self, resolution_s: float) -> None:
        self._resolution_s = resolution_s
        self._slots: dict[int, list[T]] = {}
        self._order: list[int] = []

    def add(self, item: T, at: float) -> None:
        """Have `item` come up at `at` or up to one resolution later."""
        slot = math.ceil(at / self._resolution_s)
        items = self._slots.get(slot)
        if items is None:
            items = self._slots[slot] = []
            heapq.heappush(self._order, slot)
        items.append(item)

    @property
    def next_at(self) -> float | None:
        """When something comes up; None while there is nothing."""
        return self._order[0] * self._resolution_s if self._order else None

    def take(self, now: float) -> list[T]:
        """What has come up by `now`, the earliest slot first."""
        found: list[T] = []
        while self._order and self._order[0] * self._resolution_s <= now:
            found.extend(self._slots.pop(heapq.heappop(self._order)))
        return found
