"""Decide how long an event is kept. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

FOR_EVER = 0


@dataclass(frozen=True, slots=True)
class KeepRules:
    """Days to keep events, 0 for ever: in general, by source, and by type or pattern of types.

    What is said for a source or a type counts before `keep_days`; where several fit, the
    shortest, since somebody who writes down a time wants the events gone by then.
    """

    keep_days: int = 30
    by_source: Mapping[str, int] = field(default_factory=dict)
    by_type: Mapping[str, int] = field(default_factory=dict)

    def days_for(self, source: str, kind: str) -> int:
        """The days for which an event of this source and type is kept."""
        said = [days for pattern, days in self.by_type.items() if fnmatchcase(kind, pattern)]
        if source in self.by_source:
            said.append(self.by_source[source])
        if not said:
            return self.keep_days
        return min((days for days in said if days != FOR_EVER), default=FOR_EVER)

    def is_expired(self, source: str, kind: str, received_at: datetime, now: datetime) -> bool:
        """Whether such an event has been kept long enough."""
        days = self.days_for(source, kind)
        return days != FOR_EVER and received_at < now - timedelta(days=days)

    def newest_expired(self, now: datetime) -> datetime | None:
        """No event received after this is expired; None when none ever is."""
        all_days = (self.keep_days, *self.by_source.values(), *self.by_type.values())
        days = min((days for days in all_days if days != FOR_EVER), default=FOR_EVER)
        return None if days == FOR_EVER else now - timedelta(days=days)
