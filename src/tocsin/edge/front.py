"""The first thing a call meets: which part it is for.

Plain receivers and streams are told by their address before the API's router is asked, as
they carry nearly all the traffic. `/project-dashboard` in front of an address is taken off,
unless a part knows it with that: the deployment messages' senders use that prefix.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tocsin.edge.calls import App, Receive, Scope, Send

PREFIX = "/project-dashboard"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of Tocsin in front of the API; `takes` is asked with method and path."""

    takes: Callable[[str, str], bool]
    app: App


class Front:
    """Hands each call to the first part that takes it, else to `rest`."""

    def __init__(self, parts: Sequence[Part], rest: App) -> None:
        self._parts = parts
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        method: str = scope["method"]
        if (part := self._taking(method, path)) is not None:
            await part.app(scope, receive, send)
            return
        if path.startswith(PREFIX) and path[len(PREFIX) : len(PREFIX) + 1] in ("", "/"):
            path = path[len(PREFIX) :] or "/"
            scope["path"] = path
            scope["raw_path"] = scope["raw_path"].removeprefix(PREFIX.encode())
            if (part := self._taking(method, path)) is not None:
                await part.app(scope, receive, send)
                return
        await self._rest(scope, receive, send)

    def _taking(self, method: str, path: str) -> Part | None:
        for part in self._parts:
            if part.takes(method, path):
                return part
        return None
