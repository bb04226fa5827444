"""Each message of the notification format is taken in and can be read back right."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.system.reading import RECEIVER, Json, Reader, receipt_of, sample
from tests.system.wire import Connection

ADDRESSES = (
    RECEIVER,
    "/project-dashboard/api/webhooks/deployment",
    "/hooks/deployment",
    "/hooks/deployment/ci",
)
MESSAGES = (
    "step_started",
    "step_started_by_workflow",
    "step_completed",
    "step_manual",
    "deployment_completed",
    "log_entry",
    "log_batch",
    "metrics_update",
    "test",
    "old_format",
    "old_format_whole",
    "type_of_a_newer_sender",
)
STAR = {"project": "axi-star-cloud"}


@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize("name", MESSAGES)
async def test_every_example_is_taken_in_and_kept_as_it_came(
    name: str, path: str, sender: Connection, reader: Reader
) -> None:
    message = sample(name)

    event_id, seq = receipt_of(await sender.post(path, message))

    event = await reader.get(f"/api/v1/events/{event_id}")
    assert event["seq"] == seq
    assert event["source"] == "deployment"
    assert event["data"] == message
    assert event["project"] == message["project"]
    known = {message.get("deployment_id"), message.get("runId"), event_id, None}
    assert (event["subject"] or None) in known
    assert event["type"] == message.get("type", event["type"])
    assert read_time(event["received_at"]) is not None


async def test_a_started_step_is_a_running_deployment(sender: Connection, reader: Reader) -> None:
    await send(sender, sample("step_started", deployment_id="m-1"))

    detail = await reader.deployment("m-1")
    [step] = await reader.steps("m-1")
    [line] = await reader.lines("m-1")
    assert part(detail, "project", "status", "stalled", "run", "progress", "completed_at") == {
        **STAR,
        "status": "running",
        "stalled": False,
        "run": 1,
        "progress": 0,
        "completed_at": None,
    }
    assert part(detail, "steps_known", "steps_ended", "steps_failed", "current_step") == {
        "steps_known": 1,
        "steps_ended": 0,
        "steps_failed": 0,
        "current_step": "部署验证",
    }
    assert part(detail, "workflow_name", "workflow_id", "branch", "commit_hash") == {
        "workflow_name": "deploy-project",
        "workflow_id": "987654321",
        "branch": None,
        "commit_hash": None,
    }
    assert part(step, "name", "run", "status", "started_at", "completed_at") == {
        "name": "部署验证",
        "run": 1,
        "status": "running",
        "started_at": "2024-01-01T12:00:00.000Z",
        "completed_at": None,
    }
    assert part(line, "at", "step", "text") == {
        "at": "2024-01-01T12:00:00.000Z",
        "step": "部署验证",
        "text": "开始验证部署参数",
    }


@pytest.mark.parametrize("name", ["step_completed", "step_manual"])
async def test_an_ended_step_has_its_duration(
    name: str, sender: Connection, reader: Reader
) -> None:
    message = sample(name, deployment_id=f"m-2-{name}")
    await send(sender, message)

    detail = await reader.deployment(f"m-2-{name}")
    [step] = await reader.steps(f"m-2-{name}")
    assert detail["status"] == "running"
    assert detail["progress"] == 100
    assert part(step, "name", "status", "conclusion", "duration", "completed_at") == {
        "name": message["step_name"],
        "status": "completed",
        "conclusion": "completed",
        "duration": message["duration"],
        "completed_at": message["timestamp"],
    }


async def test_a_completed_deployment_has_its_times(sender: Connection, reader: Reader) -> None:
    await send(sender, sample("deployment_completed", deployment_id="m-3"))

    detail = await reader.deployment("m-3")
    [line] = await reader.lines("m-3")
    wanted = {
        "status": "success",
        "conclusion": "success",
        "duration": 45,
        "started_at": "2024-01-01T12:00:15.000Z",
        "completed_at": "2024-01-01T12:01:00.000Z",
    }
    assert part(detail, *wanted) == wanted
    assert part(detail["runs"][0], *wanted) == wanted
    assert line["text"] == "部署成功，耗时 45 秒"
    assert line["at"] == "2024-01-01T12:01:00.000Z"


async def test_a_log_entry_is_a_line(sender: Connection, reader: Reader) -> None:
    await send(sender, sample("log_entry", deployment_id="m-4"))

    detail = await reader.deployment("m-4")
    [line] = await reader.lines("m-4")
    assert detail["log_stream_id"] == "deployment_123456789_1704110400"
    assert detail["source"] == "workflow"
    assert detail["lines"] == 1
    assert not line["step"]
    assert part(line, "at", "level", "text") == {
        "at": "2024-01-01T12:00:30.000Z",
        "level": "info",
        "text": "正在上传构建产物...",
    }


async def test_a_batch_without_real_times_counts_from_its_arrival(
    sender: Connection, reader: Reader
) -> None:
    await send(sender, sample("log_batch", deployment_id="m-5"))

    lines = await reader.lines("m-5")
    assert [line["text"] for line in lines] == ["日志1", "日志2"]
    assert all(is_just_now(line["at"]) for line in lines)


@pytest.mark.parametrize(("steps", "agree"), [(5, True), (1, False)])
async def test_figures_stand_beside_what_was_seen(
    steps: int, agree: bool, sender: Connection, reader: Reader
) -> None:
    deployment_id = f"m-6-{steps}"
    for number in range(steps):
        step = {"deployment_id": deployment_id, "step_name": f"step {number}"}
        await send(sender, sample("step_completed", **step))
    await send(sender, sample("deployment_completed", deployment_id=deployment_id))
    await send(sender, sample("metrics_update", deployment_id=deployment_id))

    detail = await reader.deployment(deployment_id)
    figures = detail["runs"][0]["figures"]
    assert figures["sent"]["steps_count"] == 5
    assert figures["sent"]["total_duration"] == 45
    assert figures["seen"]["steps_count"] == steps
    assert figures["agree"] is agree


async def test_the_old_format_is_a_deployment_of_its_own(
    sender: Connection, reader: Reader
) -> None:
    event_id, _ = await send(sender, sample("old_format"))

    detail = await reader.deployment(event_id)
    wanted = {
        **STAR,
        "id": event_id,
        "status": "success",
        "duration": 45,
        "completed_at": "2024-01-01T12:01:00.000Z",
    }
    assert part(detail, *wanted) == wanted


async def test_the_whole_old_format_is_read_under_its_run_id(
    sender: Connection, reader: Reader
) -> None:
    await send(sender, sample("old_format_whole", runId="m-8"))

    detail = await reader.deployment("m-8")
    lines = await reader.lines("m-8")
    wanted = {
        "project": "axi-project-dashboard",
        "status": "failed",
        "duration": 71,
        "source_repo": "MoseLu/axi-project-dashboard",
        "deploy_type": "backend",
        "server_host": "redamancy.com.cn",
        "error_message": "build exited with code 1",
    }
    assert part(detail, *wanted) == wanted
    assert "\n".join(line["text"] for line in lines) == "npm ci\nnpm run build"


async def test_a_test_message_makes_no_deployment(sender: Connection, reader: Reader) -> None:
    event_id, _ = await send(sender, {"type": "test", "project": "only-tested"})

    assert (await reader.get(f"/api/v1/events/{event_id}"))["type"] == "test"
    assert await reader.all("/api/v1/deployments", project="only-tested") == []


async def test_an_unknown_type_changes_no_known_state(sender: Connection, reader: Reader) -> None:
    await send(sender, sample("deployment_completed", deployment_id="m-9"))
    before = await reader.state("m-9")

    event_id, _ = await send(sender, sample("type_of_a_newer_sender", deployment_id="m-9"))

    event = await reader.get(f"/api/v1/events/{event_id}")
    assert event["type"] == "approval_requested"
    assert event["data"]["approver"] == {"team": "platform", "minimum": 2}
    assert await reader.state("m-9") == before


@pytest.mark.parametrize(
    ("field", "sent", "read"),
    [
        ("duration", "12.5", 12.5),
        ("duration", "12", 12),
        ("duration", 12, 12),
    ],
)
async def test_numbers_may_come_as_text(
    field: str, sent: Any, read: float, sender: Connection, reader: Reader
) -> None:
    deployment_id = f"m-10-{field}-{sent!r}"
    await send(sender, sample("step_completed", deployment_id=deployment_id, **{field: sent}))

    [step] = await reader.steps(deployment_id)
    assert step[field] == read


async def test_ids_may_come_as_numbers(sender: Connection, reader: Reader) -> None:
    message = sample("step_started", deployment_id=8812345678, workflow_id=42)
    event_id, _ = await send(sender, message)

    detail = await reader.deployment("8812345678")
    assert detail["workflow_id"] == "42"
    event = await reader.get(f"/api/v1/events/{event_id}")
    assert event["subject"] == "8812345678"


@pytest.mark.parametrize(
    "text", ["...", "null", "", "yesterday", "2024-13-45T99:00:00Z", "2024-02-30T00:00:00Z", None]
)
async def test_what_is_no_time_is_kept_and_the_arrival_counts(
    text: str | None, sender: Connection, reader: Reader
) -> None:
    message = sample("step_started", deployment_id=f"m-11-{text}")
    event_id, _ = await send(sender, message | {"timestamp": text})

    event = await reader.get(f"/api/v1/events/{event_id}")
    assert event["data"]["timestamp"] == text
    assert is_just_now(event["occurred_at"] or event["received_at"])
    [step] = await reader.steps(f"m-11-{text}")
    assert step["status"] == "running"


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("2024-01-01T12:00:00", "2024-01-01T12:00:00.000Z"),
        ("2024-01-01T12:00:00.5", "2024-01-01T12:00:00.500Z"),
        ("2024-01-01 12:00:00", "2024-01-01T12:00:00.000Z"),
        ("2024-01-01T20:00:00+08:00", "2024-01-01T12:00:00.000Z"),
        ("2024-01-01T12:00:00Z", "2024-01-01T12:00:00.000Z"),
    ],
)
async def test_times_without_a_zone_are_utc(
    sent: str, read: str, sender: Connection, reader: Reader
) -> None:
    event_id, _ = await send(sender, sample("step_started", deployment_id="m-12", timestamp=sent))

    event = await reader.get(f"/api/v1/events/{event_id}")
    assert event["occurred_at"] == read


async def test_a_batch_of_ten_thousand_lines_is_kept_whole(
    sender: Connection, reader: Reader
) -> None:
    texts = [f"\x1b[32mline\x1b[0m {number} 日志" for number in range(10_000)]
    lines = [{"level": "info", "message": text, "timestamp": "..."} for text in texts]
    await send(sender, sample("log_batch", deployment_id="m-13", logs=lines))

    page = await reader.get("/api/v1/deployments/m-13/logs", limit=1)
    assert page["total"] == 10_000
    read = await reader.lines("m-13")
    assert [line["text"] for line in read] == texts
    assert [line["line"] for line in read] == list(range(1, 10_001))
    text = await sender.get("/api/v1/deployments/m-13/logs", format="text")
    assert text.headers["content-type"].startswith("text/plain")
    assert text.body.decode().splitlines() == texts


async def test_one_bad_line_refuses_none_of_the_others(sender: Connection, reader: Reader) -> None:
    lines: list[Any] = [
        {"level": "info", "message": "first"},
        17,
        None,
        {"message": "nul \u0000 here"},
        "only text",
        {"level": ["x"], "message": {"no": "text"}},
        {"level": "info", "message": "last"},
    ]
    body = sample("log_batch", deployment_id="m-14", logs=lines)
    await send(sender, body)
    surrogate = (
        '{"type":"log_entry","project":"axi-star-cloud","deployment_id":"m-14",'
        '"message":"lone \\ud800 half"}'
    )
    receipt_of(await sender.post(RECEIVER, surrogate))

    texts = [line["text"] for line in await reader.lines("m-14")]
    assert texts[0] == "first"
    assert "nul \ufffd here" in texts
    assert "last" in texts
    assert "lone \ufffd half" in texts


async def test_equal_log_lines_are_several(sender: Connection, reader: Reader) -> None:
    for _ in range(3):
        await send(sender, sample("log_entry", deployment_id="m-15"))

    assert len(await reader.lines("m-15")) == 3


async def send(sender: Connection, message: Json) -> tuple[str, int]:
    return receipt_of(await sender.post(RECEIVER, message))


def part(value: Json, *names: str) -> Json:
    return {name: value[name] for name in names}


def read_time(text: str) -> datetime:
    assert text.endswith("Z")
    return datetime.fromisoformat(text)


def is_just_now(text: str) -> bool:
    return abs((datetime.now(UTC) - read_time(text)).total_seconds()) < 60
