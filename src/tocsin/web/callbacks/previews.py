"""What a message would look like, what a template may name, and what channels there are."""

from typing import Annotated

from fastapi import Query

from tocsin.model.callback_desk import PreviewWish
from tocsin.model.entry import read_out
from tocsin.model.event import Event
from tocsin.store import callback_templates, events
from tocsin.store.database import Database
from tocsin.web.callbacks.desk import CallbackDesk
from tocsin.web.callbacks.faults import bad_field
from tocsin.web.callbacks.kinds import one_of_the_kinds
from tocsin.web.callbacks.template_shapes import (
    ChannelKindShape,
    DefaultsQuery,
    DefaultsShape,
    FaultShape,
    PreviewBody,
    PreviewShape,
    TemplateWords,
    VariableShape,
    VerdictShape,
)
from tocsin.web.queries import Query as NoQuery
from tocsin.web.release_envelope import WRITING, Answer, Page
from tocsin.web.release_routes import ReleaseRoutes

_WORDS = "/callbacks/template"


def add_to(routes: ReleaseRoutes, *, database: Database, desk: CallbackDesk) -> None:
    """The routes that show without storing or sending anything."""
    part = _Previews(database, desk)
    readers = routes.readers
    readers.get("/callbacks/channels", summary="List the kinds of channels")(part.channels)
    readers.get(f"{_WORDS}/variables", summary="List what a template may name")(part.variables)
    readers.get(f"{_WORDS}/defaults", summary="Show a template to begin with")(part.defaults)
    readers.post(f"{_WORDS}/validate", summary="Check a template", responses=WRITING)(part.validate)
    readers.post(
        f"{_WORDS}/preview", summary="Draw a message without sending it", responses=WRITING
    )(part.preview)


class _Previews:
    def __init__(self, database: Database, desk: CallbackDesk) -> None:
        self._database = database
        self._desk = desk

    async def channels(self, _query: Annotated[NoQuery, Query()]) -> Answer[Page[ChannelKindShape]]:
        """Every kind of channel with what is to be said of it."""
        return Answer(data=Page.whole([ChannelKindShape.of(one) for one in self._desk.channels()]))

    async def variables(self, _query: Annotated[NoQuery, Query()]) -> Answer[Page[VariableShape]]:
        """What a template may name, each with a value as it could be."""
        return Answer(data=Page.whole([VariableShape.of(one) for one in self._desk.variables()]))

    async def defaults(self, query: Annotated[DefaultsQuery, Query()]) -> Answer[DefaultsShape]:
        """A template that says what Tocsin says by itself."""
        kind = self._kind(query.channel_type)
        found = self._desk.default_template(query.language, query.event_type, kind)
        return Answer(data=DefaultsShape.of(found, query, kind))

    async def validate(self, body: TemplateWords) -> Answer[VerdictShape]:
        """Whether a template can be used, and if not, what is wrong with it."""
        self._kind(body.channel_type)
        faults = self._desk.check_template(body.title, body.body)
        errors = [FaultShape.of(one) for one in faults]
        return Answer(data=VerdictShape(valid=not errors, errors=errors))

    async def preview(self, body: PreviewBody) -> Answer[PreviewShape]:
        """How an event would be told: as it is meant, and as it would go to the platform."""
        kind = self._kind(body.channel_type)
        title, text = body.title, body.body
        if body.template_id is not None and title is None and text is None:
            async with self._database.read() as conn:
                template = await callback_templates.by_id(conn, body.template_id)
            title, text = template.title, template.body
        wish = PreviewWish(
            event=await self._event(body),
            language=body.language,
            channel_type=kind,
            config=body.config,
            title=title,
            body=text,
        )
        return Answer(data=PreviewShape.of(await self._desk.preview(wish)))

    async def _event(self, body: PreviewBody) -> Event:
        if not body.event_id:
            return self._desk.sample_event(body.event_type)
        async with self._database.read() as conn:
            found = await events.by_id(conn, body.event_id)
        if found is None:
            raise bad_field("event_id", "expected the id of an event that is kept")
        return read_out(found)

    def _kind(self, name: str) -> str:
        kind = self._desk.channel_type(name) if name else ""
        if kind is None:
            raise bad_field("channel_type", one_of_the_kinds(self._desk))
        return kind
