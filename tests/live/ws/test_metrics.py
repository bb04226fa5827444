"""The figures of `/ws`: what comes from a client makes no label of its own."""

from prometheus_client import CollectorRegistry

from tocsin.live.ws.metrics import WsMetrics
from tocsin.live.ws.server_messages import ErrorCode


def test_messages_are_counted_by_types_that_are_known() -> None:
    registry = CollectorRegistry()
    metrics = WsMetrics(registry)
    for kind in ("ping", "ping", "dance", "x" * 1_000, None):
        metrics.received(kind)

    name = "tocsin_live_ws_received_total"
    assert registry.get_sample_value(name, {"type": "ping"}) == 2
    assert registry.get_sample_value(name, {"type": "unknown"}) == 3


def test_errors_answers_and_broadcasts_are_counted() -> None:
    registry = CollectorRegistry()
    metrics = WsMetrics(registry)
    metrics.error(ErrorCode.PERMISSION_DENIED)
    metrics.answered(0.002)
    metrics.broadcast("alert", 3)

    code = {"code": "PERMISSION_DENIED"}
    assert registry.get_sample_value("tocsin_live_ws_errors_total", code) == 1
    assert registry.get_sample_value("tocsin_live_ws_answer_seconds_count") == 1
    sent = registry.get_sample_value("tocsin_live_ws_broadcasts_total", {"type": "alert"})
    assert sent == 3
