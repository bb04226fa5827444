"""What a start makes and checks before anything else, and what a stop leaves."""

import asyncio
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection

from tests.app.whole import MESSAGE, STREAM, Call, built, kinds, post
from tests.appending import event, ground_in, rows
from tocsin.errors import ConfigError
from tocsin.model.access import Role
from tocsin.model.people import Person
from tocsin.store import people
from tocsin.store.beside import opened
from tocsin.testing.clock import START


async def test_it_makes_its_folder_and_says_when_it_began_and_ended(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there" / "yet"
    for _ in range(2):
        async with built(folder):
            pass

    assert await kinds(folder) == ["instance.started i-1", "instance.stopped i-1"] * 2


async def test_what_one_instance_does_alone_is_free_again_after_its_stop(tmp_path: Path) -> None:
    taken = "SELECT name FROM leases WHERE until > 0 ORDER BY name"
    async with built(tmp_path) as tocsin:
        # The loops begin with the first; what they began with was stored before the second.
        for _ in range(2):
            await post(tocsin, "/api/webhooks/deployment", MESSAGE)
        async with opened("", tmp_path) as database:
            during = [row["name"] for row in await rows(database, taken)]
    async with opened("", tmp_path) as database:
        after = await rows(database, taken)

    assert {"store.retention", "watch.stalled"} <= set(during)
    assert after == []


async def test_the_sign_in_code_is_made_while_there_are_no_people(tmp_path: Path) -> None:
    codes = []
    for _ in range(2):
        async with built(tmp_path) as tocsin:
            codes.append(tocsin.sign_in_code)
    async with opened("", tmp_path) as database:
        mina = Person("p-1", "mina", Role.ADMIN, START)
        await database.write(lambda conn: people.add(conn, mina, "no hash"))
    async with built(tmp_path) as tocsin:
        codes.append(tocsin.sign_in_code)

    first, second, third = codes
    assert first
    assert second
    assert first != second
    assert third is None


async def test_events_of_before_the_start_can_be_gone_on_from(tmp_path: Path) -> None:
    async with ground_in(tmp_path) as ground:
        await ground.append(event(), event())
        said = f"{ground.epoch}:1"
    async with built(tmp_path) as tocsin:
        stream = Call(tocsin, "GET", f"{STREAM}?last_event_id={said}")
        streaming = asyncio.create_task(stream.run())
        await stream.answered.wait()
        await tocsin.wind_down()
        await streaming

    assert b'"recovered":true' in stream.answer


async def test_a_database_of_a_newer_version_stops_the_start(tmp_path: Path) -> None:
    async with opened("", tmp_path) as database:
        for changed in (
            "UPDATE alembic_version SET version_num = '9999'",
            "UPDATE journal_facts SET value = '9999' WHERE name = 'schema_serves_from'",
        ):
            await database.write(partial(Connection.exec_driver_sql, statement=changed))

    with pytest.raises(ConfigError, match="newer"):
        async with built(tmp_path):
            pass


async def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file")

    with pytest.raises(ConfigError, match=r"^data_dir: "):
        async with built(taken):
            pass


async def test_a_start_that_fails_leaves_nothing_open(tmp_path: Path) -> None:
    async with built(tmp_path):
        pass
    with pytest.raises(ConfigError, match="secret_key"):
        async with built(tmp_path, SECRET_KEY="another key than the one it was made with"):
            pass

    assert await kinds(tmp_path) == ["instance.started i-1", "instance.stopped i-1"]
