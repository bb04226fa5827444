"""Stored set-ups: sealed, changed one after the other, and noticed by whoever looks."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tocsin.errors import ConfigError, Rejected
from tocsin.model.inbound_call import SetUpKey
from tocsin.model.source_setup import KeptSecret, StoredSetUp, rotated
from tocsin.store import source_setups
from tocsin.store.beside import opened
from tocsin.store.database import Database
from tocsin.store.key import SecretKey, Vault
from tocsin.store.tables.access import secrets
from tocsin.store.tables.sources import source_setups as table
from tocsin.testing.clock import START

VAULT = Vault([SecretKey.new()])
TEAM: SetUpKey = ("github", "team-a")


def set_up(name: str = "team-a", text: str = "the secret") -> StoredSetUp:
    return StoredSetUp("github", name, True, START, (KeptSecret("1", text, START),))


async def add(database: Database, new: StoredSetUp) -> None:
    await database.write(lambda conn: source_setups.add(conn, VAULT, new))


async def rotate(database: Database, key: SetUpKey, text: str, now: datetime = START) -> None:
    def with_new(stored: StoredSetUp) -> StoredSetUp:
        return rotated(stored, ["setting"], KeptSecret(text, text, now), timedelta(days=1))

    await database.write(lambda conn: source_setups.change(conn, VAULT, key, with_new, now))


async def remove(database: Database, key: SetUpKey) -> None:
    await database.write(lambda conn: source_setups.remove(conn, key))


async def keep(database: Database, text: str) -> None:
    """One more secret for the team, by a change that looks at what is there."""
    await database.write(
        lambda conn: source_setups.change(conn, VAULT, TEAM, lambda one: _with(one, text), START)
    )


async def read_all(database: Database, vault: Vault = VAULT) -> list[StoredSetUp]:
    async with database.read() as conn:
        return list(await source_setups.read_all(conn, vault))


async def marks(database: Database) -> source_setups.Marks:
    async with database.read() as conn:
        return await source_setups.marks(conn)


async def test_what_is_stored_is_read_as_it_was(database: Database) -> None:
    await add(database, set_up("b"))
    await add(database, set_up("a", "§ \x00 日"))

    assert await read_all(database) == [set_up("a", "§ \x00 日"), set_up("b")]


async def test_a_name_is_taken_once(database: Database) -> None:
    await add(database, set_up())

    with pytest.raises(Rejected) as raised:
        await add(database, set_up(text="other"))

    assert raised.value.status == 409
    assert await read_all(database) == [set_up()]


async def test_there_are_only_so_many(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_setups, "MAX_STORED", 1)
    await add(database, set_up())

    with pytest.raises(Rejected) as raised:
        await add(database, set_up("other"))

    assert raised.value.status == 409


async def test_the_secrets_of_a_set_up_in_the_settings_are_stored_without_it(
    database: Database,
) -> None:
    await rotate(database, TEAM, "new")

    (found,) = await read_all(database)
    assert (found.is_stored, [one.text for one in found.secrets]) == (False, ["new"])
    assert [one.ends_at for one in found.ended_settings] == [START + timedelta(days=1)]


async def test_a_change_is_noticed_also_where_the_clock_stands_still(database: Database) -> None:
    await add(database, set_up())
    seen = [await marks(database)]
    for text in ("one", "two"):
        await rotate(database, TEAM, text)
        seen.append(await marks(database))
    await remove(database, TEAM)
    seen.append(await marks(database))

    assert len({tuple(one.items()) for one in seen}) == 4
    assert seen[-1] == {}


async def test_nothing_of_a_removed_one_stays(database: Database) -> None:
    await add(database, set_up())
    await remove(database, TEAM)

    async with database.read() as conn:
        left = [
            (await conn.execute(select(func.count()).select_from(one))).scalar()
            for one in (table, secrets)
        ]
    assert left == [0, 0]


async def test_what_is_in_the_settings_is_not_removed_here(database: Database) -> None:
    await rotate(database, TEAM, "new")

    for key in (TEAM, ("github", "nobody")):
        with pytest.raises(Rejected) as raised:
            await remove(database, key)
        assert raised.value.status == 404

    assert len(await read_all(database)) == 1


async def test_secrets_are_sealed_and_open_with_their_key_only(database: Database) -> None:
    await add(database, set_up(text="hunter2 hunter2"))

    async with database.read() as conn:
        rows = (await conn.execute(select(secrets))).all()
    assert b"hunter2" not in b"".join(row.ciphertext for row in rows)
    with pytest.raises(ConfigError):
        await read_all(database, Vault([SecretKey.new()]))


async def test_two_who_change_at_once_both_have_their_way(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    await add(database, set_up())

    async with opened(database_url, tmp_path) as other:
        both = (database, other) * 5
        await asyncio.gather(*(keep(one, f"{number}") for number, one in enumerate(both)))

    (found,) = await read_all(database)
    assert {one.text for one in found.secrets} == {"the secret", *map(str, range(10))}


def _with(stored: StoredSetUp, text: str) -> StoredSetUp:
    return replace(stored, secrets=(KeptSecret(text, text, START), *stored.secrets))
