"""`/api/v1/release/templates`: own words for messages; viewers read, admins change."""

from dataclasses import replace
from typing import Annotated

from fastapi import Body, Query, Request

from tocsin.clock import Clock
from tocsin.errors import FieldFault
from tocsin.model.audit import setting_changed
from tocsin.model.callback import Template
from tocsin.model.event import new_event_id
from tocsin.store import callback_templates
from tocsin.store.callback_templates import TemplateFilter
from tocsin.store.database import Database
from tocsin.store.journal import Journal
from tocsin.web.callbacks.desk import CallbackDesk
from tocsin.web.callbacks.faults import refuse
from tocsin.web.callbacks.fields import MAX_NAME_CHARS
from tocsin.web.callbacks.kinds import kind_called, one_of_the_kinds
from tocsin.web.callbacks.template_shapes import (
    CopyWish,
    NewTemplate,
    TemplateChange,
    TemplatePath,
    TemplateShape,
    TemplatesQuery,
)
from tocsin.web.callers import caller_of
from tocsin.web.queries import Query as NoQuery
from tocsin.web.release_envelope import MISSING, Answer, Page
from tocsin.web.release_routes import ReleaseRoutes

_ALL = "/templates"
_ONE = "/templates/{template_id:uuid}"


def add_to(
    routes: ReleaseRoutes,
    *,
    database: Database,
    journal: Journal,
    clock: Clock,
    desk: CallbackDesk,
) -> None:
    """The routes of stored templates."""
    part = _Templates(database, journal, clock, desk)
    readers, admins = routes.readers, routes.admins
    readers.get(_ALL, summary="List templates")(part.page)
    readers.get(_ONE, summary="Show a template", responses=MISSING)(part.show)
    admins.post(_ALL, summary="Store a template")(part.create)
    admins.post(f"{_ONE}/copy", summary="Copy a template")(part.copy)
    admins.put(_ONE, summary="Change a template")(part.change)
    admins.delete(_ONE, summary="Remove a template")(part.remove)


class _Templates:
    def __init__(
        self, database: Database, journal: Journal, clock: Clock, desk: CallbackDesk
    ) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._desk = desk

    async def page(self, query: Annotated[TemplatesQuery, Query()]) -> Answer[Page[TemplateShape]]:
        """Templates, the newest first."""
        wanted = TemplateFilter(
            channel_type=kind_called(self._desk, query.channel_type) or None,
            event_type=query.event_type or None,
            language=query.language or None,
            text=query.q,
        )
        async with self._database.read() as conn:
            found, total = await callback_templates.page(
                conn, wanted, query.page_size, query.offset
            )
        return query.page_of([TemplateShape.of(one) for one in found], total)

    async def show(
        self, template_id: TemplatePath, _query: Annotated[NoQuery, Query()]
    ) -> Answer[TemplateShape]:
        """One template."""
        return Answer(data=TemplateShape.of(await self._by_id(str(template_id))))

    async def create(self, body: NewTemplate, request: Request) -> Answer[TemplateShape]:
        """Store a template, once it is seen that it can be used."""
        now = self._clock.now()
        new = Template(id=new_event_id(), created_at=now, updated_at=now, **body.model_dump())
        return await self._add(self._checked(new), caller_of(request).name)

    async def copy(
        self,
        template_id: TemplatePath,
        request: Request,
        body: Annotated[CopyWish | None, Body()] = None,
    ) -> Answer[TemplateShape]:
        """Store a template once more, under another name."""
        found, now = await self._by_id(str(template_id)), self._clock.now()
        named = body.name if body is not None else None
        name = named or f"{found.name[: MAX_NAME_CHARS - 4]} (2)"
        new = replace(found, id=new_event_id(), name=name, created_at=now, updated_at=now)
        return await self._add(new, caller_of(request).name)

    async def change(
        self, template_id: TemplatePath, body: TemplateChange, request: Request
    ) -> Answer[TemplateShape]:
        """Replace what is sent; messages have the new words from then on."""
        before, now = await self._by_id(str(template_id)), self._clock.now()
        said = {name: value for name, value in body.model_dump().items() if value is not None}
        after = self._checked(replace(before, updated_at=now, **said))
        by = caller_of(request).name
        await self._journal.append(
            [setting_changed("template.changed", after.name, by, now)],
            lambda conn: callback_templates.change(conn, before, after),
        )
        self._desk.changed()
        return Answer(data=TemplateShape.of(await self._by_id(before.id)))

    async def remove(self, template_id: TemplatePath, request: Request) -> Answer[None]:
        """Remove a template that no callback uses."""
        found = await self._by_id(str(template_id))
        by = caller_of(request).name
        await self._journal.append(
            [setting_changed("template.removed", found.name, by, self._clock.now())],
            lambda conn: callback_templates.remove(conn, found.id),
        )
        self._desk.changed()
        return Answer(data=None)

    async def _add(self, new: Template, by: str) -> Answer[TemplateShape]:
        await self._journal.append(
            [setting_changed("template.created", new.name, by, new.created_at)],
            lambda conn: callback_templates.add(conn, new),
        )
        self._desk.changed()
        return Answer(data=TemplateShape.of(new))

    async def _by_id(self, template_id: str) -> Template:
        async with self._database.read() as conn:
            return await callback_templates.by_id(conn, template_id)

    def _checked(self, one: Template) -> Template:
        refuse(template_faults(self._desk, one))
        channel_type = self._desk.channel_type(one.channel_type) or ""
        return replace(one, channel_type=channel_type)


def template_faults(desk: CallbackDesk, one: Template) -> list[FieldFault]:
    """What is wrong with a template; a field is one of it."""
    faults = list(desk.check_template(one.title, one.body))
    if one.channel_type and desk.channel_type(one.channel_type) is None:
        message = f"{one_of_the_kinds(desk)}, or nothing"
        faults.append(FieldFault("channel_type", message))
    if not one.title.strip() and not one.body.strip():
        faults.append(FieldFault("body", "expected a title or a body"))
    return faults
