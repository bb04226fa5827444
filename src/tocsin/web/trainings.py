"""`/api/v1/trainings`: register a training, list them, and show one with what it brought."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from tocsin.clock import Clock
from tocsin.edge.callers import Callers
from tocsin.errors import Reason, Rejected
from tocsin.model.access import Role
from tocsin.model.filters import EventFilter, TrainingFilter
from tocsin.model.paging import decode_cursor, encode_cursor
from tocsin.model.signed_address import Signer
from tocsin.model.times import rfc3339
from tocsin.model.training_news import SOURCE, registration
from tocsin.model.training_view import told_json, training_json
from tocsin.store import events, training_files, trainings
from tocsin.store.database import Database
from tocsin.store.journal import Journal
from tocsin.store.snapshot import hold_snapshot
from tocsin.store.training_files import FileState, StoredFile
from tocsin.store.trainings import StoredTraining
from tocsin.web.callers import at_role, caller_of, require
from tocsin.web.files import download_address
from tocsin.web.guarded_route import GuardedRoute
from tocsin.web.problems import problem_responses
from tocsin.web.queries import IdPath
from tocsin.web.queries import Query as NoQuery
from tocsin.web.reading import json_response, readers_only
from tocsin.web.training_shapes import NewTraining, TrainingDetail, TrainingsPage, TrainingsQuery

MAX_EVENTS = 100

_TRAININGS = "trainings"


def router(
    *, database: Database, journal: Journal, callers: Callers, clock: Clock, signer: Signer
) -> APIRouter:
    """The routes under `/api/v1/trainings`, and what a browser is told at FAL's addresses."""
    part = _Trainings(database, journal, clock, signer)
    api = APIRouter(tags=["trainings"], route_class=GuardedRoute)
    prefix = "/api/v1/trainings"
    sending = at_role(callers, Role.SENDER)
    api.add_api_route(
        prefix,
        part.register,
        methods=["POST"],
        status_code=201,
        response_model=TrainingDetail,
        summary="Register a training",
        dependencies=sending,
        responses=problem_responses(400, 401, 403, 408, 413, 415, 422, 503)
        | {200: {"model": TrainingDetail, "description": "It is known already"}},
    )
    api.add_api_route(
        prefix,
        part.page,
        methods=["GET"],
        response_model=TrainingsPage,
        summary="List trainings",
        dependencies=readers_only(callers),
        responses=problem_responses(401, 403, 422, 503),
    )
    api.add_api_route(
        prefix + "/{training_id}",
        part.show,
        methods=["GET"],
        response_model=TrainingDetail,
        summary="Show a training with its files and events",
        dependencies=readers_only(callers),
        responses=problem_responses(401, 403, 404, 422, 503),
    )
    for place in ("status_update", "test_webhook"):
        api.add_api_route(
            f"/api/v1/avatar/{place}",
            part.answer_test,
            methods=["GET"],
            operation_id=f"arrives_{place}",
            summary="Tell that calls of FAL's arrive here",
        )
    return api


class _Trainings:
    def __init__(self, database: Database, journal: Journal, clock: Clock, signer: Signer) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._signer = signer

    async def register(self, body: NewTraining, request: Request) -> Response:
        """Tell of a training that was begun, so that it is asked after if FAL does not call.

        One that is known already stays as it was first said to be.
        """
        caller = caller_of(request)
        if caller.kind == "local":
            # Who may merely read at this machine has not shown that it may send.
            require(caller, Role.OPERATOR)
        async with self._database.read() as conn:
            known = await trainings.with_id(conn, body.request_id)
        if known is None or known.training.registered_at is None:
            event = registration(
                request_id=body.request_id,
                endpoint=body.endpoint,
                training_type=body.training_type or "",
                meta=body.meta,
                by=caller.name,
                at=self._clock.now(),
            )
            (receipt,) = await self._journal.append([event])
            is_new = known is None and not receipt.is_duplicate
        else:
            is_new = False
        answer = await self._detail(body.request_id)
        answer.status_code = 201 if is_new else 200
        return answer

    async def page(self, query: Annotated[TrainingsQuery, Query()]) -> Response:
        """Trainings, the one that was heard of last on top."""
        before: Any = None
        if query.cursor is not None:
            (before,) = decode_cursor(_TRAININGS, query.cursor, (int,))
        wanted = TrainingFilter(tuple(query.status), tuple(query.training_type), query.q)
        async with self._database.read() as conn:
            await hold_snapshot(conn)
            found = await trainings.page(conn, wanted, query.limit, before)
            files = await training_files.of_trainings(conn, [one.id for one in found.items])
        last = found.items[-1].opened_seq if found.is_more else None
        now = self._clock.now()
        return json_response(
            {
                "items": [self._item(one, files, now) for one in found.items],
                "next_cursor": None if last is None else encode_cursor(_TRAININGS, last),
            }
        )

    async def show(self, training_id: IdPath, _query: Annotated[NoQuery, Query()]) -> Response:
        """One training, with its files and what was told of it."""
        return await self._detail(training_id)

    async def answer_test(self) -> dict[str, str]:
        """Open to anybody: it tells nothing but that Tocsin is here."""
        return {"status": "ok", "message": "Calls about trainings arrive here, by POST."}

    async def _detail(self, training_id: str) -> Response:
        about = EventFilter(sources=(SOURCE,), subjects=(training_id,))
        async with self._database.read() as conn:
            await hold_snapshot(conn)
            one = await trainings.with_id(conn, training_id)
            if one is None:
                message = "There is no training with this id."
                raise Rejected(404, Reason.NOT_FOUND, message)
            files = await training_files.of_trainings(conn, [training_id])
            told = await events.page(conn, about, MAX_EVENTS)
        item = self._item(one, files, self._clock.now())
        history = [told_json(event) for event in reversed(told.items)]
        return json_response({**item, "events": history})

    def _item(
        self,
        one: StoredTraining,
        files: Mapping[str, Sequence[StoredFile]],
        now: datetime,
    ) -> dict[str, Any]:
        shown = self._files(files.get(one.id, ()), now)
        return training_json(one.id, one.training, shown)

    def _files(self, files: Iterable[StoredFile], now: datetime) -> Iterable[dict[str, Any]]:
        for file in files:
            address, expires_at = None, None
            if file.state is FileState.STORED:
                address, expires_at = download_address(file.id, self._signer, now)
            yield {
                "name": file.name,
                "url_origin": file.url,
                "bytes": file.size_bytes,
                "sha256": file.sha256,
                "state": file.state.value,
                "reason": file.reason,
                "download_url": address,
                "expires_at": rfc3339(expires_at),
            }
