"""`/api/v1/release/callbacks`: who is told of what, and where; viewers read, admins change."""

from typing import Annotated

from fastapi import Query, Request
from pydantic import AfterValidator

from tocsin.store import callbacks
from tocsin.store.callbacks import CallbackFilter
from tocsin.store.database import Database
from tocsin.store.key import Vault
from tocsin.web.callbacks.changes import CallbackChanges
from tocsin.web.callbacks.desk import CallbackDesk
from tocsin.web.callbacks.fields import CallbackId, project_name
from tocsin.web.callbacks.kinds import kind_called
from tocsin.web.callbacks.shapes import CallbackChange, CallbacksQuery, NewCallback
from tocsin.web.callbacks.views import CallbackShape, CallbackViews
from tocsin.web.callers import caller_of
from tocsin.web.queries import IdPath
from tocsin.web.queries import Query as NoQuery
from tocsin.web.release_envelope import MISSING, Answer, Page, PageQuery
from tocsin.web.release_routes import ReleaseRoutes

ProjectPath = Annotated[IdPath, AfterValidator(project_name)]

# The id's form keeps this from taking the addresses that are words.
_ONE = "/callbacks/{callback_id:uuid}"
_OF_PROJECT = "/projects/{project_id}/callbacks"


def add_to(
    routes: ReleaseRoutes,
    *,
    database: Database,
    vault: Vault,
    desk: CallbackDesk,
    changes: CallbackChanges,
) -> None:
    """The routes of callbacks themselves."""
    part = _Callbacks(CallbackViews(database, desk), database, vault, desk, changes)
    readers, admins = routes.readers, routes.admins
    readers.get("/callbacks", summary="List callbacks")(part.page)
    readers.get(_OF_PROJECT, summary="List the callbacks of a project")(part.of_project)
    readers.get(_ONE, summary="Show a callback", responses=MISSING)(part.show)
    admins.post(_OF_PROJECT, summary="Set a callback up")(part.create)
    admins.put(_ONE, summary="Change what is sent of a callback")(part.change)
    admins.delete(_ONE, summary="Remove a callback")(part.remove)


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
            channel_type=kind_called(self._desk, query.channel) or None,
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
