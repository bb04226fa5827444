"""`/api/v1/sources`: the set-ups of sources and their secrets; viewers read, admins change."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Protocol

from fastapi import APIRouter, Body, Query, Request, Response

from tocsin.edge.callers import Callers
from tocsin.model.access import Role
from tocsin.model.inbound_call import SetUpKey
from tocsin.model.source_setup import SetUpView
from tocsin.store import inbound_calls
from tocsin.store.database import Database
from tocsin.web.callers import at_role, caller_of
from tocsin.web.guarded_route import GuardedRoute
from tocsin.web.problems import problem_responses
from tocsin.web.queries import Query as NoQuery
from tocsin.web.reading import readers_only
from tocsin.web.source_shapes import (
    CreatedSource,
    KindPath,
    NamePath,
    NewSetUp,
    RotatedSecret,
    Rotation,
    SecretShape,
    SourceShape,
    SourcesList,
    key_of,
)

_ONE = "/{kind}/{name}"


class SetUpDesk(Protocol):
    """Who knows the set-ups and changes what is stored of them, with an event for each change.

    All raise `Rejected` (404) for a set-up that is not there.
    """

    def views(self) -> Sequence[SetUpView]: ...
    def view(self, key: SetUpKey) -> SetUpView: ...
    async def create(
        self, kind: str, name: str, by: str, secret: str | None
    ) -> tuple[SetUpView, str]: ...
    async def remove(self, key: SetUpKey, by: str) -> None: ...
    async def rotate(
        self, key: SetUpKey, by: str, keep_former: timedelta, secret: str | None
    ) -> tuple[SetUpView, str]: ...
    async def end_former(self, key: SetUpKey, by: str) -> None: ...


def router(*, database: Database, callers: Callers, desk: SetUpDesk) -> APIRouter:
    """The routes under `/api/v1/sources` that are about set-ups and secrets."""
    part = _Sources(database, desk)
    api = APIRouter(prefix="/api/v1/sources", tags=["sources"], route_class=GuardedRoute)
    _add_reading(api, part, callers)
    gate = at_role(callers, Role.ADMIN)
    api.add_api_route(
        "",
        part.create,
        methods=["POST"],
        status_code=201,
        response_model=CreatedSource,
        summary="Set a source up once more",
        dependencies=gate,
        responses=problem_responses(400, 401, 403, 404, 408, 409, 413, 415, 422, 503),
    )
    api.add_api_route(
        _ONE,
        part.remove,
        methods=["DELETE"],
        status_code=204,
        response_class=Response,
        summary="Remove a stored set-up",
        dependencies=gate,
        responses=problem_responses(401, 403, 404, 409, 422, 503),
    )
    api.add_api_route(
        f"{_ONE}/secret",
        part.rotate,
        methods=["POST"],
        response_model=RotatedSecret,
        summary="Give a set-up a new secret",
        dependencies=gate,
        responses=problem_responses(400, 401, 403, 404, 408, 413, 415, 422, 503),
    )
    api.add_api_route(
        f"{_ONE}/secret/former",
        part.end_former,
        methods=["DELETE"],
        status_code=204,
        response_class=Response,
        summary="End the former secrets at once",
        dependencies=gate,
        responses=problem_responses(401, 403, 404, 422, 503),
    )
    return api


def _add_reading(api: APIRouter, part: "_Sources", callers: Callers) -> None:
    api.add_api_route(
        "",
        part.all,
        methods=["GET"],
        response_model=SourcesList,
        summary="List the set-ups of sources",
        dependencies=readers_only(callers),
        responses=problem_responses(401, 403, 422, 503),
    )
    api.add_api_route(
        _ONE,
        part.show,
        methods=["GET"],
        response_model=SourceShape,
        summary="Show a set-up",
        dependencies=readers_only(callers),
        responses=problem_responses(401, 403, 404, 422, 503),
    )


class _Sources:
    def __init__(self, database: Database, desk: SetUpDesk) -> None:
        self._database = database
        self._desk = desk

    async def all(self, _query: Annotated[NoQuery, Query()]) -> SourcesList:
        """All set-ups, those of the settings and those that are stored, by kind and name."""
        async with self._database.read() as conn:
            counted = await inbound_calls.counted(conn)
        views = self._desk.views()
        return SourcesList(
            items=[SourceShape.of(one, counted.get((one.kind, one.name))) for one in views]
        )

    async def show(
        self, kind: KindPath, name: NamePath, _query: Annotated[NoQuery, Query()]
    ) -> SourceShape:
        """One set-up; its secrets by their last letters only."""
        view = self._desk.view(key_of(kind, name))
        async with self._database.read() as conn:
            counted = await inbound_calls.counted(conn)
        return SourceShape.of(view, counted.get((view.kind, view.name)))

    async def create(self, body: NewSetUp, request: Request, response: Response) -> CreatedSource:
        """Set a source up once more, at an address of its own. The secret is shown this once."""
        by = caller_of(request).name
        view, secret = await self._desk.create(body.kind, body.name, by, body.secret)
        response.headers["Cache-Control"] = "no-store"
        return CreatedSource.of(view, None, secret=secret)

    async def remove(self, kind: KindPath, name: NamePath, request: Request) -> Response:
        """Remove a stored set-up with its secrets and calls. What it took stays in the journal."""
        await self._desk.remove(key_of(kind, name), caller_of(request).name)
        return Response(status_code=204)

    async def rotate(
        self,
        kind: KindPath,
        name: NamePath,
        request: Request,
        response: Response,
        body: Annotated[Rotation | None, Body()] = None,
    ) -> RotatedSecret:
        """Give a set-up a new secret, shown this once. The former ones stay good for a while.

        That holds for a secret in the settings too: it ends, until another text stands there.
        """
        wanted = body or Rotation()
        view, secret = await self._desk.rotate(
            key_of(kind, name),
            caller_of(request).name,
            timedelta(seconds=wanted.keep_former_s),
            wanted.secret,
        )
        response.headers["Cache-Control"] = "no-store"
        secrets = [SecretShape.of(one) for one in view.secrets]
        return RotatedSecret(secret=secret, secrets=secrets)

    async def end_former(self, kind: KindPath, name: NamePath, request: Request) -> Response:
        """End every secret but the present one, at once."""
        await self._desk.end_former(key_of(kind, name), caller_of(request).name)
        return Response(status_code=204)
