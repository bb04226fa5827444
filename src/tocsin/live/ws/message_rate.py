"""Decide whether a connection may send one more message now: a token bucket.

Pure. Who goes on and on beyond the limit is not only refused but closed: each refusal costs too.
"""

from enum import Enum, auto

# So many refused without a second of quiet in between, and the connection is closed.
MAX_REFUSED = 100
# How often a connection is told.
TELL_EVERY_S = 1.0


class Verdict(Enum):
    """What becomes of a message."""

    TAKE = auto()
    REFUSE = auto()
    REFUSE_AND_TELL = auto()
    CLOSE = auto()


class MessageRate:
    """`per_s` messages a second, and as many at once after a pause."""

    __slots__ = ("_last_s", "_left", "_per_s", "_refused", "_told_s")

    def __init__(self, per_s: int, now_s: float) -> None:
        self._per_s = per_s
        self._left = float(per_s)
        self._last_s = now_s
        self._told_s = now_s - TELL_EVERY_S
        self._refused = 0

    def take(self, now_s: float) -> Verdict:
        """Take one message into account."""
        self._left += (now_s - self._last_s) * self._per_s
        self._last_s = now_s
        if self._left >= self._per_s:
            self._left = float(self._per_s)
            self._refused = 0
        if self._left >= 1:
            self._left -= 1
            return Verdict.TAKE
        self._refused += 1
        if self._refused >= MAX_REFUSED:
            return Verdict.CLOSE
        if now_s - self._told_s >= TELL_EVERY_S:
            self._told_s = now_s
            return Verdict.REFUSE_AND_TELL
        return Verdict.REFUSE
