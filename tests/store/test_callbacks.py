"""Stored callbacks: sealed, changed one after the other, and noticed by whoever looks."""

import asyncio
from dataclasses import replace
from datetime import time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.appending import append, event
from tocsin.errors import ConfigError, Rejected
from tocsin.model.callback import Callback, CallbackChannel, Grouping, QuietHours
from tocsin.store import callbacks
from tocsin.store.beside import opened
from tocsin.store.callbacks import CallbackFilter
from tocsin.store.database import Database
from tocsin.store.key import SecretKey, Vault
from tocsin.store.tables.access import secrets
from tocsin.store.tables.callbacks import callbacks as table
from tocsin.testing.clock import START

VAULT = Vault([SecretKey.new()])
FEISHU = CallbackChannel("ch-1", "feishu", True, {"webhook_url": "hunter2", "at": ["ou_日"]})
CUSTOM = CallbackChannel("ch-2", "custom", False, {"url": "https://e.org", "n": 1.5})


def callback(callback_id: str = "c-1", **other: Any) -> Callback:
    fields: dict[str, Any] = {
        "project_id": "shop",
        "name": "news",
        "enabled": True,
        "channels": (FEISHU, CUSTOM),
        "events": ("canary_*", "full_completed"),
        "condition": "event.data.duration > 600",
        "language": "ru",
        "quiet_hours": QuietHours("Asia/Shanghai", time(22), time(8, 30), ("alert.firing",)),
        "grouping": Grouping(("project", "data.host"), 30, 300.5),
        "created_at": START,
        "updated_at": START,
    }
    return Callback(id=callback_id, **{**fields, **other})


async def add(database: Database, *new: Callback) -> None:
    for one in new:
        await database.write(partial(callbacks.add, vault=VAULT, new=one))


async def change(database: Database, before: Callback, after: Callback) -> Callback:
    return await database.write(lambda conn: callbacks.change(conn, VAULT, before, after))


async def read_all(database: Database, vault: Vault = VAULT) -> list[Callback]:
    async with database.read() as conn:
        return list(await callbacks.read_all(conn, vault))


async def found(database: Database, limit: int = 10, offset: int = 0, **wanted: Any) -> list[str]:
    async with database.read() as conn:
        page, _ = await callbacks.page(conn, VAULT, CallbackFilter(**wanted), limit, offset)
    return [one.id for one in page]


async def test_what_is_stored_is_read_as_it_was(database: Database) -> None:
    plain = callback("c-2", quiet_hours=None, grouping=None, events=(), condition="")
    await add(database, callback(), plain)

    assert await read_all(database) == [callback(), plain]
    async with database.read() as conn:
        assert await callbacks.by_id(conn, VAULT, "c-2") == plain
        assert await callbacks.names(conn, ["c-1", "gone"]) == {"c-1": "news"}


async def test_the_options_of_channels_are_sealed(database: Database) -> None:
    await add(database, callback())

    async with database.read() as conn:
        texts = (await conn.execute(select(secrets))).all()
        bodies = (await conn.execute(select(table.c.body))).scalars().all()
    assert b"hunter2" not in b"".join(row.ciphertext for row in texts)
    assert "hunter2" not in "".join(bodies)
    with pytest.raises(ConfigError):
        await read_all(database, Vault([SecretKey.new()]))


async def test_callbacks_are_found_by_what_they_are_for(database: Database) -> None:
    other = callback("c-2", project_id="*", name="Ночь", enabled=False, channels=(CUSTOM,))
    await add(database, callback(), other)

    assert await found(database) == ["c-2", "c-1"]
    assert await found(database, 1, 1) == ["c-1"]
    assert await found(database, project_id="shop") == ["c-1"]
    assert await found(database, channel_type="feishu") == ["c-1"]
    assert await found(database, is_enabled=False) == ["c-2"]
    assert await found(database, text="НОЧ") == ["c-2"]
    assert await found(database, text="SHO") == ["c-1"]
    assert await found(database, ids={"c-2", "c-3"}) == ["c-2"]


async def test_what_happened_before_is_not_for_it(database: Database) -> None:
    (receipt,) = await append(database, event())
    await add(database, callback(enabled=False))
    (begun,) = await read_all(database)
    await append(database, event())
    same = await change(database, begun, replace(begun, name="other"))
    (later,) = await append(database, event())
    enabled = await change(database, same, replace(same, enabled=True))

    assert begun.from_seq == same.from_seq == receipt.seq
    assert enabled.from_seq == later.seq


async def test_a_change_is_noticed_also_where_another_clock_was_ahead(database: Database) -> None:
    ahead = START + timedelta(seconds=5)
    await add(database, callback())
    await add(database, callback("c-2", created_at=ahead, updated_at=ahead))
    before = await database.write(callbacks.mark)
    await change(database, callback(), replace(callback(), name="other"))

    assert await database.write(callbacks.mark) != before


async def test_a_change_is_noticed_also_where_the_clock_stands_still(database: Database) -> None:
    await add(database, callback())
    marks = []
    before = callback()
    for name in ("one", "two"):
        async with database.read() as conn:
            marks.append(dict(await callbacks.marks(conn)))
        before = await change(database, before, replace(before, name=name))
    async with database.read() as conn:
        marks.append(dict(await callbacks.marks(conn)))

    assert len({one["c-1"] for one in marks}) == 3
    assert before.updated_at == START + timedelta(microseconds=2)
    assert await read_all(database) == [before]


async def test_a_change_of_what_was_changed_meanwhile_is_refused(database: Database) -> None:
    await add(database, callback())
    await change(database, callback(), callback(name="first"))

    for before, status in ((callback(), 409), (callback("gone"), 404)):
        with pytest.raises(Rejected) as raised:
            await change(database, before, replace(before, name="second"))
        assert raised.value.status == status
    assert [one.name for one in await read_all(database)] == ["first"]


async def test_of_two_who_change_at_once_one_has_its_way(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    await add(database, callback())

    async with opened(database_url, tmp_path) as other:
        names = [f"by {number}" for number in range(6)]
        done = await asyncio.gather(
            *(
                change(one, callback(), callback(name=name))
                for one, name in zip((database, other) * 3, names, strict=True)
            ),
            return_exceptions=True,
        )

    won = [one for one in done if isinstance(one, Callback)]
    assert len(won) == 1
    assert await read_all(database) == won


async def test_nothing_of_a_removed_one_stays(database: Database) -> None:
    await add(database, callback())
    await database.write(lambda conn: callbacks.remove(conn, "c-1"))

    async with database.read() as conn:
        left = [
            (await conn.execute(select(func.count()).select_from(one))).scalar()
            for one in (table, secrets)
        ]
    assert left == [0, 0]
    with pytest.raises(Rejected) as raised:
        await database.write(lambda conn: callbacks.remove(conn, "c-1"))
    assert raised.value.status == 404


async def test_there_are_only_so_many(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callbacks, "MAX_STORED", 1)
    await add(database, callback())

    with pytest.raises(Rejected) as raised:
        await add(database, callback("c-2"))

    assert raised.value.status == 409


async def test_a_template_that_is_not_there_is_refused(database: Database) -> None:
    channels = (FEISHU, replace(CUSTOM, template_id="gone"))

    with pytest.raises(Rejected) as raised:
        await add(database, callback(channels=channels))

    assert raised.value.fields[0].field == "channels.1.template_id"
    assert await read_all(database) == []
