"""`/api/v1/events`: the journal, in Tocsin's own form or as CloudEvents."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from tocsin.edge.callers import Callers
from tocsin.errors import Reason, Rejected
from tocsin.model.cloudevent import cloudevent_of, event_json
from tocsin.model.paging import decode_cursor, encode_cursor
from tocsin.store import events
from tocsin.store.database import Database
from tocsin.web.accepted import prefers
from tocsin.web.problems import problem_responses
from tocsin.web.queries import EventsQuery, IdPath
from tocsin.web.queries import Query as NoQuery
from tocsin.web.reading import JSON, json_response, readers_only
from tocsin.web.reading_shapes import EventsPage, EventView

CLOUDEVENT = "application/cloudevents+json"
CLOUDEVENTS = "application/cloudevents-batch+json"

_EVENTS = "events"
_CLOUDEVENT_SCHEMA = {
    "type": "object",
    "description": "CloudEvents 1.0 in the JSON event format.",
    "required": ["specversion", "id", "source", "type"],
}


def router(*, database: Database, callers: Callers) -> APIRouter:
    """The routes under `/api/v1/events` that read; the others stand in front of the API."""
    part = _Events(database)
    api = APIRouter(prefix="/api/v1/events", tags=["events"], dependencies=readers_only(callers))
    batch = {CLOUDEVENTS: {"schema": {"type": "array", "items": _CLOUDEVENT_SCHEMA}}}
    api.add_api_route(
        "",
        part.page,
        methods=["GET"],
        response_model=EventsPage,
        summary="List events",
        responses=problem_responses(401, 403, 422, 503) | {200: {"content": batch}},
    )
    api.add_api_route(
        "/{event_id}",
        part.show,
        methods=["GET"],
        response_model=EventView,
        summary="Show an event",
        responses=problem_responses(401, 403, 404, 422, 503)
        | {200: {"content": {CLOUDEVENT: {"schema": _CLOUDEVENT_SCHEMA}}}},
    )
    return api


class _Events:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, query: Annotated[EventsQuery, Query()], request: Request) -> Response:
        """Events, the newest first.

        As CloudEvents the answer is the list alone, and the next page is named by the header
        `Link`.
        """
        place: Any = None
        if query.cursor is not None:
            (place,) = decode_cursor(_EVENTS, query.cursor, (int,))
        is_ascending = query.order == "asc"
        after_seq, before_seq = query.after_seq, place
        if is_ascending:
            after_seq, before_seq = max(after_seq, place or 0), None
        async with self._database.read() as conn:
            found = await events.page(
                conn,
                query.filter(),
                query.limit,
                after_seq=after_seq,
                before_seq=before_seq,
                is_ascending=is_ascending,
            )
        cursor = encode_cursor(_EVENTS, found.items[-1].seq) if found.is_more else None
        if not prefers(request.headers.get("accept", ""), CLOUDEVENTS, JSON):
            items = [event_json(event) for event in found.items]
            answer = json_response({"items": items, "next_cursor": cursor})
        else:
            answer = json_response([cloudevent_of(event) for event in found.items], CLOUDEVENTS)
            if cursor is not None:
                answer.headers["Link"] = _next_link(request, cursor)
        answer.headers["Vary"] = "Accept"
        return answer

    async def show(
        self, event_id: IdPath, _query: Annotated[NoQuery, Query()], request: Request
    ) -> Response:
        """One event; the newest, should several senders have given the same id."""
        async with self._database.read() as conn:
            event = await events.by_id(conn, event_id)
        if event is None:
            raise Rejected(404, Reason.NOT_FOUND, "There is no event with this id.")
        if prefers(request.headers.get("accept", ""), CLOUDEVENT, JSON):
            answer = json_response(cloudevent_of(event), CLOUDEVENT)
        else:
            answer = json_response(event_json(event))
        answer.headers["Vary"] = "Accept"
        return answer


def _next_link(request: Request, cursor: str) -> str:
    """The next page (RFC 8288); relative, so that it holds behind any prefix."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return f'<?{urlencode([*kept, ("cursor", cursor)])}>; rel="next"'
