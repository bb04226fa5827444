"""Deployments read back: lists by what is asked for, one by its id, and all said of one."""

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.journal import Told, at, ended, message, step, told_in
from tests.plans import noted, plan_of
from tocsin.model.filters import DeploymentFilter
from tocsin.model.runs import runs_of
from tocsin.model.words import DeploymentState
from tocsin.store import deployments, keyset
from tocsin.store.tables.deployments import deployments as table

RUNNING, FAILED, SUCCESS = (
    DeploymentState.RUNNING,
    DeploymentState.FAILED,
    DeploymentState.SUCCESS,
)


@pytest.fixture
async def told(tmp_path: Path, database_url: str) -> AsyncGenerator[Told, None]:
    async with told_in(tmp_path, database_url) as told:
        yield told


async def begin(told: Told, deployment_id: str, hours: int = 0, **more: Any) -> None:
    """A deployment heard of after so many hours."""
    told_step = step("step_started", "build", hours * 3600, deployment_id, **more)
    await told.tell(told_step, received_at=at(hours * 3600))


async def found(told: Told, wanted: DeploymentFilter, limit: int = 2) -> list[str]:
    """The ids of all that fit, over all pages."""
    ids: list[str] = []
    before: int | None = None
    async with told.database.read() as conn:
        while True:
            page = await deployments.page(conn, wanted, limit, before)
            ids += [one.deployment_id for one in page.items]
            if not page.is_more:
                return ids
            before = page.items[-1].opened_seq


@pytest.fixture
async def five(told: Told) -> Told:
    """1 failed, 2 (with a branch) succeeded, 3 runs in another project, 4 stalled, 5 runs."""
    for hours, name in enumerate("12345"):
        project = "Рынок" if name == "3" else "shop"
        branch = "feature/50%_off" if name == "2" else "main"
        await begin(told, name, hours, project=project, branch=branch)
    await told.tell(ended(32_400, "failure", "1"), ended(32_400, "success", "2"))
    stalled = table.update().where(table.c.deployment_id == "4").values(is_stalled=True)
    await told.database.write(lambda conn: conn.execute(stalled))
    return told


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({}, "54321"),
        ({"projects": ("shop",)}, "5421"),
        ({"projects": ("shop", "Рынок", "none")}, "54321"),
        ({"statuses": (RUNNING,)}, "543"),
        ({"statuses": (FAILED, SUCCESS)}, "21"),
        ({"projects": ("shop",), "statuses": (RUNNING, FAILED)}, "541"),
        ({"is_stalled": True}, "4"),
        ({"is_stalled": False}, "5321"),
        ({"is_stalled": True, "statuses": (SUCCESS,)}, ""),
        ({"is_stalled": True, "statuses": (SUCCESS, RUNNING)}, "4"),
        ({"since": at(3 * 3600)}, "54"),
        ({"until": at(3 * 3600)}, "321"),
        ({"since": at(3600), "until": at(2 * 3600)}, "2"),
        ({"text": "SHOP"}, "5421"),
        ({"text": "рынок"}, "3"),
        ({"text": "MAIN"}, "5431"),
        ({"text": "50%_"}, "2"),
        ({"text": "%"}, "2"),
        ({"text": "branch"}, ""),
        ({"text": "4"}, "4"),
    ],
)
async def test_what_fits_is_listed_the_newest_first(
    five: Told, wanted: Mapping[str, Any], ids: str
) -> None:
    assert await found(five, DeploymentFilter(**wanted)) == list(ids)


async def test_a_new_run_comes_to_the_top(told: Told) -> None:
    await begin(told, "1")
    await begin(told, "2")
    await told.tell(ended(10, "success", "1"))
    before = await found(told, DeploymentFilter())
    await told.tell(step("step_started", "build", 20, "1"))

    assert before == ["2", "1"]
    assert await found(told, DeploymentFilter()) == ["1", "2"]


async def test_a_page_of_large_facts_ends_early(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyset, "PAGE_CHARS", 1_000)
    for name in "123":
        await told.tell({"project": "shop", "runId": name, "errorMessage": "x" * 600})

    async with told.database.read() as conn:
        page = await deployments.page(conn, DeploymentFilter(), 10)

    assert [one.deployment_id for one in page.items] == ["3"]
    assert page.is_more
    assert await found(told, DeploymentFilter()) == ["3", "2", "1"]


async def test_an_id_may_be_had_by_several_projects(told: Told) -> None:
    await begin(told, "1", project="b")
    await begin(told, "1", project="a")

    async with told.database.read() as conn:
        both = await deployments.with_id(conn, "1")
        one = await deployments.with_id(conn, "1", "b")
        none = await deployments.with_id(conn, "1", "c")

    assert [each.project for each in both] == ["a", "b"]
    assert [each.project for each in one] == ["b"]
    assert list(none) == []


async def test_all_that_was_said_comes_back(told: Told) -> None:
    await begin(told, "1", branch="main")
    await told.tell(
        step("step_completed", "build", 5),
        step("step_completed", "test", 8, step_status="failure"),
        message("metrics_update", metrics={"steps_count": 2}),
        ended(9, "failure"),
    )

    async with told.database.read() as conn:
        (summary,) = await deployments.with_id(conn, "1")
        state = await deployments.state_of(conn, summary.pk)
        nothing = await deployments.state_of(conn, 77)

    (run,) = runs_of(state)
    assert [each.name for each in run.steps] == ["build", "test"]
    assert run.sent == {"steps_count": 2}
    assert (summary.status, summary.steps_failed, summary.facts["branch"]) == (FAILED, 1, "main")
    assert runs_of(nothing)[0].steps == ()


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({}, "opened_seq"),
        ({"projects": ("shop",)}, "project_opened_seq"),
        ({"statuses": (FAILED,)}, "status_opened_seq"),
        ({"projects": ("shop",), "statuses": (FAILED,)}, "project_opened_seq"),
        ({"is_stalled": True}, "status_opened_seq"),
        ({"since": at(1)}, "opened_seq"),
    ],
)
async def test_lists_are_read_off_their_index(
    told: Told, wanted: Mapping[str, Any], index: str
) -> None:
    await begin(told, "1")

    async with noted(told.database) as said:
        await found(told, DeploymentFilter(**wanted))
    sizes = next(one for one in said if "length" in one[0])
    async with told.database.read() as conn:
        plan = await plan_of(conn, sizes)

    assert any(f"ix_deployments_{index}" in line for line in plan), plan


async def test_the_newest_successes_of_a_project_are_had_with_their_steps(told: Told) -> None:
    for name, status in (("1", "success"), ("2", "failure"), ("3", "success"), ("4", "success")):
        await begin(told, name)
        await told.tell(step("step_completed", f"only in {name}", 5, name), ended(9, status, name))
    await begin(told, "5", project="bank")
    await told.tell(ended(9, "success", "5") | {"project": "bank"})

    async with told.database.read() as conn:
        (fourth,) = await deployments.with_id(conn, "4")
        packed = await deployments.latest_successes(conn, "shop", 2, without=fourth.pk)
        one = await deployments.latest_successes(conn, "shop", 1, without=77)
        none = await deployments.latest_successes(conn, "desk", 2, without=77)

    names = [[each.name for each in runs_of(two.unpack())[-1].steps] for two in packed]
    assert names == [["build", "only in 3"], ["build", "only in 1"]]
    assert [list(each.unpack().steps) for each in one] == [["build", "only in 4"]]
    assert list(none) == []
