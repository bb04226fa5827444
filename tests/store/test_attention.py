"""Deployments that need a look: what stalled, and failures that nothing made good."""

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.journal import Told, ended, message, step, told_in
from tocsin.model.filters import DeploymentFilter
from tocsin.model.words import DeploymentState
from tocsin.store import deployments
from tocsin.store.tables.deployments import deployments as table


@pytest.fixture
async def told(tmp_path: Path, database_url: str) -> AsyncGenerator[Told, None]:
    async with told_in(tmp_path, database_url) as told:
        yield told


async def found(told: Told, **wanted: Any) -> str:
    """The ids of all that fit, two on a page."""
    ids, before = "", None
    async with told.database.read() as conn:
        while True:
            page = await deployments.page(conn, DeploymentFilter(**wanted), 2, before)
            ids += "".join(one.deployment_id for one in page.items)
            if not page.is_more:
                return ids
            before = page.items[-1].opened_seq


async def ran(told: Told, deployment_id: str, status: str, project: str = "shop") -> None:
    """A deployment that began and ended after those before it."""
    await told.tell(
        step("step_started", "build", 1, deployment_id) | {"project": project},
        ended(2, status, deployment_id) | {"project": project},
    )


@pytest.fixture
async def many(told: Told) -> Told:
    """In shop 1 and 2 failed, 3 succeeded, 4 failed, 5 was cancelled; in desk 6 failed.

    7 goes on; 8 stalled; 9 succeeded in a project that never failed.
    """
    for name, status in (("1", "failure"), ("2", "failure"), ("3", "success"), ("4", "failure")):
        await ran(told, name, status)
    await ran(told, "5", "cancelled")
    await ran(told, "6", "failure", "desk")
    await told.tell(message("step_started", "7", step_name="build"))
    await told.tell(message("step_started", "8", step_name="build"))
    await ran(told, "9", "success", "bank")
    stalled = table.update().where(table.c.deployment_id == "8").values(is_stalled=True)
    await told.database.write(lambda conn: conn.execute(stalled))
    return told


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({"needs_attention": True}, "864"),
        ({"needs_attention": False}, "975321"),
        ({"needs_attention": True, "projects": ("shop",)}, "84"),
        ({"needs_attention": True, "projects": ("desk", "bank")}, "6"),
        ({"needs_attention": True, "statuses": (DeploymentState.FAILED,)}, "64"),
        ({"needs_attention": True, "statuses": (DeploymentState.SUCCESS,)}, ""),
        ({"needs_attention": False, "statuses": (DeploymentState.FAILED,)}, "21"),
        ({"needs_attention": True, "is_stalled": True}, "8"),
        ({"needs_attention": True, "is_stalled": False}, "64"),
        ({"needs_attention": True, "text": "6"}, "6"),
    ],
)
async def test_those_that_need_a_look_are_told_from_all_others(
    many: Told, wanted: Mapping[str, Any], ids: str
) -> None:
    assert await found(many, **wanted) == ids


async def test_a_failure_is_made_good_by_a_new_run_of_any_later_deployment(many: Told) -> None:
    before = await found(many, needs_attention=True)
    await many.tell(step("step_started", "build", 20, "4"), ended(21, "success", "4"))

    assert before == "864"
    assert await found(many, needs_attention=True) == "86"
