"""What the protocol at `/ws` is measured by; connections and sent bytes are counted by the hub."""

from prometheus_client import CollectorRegistry, Counter, Histogram

from tocsin.live.ws.client_messages import CLIENT_MESSAGES
from tocsin.live.ws.server_messages import ErrorCode

_ANSWER_S = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5)


class WsMetrics:
    """Counts messages of clients by type, errors by code, and what was broadcast."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._received = Counter(
            "tocsin_live_ws_received", "Messages of /ws clients.", ("type",), registry=registry
        )
        self._errors = Counter(
            "tocsin_live_ws_errors", "Errors told to /ws clients.", ("code",), registry=registry
        )
        self._answered = Histogram(
            "tocsin_live_ws_answer_seconds",
            "From a /ws client's message to its answer.",
            buckets=_ANSWER_S,
            registry=registry,
        )
        self._broadcast = Counter(
            "tocsin_live_ws_broadcasts",
            "Messages that are not stored, by how many clients got them.",
            ("type",),
            registry=registry,
        )

    def received(self, kind: str | None) -> None:
        """A message came; None is one that nobody could read."""
        self._received.labels(kind if kind in CLIENT_MESSAGES else "unknown").inc()

    def error(self, code: ErrorCode) -> None:
        """A client was told an error."""
        self._errors.labels(code.value).inc()

    def answered(self, took_s: float) -> None:
        """A message was dealt with."""
        self._answered.observe(took_s)

    def broadcast(self, kind: str, clients: int) -> None:
        """A message went to so many clients."""
        self._broadcast.labels(kind).inc(clients)
