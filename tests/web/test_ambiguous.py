"""An id that several projects have: who asks is told which ones."""

from pathlib import Path

import pytest

from tests.journal import reading_in, step


@pytest.mark.parametrize("ending", ["", "/steps", "/logs", "/logs?format=text"])
async def test_the_candidates_are_told_and_the_project_decides(tmp_path: Path, ending: str) -> None:
    join = "&" if "?" in ending else "?"
    async with reading_in(tmp_path) as reading:
        await reading.told.tell(step("step_started", "a", 1, "1", project="shop"))
        await reading.told.tell(step("step_started", "b", 1, "1", project="рынок"))

        several = await reading.get(f"/api/v1/deployments/1{ending}")
        one = await reading.get(f"/api/v1/deployments/1{ending}{join}project=shop")
        none = await reading.get(f"/api/v1/deployments/1{ending}{join}project=else")

    assert several.status == 409
    assert several.headers["content-type"] == "application/problem+json"
    assert several.json["reason"] == "ambiguous"
    assert several.json["candidates"] == [
        {
            "project": project,
            "id": "1",
            "status": "running",
            "last_seen_at": "2026-01-01T00:00:00.000Z",
        }
        for project in ("shop", "рынок")
    ]
    assert (one.status, none.status) == (200, 404)
