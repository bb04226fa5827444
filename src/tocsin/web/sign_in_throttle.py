"""Slow down whoever guesses passwords or codes, by name and address, in bounded memory.

After some free tries each further one has to wait twice as long as the one before. A name is
slowed down for one address only: else anybody could shut somebody out by failing in their name.
"""

import math
from collections import OrderedDict
from dataclasses import dataclass

from tocsin.clock import Clock
from tocsin.errors import Reason, Rejected
from tocsin.model.access import network_key
from tocsin.model.people import MAX_NAME_CHARS, name_key

FREE_TRIES = 5
# One address may be a whole office behind one router.
FREE_TRIES_AN_ADDRESS = 30
MAX_PAUSE_S = 900.0
# About 2 MiB at most; beyond that what was quiet longest is forgotten.
MAX_KEPT = 10_000

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Tries:
    count: int
    last_at: float


class SignInThrottle:
    """Counts tries; one is counted before it is checked, so that many at once gain nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tries: OrderedDict[Key, _Tries] = OrderedDict()

    def take(self, address: str, name: str) -> None:
        """Count one try.

        Raises:
            Rejected: 429 with the seconds to wait; the try is then not counted.
        """
        now = self._clock.monotonic()
        keys = _keys(address, name)
        wait_s = max(self._wait_s(key, free, now) for key, free in keys)
        if wait_s > 0:
            raise Rejected(
                429,
                Reason.RATE_LIMITED,
                "Too many tries to sign in; wait a while.",
                retry_after_s=math.ceil(wait_s),
            )
        for key, _ in keys:
            known = self._tries.get(key)
            self._tries[key] = _Tries(known.count + 1 if known else 1, now)
            self._tries.move_to_end(key)
        while len(self._tries) > MAX_KEPT:
            self._tries.popitem(last=False)

    def forgive(self, address: str, name: str) -> None:
        """Forget the tries of somebody who is in; the address keeps those in other names."""
        (own, _), (shared, _) = _keys(address, name)
        used = self._tries.pop(own, None)
        known = self._tries.get(shared)
        if used is not None and known is not None:
            left = _Tries(max(0, known.count - used.count), known.last_at)
            self._tries[shared] = left

    def _wait_s(self, key: Key, free: int, now: float) -> float:
        known = self._tries.get(key)
        if known is None:
            return 0.0
        if now - known.last_at >= MAX_PAUSE_S:
            del self._tries[key]
            return 0.0
        if known.count < free:
            return 0.0
        pause_s = min(MAX_PAUSE_S, 2.0 ** min(known.count - free, 20))
        return known.last_at + pause_s - now


def _keys(address: str, name: str) -> tuple[tuple[Key, int], tuple[Key, int]]:
    network = network_key(address)
    own = name_key(name[:MAX_NAME_CHARS])
    # The prefix keeps the address's own entry apart from that of somebody without a name.
    return ((network, f"={own}"), FREE_TRIES), ((network, ""), FREE_TRIES_AN_ADDRESS)
