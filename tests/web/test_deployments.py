"""`/api/v1/deployments`: ids of all kinds, pages, steps and logs."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.journal import Reading, ended, message, reading_in, step
from tocsin.web import deployments

IDS = ["1", "a/b", "a/logs", "logs", "/", "a b", "a+b", "..", ".", "100%", "%2F", "部署-1", "a?b#c"]
IDS += ["a\nb", "'; --", "a/b/steps", "\u202e"]


@pytest.fixture
async def reading(tmp_path: Path) -> AsyncGenerator[Reading, None]:
    async with reading_in(tmp_path) as reading:
        yield reading


@pytest.mark.parametrize("name", IDS)
async def test_a_deployment_is_found_whatever_its_id(reading: Reading, name: str) -> None:
    await reading.told.tell(step("step_started", "build", 1, "other"))
    await reading.told.tell(step("step_started", "build", 1, name, logs="text"))
    address = f"/api/v1/deployments/{quote(name, safe='')}"

    shown = await reading.get(address)
    steps = await reading.get(f"{address}/steps")
    logs = await reading.get(f"{address}/logs?format=text")

    assert (shown.status, shown.json["id"], len(shown.json["runs"])) == (200, name, 1)
    assert [one["name"] for one in steps.json["items"]] == ["build"]
    assert logs.body == b"text\n"


@pytest.mark.parametrize("ending", ["", "/steps", "/logs", "/logs?format=text"])
@pytest.mark.parametrize("sent", ["2", "%FF", "%00", "%ED%A0%80", "a/b"])
async def test_an_id_nobody_has_is_not_found(reading: Reading, sent: str, ending: str) -> None:
    answer = await reading.get(f"/api/v1/deployments/{sent}{ending}")

    assert (answer.status, answer.json["reason"]) == (404, "not_found")


async def test_lists_are_paged_to_their_end(reading: Reading) -> None:
    for name in "12345":
        await reading.told.tell(step("step_started", "build", 1, name))

    first = (await reading.get("/api/v1/deployments?limit=2")).json
    second = (await reading.get(f"/api/v1/deployments?limit=2&cursor={first['next_cursor']}")).json
    third = (await reading.get(f"/api/v1/deployments?limit=2&cursor={second['next_cursor']}")).json

    pages = [[one["id"] for one in page["items"]] for page in (first, second, third)]
    assert pages == [["5", "4"], ["3", "2"], ["1"]]
    assert third["next_cursor"] is None


async def test_filters_are_taken_from_the_query(reading: Reading) -> None:
    await reading.told.tell(step("step_started", "build", 1, "1", branch="main"))
    await reading.told.tell(step("step_started", "build", 1, "2"), ended(5, "failure", "2"))

    async def ids(query: str) -> list[str]:
        answer = await reading.get(f"/api/v1/deployments?{query}")
        return [one["id"] for one in answer.json["items"]]

    assert await ids("status=failed") == ["2"]
    assert await ids("status=failed&status=running") == ["2", "1"]
    assert await ids("q=MAIN&project=shop") == ["1"]
    assert await ids("stalled=true") == []
    assert await ids("since=2026-01-01T08:00:00%2B08:00&until=") == ["2", "1"]
    assert await ids("since=2026-01-01T08:00:01+08:00") == []
    assert await ids("q=%00") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=" + "9" * 40, "limit"),
        ("since=yesterday", "since"),
        ("status=good", "status.0"),
        ("cursor=WyJldmVudHMiLDZd", "cursor"),
        ("projekt=shop", "projekt"),
    ],
)
async def test_a_wrong_query_is_a_problem_that_names_the_field(
    reading: Reading, query: str, field: str
) -> None:
    answer = await reading.get(f"/api/v1/deployments?{query}")

    assert answer.status == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [fault["field"] for fault in answer.json["errors"]] == [field]


@pytest.fixture
async def two_runs(reading: Reading) -> Reading:
    """Two lines in the first run, one in the second."""
    await reading.told.tell(
        step("step_started", "build", 1, logs="one\n\x1b[31mtwo\x1b[0m"),
        ended(5, "failure"),
        step("step_started", "build", 9, logs="three", level="ERROR"),
    )
    return reading


async def test_steps_and_lines_can_be_had_of_one_run(two_runs: Reading) -> None:
    async def get(rest: str) -> list[object]:
        answer = await two_runs.get(f"/api/v1/deployments/1/{rest}")
        return [one.get("text", one.get("run")) for one in answer.json["items"]]

    missing = await two_runs.get("/api/v1/deployments/1/logs?run=3")

    assert await get("steps") == [1, 2]
    assert await get("steps?run=2") == [2]
    assert await get("logs?run=1") == ["one", "\x1b[31mtwo\x1b[0m"]
    assert await get("logs?run=2") == ["three"]
    assert await get("logs?level=error") == ["three"]
    assert await get("logs?from_line=2&to_line=2") == ["\x1b[31mtwo\x1b[0m"]
    assert await get("logs?q=THREE&step=build") == ["three"]
    assert missing.status == 404


async def test_lines_are_paged_with_their_total(two_runs: Reading) -> None:
    first = (await two_runs.get("/api/v1/deployments/1/logs?limit=2")).json
    more = f"/api/v1/deployments/1/logs?limit=2&cursor={first['next_cursor']}"
    second = (await two_runs.get(more)).json

    assert [one["line"] for one in first["items"] + second["items"]] == [1, 2, 3]
    assert (first["total"], second["total"], second["next_cursor"]) == (3, 3, None)


async def test_a_log_is_downloaded_as_a_text_with_its_colours(two_runs: Reading) -> None:
    asked = await two_runs.get("/api/v1/deployments/1/logs?format=text")
    accepted = await two_runs.get("/api/v1/deployments/1/logs", headers={"accept": "text/plain"})
    cut = await two_runs.get("/api/v1/deployments/1/logs?format=text&limit=2&from_line=2")
    decided = await two_runs.get(
        "/api/v1/deployments/1/logs?format=json", headers={"accept": "text/plain"}
    )

    assert asked.body == accepted.body == b"one\n\x1b[31mtwo\x1b[0m\nthree\n"
    assert asked.headers["content-type"] == "text/plain; charset=utf-8"
    assert asked.headers["content-disposition"].startswith("attachment;")
    assert cut.body == b"\x1b[31mtwo\x1b[0m\nthree\n"
    assert decided.headers["content-type"] == "application/json"


async def test_a_downloads_name_is_the_id_in_safe_characters(reading: Reading) -> None:
    name = 'a"\r\n部'
    await reading.told.tell(step("step_started", "build", 1, name))

    answer = await reading.get(f"/api/v1/deployments/{quote(name, safe='')}/logs?format=text")

    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"deployment.log\"; filename*=UTF-8''a%22%0D%0A%E9%83%A8.log"
    )
    assert answer.body == b""


async def test_a_long_log_is_sent_in_parts_and_ends_though_it_grows(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployments, "LINES_AT_ONCE", 10)
    logs = [f"line {number}" for number in range(95)]
    await reading.told.tell(message("log_batch", logs=logs))

    async def grow() -> None:
        while True:
            await reading.told.tell(message("log_entry", message="later"))

    growing = asyncio.create_task(grow())
    answer = await reading.get("/api/v1/deployments/1/logs?format=text")
    growing.cancel()

    assert answer.chunks >= 10
    lines = answer.body.decode().splitlines()
    assert lines[:95] == logs
    assert set(lines[95:]) <= {"later"}
