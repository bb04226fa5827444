"""Where deployments stand, read for the events that tell of them."""

from collections.abc import Iterable
from functools import partial

import pytest

from tests.appending import after, append, began, done, ended, event, logged
from tocsin.model.change import Change
from tocsin.model.standing import Standing
from tocsin.model.times import to_us
from tocsin.model.words import DeploymentState
from tocsin.store.append import Appender
from tocsin.store.database import Database
from tocsin.store.standings import Identity, standings_of


async def read(database: Database, *wanted: Identity) -> dict[Identity, Standing]:
    async with database.read() as conn:
        return dict(await standings_of(conn, wanted))


async def test_a_deployment_stands_where_the_last_append_said(database: Database) -> None:
    told = Change("1", to_us(after(0)), facts={"branch": "main"})
    groups = [
        [event(change=told), event(change=began("1", 1)), event(change=ended("1", 2))],
        [event(change=began("1", 3, "test")), event(change=done("1", 9))],
        [event(change=began("1", 20))],
    ]
    seen = []
    appender = Appender(database.dialect)
    for group in groups:
        appended = await database.write(partial(appender.append, groups=[group]))
        found = await read(database, ("shop", "1"))
        assert found["shop", "1"] == appended.entries[-1].standing
        seen.append(found["shop", "1"])

    assert [one.run.state for one in seen] == [
        DeploymentState.RUNNING,
        DeploymentState.SUCCESS,
        DeploymentState.RUNNING,
    ]
    assert [[step.name for step in one.run.steps] for one in seen] == [
        ["build"],
        ["build", "test"],
        ["build"],
    ]
    assert [one.run.number for one in seen] == [1, 1, 2]
    assert seen[0].facts == {"branch": "main"}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([], []),
        ([("shop", "")], []),
        ([("shop", "2")], []),
        ([("ops", "1")], []),
        ([("shop", "1")], ["shop 1"]),
        ([("shop", "1"), ("web", "1"), ("shop", "1")], ["shop 1", "web 1"]),
        ([("web", "1"), ("web", "3"), ("shop", "")], ["web 1", "web 3"]),
    ],
)
async def test_each_that_is_a_deployment_is_found(
    database: Database, wanted: Iterable[Identity], expected: list[str]
) -> None:
    await append(
        database,
        event(change=logged("1", 0, "x")),
        event(change=began("1", 0), project="web"),
        event(change=began("3", 0), project="web"),
    )

    found = await read(database, *wanted)

    told = {f"{project} {deployment_id}": one for (project, deployment_id), one in found.items()}
    assert [name for name in told if not name.startswith("unknown ")] == expected
    for name in expected:
        assert f"{told[name].project} {told[name].deployment_id}" == name


async def test_who_was_nameless_at_first_is_found_under_both_names(database: Database) -> None:
    # Its first events are kept as of "unknown", its later ones as of the project.
    await append(database, event(project="", change=began("1", 0)))
    await append(database, event(project="web", change=ended("1", 1)))
    await append(database, event(project="other", change=began("1", 2)))

    found = await read(database, ("unknown", "1"), ("web", "1"))

    assert found["unknown", "1"] is found["web", "1"]
    assert found["web", "1"].project == "web"


async def test_who_is_nameless_among_others_is_itself(database: Database) -> None:
    for project in ("shop", "web", ""):
        await append(database, event(project=project, change=began("1", 0)))

    found = await read(database, ("unknown", "1"))

    assert found["unknown", "1"].project == "unknown"
