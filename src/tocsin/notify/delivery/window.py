"""Decide how many messages a destination may be sent now, by the platform's rates.

Pure. Windows slide: whichever way a platform counts its minutes, it never sees more.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from tocsin.notify.channel import Rate

# Without a rate there is room for as many as anybody could send.
NO_LIMIT = 1_000_000


class Window:
    """What was sent lately, held against rates."""

    def __init__(self, rates: Sequence[Rate], sent: Iterable[datetime] = ()) -> None:
        self._rates = tuple(rates)
        self._sent = deque(sorted(sent))

    @staticmethod
    def looks_back(rates: Sequence[Rate]) -> timedelta:
        """How far back what was sent still counts."""
        return timedelta(seconds=max((one.per_s for one in rates), default=0.0))

    def add(self, at: datetime) -> None:
        """One more was sent."""
        if self._rates:
            self._sent.append(at)

    def room(self, now: datetime) -> int:
        """How many may be sent now."""
        self._forget(now)
        return min((one.count - self._within(one, now) for one in self._rates), default=NO_LIMIT)

    def free_at(self, now: datetime) -> datetime:
        """When there is room for one; now if there is."""
        self._forget(now)
        at = now
        for one in self._rates:
            inside = [sent for sent in self._sent if sent > now - timedelta(seconds=one.per_s)]
            if len(inside) >= one.count:
                at = max(at, inside[-one.count] + timedelta(seconds=one.per_s))
        return at

    def _within(self, rate: Rate, now: datetime) -> int:
        since = now - timedelta(seconds=rate.per_s)
        return sum(1 for one in self._sent if one > since)

    def _forget(self, now: datetime) -> None:
        since = now - self.looks_back(self._rates)
        while self._sent and self._sent[0] <= since:
            self._sent.popleft()
