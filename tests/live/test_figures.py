"""What live delivery is measured by."""

from prometheus_client import CollectorRegistry

from tocsin.live.figures import Figures


def test_a_batch_counts_for_each_client_and_what_was_missed_for_one() -> None:
    registry = CollectorRegistry()
    figures = Figures(registry, lambda: 0)
    figures.wrote("ws", events=3, size=100, clients=10)
    figures.left(wait_s=0.004, events=3)
    figures.replayed("ws", events=2, size=70)
    labels = {"dialect": "ws"}

    assert registry.get_sample_value("tocsin_live_events_sent_total", labels) == 32
    assert registry.get_sample_value("tocsin_live_bytes_sent_total", labels) == 1_070
    assert registry.get_sample_value("tocsin_live_batch_events_sum") == 3
    assert registry.get_sample_value("tocsin_live_event_to_write_seconds_sum") == 0.004


def test_what_waits_is_asked_for_when_it_is_read() -> None:
    registry, waiting = CollectorRegistry(), iter([5, 7])
    Figures(registry, lambda: next(waiting))

    seen = [registry.get_sample_value("tocsin_live_queued_bytes") for _ in range(2)]

    assert seen == [5, 7]
