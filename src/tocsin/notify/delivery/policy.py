"""Decide when a delivery is tried again, and when a destination is left alone for a while.

Pure: no clock, no chance; both are handed in. `spread` is a number from 0 to 1 that keeps what
failed together from coming back together.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tocsin.notify.channel import MAX_PAUSE_S

# A stranger's header must not park a delivery for a year.
MAX_AFTER_S = 86_400.0
# A pause without a reason of its own is three quarters to five quarters of it.
_JITTER = 0.5
# Beyond it no pause grows any more, and the number stays small.
_MAX_DOUBLED = 10
# Failures in a row after which a destination is left alone, and for how long at first.
BREAK_AFTER = 5
BREAK_S = 10.0
# How long a platform that is too busy is left alone at first, where it does not say for how long.
BUSY_S = 10.0
# How long what comes later waits behind a delivery that fails, so that their order is kept.
ORDER_FOR = timedelta(minutes=10)


def next_attempt_at(
    pauses_s: Sequence[float],
    tries: int,
    after_s: float | None,
    now: datetime,
    spread: float,
    *,
    is_exact: bool = False,
) -> datetime | None:
    """When to try again; None once the pauses are used up.

    `tries` counts attempts made, so 1 takes the first pause. What the platform says (`after_s`)
    can lengthen a pause, never shorten it, and is capped at `MAX_AFTER_S`.
    """
    if tries > len(pauses_s):
        return None
    pause_s = pauses_s[tries - 1]
    if not is_exact:
        pause_s *= 1 - _JITTER / 2 + _JITTER * spread
    return now + timedelta(seconds=max(pause_s, min(after_s or 0.0, MAX_AFTER_S)))


def busy_pause_s(times: int, spread: float) -> float:
    """How long to leave alone who is too busy and does not say for how long.

    `times` counts how often in a row it was left alone for that before.
    """
    return _doubled_s(BUSY_S, min(times, _MAX_DOUBLED), spread)


def _doubled_s(first_s: float, times: int, spread: float) -> float:
    return min(math.ldexp(first_s, times), MAX_PAUSE_S) * (1 - _JITTER / 2 * spread)


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is known of a destination that fails: how often in a row, and until when it is closed.

    While it is open nothing is sent. Then one delivery is the trial: if it arrives all is well, if
    not the destination is left alone for twice as long.
    """

    failures: int = 0
    opened: int = 0
    open_until: datetime | None = None

    def failed(self, now: datetime, spread: float) -> "Breaker":
        """After a failure that was the destination's, not the message's."""
        failures = self.failures + 1
        if failures < BREAK_AFTER or self.is_open(now):
            # What was under way when it opened says nothing new.
            return replace(self, failures=failures)
        until = now + timedelta(seconds=_doubled_s(BREAK_S, self.opened, spread))
        return Breaker(failures, min(self.opened + 1, _MAX_DOUBLED), until)

    @property
    def is_tripped(self) -> bool:
        """Whether one delivery at a time is all that may be tried."""
        return self.open_until is not None

    def is_open(self, now: datetime) -> bool:
        return self.open_until is not None and now < self.open_until


CLOSED = Breaker()
