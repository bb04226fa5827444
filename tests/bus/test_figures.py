"""What Redis is measured by is there from the start, so that an alarm can be made of it."""

from prometheus_client import CollectorRegistry

from tocsin.bus.figures import Figures


def test_without_redis_all_stands_at_nothing() -> None:
    registry = CollectorRegistry()
    Figures(registry)

    names = ("tocsin_bus_up", "tocsin_bus_sent_total", "tocsin_bus_lag_seconds_count")
    assert [registry.get_sample_value(name) for name in names] == [0, 0, 0]
