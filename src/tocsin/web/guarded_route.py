"""A route that takes a body: asks who calls before it reads it, and reads no more than is allowed.

The framework reads a body, and takes it for JSON, before it asks any dependency. So somebody
unknown would be told what is wrong with it, and could have it kept in memory however long it is.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from tocsin.edge.calls import Disconnected, Message, Receive, body_of, headers_of
from tocsin.web.callers import SECURITY

# Of a configuration, a template, an import or a standard message.
MAX_BODY_BYTES = 4 * 1024 * 1024

_Handler = Callable[[Request], Awaitable[Any]]


class GuardedRoute(APIRoute):
    """The `route_class` of routers; a route without a body is an ordinary one."""

    def get_route_handler(self) -> Any:
        """What takes a call, once who calls is known and all of it has come."""
        handle: _Handler = super().get_route_handler()
        if self.body_field is None:
            return handle
        # Beside its parameters a route depends on who calls, and on nothing else.
        guards = [one.dependency for one in self.dependencies if one.dependency not in SECURITY]

        async def guarded(request: Request) -> Any:
            for guard in filter(None, guards):
                await guard(request)
            try:
                body = await body_of(headers_of(request.scope), request.receive, MAX_BODY_BYTES)
            except Disconnected:
                # Nobody is left to be told.
                return Response(status_code=400)
            return await handle(Request(request.scope, _again(body, request.receive)))

        return guarded


def _again(body: bytes, receive: Receive) -> Receive:
    """What was read is to be read once more; what follows is whether the caller is still there."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_again
