"""`/api/v1/release/callbacks`: who is told of what, and where; viewers read, admins change."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.params import Depends as Dependency
from pydantic import AfterValidator

from tocsin.edge.callers import Callers
from tocsin.model.access import Role
from tocsin.model.callback import Callback, CallbackChannel
from tocsin.model.delivery_figures import NOBODY_WAITS
from tocsin.model.times import rfc3339
from tocsin.store import callback_states, callbacks, destinations
from tocsin.store.callback_states import ChannelKey
from tocsin.store.callbacks import CallbackFilter
from tocsin.store.database import Database
from tocsin.store.key import Vault
from tocsin.web.callback_changes import CallbackChanges
from tocsin.web.callback_desk import CallbackDesk
from tocsin.web.callback_shapes import (
    CallbackChange,
    CallbackId,
    CallbackShape,
    CallbacksQuery,
    ChannelShape,
    ChannelStateShape,
    GroupingShape,
    NewCallback,
    QuietHoursShape,
    StateShape,
    project_name,
)
from tocsin.web.callers import SECURITY, at_least, caller_of
from tocsin.web.queries import IdPath
from tocsin.web.queries import Query as NoQuery
from tocsin.web.reading import readers_only
from tocsin.web.release_envelope import (
    PREFIX,
    READING,
    READING_ONE,
    WRITING,
    Answer,
    Page,
    PageQuery,
)

ProjectPath = Annotated[IdPath, AfterValidator(project_name)]

_ALL = "/callbacks"
# The id's form keeps this from taking the addresses that are words.
_ONE = "/callbacks/{callback_id:uuid}"
_OF_PROJECT = "/projects/{project_id}/callbacks"


def at_role(callers: Callers, role: Role) -> list[Dependency]:
    """Dependencies of a route that this role and higher ones may use."""
    return [Depends(at_least(callers, role)), *(Depends(way) for way in SECURITY)]


def router(
    *,
    database: Database,
    vault: Vault,
    callers: Callers,
    desk: CallbackDesk,
    changes: CallbackChanges,
) -> APIRouter:
    """The routes of callbacks themselves."""
    part = _Callbacks(CallbackViews(database, desk), database, vault, desk, changes)
    api = APIRouter(prefix=PREFIX, tags=["callbacks"])
    _add_reading(api, part, callers)
    gate = at_role(callers, Role.ADMIN)
    api.add_api_route(
        _OF_PROJECT,
        part.create,
        methods=["POST"],
        response_model=Answer[CallbackShape],
        summary="Set a callback up",
        dependencies=gate,
        responses=WRITING,
    )
    api.add_api_route(
        _ONE,
        part.change,
        methods=["PUT"],
        response_model=Answer[CallbackShape],
        summary="Change what is sent of a callback",
        dependencies=gate,
        responses=WRITING,
    )
    api.add_api_route(
        _ONE,
        part.remove,
        methods=["DELETE"],
        response_model=Answer[None],
        summary="Remove a callback",
        dependencies=gate,
        responses=WRITING,
    )
    return api


def _add_reading(api: APIRouter, part: "_Callbacks", callers: Callers) -> None:
    gate = readers_only(callers)
    api.add_api_route(
        _ALL,
        part.page,
        methods=["GET"],
        response_model=Answer[Page[CallbackShape]],
        summary="List callbacks",
        dependencies=gate,
        responses=READING,
    )
    api.add_api_route(
        _OF_PROJECT,
        part.of_project,
        methods=["GET"],
        response_model=Answer[Page[CallbackShape]],
        summary="List the callbacks of a project",
        dependencies=gate,
        responses=READING,
    )
    api.add_api_route(
        _ONE,
        part.show,
        methods=["GET"],
        response_model=Answer[CallbackShape],
        summary="Show a callback",
        dependencies=gate,
        responses=READING_ONE,
    )


class CallbackViews:
    """Callbacks as they are shown: secrets masked, and how each is doing."""

    def __init__(self, database: Database, desk: CallbackDesk) -> None:
        self._database = database
        self._desk = desk

    async def one(self, callback: Callback) -> CallbackShape:
        (shown,) = await self.all([callback])
        return shown

    async def all(self, found: Sequence[Callback]) -> list[CallbackShape]:
        """Each of them, in their order."""
        leads = {
            (one.id, channel.id): self._desk.destination(channel.type, channel.config)
            for one in found
            for channel in one.channels
        }
        ids = {there.id for there in leads.values() if there is not None}
        async with self._database.read() as conn:
            waiting = await callback_states.waiting(conn, [one.id for one in found])
            last = await callback_states.last_results(conn, list(leads))
            known = await destinations.of_ids(conn, ids)

        def channel_of(key: ChannelKey, one: CallbackChannel) -> ChannelShape:
            there = leads[key]
            state = known.get(there.id) if there is not None else None
            return ChannelShape(
                id=one.id,
                type=one.type,
                enabled=one.enabled,
                config=self._desk.mask(one.type, one.config),
                template_id=one.template_id,
                destination_id=None if there is None else there.id,
                label=there.label if there is not None else "",
                state=ChannelStateShape.of(waiting.get(key, NOBODY_WAITS), last.get(key), state),
            )

        shown = []
        for one in found:
            keys = [(one.id, channel.id) for channel in one.channels]
            channels = [
                channel_of(key, channel) for key, channel in zip(keys, one.channels, strict=True)
            ]
            results = [last[key] for key in keys if key in last]
            state = StateShape.said(
                callback_states.all_waiting([waiting.get(key, NOBODY_WAITS) for key in keys]),
                max(results, key=lambda result: result.id, default=None),
            )
            is_paused = any(channel.state.paused for channel in channels)
            shown.append(_shown(one, channels, {**state, "paused": is_paused}))
        return shown


def _shown(one: Callback, channels: Sequence[ChannelShape], state: dict[str, Any]) -> CallbackShape:
    return CallbackShape.model_validate(
        {
            "id": one.id,
            "project_id": one.project_id,
            "name": one.name,
            "enabled": one.enabled,
            "channels": channels,
            "events": list(one.events),
            "condition": one.condition,
            "language": one.language,
            "quiet_hours": one.quiet_hours and QuietHoursShape.of(one.quiet_hours),
            "grouping": one.grouping and GroupingShape.of(one.grouping),
            "created_at": rfc3339(one.created_at),
            "updated_at": rfc3339(one.updated_at),
            "state": state,
        }
    )


class _Callbacks:
    def __init__(
        self,
        views: CallbackViews,
        database: Database,
        vault: Vault,
        desk: CallbackDesk,
        changes: CallbackChanges,
    ) -> None:
        self._views = views
        self._database = database
        self._vault = vault
        self._desk = desk
        self._changes = changes

    async def page(self, query: Annotated[CallbacksQuery, Query()]) -> Answer[Page[CallbackShape]]:
        """Callbacks, the newest first."""
        wanted = CallbackFilter(
            project_id=query.project_id or None,
            channel_type=self._desk.channel_type(query.channel) or query.channel or None,
            is_enabled=query.enabled,
            text=query.q,
        )
        return await self._page(wanted, query)

    async def of_project(
        self, project_id: ProjectPath, query: Annotated[PageQuery, Query()]
    ) -> Answer[Page[CallbackShape]]:
        """The callbacks of one project; `*` are those of every project."""
        return await self._page(CallbackFilter(project_id=project_id), query)

    async def _page(self, wanted: CallbackFilter, query: PageQuery) -> Answer[Page[CallbackShape]]:
        async with self._database.read() as conn:
            found, total = await callbacks.page(
                conn, self._vault, wanted, query.page_size, query.offset
            )
        return query.page_of(await self._views.all(found), total)

    async def show(
        self, callback_id: CallbackId, _query: Annotated[NoQuery, Query()]
    ) -> Answer[CallbackShape]:
        """One callback; its secrets are masked."""
        found = await self._changes.by_id(str(callback_id))
        return Answer(data=await self._views.one(found))

    async def create(
        self, project_id: ProjectPath, body: NewCallback, request: Request
    ) -> Answer[CallbackShape]:
        """Set a callback up for a project, which is there from then on; `*` is every project."""
        new = await self._changes.create(project_id, body, caller_of(request).name)
        return Answer(data=await self._views.one(new))

    async def change(
        self, callback_id: CallbackId, body: CallbackChange, request: Request
    ) -> Answer[CallbackShape]:
        """Replace what is sent. A secret that is sent as it was shown stays as it is."""
        by = caller_of(request).name
        changed = await self._changes.change(str(callback_id), body, by)
        return Answer(data=await self._views.one(changed))

    async def remove(self, callback_id: CallbackId, request: Request) -> Answer[None]:
        """Remove a callback with its secrets. What it sent stays in the history."""
        await self._changes.remove(str(callback_id), caller_of(request).name)
        return Answer(data=None)
