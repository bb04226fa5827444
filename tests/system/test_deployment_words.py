"""What the words of senders mean, which deployment a message belongs to, attempts and runs."""

from typing import Any

import pytest

from tests.system.reading import RECEIVER, Reader, receipt_of, sample
from tests.system.wire import Connection

STEP_WORDS = {
    "started": "running",
    "in_progress": "running",
    "running": "running",
    "retrying": "retrying",
    "completed": "completed",
    "success": "completed",
    "skipped": "completed",
    "neutral": "completed",
    "failed": "failed",
    "failure": "failed",
    "timed_out": "failed",
    "startup_failure": "failed",
    "cancelled": "failed",
    "action_required": "failed",
}
DEPLOYMENT_WORDS = {
    "success": "success",
    "completed": "success",
    "skipped": "success",
    "neutral": "success",
    "failed": "failed",
    "failure": "failed",
    "timed_out": "failed",
    "startup_failure": "failed",
    "action_required": "failed",
    "cancelled": "cancelled",
}
WORDS_WITHOUT_NEWS = ["", "null", "stale", None]


@pytest.mark.parametrize(("word", "status"), STEP_WORDS.items())
async def test_a_word_says_how_a_step_stands(
    word: str, status: str, sender: Connection, reader: Reader
) -> None:
    is_end = status in {"completed", "failed"}
    name = "step_completed" if is_end else "step_started"
    await send(sender, sample(name, deployment_id=f"w-1-{word}", step_status=word))

    [step] = await reader.steps(f"w-1-{word}")
    assert step["status"] == status
    if is_end:
        assert step["conclusion"] == word


@pytest.mark.parametrize(("word", "status"), DEPLOYMENT_WORDS.items())
async def test_a_word_says_how_a_deployment_ended(
    word: str, status: str, sender: Connection, reader: Reader
) -> None:
    await send(sender, sample("deployment_completed", deployment_id=f"w-2-{word}", status=word))

    detail = await reader.deployment(f"w-2-{word}")
    assert detail["status"] == status
    assert detail["conclusion"] == word


@pytest.mark.parametrize("word", WORDS_WITHOUT_NEWS)
@pytest.mark.parametrize("before", ["started", "failed"])
async def test_an_empty_word_leaves_a_step_as_it_was(
    word: str | None, before: str, sender: Connection, reader: Reader
) -> None:
    deployment_id = f"w-3-{before}-{word}"
    await send(sender, sample("step_started", deployment_id=deployment_id, step_status=before))
    [known] = await reader.steps(deployment_id)

    update = sample(
        "step_started",
        type="step_updated",
        deployment_id=deployment_id,
        timestamp="2024-01-01T12:00:05.000Z",
    )
    await send(sender, update | {"step_status": word})

    [step] = await reader.steps(deployment_id)
    assert step["status"] == known["status"]


async def test_an_empty_status_at_the_end_refuses_nothing(
    sender: Connection, reader: Reader
) -> None:
    for word in WORDS_WITHOUT_NEWS:
        message = sample("deployment_completed", deployment_id="w-4")
        await send(sender, message | {"status": word})

    assert len(await reader.events(subject="w-4")) == len(WORDS_WITHOUT_NEWS)


async def test_repeats_of_a_step_stay_visible_as_attempts(
    sender: Connection, reader: Reader
) -> None:
    for name, word, second in (
        ("step_started", "started", 0),
        ("step_completed", "failed", 10),
        ("step_updated", "retrying", 12),
        ("step_completed", "success", 20),
    ):
        base = "step_completed" if name == "step_completed" else "step_started"
        message = sample(
            base,
            type=name,
            deployment_id="w-5",
            step_status=word,
            timestamp=f"2024-01-01T12:00:{second:02}.000Z",
        )
        await send(sender, message)

    [step] = await reader.steps("w-5")
    assert step["status"] == "completed"
    told = [(one["attempt"], one["status"], one["conclusion"]) for one in step["attempts"]]
    assert told == [(1, "failed", "failed"), (2, "completed", "success")]
    detail = await reader.deployment("w-5")
    assert (detail["steps_known"], detail["steps_ended"], detail["steps_failed"]) == (1, 1, 0)


async def test_a_step_after_the_end_opens_a_new_run(sender: Connection, reader: Reader) -> None:
    await send(sender, sample("step_completed", deployment_id="w-6"))
    await send(sender, sample("deployment_completed", deployment_id="w-6", status="failure"))
    again = {"deployment_id": "w-6", "timestamp": "2024-01-01T13:00:00.000Z"}
    await send(sender, sample("step_started", **again))

    detail = await reader.deployment("w-6")
    assert (detail["run"], detail["status"]) == (2, "running")
    runs = {run["run"]: run for run in detail["runs"]}
    assert runs[1]["status"] == "failed"
    assert runs[2]["status"] == "running"
    assert [step["status"] for step in runs[1]["steps"]] == ["completed"]
    assert [step["status"] for step in runs[2]["steps"]] == ["running"]
    [old] = await reader.steps("w-6", run=1)
    assert old["status"] == "completed"


async def test_a_log_after_the_end_reopens_nothing(sender: Connection, reader: Reader) -> None:
    await send(sender, sample("deployment_completed", deployment_id="w-7"))
    late = {"deployment_id": "w-7", "timestamp": "2024-01-01T12:30:00.000Z"}
    await send(sender, sample("log_entry", **late))
    await send(sender, sample("step_completed", **late))

    detail = await reader.deployment("w-7")
    assert (detail["run"], detail["status"]) == (1, "success")
    assert detail["completed_at"] == "2024-01-01T12:01:00.000Z"
    assert len(await reader.lines("w-7")) == 3
    assert len(await reader.steps("w-7")) == 1


@pytest.mark.parametrize("project", ["", "unknown", None])
async def test_a_message_without_project_joins_the_only_deployment_of_its_id(
    project: str | None, sender: Connection, reader: Reader
) -> None:
    deployment_id = f"w-8-{project}"
    await send(sender, sample("step_started", deployment_id=deployment_id, project="shop"))
    await send(sender, sample("log_entry", deployment_id=deployment_id) | {"project": project})

    detail = await reader.deployment(deployment_id)
    assert detail["project"] == "shop"
    assert len(await reader.lines(deployment_id)) == 2


async def test_a_message_without_project_and_without_a_match_is_unknown(
    sender: Connection, reader: Reader
) -> None:
    await send(sender, sample("step_started", deployment_id="w-9", project=""))

    assert (await reader.deployment("w-9"))["project"] == "unknown"


async def test_one_id_in_two_projects_is_asked_back(sender: Connection, reader: Reader) -> None:
    await send(sender, sample("step_started", deployment_id="w-10", project="shop"))
    await send(sender, sample("deployment_completed", deployment_id="w-10", project="blog"))

    answer = await sender.get("/api/v1/deployments/w-10")
    assert answer.status == 409
    assert answer.headers["content-type"].startswith("application/problem+json")
    told = str(answer.json()["candidates"])
    assert "shop" in told
    assert "blog" in told
    assert (await reader.deployment("w-10", project="shop"))["status"] == "running"
    assert (await reader.deployment("w-10", project="blog"))["status"] == "success"
    await send(sender, sample("log_entry", deployment_id="w-10", project="unknown"))
    assert len(await reader.lines("w-10", project="unknown")) == 1


async def test_a_message_without_deployment_is_an_event_of_the_project(
    sender: Connection, reader: Reader
) -> None:
    for empty in ("", None):
        message = sample("step_started", project="w-11") | {"deployment_id": empty}
        event_id, _ = await send(sender, message)
        event = await reader.get(f"/api/v1/events/{event_id}")
        assert event["project"] == "w-11"

    assert await reader.all("/api/v1/deployments", project="w-11") == []


async def test_lists_can_be_narrowed_and_paged(sender: Connection, reader: Reader) -> None:
    for number in range(25):
        name = "deployment_completed" if number % 5 == 0 else "step_started"
        await send(sender, sample(name, deployment_id=f"w-12-{number}", project="w-12"))

    every = await reader.all("/api/v1/deployments", project="w-12")
    assert len(every) == 25
    ended = await reader.all("/api/v1/deployments", project="w-12", status="success")
    assert {one["id"] for one in ended} == {f"w-12-{number}" for number in range(0, 25, 5)}
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    for _ in range(9):
        page = await reader.get("/api/v1/deployments", project="w-12", limit=3, **cursor)
        found += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert [one["id"] for one in found] == [one["id"] for one in every]
    [project] = [one for one in await reader.all("/api/v1/projects") if one["project"] == "w-12"]
    assert (project["deployments"], project["success"], project["running"]) == (25, 5, 20)


async def test_metrics_count_runs_by_day(sender: Connection, reader: Reader) -> None:
    for number, (status, duration) in enumerate([("success", 10), ("success", 30), ("failed", 50)]):
        message = sample(
            "deployment_completed",
            project="w-13",
            deployment_id=f"w-13-{number}",
            status=status,
            duration=duration,
        )
        await send(sender, message)

    [day] = await reader.all("/api/v1/metrics/deployments", project="w-13")
    assert day["day"] == "2024-01-01"
    assert (day["runs"], day["success"], day["failed"]) == (3, 2, 1)
    assert day["duration_p50"] == 30
    assert 45 <= day["duration_p95"] <= 50


async def test_logs_can_be_narrowed(sender: Connection, reader: Reader) -> None:
    lines = [
        {"level": level, "message": f"{level} number {number}"}
        for number in range(3)
        for level in ("info", "error")
    ]
    await send(sender, sample("log_batch", deployment_id="w-14", logs=lines))

    errors = await reader.lines("w-14", level="error")
    assert [line["text"] for line in errors] == [f"error number {number}" for number in range(3)]
    found = await reader.lines("w-14", q="number 2")
    assert [line["text"] for line in found] == ["info number 2", "error number 2"]
    page = await reader.get("/api/v1/deployments/w-14/logs", from_line=3, to_line=4)
    assert [line["line"] for line in page["items"]] == [3, 4]


async def send(sender: Connection, message: dict[str, Any]) -> tuple[str, int]:
    return receipt_of(await sender.post(RECEIVER, message))
