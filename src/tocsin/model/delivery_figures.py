"""Figures over deliveries: counted by day and channel, and summed up from there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Deliveries counted; `folded` are those of all of them that went into a digest.

    `timed` are those whose last try took `duration_sum_ms` in sum.
    """

    success: int = 0
    failed: int = 0
    pending: int = 0
    folded: int = 0
    retries: int = 0
    timed: int = 0
    duration_sum_ms: int = 0
    duration_max_ms: int | None = None

    @classmethod
    def sum(cls, tallies: Iterable["Tally"]) -> Self:
        found = list(tallies)
        most = [one.duration_max_ms for one in found if one.duration_max_ms is not None]
        names = ("success", "failed", "pending", "folded", "retries", "timed", "duration_sum_ms")
        sums = {name: sum(getattr(one, name) for one in found) for name in names}
        return cls(**sums, duration_max_ms=max(most, default=None))

    @property
    def total(self) -> int:
        return self.success + self.failed + self.pending

    @property
    def success_rate(self) -> float | None:
        """The share of success, 0 to 1, of those that came to an end."""
        ended = self.success + self.failed
        return round(self.success / ended, 4) if ended else None

    @property
    def duration_avg_ms(self) -> float | None:
        return round(self.duration_sum_ms / self.timed, 1) if self.timed else None


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Milliseconds of the last try, by nearest rank."""

    p50: int | None
    p95: int | None

    @classmethod
    def of(cls, times: Mapping[int, int]) -> Self:
        """Out of how often each time was taken."""
        p50, p95 = (_percentile(times, per_cent) for per_cent in (50, 95))
        return cls(p50, p95)


def _percentile(times: Mapping[int, int], per_cent: int) -> int | None:
    left = sum(times.values()) * per_cent
    for time in sorted(times):
        left -= times[time] * 100
        if left <= 0:
            return time
    return None


NO_PERCENTILES = Percentiles(None, None)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Deliveries that wait now, and since when the oldest does."""

    count: int
    oldest_at: datetime | None


NOBODY_WAITS = Waiting(0, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFigures:
    """Deliveries of a span of days; what waits, and what is paused, is so now.

    `cells` are by day and channel. `percentiles` and `waiting` are by channel, and under "" of
    all. `reasons` are why deliveries failed, the most frequent first.
    """

    cells: Mapping[tuple[date, str], Tally]
    percentiles: Mapping[str, Percentiles]
    waiting: Mapping[str, Waiting]
    reasons: Sequence[tuple[str, int]]
    paused: int

    @property
    def all(self) -> Tally:
        return Tally.sum(self.cells.values())

    @property
    def by_channel(self) -> Mapping[str, Tally]:
        """Of each channel that has any, or for which something waits."""
        channels = sorted({channel for _, channel in self.cells} | self.waiting.keys() - {""})
        return {
            channel: Tally.sum(one for (_, said), one in self.cells.items() if said == channel)
            for channel in channels
        }

    def by_day(self, first: date, last: date) -> Mapping[date, Tally]:
        """Of every day of the span, both ends included."""
        days = [first + timedelta(days=at) for at in range((last - first).days + 1)]
        by_day: dict[date, list[Tally]] = {day: [] for day in days}
        for (day, _), one in self.cells.items():
            by_day.setdefault(day, []).append(one)
        return {day: Tally.sum(found) for day, found in by_day.items()}
