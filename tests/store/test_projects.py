"""Projects: named, counted and paged."""

from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from tests.journal import Told, at, ended, event, step, told_in
from tocsin.model.figures import ProjectFigures
from tocsin.model.words import DeploymentState
from tocsin.store import projects
from tocsin.store.tables.callbacks import callbacks


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


async def test_a_project_is_there_once_anything_names_it(told: Told) -> None:
    await told.append([event(project="event"), event(project="", received_at=at(1))])
    await told.append([event(project="event", received_at=at(7))])
    await told.tell(step("step_started", "build", 0, project="deployment"))
    await told.database.write(lambda conn: conn.execute(insert(callbacks), list(callback_rows())))
    async with told.database.read() as conn:
        first = await projects.page(conn, 2)
        second = await projects.page(conn, 2, first.items[-1].project)

    assert [one.project for one in first.items] == ["callback", "deployment"]
    assert first.is_more
    assert list(second.items) == [ProjectFigures("event", 0, 0, 0, 0, 0, None, at(7))]
    assert first.items[0] == ProjectFigures("callback", 0, 0, 0, 0, 0, None, None)
    assert first.items[1].deployments == 1


def callback_rows() -> Iterator[dict[str, Any]]:
    """One of a project, one of a project that others name as well, one of every project."""
    times = dict.fromkeys(("from_seq", "created_at", "updated_at", "changed_at"), 0)
    for project in ("callback", "deployment", "*"):
        yield {"id": project, "project_id": project, "enabled": True, "body": "{}", **times}


async def test_at_first_there_are_no_projects(told: Told) -> None:
    async with told.database.read() as conn:
        page = await projects.page(conn, 2)

    assert (list(page.items), page.is_more) == ([], False)
