"""`/api/v1/release/callbacks/history`: who was told what, and with what answer; once more."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from tocsin.edge.callers import Callers
from tocsin.model.access import Role
from tocsin.model.delivery_history import HistoryFilter
from tocsin.store import delivery_history
from tocsin.store.database import Database
from tocsin.web.callback_changes import CallbackChanges
from tocsin.web.callback_desk import CallbackDesk
from tocsin.web.callback_history_shapes import (
    DeliveriesQuery,
    DeliveryId,
    HistoryQuery,
    Replay,
    ReplayedShape,
    RowShape,
    WholeRow,
)
from tocsin.web.callback_shapes import CallbackId
from tocsin.web.callbacks import at_role
from tocsin.web.callers import caller_of
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

MAX_FOLDED = 100

_HISTORY = "/callbacks/history"


def router(
    *, database: Database, callers: Callers, desk: CallbackDesk, changes: CallbackChanges
) -> APIRouter:
    """The routes of deliveries."""
    part = _History(database, desk, changes)
    api = APIRouter(prefix=PREFIX, tags=["callbacks"])
    _add_reading(api, part, callers)
    gate = at_role(callers, Role.OPERATOR)
    api.add_api_route(
        f"{_HISTORY}/replay",
        part.replay,
        methods=["POST"],
        response_model=Answer[ReplayedShape],
        summary="Make deliveries once more",
        dependencies=gate,
        responses=WRITING,
    )
    api.add_api_route(
        f"{_HISTORY}/{{delivery_id:uuid}}/retry",
        part.retry,
        methods=["POST"],
        response_model=Answer[RowShape],
        summary="Try a delivery once more",
        dependencies=gate,
        responses=WRITING,
    )
    return api


def _add_reading(api: APIRouter, part: "_History", callers: Callers) -> None:
    gate = readers_only(callers)
    lists = (
        (_HISTORY, part.page, "List deliveries", READING),
        ("/tasks/{task_id}/callbacks", part.of_task, "List the deliveries of a task", READING),
        (
            "/callbacks/{callback_id:uuid}/history",
            part.of_callback,
            "List the deliveries of a callback",
            READING_ONE,
        ),
    )
    for path, endpoint, summary, responses in lists:
        api.add_api_route(
            path,
            endpoint,
            methods=["GET"],
            response_model=Answer[Page[RowShape]],
            summary=summary,
            dependencies=gate,
            responses=responses,
        )
    api.add_api_route(
        f"{_HISTORY}/{{delivery_id:uuid}}",
        part.show,
        methods=["GET"],
        response_model=Answer[WholeRow],
        summary="Show a delivery",
        dependencies=gate,
        responses=READING_ONE,
    )


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
