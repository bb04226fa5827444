"""`/api/v1/sources/…/calls`: the last calls at a set-up; and trying a set-up out."""

import re
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request

from tocsin.edge.callers import Callers
from tocsin.errors import Reason, Rejected
from tocsin.model.access import Role
from tocsin.model.inbound_call import Outcome, SetUpKey
from tocsin.model.paging import decode_cursor, encode_cursor, no_cursor
from tocsin.model.source_setup import Trial
from tocsin.store import inbound_calls
from tocsin.store.database import Database
from tocsin.web.call_shapes import CallShape, CallsPage, CallsQuery, TrialShape, WholeCall
from tocsin.web.callers import at_role
from tocsin.web.problems import problem_responses
from tocsin.web.queries import IdPath
from tocsin.web.queries import Query as NoQuery
from tocsin.web.reading import readers_only
from tocsin.web.source_shapes import KindPath, NamePath, key_of
from tocsin.web.sources import SetUpDesk

_CALLS = "calls"
_CALL_ID = re.compile(r"[0-9a-f-]{1,64}")
TryOut = Callable[[SetUpKey], Awaitable[Trial]]


def router(*, database: Database, callers: Callers, desk: SetUpDesk, try_out: TryOut) -> APIRouter:
    """The routes under `/api/v1/sources` that are about calls."""
    part = _Calls(database, desk, try_out)
    api = APIRouter(prefix="/api/v1/sources/{kind}/{name}", tags=["sources"])
    api.add_api_route(
        "/calls",
        part.page,
        methods=["GET"],
        response_model=CallsPage,
        summary="List the last calls at a set-up",
        dependencies=readers_only(callers),
        responses=problem_responses(401, 403, 404, 422, 503),
    )
    api.add_api_route(
        "/calls/{call_id}",
        part.show,
        methods=["GET"],
        response_model=WholeCall,
        summary="Show a call",
        dependencies=readers_only(callers),
        responses=problem_responses(401, 403, 404, 422, 503),
    )
    api.add_api_route(
        "/test",
        part.test,
        methods=["POST"],
        response_model=TrialShape,
        summary="Try a set-up out with an example",
        dependencies=at_role(callers, Role.OPERATOR),
        responses=problem_responses(401, 403, 404, 409, 422, 503),
    )
    return api


class _Calls:
    def __init__(self, database: Database, desk: SetUpDesk, try_out: TryOut) -> None:
        self._database = database
        self._desk = desk
        self._try_out = try_out

    async def page(
        self, kind: KindPath, name: NamePath, query: Annotated[CallsQuery, Query()]
    ) -> CallsPage:
        """The calls that are kept, the newest first; a call is there after some seconds."""
        before: str | None = None
        if query.cursor is not None:
            (place,) = decode_cursor(_CALLS, query.cursor, (str,))
            before = str(place)
            # A cursor is anybody's text, and not every database takes any text.
            if not _CALL_ID.fullmatch(before):
                raise no_cursor()
        view = self._desk.view(key_of(kind, name))
        outcome = None if query.outcome is None else Outcome(query.outcome)
        async with self._database.read() as conn:
            found = await inbound_calls.page(
                conn, (view.kind, view.name), outcome, query.limit + 1, before
            )
        shown = found[: query.limit]
        is_more = len(found) > query.limit
        cursor = encode_cursor(_CALLS, shown[-1].id) if is_more else None
        return CallsPage(items=[CallShape.of(one) for one in shown], next_cursor=cursor)

    async def show(
        self,
        kind: KindPath,
        name: NamePath,
        call_id: IdPath,
        _query: Annotated[NoQuery, Query()],
    ) -> WholeCall:
        """One call with its headers and its body, secrets masked."""
        view, found = self._desk.view(key_of(kind, name)), None
        if _CALL_ID.fullmatch(call_id):
            async with self._database.read() as conn:
                found = await inbound_calls.one(conn, (view.kind, view.name), call_id)
        if found is None:
            raise Rejected(404, Reason.NOT_FOUND, "This call is not kept, or not any more.")
        return WholeCall.whole(found)

    async def test(self, kind: KindPath, name: NamePath, request: Request) -> TrialShape:
        """Send an example, signed as its sender would, through the receiver.

        It is stored like any other, with the attribute `tocsintest`; no deployment or training
        comes of it.
        """
        trial = await self._try_out(key_of(kind, name))
        return TrialShape.of(trial, str(request.base_url).rstrip("/"))
