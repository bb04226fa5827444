"""Decide how many messages may be sent now, by a platform's rates.

Pure. Windows slide: whichever way a platform counts its minutes, it never sees more.
"""

from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.notify.channel import Rate

# Without a rate there is room for as many as anybody could send.
NO_LIMIT = 1_000_000


class Window:
    """What was sent lately, held against rates."""

    def __init__(self, rates: Sequence[Rate], sent: Iterable[datetime] = ()) -> None:
        # In order. What is older than the newest of the largest count plays no part any more.
        self._sent = sorted(sent)
        self.change(rates)

    def change(self, rates: Sequence[Rate]) -> None:
        """Go by these rates from now on."""
        self._rates = tuple((one.count, timedelta(seconds=one.per_s)) for one in rates)
        self._most = max((one.count for one in rates), default=0)

    @staticmethod
    def looks_back(rates: Sequence[Rate]) -> timedelta:
        """How far back what was sent still counts."""
        return timedelta(seconds=max((one.per_s for one in rates), default=0.0))

    def add(self, at: datetime) -> None:
        """One more was sent."""
        if not self._rates:
            return
        # A clock may be set back.
        insort(self._sent, at)
        if len(self._sent) > 2 * self._most:
            del self._sent[: -self._most]

    def room(self, now: datetime) -> int:
        """How many may be sent now; below 0 where more were sent than may be by now."""
        self._take_back(now)
        sent = self._sent
        within = ((count, len(sent) - bisect_right(sent, now - per)) for count, per in self._rates)
        return min((count - number for count, number in within), default=NO_LIMIT)

    def free_at(self, now: datetime) -> datetime:
        """When there is room for one; now if there is."""
        full = (self._sent[-count] + per for count, per in self._rates if len(self._sent) >= count)
        return max(full, default=now) if self.room(now) <= 0 else now

    def _take_back(self, now: datetime) -> None:
        """What was sent later than now was sent by a clock that was set back since: now, at most.

        As it was written down it would count until the clock shows that time again.
        """
        begin = bisect_right(self._sent, now)
        self._sent[begin:] = [now] * (len(self._sent) - begin)


@dataclass(slots=True)
class Pace:
    """What the destinations of one account share: its window, and what holds all of them up."""

    window: Window
    held_until: datetime | None = None

    def hold(self, until: datetime) -> None:
        """Nothing goes before; a platform that says less later does not shorten it."""
        self.held_until = until if self.held_until is None else max(until, self.held_until)
