"""Decide whether an address may make one more call now: a token bucket for each.

Pure but for what it remembers. The memory is bounded: an attacker with many addresses makes
it forget the ones that have been quiet longest, whose buckets are full by then anyway.
"""

from collections import OrderedDict

from tocsin.errors import Reason, Rejected

MAX_ADDRESSES = 10_000


class RateLimit:
    """`per_s` calls a second for each address, `burst` at once after a pause; 0 is no limit."""

    def __init__(self, per_s: int, burst: int = 0) -> None:
        self._per_s = per_s
        self._burst = float(burst or per_s)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def check(self, address: str, now_s: float) -> None:
        """Take one call of `address` into account.

        Raises:
            Rejected: 429, with the whole seconds after which a call is taken again.
        """
        if not self._per_s:
            return
        left, last_s = self._buckets.pop(address, (self._burst, now_s))
        left = min(self._burst, left + (now_s - last_s) * self._per_s)
        self._buckets[address] = (max(left - 1, 0.0) if left >= 1 else left, now_s)
        if len(self._buckets) > MAX_ADDRESSES:
            self._buckets.popitem(last=False)
        if left < 1:
            message = f"More than {self._per_s} calls a second from this address."
            raise Rejected(429, Reason.RATE_LIMITED, message, retry_after_s=1)
