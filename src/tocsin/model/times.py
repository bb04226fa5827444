"""Instants: read from senders, kept as microseconds, written as RFC 3339.

Inside they are UTC datetimes. In the store they are whole microseconds since 1970,
which sort and compare alike on every database.
"""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# Senders give seconds or milliseconds; 1e11 s is the year 5138 and 1e11 ms is 1973.
_LARGEST_SECONDS = 100_000_000_000


def to_us(at: datetime) -> int:
    """Microseconds since 1970 UTC."""
    return (at - EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """The instant `us` microseconds after 1970 UTC."""
    return EPOCH + timedelta(microseconds=us)


def rfc3339(at: datetime | None) -> str | None:
    """`2024-01-01T12:00:00.000Z`, in milliseconds; None stays None."""
    if at is None:
        return None
    return at.isoformat(timespec="milliseconds").partition("+")[0] + "Z"


def parse_instant(said: object) -> datetime | None:
    """What a sender means by a time; None when it is none ("...", "null", a list).

    Takes ISO 8601 text, where a missing zone means UTC, and numbers (or digits as
    text) of seconds or milliseconds since 1970. Years outside 1970-9998 are no time:
    they come from uninitialised fields and would sort a deployment to the end of days.
    """
    if isinstance(said, str):
        text = said.strip()
        if text.isdigit() and text.isascii():
            said = int(text) if len(text) <= 14 else None
        else:
            return _parse_text(text)
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    return _parse_number(said)


def _parse_text(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    # Only then can it be turned into UTC, whose year may be the one before or after.
    if not 1970 <= at.year <= 9998:
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return at if 1970 <= at.year <= 9998 else None


def _parse_number(number: float) -> datetime | None:
    try:
        seconds = number if abs(number) < _LARGEST_SECONDS else number / 1000
        at = EPOCH + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return None
    # Zero is what an uninitialised field holds.
    return at if number > 0 and at.year <= 9998 else None
