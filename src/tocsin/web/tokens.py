"""`/api/v1/tokens`: what programs show instead of a password; for admins."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from tocsin.clock import Clock
from tocsin.edge.callers import Callers
from tocsin.model.access import Role
from tocsin.model.audit import setting_changed
from tocsin.model.event import new_event_id
from tocsin.model.tokens import Token, digest_of, new_token
from tocsin.store import tokens
from tocsin.store.access import StoredCredentials
from tocsin.store.database import Database
from tocsin.store.journal import Journal
from tocsin.web.access_shapes import (
    CreatedToken,
    CursorQuery,
    IdPath,
    LimitQuery,
    NewToken,
    TokensPage,
    TokenView,
)
from tocsin.web.callers import at_role, caller_of
from tocsin.web.guarded_route import GuardedRoute
from tocsin.web.problems import problem_responses


def router(
    *,
    database: Database,
    journal: Journal,
    callers: Callers,
    credentials: StoredCredentials,
    clock: Clock,
) -> APIRouter:
    """The routes under `/api/v1/tokens`."""
    part = _Tokens(database, journal, credentials, clock)
    gate = at_role(callers, Role.ADMIN)
    api = APIRouter(
        prefix="/api/v1/tokens", tags=["tokens"], dependencies=gate, route_class=GuardedRoute
    )
    api.add_api_route(
        "",
        part.page,
        methods=["GET"],
        response_model=TokensPage,
        summary="List tokens",
        responses=problem_responses(401, 403, 422, 503),
    )
    api.add_api_route(
        "",
        part.create,
        methods=["POST"],
        status_code=201,
        response_model=CreatedToken,
        summary="Create a token",
        responses=problem_responses(400, 401, 403, 408, 409, 413, 415, 422, 503),
    )
    api.add_api_route(
        "/{token_id}",
        part.revoke,
        methods=["DELETE"],
        status_code=204,
        response_class=Response,
        summary="Revoke a token",
        responses=problem_responses(401, 403, 404, 422, 503),
    )
    return api


class _Tokens:
    def __init__(
        self,
        database: Database,
        journal: Journal,
        credentials: StoredCredentials,
        clock: Clock,
    ) -> None:
        self._database = database
        self._journal = journal
        self._credentials = credentials
        self._clock = clock

    async def page(self, limit: LimitQuery = 50, cursor: CursorQuery = None) -> TokensPage:
        """All tokens, revoked ones too, the newest first; never their text."""
        async with self._database.read() as conn:
            found = await tokens.page(conn, limit + 1, cursor)
        items = [TokenView.of(token) for token in found[:limit]]
        return TokensPage(items=items, next_cursor=items[-1].id if len(found) > limit else None)

    async def create(self, body: NewToken, request: Request, response: Response) -> CreatedToken:
        """Create a token. Its text stands in this answer and can never be seen again."""
        now, by = self._clock.now(), caller_of(request).name
        days = body.expires_days
        expires_at = None if days is None else now + timedelta(days=days)
        token = Token(new_event_id(), body.name, Role.parse(body.role), now, by, expires_at)
        text = new_token()
        event = setting_changed("token.created", token.name, by, now)
        await self._journal.append([event], lambda conn: tokens.add(conn, token, digest_of(text)))
        response.headers["Cache-Control"] = "no-store"
        return CreatedToken.of(token, token=text)

    async def revoke(self, token_id: IdPath, request: Request) -> Response:
        """Revoke a token, by id or name: it opens nothing any more, and stays in the list."""
        now = self._clock.now()
        async with self._database.read() as conn:
            token = await conn.run_sync(tokens.in_use, token_id)
        event = setting_changed("token.revoked", token.name, caller_of(request).name, now)
        await self._journal.append([event], lambda conn: tokens.revoke(conn, token.id, now))
        self._credentials.forget()
        return Response(status_code=204)
