"""`/api/v1/release/callbacks/history`: who was told what, and with what answer; once more."""

from typing import Annotated

from fastapi import Query, Request

from tocsin.model.delivery_history import HistoryFilter
from tocsin.store import delivery_history
from tocsin.store.database import Database
from tocsin.web.callbacks.changes import CallbackChanges
from tocsin.web.callbacks.desk import CallbackDesk
from tocsin.web.callbacks.fields import CallbackId
from tocsin.web.callbacks.history_shapes import (
    DeliveriesQuery,
    DeliveryId,
    HistoryQuery,
    Replay,
    ReplayedShape,
    RowShape,
    WholeRow,
)
from tocsin.web.callers import caller_of
from tocsin.web.queries import IdPath
from tocsin.web.queries import Query as NoQuery
from tocsin.web.release_envelope import MISSING, Answer, Page, PageQuery
from tocsin.web.release_routes import ReleaseRoutes

MAX_FOLDED = 100

_ALL = "/callbacks/history"
_ONE = "/callbacks/history/{delivery_id:uuid}"
_OF_TASK = "/tasks/{task_id}/callbacks"
_OF_CALLBACK = "/callbacks/{callback_id:uuid}/history"


def add_to(
    routes: ReleaseRoutes, *, database: Database, desk: CallbackDesk, changes: CallbackChanges
) -> None:
    """The routes of deliveries."""
    part = _History(database, desk, changes)
    readers, operators = routes.readers, routes.operators
    readers.get(_ALL, summary="List deliveries")(part.page)
    readers.get(_OF_TASK, summary="List the deliveries of a task")(part.of_task)
    readers.get(_OF_CALLBACK, summary="List the deliveries of a callback", responses=MISSING)(
        part.of_callback
    )
    readers.get(_ONE, summary="Show a delivery", responses=MISSING)(part.show)
    operators.post(f"{_ALL}/replay", summary="Make deliveries once more")(part.replay)
    operators.post(f"{_ONE}/retry", summary="Try a delivery once more")(part.retry)


class _History:
    def __init__(self, database: Database, desk: CallbackDesk, changes: CallbackChanges) -> None:
        self._database = database
        self._desk = desk
        self._changes = changes

    async def page(self, query: Annotated[HistoryQuery, Query()]) -> Answer[Page[RowShape]]:
        """Deliveries, the newest first."""
        return await self._page(
            query.filter(
                self._desk.channel_type,
                task_id=query.task_id or None,
                config_id=query.config_id or None,
                project_id=query.project_id or None,
            ),
            query,
        )

    async def of_task(
        self, task_id: IdPath, query: Annotated[DeliveriesQuery, Query()]
    ) -> Answer[Page[RowShape]]:
        """What was told of one task, or of one deployment."""
        return await self._page(query.filter(self._desk.channel_type, task_id=task_id), query)

    async def of_callback(
        self, callback_id: CallbackId, query: Annotated[DeliveriesQuery, Query()]
    ) -> Answer[Page[RowShape]]:
        """What one callback told, also one that is gone."""
        about = query.filter(self._desk.channel_type, config_id=str(callback_id))
        answer = await self._page(about, query)
        if not answer.data.total:
            await self._changes.by_id(str(callback_id))
        return answer

    async def _page(self, wanted: HistoryFilter, query: PageQuery) -> Answer[Page[RowShape]]:
        async with self._database.read() as conn:
            found, total = await delivery_history.page(conn, wanted, query.page_size, query.offset)
        return query.page_of([RowShape.of(one) for one in found], total)

    async def show(
        self, delivery_id: DeliveryId, _query: Annotated[NoQuery, Query()]
    ) -> Answer[WholeRow]:
        """One delivery with each try of it: what was sent, and what was answered."""
        async with self._database.read() as conn:
            found = await delivery_history.one(conn, str(delivery_id))
            folded, count = await delivery_history.folded_into(conn, str(delivery_id), MAX_FOLDED)
        return Answer(data=WholeRow.whole(found, folded, count))

    async def retry(self, delivery_id: DeliveryId, request: Request) -> Answer[RowShape]:
        """Begin a delivery anew, with all its tries. One that arrived is made once more."""
        begun = await self._desk.retry(str(delivery_id), caller_of(request).name)
        async with self._database.read() as conn:
            found = await delivery_history.one(conn, begun)
        return Answer(data=RowShape.of(found))

    async def replay(self, body: Replay, request: Request) -> Answer[ReplayedShape]:
        """Begin all deliveries anew that fit and have ended."""
        wish = body.wish(self._desk.channel_type)
        count = await self._desk.replay(wish, caller_of(request).name)
        return Answer(data=ReplayedShape(count=count))
