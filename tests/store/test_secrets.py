"""Secrets in the store: sealed, held to their key, and safe at every stop of a rotation."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.notify.deliveries import callback
from tocsin.errors import ConfigError, StoreDown
from tocsin.store import callbacks, channel_tokens, secrets
from tocsin.store.beside import opened
from tocsin.store.database import Database
from tocsin.store.key import SecretKey, Vault, begin_rotation, end_rotation, load_keys
from tocsin.store.tables import access as tables
from tocsin.testing.clock import START

OLD, NEW = SecretKey.new(), SecretKey.new()


async def put(database: Database, vault: Vault, name: str, plain: str) -> None:
    await database.write(lambda conn: secrets.put(conn, vault, name, plain, START))


async def read(database: Database, vault: Vault, name: str) -> str | None:
    async with database.read() as conn:
        return await secrets.read(conn, vault, name)


async def check(database: Database, *keys: SecretKey) -> None:
    await database.write(lambda conn: secrets.check_key(conn, Vault(keys), START))


async def reseal(database: Database, old: list[SecretKey], new: SecretKey) -> int:
    return await database.write(lambda conn: secrets.reseal(conn, old, new, START))


async def test_a_secret_is_kept_replaced_and_forgotten(database: Database) -> None:
    vault = Vault([OLD])
    await put(database, vault, "slack", "one")
    await put(database, vault, "slack", "two")
    await put(database, vault, "feishu", "three")

    async with database.read() as conn:
        names = await secrets.names(conn)
    kept = await read(database, vault, "slack")
    await database.write(lambda conn: secrets.remove(conn, "slack"))
    gone = await read(database, vault, "slack")

    assert names == ["feishu", "slack"]
    assert (kept, gone) == ("two", None)


async def test_instances_that_begin_together_on_a_new_database_mark_it_once(
    database_url: str, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        opening = [opened(database_url, tmp_path) for _ in range(4)]
        instances = [await stack.enter_async_context(one) for one in opening]
        await asyncio.gather(*(check(one, OLD) for one in instances))

        with pytest.raises(ConfigError):
            await check(instances[0], NEW)


async def test_no_secret_stands_in_the_database_in_plain(database: Database) -> None:
    await put(database, Vault([OLD]), "slack", "hunter2")

    async with database.read() as conn:
        row = (await conn.execute(select(tables.secrets))).one()

    assert b"hunter2" not in row.ciphertext
    assert row.key_id == OLD.id


async def test_a_start_with_another_key_stops_with_a_clear_word(database: Database) -> None:
    await check(database, OLD)
    await check(database, OLD)

    with pytest.raises(ConfigError, match="sealed with another key") as refused:
        await check(database, NEW)

    assert NEW.text not in str(refused.value)


async def test_everything_is_sealed_anew_or_nothing(database: Database) -> None:
    await put(database, Vault([OLD]), "slack", "hunter2")
    await put(database, Vault([NEW]), "feishu", "hunter3")

    with pytest.raises(ConfigError):
        await reseal(database, [OLD], SecretKey.new())
    count = await reseal(database, [OLD], NEW)

    assert count == 2
    assert await read(database, Vault([NEW]), "slack") == "hunter2"
    assert await read(database, Vault([NEW]), "feishu") == "hunter3"


async def test_what_callbacks_keep_is_sealed_anew_too(database: Database) -> None:
    old, new, kept = Vault([OLD]), Vault([NEW]), channel_tokens.KeptToken("t-1", START)
    made = callback(("slack", {"webhook_url": "https://hooks.slack.com/services/hunter3"}))
    await database.write(lambda conn: callbacks.add(conn, old, made))
    await database.write(lambda conn: channel_tokens.claim(conn, "feishu-1", START))
    await database.write(lambda conn: channel_tokens.put(conn, old, "feishu-1", kept, START))

    assert await reseal(database, [OLD], NEW) == 2

    async with database.read() as conn:
        (found,) = await callbacks.read_all(conn, new)
        assert await channel_tokens.read(conn, new, "feishu-1") == kept
        with pytest.raises(ConfigError):
            await callbacks.read_all(conn, old)
    assert found.channels[0].config == made.channels[0].config


async def test_a_server_with_the_old_key_seals_nothing_that_nobody_could_open(
    database: Database,
) -> None:
    await check(database, OLD)
    await reseal(database, [OLD], NEW)

    with pytest.raises(StoreDown, match="restart"):
        await put(database, Vault([OLD]), "slack", "hunter2")


@pytest.mark.parametrize("stopped_after", ["nothing", "new key", "sealing", "all"])
async def test_a_rotation_stopped_anywhere_loses_nothing(
    database: Database, tmp_path: Path, stopped_after: str
) -> None:
    keys = load_keys("", tmp_path, may_make=True)
    await check(database, *keys)
    await put(database, Vault(keys), "slack", "hunter2")

    if stopped_after != "nothing":
        new = begin_rotation(tmp_path)
        if stopped_after != "new key":
            await reseal(database, keys, new)
            if stopped_after == "all":
                end_rotation(tmp_path)

    # A start in between finds everything, and may add to it; the next rotation ends the first.
    found = load_keys("", tmp_path, may_make=True)
    await check(database, *found)
    assert await read(database, Vault(found), "slack") == "hunter2"
    await put(database, Vault(found), "feishu", "hunter3")
    again = begin_rotation(tmp_path)
    await reseal(database, found, again)
    end_rotation(tmp_path)
    (last,) = load_keys("", tmp_path, may_make=True)
    assert await read(database, Vault([last]), "slack") == "hunter2"
    assert await read(database, Vault([last]), "feishu") == "hunter3"
