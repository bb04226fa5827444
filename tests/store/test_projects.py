"""Projects: named, counted and paged."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.journal import Told, at, ended, step, told_in
from tocsin.model.figures import ProjectFigures
from tocsin.model.words import DeploymentState
from tocsin.store import projects


@pytest.fixture
async def told(tmp_path: Path, database_url: str) -> AsyncGenerator[Told, None]:
    async with told_in(tmp_path, database_url) as told:
        yield told


async def test_a_projects_deployments_are_counted_by_how_they_stand(told: Told) -> None:
    for name in "12345":
        await told.tell(step("step_started", "build", 0, name), received_at=at(int(name)))
    outcomes = {"1": "success", "2": "success", "3": "failure", "4": "cancelled"}
    await told.tell(*(ended(9, word, name) for name, word in outcomes.items()))

    async with told.database.read() as conn:
        page = await projects.page(conn, 10)

    assert list(page.items) == [
        ProjectFigures("shop", 5, 1, 2, 1, 1, DeploymentState.RUNNING, at(5))
    ]
    assert not page.is_more


async def test_projects_are_paged_by_name(told: Told) -> None:
    names = ["a", "b/c", "shop", "рынок", "商店"]
    for name in reversed(names):
        await told.tell(step("step_started", "build", 0, project=name))
        await told.tell(step("step_started", "build", 0, "2", project=name))

    found: list[str] = []
    async with told.database.read() as conn:
        none = await projects.page(conn, 2, "\U0010ffff")
        while True:
            page = await projects.page(conn, 2, found[-1] if found else None)
            found += [one.project for one in page.items]
            if not page.is_more:
                break

    assert found == names
    assert list(none.items) == []


async def test_without_deployments_there_are_no_projects(told: Told) -> None:
    async with told.database.read() as conn:
        page = await projects.page(conn, 2)

    assert (list(page.items), page.is_more) == ([], False)
