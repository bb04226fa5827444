"""What goes through Redis, in metrics; all stand at 0 without one."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_LAG_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5)


class Figures:
    """Counted by the connection and by those who use it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.up = Gauge("tocsin_bus_up", "Whether Redis answers: 1 or 0.", registry=registry)
        self.sent = Counter(
            "tocsin_bus_sent", "Messages written for other instances.", registry=registry
        )
        self.received = Counter(
            "tocsin_bus_received", "Messages of other instances.", registry=registry
        )
        self.dropped = Counter(
            "tocsin_bus_dropped",
            "Messages that were not sent or not understood; the journal has what they tell.",
            ("cause",),
            registry=registry,
        )
        self.lag = Histogram(
            "tocsin_bus_lag_seconds",
            "From a commit at another instance until it was heard of, by both machines' clocks.",
            buckets=_LAG_S,
            registry=registry,
        )
