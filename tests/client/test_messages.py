"""Messages are written as the notification format has them."""

from datetime import UTC, datetime

import pytest

from tocsin.client import messages
from tocsin.client.messages import Line, Where

AT = datetime(2024, 1, 1, 12, 1, tzinfo=UTC)
WHERE = Where("axi-star-cloud", "123456789", "deploy-project", "987654321")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("started", "step_started"),
        ("Started", "step_started"),
        ("queued", "step_started"),
        ("in_progress", "step_updated"),
        ("running", "step_updated"),
        ("retrying", "step_updated"),
        ("completed", "step_completed"),
        ("success", "step_completed"),
        ("skipped", "step_completed"),
        ("failed", "step_completed"),
        ("cancelled", "step_completed"),
        ("timed_out", "step_completed"),
        ("", "step_updated"),
        ("polishing", "step_updated"),
    ],
)
def test_a_status_tells_the_type_of_its_message(status: str, expected: str) -> None:
    assert messages.step_type(status) == expected


def test_a_step_is_written_like_the_example_of_the_format() -> None:
    message = messages.step(WHERE, "部署验证", "started", AT, logs="开始验证部署参数", duration_s=0)

    assert message == {
        "type": "step_started",
        "project": "axi-star-cloud",
        "deployment_id": "123456789",
        "step_name": "部署验证",
        "step_status": "started",
        "timestamp": "2024-01-01T12:01:00.000Z",
        "workflow_name": "deploy-project",
        "workflow_id": "987654321",
        "logs": "开始验证部署参数",
        "duration": 0,
    }


def test_an_end_is_written_like_the_example_of_the_format() -> None:
    begun = datetime(2024, 1, 1, 12, 0, 15, tzinfo=UTC)

    message = messages.completed(
        WHERE, "success", AT, started_at=begun, duration_s=45, logs="部署成功，耗时 45 秒"
    )

    assert message == {
        "type": "deployment_completed",
        "project": "axi-star-cloud",
        "deployment_id": "123456789",
        "status": "success",
        "duration": 45,
        "timestamp": "2024-01-01T12:01:00.000Z",
        "workflow_name": "deploy-project",
        "workflow_id": "987654321",
        "logs": "部署成功，耗时 45 秒",
        "started_at": "2024-01-01T12:00:15.000Z",
        "completed_at": "2024-01-01T12:01:00.000Z",
    }


def test_log_lines_are_written_like_the_examples_of_the_format() -> None:
    where = Where("axi-star-cloud", "123456789")
    line = Line("正在上传构建产物...", AT)

    entry = messages.log_entry(where, line, stream_id="deployment_1", source="workflow")
    batch = messages.log_batch(where, [line, Line("日志2", AT, "error")])

    assert entry == {
        "type": "log_entry",
        "project": "axi-star-cloud",
        "deployment_id": "123456789",
        "log_stream_id": "deployment_1",
        "timestamp": "2024-01-01T12:01:00.000Z",
        "level": "info",
        "message": "正在上传构建产物...",
        "source": "workflow",
    }
    assert batch["type"] == "log_batch"
    assert batch["logs"][1] == {
        "level": "error",
        "message": "日志2",
        "timestamp": "2024-01-01T12:01:00.000Z",
    }


def test_figures_stand_under_their_own_name() -> None:
    message = messages.metrics(WHERE, {"steps_count": 5}, AT)

    assert message["type"] == "metrics_update"
    assert message["metrics"] == {"steps_count": 5}


def test_what_is_not_known_is_left_out() -> None:
    message = messages.step(Where("p", "1"), "Build", "started", AT)

    assert None not in message.values()
    assert set(message) == {
        "type", "project", "deployment_id", "step_name", "step_status", "timestamp"
    }  # fmt: skip
