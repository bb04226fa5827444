"""Who could go on is counted apart from who could not."""

from prometheus_client import CollectorRegistry

from tocsin.live.recoveries import Recoveries


def test_each_dialect_and_outcome_has_its_own_count() -> None:
    registry = CollectorRegistry()
    recoveries = Recoveries(registry)
    for dialect, recovered in (("sse", True), ("sse", True), ("ws", False)):
        recoveries.count(dialect, recovered=recovered)

    def counted(dialect: str, recovered: str) -> float | None:
        labels = {"dialect": dialect, "recovered": recovered}
        return registry.get_sample_value("tocsin_live_recoveries_total", labels)

    assert counted("sse", "yes") == 2
    assert counted("ws", "no") == 1
    assert counted("ws", "yes") is None
