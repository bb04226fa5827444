"""`/api/v1/session`: sign in, ask who one is, change one's password, sign out."""

from fastapi import APIRouter, Request, Response

from tocsin.edge.callers import Callers
from tocsin.errors import Reason, Rejected
from tocsin.model.access import Caller, Role
from tocsin.store import sessions
from tocsin.store.access import StoredCredentials
from tocsin.store.database import Database
from tocsin.web.access_shapes import OwnPassword, SessionView, SignInBody
from tocsin.web.callers import at_role, caller_of
from tocsin.web.guarded_route import GuardedRoute
from tocsin.web.problems import problem_response, problem_responses
from tocsin.web.sign_in import SignIn, clear_cookie, set_cookie


def router(
    *, sign_in: SignIn, callers: Callers, credentials: StoredCredentials, database: Database
) -> APIRouter:
    """The routes under `/api/v1/session`."""
    part = _Session(sign_in, callers, credentials, database)
    api = APIRouter(prefix="/api/v1/session", tags=["session"], route_class=GuardedRoute)
    api.add_api_route(
        "",
        part.open,
        methods=["POST"],
        response_model=SessionView,
        summary="Sign in",
        responses=problem_responses(400, 401, 403, 408, 413, 415, 422, 429, 503),
    )
    api.add_api_route(
        "",
        part.show,
        methods=["GET"],
        response_model=SessionView,
        summary="Tell who I am",
        responses=problem_responses(401, 403, 503),
    )
    api.add_api_route(
        "",
        part.close,
        methods=["DELETE"],
        status_code=204,
        response_class=Response,
        summary="Sign out",
        responses=problem_responses(403, 503),
    )
    api.add_api_route(
        "/password",
        part.change_password,
        methods=["PUT"],
        status_code=204,
        response_class=Response,
        summary="Change my password",
        dependencies=at_role(callers, Role.SENDER),
        responses=problem_responses(400, 401, 403, 408, 413, 415, 422, 429, 503),
    )
    return api


class _Session:
    def __init__(
        self,
        sign_in: SignIn,
        callers: Callers,
        credentials: StoredCredentials,
        database: Database,
    ) -> None:
        self._sign_in = sign_in
        self._callers = callers
        self._credentials = credentials
        self._database = database

    async def open(self, body: SignInBody, request: Request, response: Response) -> SessionView:
        """Open a session by name and password, or by a one-time code; it is kept in a cookie."""
        if body.has_code:
            opened = await self._sign_in.by_code(request.scope, body.code)
        else:
            opened = await self._sign_in.by_password(request.scope, body.name, body.password)
        # This browser's former session has ended.
        self._credentials.forget()
        set_cookie(response, opened)
        response.headers["Cache-Control"] = "no-store"
        address = self._callers.address_of(request.scope)
        caller = Caller(opened.role, opened.name, "session", address, is_local=False)
        return SessionView.of(caller, opened.csrf)

    async def show(self, request: Request, response: Response) -> SessionView | Response:
        """Who calls, as what, and the `csrf` that a change by cookie has to show."""
        try:
            caller = await self._callers.identify(request.scope)
        except Rejected as error:
            if error.status != 401 or self._callers.session_digest(request.scope) is None:
                raise
            # The browser would show its dead session for ever, instead of coming without one.
            gone = problem_response(401, error.reason, error.message)
            clear_cookie(gone, is_https=self._callers.is_https(request.scope))
            return gone
        csrf = None
        if caller.kind == "session":
            session = await self._callers.session(request.scope)
            csrf = session.csrf if session is not None else None
        response.headers["Cache-Control"] = "no-store"
        return SessionView.of(caller, csrf)

    async def change_password(self, body: OwnPassword, request: Request) -> Response:
        """Change the password of who is signed in; their other sessions end."""
        if caller_of(request).kind != "session":
            message = "Sign in with your name and password to change it."
            raise Rejected(403, Reason.NOT_ALLOWED, message)
        await self._sign_in.change_password(request.scope, body.current, body.new)
        self._credentials.forget()
        return Response(status_code=204)

    async def close(self, request: Request) -> Response:
        """End the session of the cookie; without one there is nothing to end."""
        try:
            caller = await self._callers.identify(request.scope)
        except Rejected as error:
            if error.status != 401:
                raise
        else:
            digest = self._callers.session_digest(request.scope)
            if caller.kind == "session" and digest is not None:
                await self._database.write(lambda conn: sessions.end(conn, digest))
                self._credentials.forget()
        response = Response(status_code=204)
        clear_cookie(response, is_https=self._callers.is_https(request.scope))
        return response
