"""A deployment as a page is shown it at first: its steps, its newest lines, and as of which seq."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.journal import Told, ended, message, step, told_in
from tocsin.live.snapshot import MAX_LINES, MAX_LINES_CHARS, snapshot_of
from tocsin.store.facts import ensure_epoch


@pytest.fixture
async def told(tmp_path: Path) -> AsyncIterator[Told]:
    async with told_in(tmp_path) as told:
        await told.database.write(ensure_epoch)
        yield told


def lines(*texts: str, deployment_id: str = "1", **more: str) -> dict[str, object]:
    said: dict[str, object] = message(
        "log_batch", deployment_id, logs=[{"message": one} for one in texts], **more
    )
    return said


async def test_it_has_the_fields_of_the_guides_pages(told: Told) -> None:
    await told.tell(
        step("step_started", "build", 0, "1"),
        message("log_entry", "1", step_name="build", message="one\\ntwo"),
        step("step_completed", "build", 30, "1"),
        step("step_started", "deploy", 30, "1"),
        message("log_entry", "1", message="of no step"),
    )

    snapshot = await snapshot_of(told.database, "1")

    assert snapshot.seq == 5
    (status,) = snapshot.statuses
    assert status == {
        "id": "1",
        "project": "shop",
        "status": "running",
        "duration": status["duration"],
        "steps": [
            {
                "stepName": "build",
                "status": "completed",
                "duration": 30.0,
                "logs": "one\\ntwo",
                "timestamp": "2026-01-01T00:00:30.000Z",
            },
            {
                "stepName": "deploy",
                "status": "running",
                "duration": 0,
                "logs": "",
                "timestamp": "2026-01-01T00:00:30.000Z",
            },
        ],
        "logs": ["one\\ntwo", "of no step"],
        "run": 1,
        "progress": 50,
        "seq": 5,
    }


async def test_one_that_nothing_was_heard_of_is_pending(told: Told) -> None:
    await told.tell(step("step_started", "build", 0, "other"))

    snapshot = await snapshot_of(told.database, "1")

    assert snapshot.seq == 1
    (status,) = snapshot.statuses
    assert status["id"] == "1"
    assert status["status"] == "pending"
    assert status["steps"] == status["logs"] == []
    assert status["seq"] == 0


async def test_in_an_empty_journal_too(told: Told) -> None:
    snapshot = await snapshot_of(told.database, "1")

    assert snapshot.seq == 0
    assert len(snapshot.statuses) == 1


async def test_each_project_that_has_the_id_has_a_snapshot(told: Told) -> None:
    await told.tell(
        step("step_started", "build", 0, "1", project="shop"),
        step("step_started", "build", 0, "1", project="blog"),
        step("step_started", "build", 0, "2", project="news"),
    )

    snapshot = await snapshot_of(told.database, "1")

    assert [status["project"] for status in snapshot.statuses] == ["blog", "shop"]
    assert [status["seq"] for status in snapshot.statuses] == [2, 1]
    assert snapshot.seq == 3


async def test_the_newest_run_is_the_one_shown(told: Told) -> None:
    await told.tell(
        step("step_started", "build", 0),
        step("step_completed", "build", 5),
        ended(10),
        step("step_started", "again", 100),
    )

    (status,) = (await snapshot_of(told.database, "1")).statuses
    assert status["run"] == 2
    assert [one["stepName"] for one in status["steps"]] == ["again"]
    assert status["status"] == "running"


async def test_of_a_long_log_the_newest_lines_are_shown(told: Told) -> None:
    texts = [f"line {number}" for number in range(MAX_LINES + 40)]
    await told.tell(lines(*texts[:300]), lines(*texts[300:]))

    (status,) = (await snapshot_of(told.database, "1")).statuses
    assert status["logs"] == texts[40:]


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        ([1, MAX_LINES_CHARS // 2, MAX_LINES_CHARS // 2], 2),
        ([1, MAX_LINES_CHARS // 2, MAX_LINES_CHARS // 2 - 1], 3),
        ([MAX_LINES_CHARS], 1),
        ([9, MAX_LINES_CHARS + 1], 0),
    ],
)
async def test_of_long_lines_as_many_as_go_into_it(
    told: Told, sizes: list[int], shown: int
) -> None:
    await told.tell(lines(*("x" * size for size in sizes)))

    (status,) = (await snapshot_of(told.database, "1")).statuses
    assert [len(one) for one in status["logs"]] == sizes[len(sizes) - shown :]
