"""`/api/v1/projects`: named, counted, paged."""

from pathlib import Path

from tests.journal import ended, reading_in, step


async def test_projects_are_listed_by_name(tmp_path: Path) -> None:
    async with reading_in(tmp_path) as reading:
        for project in ("shop", "api", "部署"):
            await reading.told.tell(
                step("step_started", "build", 1, project=project), ended(5, project=project)
            )

        first = (await reading.get("/api/v1/projects?limit=2")).json
        second = (await reading.get(f"/api/v1/projects?cursor={first['next_cursor']}")).json
        wrong = await reading.get("/api/v1/projects?cursor=AAAA")

    assert [one["project"] for one in first["items"]] == ["api", "shop"]
    assert first["items"][0]["success_rate"] == 1.0
    assert [one["project"] for one in second["items"]] == ["部署"]
    assert second["next_cursor"] is None
    assert (wrong.status, wrong.json["errors"][0]["field"]) == (422, "cursor")
