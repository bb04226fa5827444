"""What live connections are measured by."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_DIALECT = ("dialect",)
_BATCH = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_WAIT_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1)


class Figures:
    """What the hub does, in metrics; `queued_bytes` is asked when they are read."""

    def __init__(self, registry: CollectorRegistry, queued_bytes: Callable[[], int]) -> None:
        self._events = Counter(
            "tocsin_live_events_sent", "Events written to clients.", _DIALECT, registry=registry
        )
        self._bytes = Counter(
            "tocsin_live_bytes_sent",
            "Bytes of events written to clients.",
            _DIALECT,
            registry=registry,
        )
        self._batch = Histogram(
            "tocsin_live_batch_events",
            "Events that left a group of clients in one write to each.",
            buckets=_BATCH,
            registry=registry,
        )
        self._wait = Histogram(
            "tocsin_live_event_to_write_seconds",
            "From the commit of a batch's first event until it was written to its last client.",
            buckets=_WAIT_S,
            registry=registry,
        )
        self.gaps = Counter(
            "tocsin_live_gaps",
            "Commits that came before those they follow.",
            registry=registry,
        )
        self.read_back = Counter(
            "tocsin_live_journal_events",
            "Events that had to be read from the journal, as nobody told of them in time.",
            registry=registry,
        )
        queued = Gauge(
            "tocsin_live_queued_bytes",
            "Bytes that wait to be joined, or in the transports of slow clients.",
            registry=registry,
        )
        queued.set_function(queued_bytes)

    def wrote(self, dialect: str, events: int, size: int, clients: int) -> None:
        """A batch of `events`, `size` bytes together, was written to so many clients."""
        self._events.labels(dialect).inc(events * clients)
        self._bytes.labels(dialect).inc(size * clients)

    def left(self, wait_s: float, events: int) -> None:
        """A batch has left."""
        self._wait.observe(wait_s)
        self._batch.observe(events)

    def replayed(self, dialect: str, events: int, size: int) -> None:
        """One client was given what it has missed."""
        self.wrote(dialect, events, size, 1)
