"""Decide who is told of an event, when at the earliest, and together with what.

Pure. A callback wants an event when its project, its type and its condition fit. Quiet hours hold
an event up until they end; a group key says what goes out together, an order key what never
overtakes.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from tocsin.model.callback import ALL_PROJECTS, Callback, Grouping, QuietHours
from tocsin.model.event import OWN_SOURCE, Event
from tocsin.model.filters import type_fits
from tocsin.notify.condition import holds

# Of Tocsin's own those about deliveries: to tell of one would make the next.
NEVER_TOLD = "delivery."
DATA = "data."
MAX_KEY_CHARS = 500
# As long as a subject may be.
MAX_ID_CHARS = 200
# A clock that is set forward can leave out an end of quiet hours, but not that of the day after.
_DAYS_AHEAD = 4


def wanted(callback: Callback, event: Event) -> bool:
    """Whether the callback is about such an event, be it enabled or not."""
    return (
        callback.project_id in (ALL_PROJECTS, event.project)
        and not is_never_told(event)
        and (not callback.events or fits_any(callback.events, event.type))
        and holds(callback.condition, event)
    )


def is_never_told(event: Event) -> bool:
    """Whether nobody is told of the event, whatever a callback says."""
    return event.source == OWN_SOURCE and event.type.startswith(NEVER_TOLD)


def fits_any(patterns: Iterable[str], event_type: str) -> bool:
    """Whether the type is one of those named; `*` in a name stands for any characters."""
    return any(type_fits(pattern, event_type) for pattern in patterns)


# --- when


def hold_until(quiet: QuietHours | None, event_type: str, now: datetime) -> datetime | None:
    """The end of the quiet hours that `now` is in; None when the event may go at once.

    Clocks may be set forward or back meanwhile: what counts is what they show. An end that they
    leave out comes as much later as they were set forward.
    """
    if quiet is None or fits_any(quiet.but, event_type) or not is_quiet(quiet, now):
        return None
    zone = _zone(quiet.zone)
    today = now.astimezone(zone).date()
    days = (today + timedelta(days=ahead) for ahead in range(-1, _DAYS_AHEAD))
    ends = sorted(end for day in days for end in _instants(day, quiet.end, zone))
    return next((end for end in ends if end > now and not is_quiet(quiet, end)), None)


def is_quiet(quiet: QuietHours, at: datetime) -> bool:
    """Whether `at` lies within the quiet hours; none are where start and end are alike."""
    shown = at.astimezone(_zone(quiet.zone)).time()
    if quiet.start <= quiet.end:
        return quiet.start <= shown < quiet.end
    return shown >= quiet.start or shown < quiet.end


def is_zone(name: str) -> bool:
    """Whether this machine knows a zone of that name, such as Asia/Shanghai."""
    try:
        ZoneInfo(name)
    except (LookupError, OSError, ValueError):
        return False
    return True


@lru_cache(maxsize=1_000)
def _zone(name: str) -> ZoneInfo:
    """The zone; UTC for one that was known when it was saved, to another machine perhaps."""
    return ZoneInfo(name if is_zone(name) else "UTC")


def _instants(day: date, shown: time, zone: ZoneInfo) -> list[datetime]:
    """When the clocks show that time on that day: twice when they are set back."""
    return [
        datetime.combine(day, shown.replace(fold=fold), zone).astimezone(UTC) for fold in (0, 1)
    ]


# --- together with what


def group_key(grouping: Grouping, event: Event) -> str:
    """What events that go out together have alike."""
    return _bounded(json.dumps([_value(name, event) for name in grouping.by], sort_keys=True))


def _value(name: str, event: Event) -> Any:
    if name == "event_type":
        return event.type
    if name.startswith(DATA):
        found = event.data
        for step in name.removeprefix(DATA).split("."):
            found = found.get(step) if isinstance(found, dict) else None
        return found
    return getattr(event, name) if name in ("project", "subject") else None


def order_key(event: Event) -> str:
    """What events that keep their order have alike: a deployment or a task, else the project."""
    subject = subject_of(event)
    return _bounded(f"{event.project}\n{subject}" if subject else event.project)


def subject_of(event: Event) -> str:
    """What an event is about: its subject, else the `task.id` of a standard message."""
    if event.subject:
        return event.subject
    task = event.data.get("task") if isinstance(event.data, dict) else None
    own_id = task.get("id") if isinstance(task, dict) else None
    is_id = isinstance(own_id, str | int) and not isinstance(own_id, bool)
    return str(own_id).strip()[:MAX_ID_CHARS] if is_id else ""


def _bounded(key: str) -> str:
    """A key that fits into an index: the digest of one that is long."""
    if len(key) <= MAX_KEY_CHARS:
        return key
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
