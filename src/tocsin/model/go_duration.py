"""Durations as Go writes them ("5m30s"), which is how the standard message has them.

https://pkg.go.dev/time#ParseDuration
Pure. Inside durations are seconds; nothing is told more exactly than to the microsecond.
"""

import re
from collections.abc import Iterator
from fractions import Fraction

_MICROSECONDS = {
    "ns": Fraction(1, 1_000),
    "us": Fraction(1),
    "µs": Fraction(1),  # with the micro sign
    "μs": Fraction(1),  # with the Greek letter
    "ms": Fraction(1_000),
    "s": Fraction(1_000_000),
    "m": Fraction(60_000_000),
    "h": Fraction(3_600_000_000),
}
_PART = re.compile(rf"([0-9]+\.?[0-9]*|\.[0-9]+)({'|'.join(_MICROSECONDS)})")
# Go's own durations end at 292 years, which take 19 characters.
_MAX_CHARS = 64
_MAX_HOURS = 2_562_047


def go_duration(seconds: float) -> str:
    """`seconds` as Go's `Duration.String()` writes them.

    Raises:
        ValueError: it is longer than a duration of Go's can be, or no number.
    """
    if not abs(seconds) <= _MAX_HOURS * 3600:
        raise ValueError("expected at most 292 years")
    us = round(abs(seconds) * 1_000_000)
    sign = "-" if us and seconds < 0 else ""
    return sign + (_short(us) if us < 1_000_000 else "".join(_long(us)))


def _short(us: int) -> str:
    if not us:
        return "0s"
    return f"{us}µs" if us < 1_000 else f"{_decimal(us, 1_000)}ms"


def _long(us: int) -> Iterator[str]:
    minutes, rest = divmod(us, 60_000_000)
    hours, minutes = divmod(minutes, 60)
    if hours:
        yield f"{hours}h"
    if hours or minutes:
        yield f"{minutes}m"
    yield f"{_decimal(rest, 1_000_000)}s"


def _decimal(count: int, one: int) -> str:
    whole, part = divmod(count, one)
    digits = f"{part:0{len(str(one)) - 1}d}".rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


def parse_go_duration(text: str) -> float | None:
    """The seconds that `text` means; None when it is no duration of Go's."""
    said = text.strip()
    sign = -1 if said.startswith("-") else 1
    said = said.removeprefix("-") if sign < 0 else said.removeprefix("+")
    if said == "0":
        return 0.0
    parts = list(_PART.finditer(said)) if len(said) <= _MAX_CHARS else []
    if not parts or "".join(part[0] for part in parts) != said:
        return None
    us = sum((Fraction(part[1]) * _MICROSECONDS[part[2]] for part in parts), Fraction(0))
    seconds = sign * round(us) / 1_000_000
    return seconds if abs(seconds) <= _MAX_HOURS * 3600 else None
