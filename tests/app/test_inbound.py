"""Sources across a restart."""

from pathlib import Path

from tests.app.whole import MESSAGE, built, get, post


async def test_the_last_calls_are_on_the_disk_after_the_stop(tmp_path: Path) -> None:
    async with built(tmp_path) as tocsin:
        await post(tocsin, "/hooks/deployment", MESSAGE)
    async with built(tmp_path) as again:
        listed = await get(again, "/api/v1/sources/deployment/-/calls")

    assert [one["outcome"] for one in listed.json["items"]] == ["stored"]


async def test_what_is_changed_of_sources_by_people_holds_after_a_restart(tmp_path: Path) -> None:
    new = {"kind": "github", "name": "team-a"}
    async with built(tmp_path, AUTH__LOCAL_ROLE="admin") as tocsin:
        made = await post(tocsin, "/api/v1/sources", new)
    async with built(tmp_path) as again:
        listed = await get(again, "/api/v1/sources/github/team-a")

    assert made.status == 201
    assert listed.json["secrets"] == made.json["secrets"]
