"""How many calls a fake platform takes within a time, by whom they are counted."""

import math
from collections import defaultdict, deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` within any `per_s` seconds."""

    count: int
    per_s: float


class Counts:
    """Counts of one kind of call, each key for itself.

    The windows slide, which is the stricter of the two ways: no platform says which one it takes.
    """

    def __init__(self, *rates: Rate) -> None:
        self._rates = rates
        self._longest_s = max((one.per_s for one in rates), default=0.0)
        self._at: defaultdict[str, deque[float]] = defaultdict(deque)

    def wait_s(self, key: str, now: float, cost: int = 1) -> float:
        """Seconds until `cost` more fit; 0 when they do, and then they are counted."""
        wait_s = self.peek_s(key, now, cost)
        if wait_s <= 0:
            self._at[key].extend([now] * cost)
        return wait_s

    def peek_s(self, key: str, now: float, cost: int = 1) -> float:
        """The same, and nothing is counted."""
        at = self._at[key]
        while at and at[0] <= now - self._longest_s:
            at.popleft()
        return max((_until_room_s(at, rate, now, cost) for rate in self._rates), default=0.0)

    def left(self, key: str, now: float) -> int:
        """How many more would fit right now."""
        self.peek_s(key, now)
        at = self._at[key]
        return min(one.count - sum(t > now - one.per_s for t in at) for one in self._rates)

    def reset_s(self, key: str, now: float) -> float:
        """Seconds until nothing of what was counted counts any more."""
        self.peek_s(key, now)
        at = self._at[key]
        return at[-1] + self._longest_s - now if at else 0.0


def whole_s(wait_s: float) -> int:
    """A wait in whole seconds, as headers tell it: never shorter, and never none."""
    return max(1, math.ceil(wait_s))


def _until_room_s(at: deque[float], rate: Rate, now: float, cost: int) -> float:
    if len(at) + cost <= rate.count:
        return 0.0
    inside = [t for t in at if t > now - rate.per_s]
    over = len(inside) + cost - rate.count
    if over <= 0:
        return 0.0
    # More at once than ever fits has to wait for an empty window.
    leaving = inside[min(over, len(inside)) - 1] if inside else now
    return leaving + rate.per_s - now
