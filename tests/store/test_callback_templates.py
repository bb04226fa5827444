"""Stored templates: found by what they are for, changed in turn, kept while they are used."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from tocsin.errors import Rejected
from tocsin.model.callback import Callback, CallbackChannel, Template
from tocsin.store import callback_templates, callbacks
from tocsin.store.callback_templates import TemplateFilter
from tocsin.store.database import Database
from tocsin.store.key import SecretKey, Vault
from tocsin.testing.clock import START

VAULT = Vault([SecretKey.new()])


def template(template_id: str = "t-1", **other: Any) -> Template:
    fields: dict[str, Any] = {
        "name": "short",
        "channel_type": "feishu",
        "event_type": "canary_*",
        "language": "zh",
        "title": "{{project_name}} 日",
        "body": "**{{version_name}}**",
        "created_at": START,
        "updated_at": START,
    }
    return Template(id=template_id, **{**fields, **other})


async def add(database: Database, *new: Template) -> None:
    for one in new:
        await database.write(partial(callback_templates.add, new=one))


async def found(database: Database, limit: int = 10, offset: int = 0, **wanted: Any) -> Any:
    async with database.read() as conn:
        page, total = await callback_templates.page(conn, TemplateFilter(**wanted), limit, offset)
    return [one.id for one in page], total


async def test_what_is_stored_is_read_as_it_was(database: Database) -> None:
    await add(database, template(), template("t-2", name="100%"))

    async with database.read() as conn:
        assert await callback_templates.by_id(conn, "t-1") == template()
        everything = await callback_templates.read_all(conn)
    assert list(everything) == [template(), template("t-2", name="100%")]
    with pytest.raises(Rejected) as raised:
        async with database.read() as conn:
            await callback_templates.by_id(conn, "t-3")
    assert raised.value.status == 404


async def test_templates_are_found_by_what_they_are_for(database: Database) -> None:
    other = template("t-2", name="100%", channel_type="", event_type="", language="ru")
    await add(database, template(), other)

    assert await found(database) == (["t-2", "t-1"], 2)
    assert await found(database, 1, 1) == (["t-1"], 2)
    assert await found(database, channel_type="") == (["t-2"], 1)
    assert await found(database, event_type="canary_*") == (["t-1"], 1)
    assert await found(database, language="ru") == (["t-2"], 1)
    assert await found(database, text="0%") == (["t-2"], 1)


async def test_changes_follow_each_other(database: Database) -> None:
    await add(database, template())
    done = await database.write(
        lambda conn: callback_templates.change(conn, template(), template(body="new"))
    )

    assert done == template(body="new", updated_at=START + timedelta(microseconds=1))
    for before, status in ((template(), 409), (template("gone"), 404)):
        other = replace(before, body="other")
        with pytest.raises(Rejected) as raised:
            await database.write(partial(callback_templates.change, before=before, after=other))
        assert raised.value.status == status
    async with database.read() as conn:
        assert await callback_templates.by_id(conn, "t-1") == done


async def test_one_that_a_callback_uses_stays(database: Database) -> None:
    await add(database, template())
    channel = CallbackChannel("ch-1", "feishu", True, {}, "t-1")
    using = Callback(
        id="c-1",
        project_id="shop",
        name="",
        enabled=True,
        channels=(channel,),
        events=(),
        created_at=START,
        updated_at=START,
    )
    await database.write(lambda conn: callbacks.add(conn, VAULT, using))

    with pytest.raises(Rejected) as raised:
        await database.write(lambda conn: callback_templates.remove(conn, "t-1"))
    assert raised.value.status == 409
    assert (await found(database))[1] == 1

    await database.write(lambda conn: callbacks.remove(conn, "c-1"))
    await database.write(lambda conn: callback_templates.remove(conn, "t-1"))
    assert (await found(database))[1] == 0
    with pytest.raises(Rejected) as raised:
        await database.write(lambda conn: callback_templates.remove(conn, "t-1"))
    assert raised.value.status == 404


async def test_there_are_only_so_many(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callback_templates, "MAX_STORED", 1)
    await add(database, template())

    with pytest.raises(Rejected) as raised:
        await add(database, template("t-2"))

    assert raised.value.status == 409
