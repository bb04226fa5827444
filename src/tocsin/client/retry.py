"""When to try again: full jitter, the server's wish, and an end.

Pure, but for `Pacing`, which holds the three things a test replaces.
Full jitter, because senders that lost the same server at the same moment must not
come back at the same moment (AWS Architecture Blog, Exponential Backoff And Jitter, 2015).
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_FIRST_S = 0.25
_CAP_S = 10.0
# 2**16 first pauses are far above every cap; a larger power would overflow a float in the end.
_MAX_DOUBLINGS = 16


@dataclass(frozen=True, slots=True)
class Pacing:
    """How a client waits: tests hand in a clock moved by hand and a fixed chance."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    monotonic: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random


def pause_s(failures: int, chance: float, retry_after_s: float | None = None) -> float:
    """Seconds to wait after `failures` failures in a row; `chance` is from 0 up to 1.

    A server's Retry-After comes on top of the jitter: nobody comes back earlier than
    asked, and those who were all given the same time still spread.
    """
    ceiling_s = min(_CAP_S, _FIRST_S * (1 << min(failures - 1, _MAX_DOUBLINGS)))
    return (retry_after_s or 0.0) + ceiling_s * chance


def read_retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3); None when it asks nothing."""
    if header is None:
        return None
    said = header.strip()
    if said.isascii() and said.isdigit():
        # More digits than these are no time anybody waits, and int() refuses very many.
        return float(said[:9])
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())
