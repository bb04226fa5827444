"""Counts who came back, and whether they could go on where they were."""

from prometheus_client import CollectorRegistry, Counter


class Recoveries:
    """One counter for all dialects."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._count = Counter(
            "tocsin_live_recoveries",
            "Connections that asked to go on from an offset.",
            ("dialect", "recovered"),
            registry=registry,
        )

    def count(self, dialect: str, *, recovered: bool) -> None:
        """One asked to go on."""
        self._count.labels(dialect, "yes" if recovered else "no").inc()
