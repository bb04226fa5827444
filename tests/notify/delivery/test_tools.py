"""The figures that all shards of a process count by."""

from prometheus_client import CollectorRegistry, generate_latest

from tocsin.notify.delivery.tools import Figures


def test_each_figure_is_counted_under_its_name() -> None:
    registry = CollectorRegistry()
    figures = Figures(registry)

    figures.attempts("slack", "later", "busy").inc()
    figures.attempt_s("slack").observe(0.2)
    figures.delay_s("slack").observe(0.2)
    figures.folded.labels("slack").inc(3)
    figures.waiting.labels("1").set(4)
    figures.held.labels("1").set(5)
    figures.paused.labels("1").set(2)

    text = generate_latest(registry).decode()
    assert 'tocsin_notify_attempts_total{channel="slack",outcome="later",reason="busy"} 1.0' in text
    assert 'tocsin_notify_attempt_seconds_count{channel="slack"} 1.0' in text
    assert 'tocsin_notify_delay_seconds_count{channel="slack"} 1.0' in text
    assert 'tocsin_notify_folded_total{channel="slack"} 3.0' in text
    assert 'tocsin_notify_waiting{shard="1"} 4.0' in text
    assert 'tocsin_notify_held_destinations{shard="1"} 5.0' in text
    assert 'tocsin_notify_paused_destinations{shard="1"} 2.0' in text
