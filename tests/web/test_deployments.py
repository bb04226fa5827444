"""`/api/v1/deployments`: ids of all kinds, pages and steps."""

from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.journal import Reading, ended, reading_in, step

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
    assert await ids("attention=true") == ["2"]
    assert await ids("attention=false") == ["1"]
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


async def test_what_is_usual_is_told_by_the_others_of_the_project(reading: Reading) -> None:
    for name, seconds, status in (
        ("1", 10, "success"),
        ("2", 30, "success"),
        ("3", 500, "failure"),
    ):
        await reading.told.tell(
            step("step_started", "build", 0, name),
            step("step_completed", "build", seconds - 5, name, step_status="success"),
            ended(seconds, status, name),
        )
    await reading.told.tell(step("step_started", "build", 0, "4"))

    running = await reading.get("/api/v1/deployments/4/usual")
    itself = await reading.get("/api/v1/deployments/2/usual")
    missing = await reading.get("/api/v1/deployments/5/usual")

    assert running.json == {"runs": 2, "duration": 20.0, "steps": {"build": 15.0}}
    assert itself.json == {"runs": 1, "duration": 10.0, "steps": {"build": 5.0}}
    assert missing.status == 404


async def test_steps_can_be_had_of_one_run(reading: Reading) -> None:
    await reading.told.tell(
        step("step_started", "build", 1),
        ended(5, "failure"),
        step("step_started", "build", 9),
    )

    async def runs(query: str) -> list[int]:
        answer = await reading.get(f"/api/v1/deployments/1/steps{query}")
        return [one["run"] for one in answer.json["items"]]

    missing = await reading.get("/api/v1/deployments/1/steps?run=3")

    assert await runs("") == [1, 2]
    assert await runs("?run=2") == [2]
    assert missing.status == 404
