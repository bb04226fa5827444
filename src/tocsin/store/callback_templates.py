"""People's own words for messages, which channels of callbacks name by their id."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.errors import Reason, Rejected
from tocsin.model.callback import Template
from tocsin.model.times import from_us, to_us
from tocsin.store.locks import hold_table
from tocsin.store.search import contains
from tocsin.store.tables.callbacks import callback_templates as templates
from tocsin.store.tables.callbacks import callbacks

MAX_STORED = 500

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class TemplateFilter:
    """Templates that fit in every field; `text` stands in the name."""

    channel_type: str | None = None
    event_type: str | None = None
    language: str | None = None
    text: str = ""


async def page(
    conn: AsyncConnection, wanted: TemplateFilter, limit: int, offset: int
) -> tuple[Sequence[Template], int]:
    """At most `limit` that fit, the newest first, from the one at `offset`; and how many fit."""
    columns = {
        templates.c.channel_type: wanted.channel_type,
        templates.c.event_type: wanted.event_type,
        templates.c.language: wanted.language,
    }
    where = [column == value for column, value in columns.items() if value is not None]
    if wanted.text:
        where.append(contains(templates.c.name, wanted.text))
    counted = select(func.count()).select_from(templates).where(*where)
    total = (await conn.execute(counted)).scalar_one()
    found = select(templates).where(*where).order_by(templates.c.id.desc())
    rows = await conn.execute(found.limit(limit).offset(offset))
    return [_template(row) for row in rows], total


async def marks(conn: AsyncConnection) -> Mapping[str, int]:
    """Of each template when it was last changed, by which a change is noticed."""
    found = await conn.execute(select(templates.c.id, templates.c.updated_at))
    return {row.id: row.updated_at for row in found}


async def read_all(conn: AsyncConnection) -> Sequence[Template]:
    """All templates, the oldest first."""
    rows = await conn.execute(select(templates).order_by(templates.c.id))
    return [_template(row) for row in rows]


async def by_id(conn: AsyncConnection, template_id: str) -> Template:
    """The template with that id.

    Raises:
        Rejected: 404, there is none.
    """
    found = select(templates).where(templates.c.id == template_id)
    row = (await conn.execute(found)).first()
    if row is None:
        raise _none()
    return _template(row)


def add(conn: Connection, new: Template) -> None:
    """Store a template.

    Raises:
        Rejected: 409, there are too many.
    """
    hold_table(conn, templates)
    if conn.execute(select(func.count()).select_from(templates)).scalar_one() >= MAX_STORED:
        message = f"There are {MAX_STORED} templates already; remove one first."
        raise Rejected(409, Reason.CONFLICT, message)
    conn.execute(insert(templates).values(_row(new)))


def change(conn: Connection, before: Template, after: Template) -> Template:
    """Store `after` in place of `before`, and give it as it is stored.

    Raises:
        Rejected: 404, it is gone; 409, somebody changed it meanwhile.
    """
    # As for callbacks: a time of its own for each change.
    updated_at = max(after.updated_at, before.updated_at + _MICROSECOND)
    stored = replace(after, id=before.id, created_at=before.created_at, updated_at=updated_at)
    here = (templates.c.id == before.id, templates.c.updated_at == to_us(before.updated_at))
    if conn.execute(update(templates).where(*here).values(_row(stored))).rowcount == 0:
        if conn.execute(select(templates.c.id).where(here[0])).first() is None:
            raise _none()
        message = "Somebody changed this template meanwhile; read it and change it again."
        raise Rejected(409, Reason.CONFLICT, message)
    return stored


def remove(conn: Connection, template_id: str) -> None:
    """Forget a template that no callback uses.

    Raises:
        Rejected: 404, there is none; 409, a callback uses it.
    """
    if conn.execute(delete(templates).where(templates.c.id == template_id)).rowcount == 0:
        raise _none()
    for body in conn.execute(select(callbacks.c.body)).scalars():
        said = orjson.loads(body)
        if any(one["template_id"] == template_id for one in said["channels"]):
            name = said["name"] or "without a name"
            message = f"The callback {name!r} uses this template; change that first."
            raise Rejected(409, Reason.CONFLICT, message)


def _none() -> Rejected:
    return Rejected(404, Reason.NOT_FOUND, "There is no template with this id.")


def _row(one: Template) -> dict[str, Any]:
    times = {"created_at": to_us(one.created_at), "updated_at": to_us(one.updated_at)}
    return {**asdict(one), **times}


def _template(row: Row[Any]) -> Template:
    said: dict[str, Any] = row._asdict()
    said |= {name: from_us(said[name]) for name in ("created_at", "updated_at")}
    return Template(**said)
