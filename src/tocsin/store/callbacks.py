"""Callbacks as people configure them; the options of their channels are sealed, one text each."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time, timedelta
from typing import Any

import orjson
from sqlalchemy import (
    Connection,
    Dialect,
    Row,
    Select,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.errors import FieldFault, Reason, Rejected
from tocsin.model.callback import Callback, CallbackChannel, Grouping, QuietHours
from tocsin.model.times import from_us, to_us
from tocsin.store import secrets
from tocsin.store.key import Sealed, Vault
from tocsin.store.locks import hold_table
from tocsin.store.statement import compiled
from tocsin.store.tables.access import secrets as sealed_texts
from tocsin.store.tables.callbacks import callback_templates, callbacks
from tocsin.store.tables.journal import events

# Each is read again by every instance when one was changed.
MAX_STORED = 500

_PLACE = "callback/"
_MICROSECOND = timedelta(microseconds=1)
# In one statement, so that nothing is changed between the one table and the other.
_SEALED = select(callbacks, sealed_texts.c.key_id, sealed_texts.c.ciphertext).join(
    sealed_texts, sealed_texts.c.name == literal(_PLACE) + callbacks.c.id
)

Marks = Mapping[str, int]
"""Of each callback when it was last changed."""


@dataclass(frozen=True, slots=True)
class CallbackFilter:
    """Callbacks that fit in every field; `text` stands in the name or the project."""

    project_id: str | None = None
    channel_type: str | None = None
    is_enabled: bool | None = None
    text: str = ""
    ids: Collection[str] | None = None


async def marks(conn: AsyncConnection) -> Marks:
    """By which a change is noticed, wherever it was made."""
    found = await conn.execute(select(callbacks.c.id, callbacks.c.changed_at))
    return {row.id: row.changed_at for row in found}


def mark(conn: Connection) -> tuple[int, int]:
    """The same in short, in a transaction: how many there are, and the last change."""
    ((count, newest),) = compiled(conn.dialect, _counted).fetch(conn)
    return count, newest or 0


def _counted(_dialect: Dialect) -> Select[int, Any]:
    return select(func.count(), func.max(callbacks.c.changed_at)).select_from(callbacks)


def mark_of(known: Marks) -> tuple[int, int]:
    """What `mark` gives while nothing was changed since `known` was read."""
    return len(known), max(known.values(), default=0)


async def read_all(conn: AsyncConnection, vault: Vault) -> Sequence[Callback]:
    """All callbacks with their channels' options, the oldest first.

    Raises:
        ConfigError: a secret is sealed with another key, or was tampered with.
    """
    rows = await conn.execute(_SEALED.order_by(callbacks.c.id))
    return [_opened(vault, row) for row in rows]


async def page(
    conn: AsyncConnection, vault: Vault, wanted: CallbackFilter, limit: int, offset: int
) -> tuple[Sequence[Callback], int]:
    """At most `limit` that fit, the newest first, from the one at `offset`; and how many fit.

    Raises:
        ConfigError: as `read_all`.
    """
    rows = await conn.execute(_SEALED.order_by(callbacks.c.id.desc()))
    fitting = [row for row in rows if _fits(row, wanted)]
    return [_opened(vault, row) for row in fitting[offset : offset + limit]], len(fitting)


async def by_id(conn: AsyncConnection, vault: Vault, callback_id: str) -> Callback:
    """The callback with that id.

    Raises:
        Rejected: 404, there is none.
        ConfigError: as `read_all`.
    """
    row = (await conn.execute(_SEALED.where(callbacks.c.id == callback_id))).first()
    if row is None:
        raise _none()
    return _opened(vault, row)


async def names(conn: AsyncConnection, ids: Collection[str]) -> Mapping[str, str]:
    """What those of `ids` that are still there are called."""
    found = select(callbacks.c.id, callbacks.c.body).where(callbacks.c.id.in_(ids))
    return {row.id: orjson.loads(row.body)["name"] for row in await conn.execute(found)}


def add(conn: Connection, vault: Vault, new: Callback) -> None:
    """Store a callback; what happened up to now is not for it.

    Raises:
        Rejected: 409, there are too many; 422, it names a template that is not there.
        StoreDown: the key was changed since this process read it.
    """
    hold_table(conn, callbacks)
    if conn.execute(select(func.count()).select_from(callbacks)).scalar_one() >= MAX_STORED:
        message = f"There are {MAX_STORED} callbacks already; remove one first."
        raise Rejected(409, Reason.CONFLICT, message)
    _check_templates(conn, new)
    conn.execute(insert(callbacks).values(_row(conn, replace(new, from_seq=_newest_seq(conn)))))
    _seal(conn, vault, new)


def change(conn: Connection, vault: Vault, before: Callback, after: Callback) -> Callback:
    """Store `after` in place of `before`, and give it as it is stored.

    What happened while it was disabled is not for it.

    Raises:
        Rejected: 404, it is gone; 409, somebody changed it meanwhile; 422, it names a template
            that is not there.
        StoreDown: the key was changed since this process read it.
    """
    # Its own time tells two changes apart, also where the clock stands still or went back.
    updated_at = max(after.updated_at, before.updated_at + _MICROSECOND)
    is_begun = after.enabled and not before.enabled
    from_seq = _newest_seq(conn) if is_begun else before.from_seq
    stored = replace(
        after,
        id=before.id,
        created_at=before.created_at,
        updated_at=updated_at,
        from_seq=from_seq,
    )
    _check_templates(conn, stored)
    here = (callbacks.c.id == before.id, callbacks.c.updated_at == to_us(before.updated_at))
    if conn.execute(update(callbacks).where(*here).values(_row(conn, stored))).rowcount == 0:
        if conn.execute(select(callbacks.c.id).where(here[0])).first() is None:
            raise _none()
        message = "Somebody changed this callback meanwhile; read it and change it again."
        raise Rejected(409, Reason.CONFLICT, message)
    _seal(conn, vault, stored)
    return stored


def remove(conn: Connection, callback_id: str) -> None:
    """Forget a callback with its secrets; what it sent stays in the history.

    Raises:
        Rejected: 404, there is none.
    """
    if conn.execute(delete(callbacks).where(callbacks.c.id == callback_id)).rowcount == 0:
        raise _none()
    secrets.remove(conn, _place(callback_id))


def _none() -> Rejected:
    return Rejected(404, Reason.NOT_FOUND, "There is no callback with this id.")


def _place(callback_id: str) -> str:
    return f"{_PLACE}{callback_id}"


def _newest_seq(conn: Connection) -> int:
    return conn.execute(select(func.max(events.c.seq))).scalar_one() or 0


def _check_templates(conn: Connection, callback: Callback) -> None:
    wanted = {one.template_id for one in callback.channels if one.template_id is not None}
    found = select(callback_templates.c.id).where(callback_templates.c.id.in_(wanted))
    # Whoever removes one meanwhile waits, and sees that it is used.
    there = set(conn.execute(found.with_for_update(read=True)).scalars()) if wanted else set()
    faults = [
        FieldFault(f"channels.{at}.template_id", "expected the id of a template")
        for at, one in enumerate(callback.channels)
        if one.template_id is not None and one.template_id not in there
    ]
    if faults:
        message = f"{faults[0].field}: {faults[0].message}"
        raise Rejected(422, Reason.BAD_FIELD, message, fields=faults)


def _fits(row: Row[Any], wanted: CallbackFilter) -> bool:
    body = orjson.loads(row.body)
    types = {one["type"] for one in body["channels"]}
    return (
        (wanted.project_id is None or row.project_id == wanted.project_id)
        and (wanted.channel_type is None or wanted.channel_type in types)
        and (wanted.is_enabled is None or row.enabled == wanted.is_enabled)
        and (wanted.ids is None or row.id in wanted.ids)
        and wanted.text.casefold() in f"{body['name']}\n{row.project_id}".casefold()
    )


# --- rows


def _row(conn: Connection, one: Callback) -> dict[str, Any]:
    quiet, grouping = one.quiet_hours, one.grouping
    body = {
        "name": one.name,
        "channels": [
            {
                "id": channel.id,
                "type": channel.type,
                "enabled": channel.enabled,
                "template_id": channel.template_id,
            }
            for channel in one.channels
        ],
        "events": one.events,
        "condition": one.condition,
        "language": one.language,
        "quiet_hours": quiet
        and {
            "zone": quiet.zone,
            "start": quiet.start.isoformat(),
            "end": quiet.end.isoformat(),
            "but": quiet.but,
        },
        "grouping": grouping
        and {"by": grouping.by, "wait_s": grouping.wait_s, "interval_s": grouping.interval_s},
    }
    return {
        "id": one.id,
        "project_id": one.project_id,
        "enabled": one.enabled,
        "body": orjson.dumps(body).decode(),
        "from_seq": one.from_seq,
        "created_at": to_us(one.created_at),
        "updated_at": to_us(one.updated_at),
        # Higher than any, also where another was written by a clock that is ahead.
        "changed_at": max(to_us(one.updated_at), mark(conn)[1] + 1),
    }


def _seal(conn: Connection, vault: Vault, one: Callback) -> None:
    configs = {channel.id: dict(channel.config) for channel in one.channels}
    text = orjson.dumps(configs).decode()
    secrets.put(conn, vault, _place(one.id), text, one.updated_at)


def _opened(vault: Vault, row: Row[Any]) -> Callback:
    text = vault.open(_place(row.id), Sealed(row.key_id, row.ciphertext))
    return _callback(row, orjson.loads(text))


def _callback(row: Row[Any], configs: Mapping[str, Any]) -> Callback:
    body = orjson.loads(row.body)
    return Callback(
        id=row.id,
        project_id=row.project_id,
        name=body["name"],
        enabled=row.enabled,
        channels=tuple(
            CallbackChannel(config=configs[channel["id"]], **channel)
            for channel in body["channels"]
        ),
        events=tuple(body["events"]),
        condition=body["condition"],
        language=body["language"],
        quiet_hours=_quiet_hours(body["quiet_hours"]),
        grouping=_grouping(body["grouping"]),
        from_seq=row.from_seq,
        created_at=from_us(row.created_at),
        updated_at=from_us(row.updated_at),
    )


def _quiet_hours(said: Mapping[str, Any] | None) -> QuietHours | None:
    if said is None:
        return None
    start, end = (time.fromisoformat(said[name]) for name in ("start", "end"))
    return QuietHours(said["zone"], start, end, tuple(said["but"]))


def _grouping(said: Mapping[str, Any] | None) -> Grouping | None:
    if said is None:
        return None
    return Grouping(tuple(said["by"]), said["wait_s"], said["interval_s"])
