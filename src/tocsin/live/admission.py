"""Who may open a live connection now, and the list of those that are open.

All kinds count together. What is refused is refused before the upgrade, with 503 and
Retry-After: after a restart everybody comes back at once, and a socket opened and closed
again costs both sides more than one that waits.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from tocsin.errors import Reason, Rejected
from tocsin.live.closing import CloseCode
from tocsin.settings.schema import LiveSettings

# Draining: so many are closed at once, then there is a pause of up to so long.
DRAIN_SLICE = 50
DRAIN_PAUSE_S = 0.1
# All of them are closed within this time, however many there are.
DRAIN_S = 2.5

_DURATION_S = (1, 10, 60, 300, 1_800, 7_200, 43_200, 86_400)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Counts:
    """What is counted of one dialect: to find a metric by its label takes longer than to count."""

    open: Gauge
    accepted: Counter
    messages: Counter
    bytes: Counter
    duration: Histogram


class Lease:
    """An open connection's place; `close` ends the connection."""

    __slots__ = ("_admission", "address", "close", "counts", "dialect", "is_open", "since")

    def __init__(
        self,
        admission: "Admission",
        dialect: str,
        counts: Counts,
        address: str,
        since: float,
        close: Callable[[CloseCode], None],
    ) -> None:
        self._admission = admission
        self.dialect = dialect
        self.counts = counts
        self.since = since
        self.address = address
        self.close = close
        self.is_open = True

    def received(self, message: str | bytes) -> None:
        """Its client has sent a message."""
        if isinstance(message, str) and not message.isascii():
            message = message.encode()
        self.counts.messages.inc()
        self.counts.bytes.inc(len(message))

    def ended(self, cause: str) -> None:
        """The connection has ended; idempotent. `cause` is one of few words."""
        if self.is_open:
            self.is_open = False
            self._admission.end(self, cause)


class Admission:
    """Counts connections and how fast they come."""

    def __init__(self, settings: LiveSettings, registry: CollectorRegistry) -> None:
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._open: dict[Lease, None] = {}
        self._counts: dict[str, Counts] = {}
        # Bound here, as binding takes longer than a line that is not wanted.
        self._log = log.bind()
        self._is_draining = False
        # A bucket of connects, filled at the rate; it holds one second's.
        self._tokens = float(settings.connects_per_s)
        self._filled_at = self._loop.time()
        self._connections = Gauge(
            "tocsin_live_connections", "Open live connections.", ("dialect",), registry=registry
        )
        self._accepted = Counter(
            "tocsin_live_accepted", "Live connections opened.", ("dialect",), registry=registry
        )
        self._messages = Counter(
            "tocsin_live_messages_received",
            "Messages of live clients.",
            ("dialect",),
            registry=registry,
        )
        self._bytes = Counter(
            "tocsin_live_bytes_received",
            "Bytes of these.",
            ("dialect",),
            registry=registry,
        )
        self._refused = Counter(
            "tocsin_live_refused",
            "Live connections refused before they were open.",
            ("cause",),
            registry=registry,
        )
        self._closed = Counter(
            "tocsin_live_closed",
            "Live connections that ended.",
            ("dialect", "cause"),
            registry=registry,
        )
        self._duration = Histogram(
            "tocsin_live_connection_seconds",
            "How long a connection lasted.",
            ("dialect",),
            buckets=_DURATION_S,
            registry=registry,
        )

    @property
    def count(self) -> int:
        """How many are open."""
        return len(self._open)

    @property
    def by_dialect(self) -> Mapping[str, int]:
        """How many of each kind are open; a kind of which there never was one is missing."""
        found: dict[str, int] = {}
        for lease in self._open:
            found[lease.dialect] = found.get(lease.dialect, 0) + 1
        return found

    def check(self) -> None:
        """Refuse one more connection when there are too many, or they come too fast.

        Raises:
            Rejected: 503 with Retry-After.
        """
        if self._is_draining:
            raise self.refusal("draining", Reason.STOPPING, "Tocsin is stopping; try again.")
        if len(self._open) >= self._settings.max_connections:
            message = "Too many live connections; try again."
            raise self.refusal("total", Reason.TOO_MANY_CONNECTIONS, message)
        now, rate = self._loop.time(), self._settings.connects_per_s
        self._tokens = min(rate, self._tokens + (now - self._filled_at) * rate)
        self._filled_at = now
        if self._tokens < 1:
            message = "Too many connect at once; try again."
            raise self.refusal("rate", Reason.RATE_LIMITED, message)
        self._tokens -= 1

    def open(self, dialect: str, address: str, close: Callable[[CloseCode], None]) -> Lease:
        """A connection is open; its `Lease` is to be told when it has ended."""
        counts = self._counts_of(dialect)
        lease = Lease(self, dialect, counts, address, self._loop.time(), close)
        self._open[lease] = None
        counts.accepted.inc()
        counts.open.inc()
        self._log.info("socket_connected", dialect=dialect, address=address, open=len(self._open))
        return lease

    def _counts_of(self, dialect: str) -> Counts:
        counts = self._counts.get(dialect)
        if counts is None:
            counts = self._counts[dialect] = Counts(
                self._connections.labels(dialect),
                self._accepted.labels(dialect),
                self._messages.labels(dialect),
                self._bytes.labels(dialect),
                self._duration.labels(dialect),
            )
        return counts

    async def drain(self) -> None:
        """Take nobody any more, and send all away in jittered slices, so that they come back so."""
        self._is_draining = True
        self._log.info("draining", open=len(self._open))
        began_at = self._loop.time()
        while leases := list(self._open)[:DRAIN_SLICE]:
            left_s = DRAIN_S - (self._loop.time() - began_at)
            if left_s <= 0:
                leases = list(self._open)
            for lease in leases:
                lease.close(CloseCode.DRAINING)
                self._open.pop(lease, None)
            if len(leases) == DRAIN_SLICE:
                share_s = left_s * DRAIN_SLICE / (len(self._open) + DRAIN_SLICE)
                pause_s = min(DRAIN_PAUSE_S, share_s) * random.random()  # noqa: S311 - jitter
                await asyncio.sleep(max(0.0, pause_s))

    def end(self, lease: Lease, cause: str) -> None:
        """Count a connection that has ended; `Lease.ended` calls it once."""
        self._open.pop(lease, None)
        lasted_s = self._loop.time() - lease.since
        self._closed.labels(lease.dialect, cause).inc()
        lease.counts.open.dec()
        lease.counts.duration.observe(lasted_s)
        self._log.info(
            "socket_closed",
            dialect=lease.dialect,
            address=lease.address,
            cause=cause,
            lasted_s=round(lasted_s, 3),
        )

    def refusal(self, cause: str, reason: Reason, message: str) -> Rejected:
        """What to raise for a connection that is refused; `cause` is one of few words."""
        self._refused.labels(cause).inc()
        after_s = 1 + int(3 * random.random())  # noqa: S311 - jitter
        return Rejected(503, reason, message, retry_after_s=after_s)
