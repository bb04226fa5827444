"""An outside world for tests: a server on this machine that records calls and answers by a script.

Somebody who writes to Tocsin's own interfaces can use it in place of FAL, GitHub or a chat.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import orjson
from aiohttp import web

MAX_BODY_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """A call as it came; header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer. It waits for `after`; with `announced` it breaks off before so many bytes came."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    chunks: Callable[[], AsyncIterator[bytes]] | None = None
    after: asyncio.Event | None = None
    announced: int | None = None

    @classmethod
    def of(cls, value: Any, status: int = 200, **headers: str) -> Self:
        """`value` as JSON."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        body = orjson.dumps(value)
        return cls(status=status, body=body, headers={"content-type": "application/json", **named})


class Outside:
    """The server; made by `outside`. What no script tells is answered by `always`: 404."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.url = ""
        self.always = Reply(status=404)
        self._scripts: dict[tuple[str, str], list[Reply]] = {}

    def answer(self, path: str, first: Reply, *more: Reply, method: str = "GET") -> None:
        """Have calls of `path` answered by these, one each, and all further ones by the last."""
        self._scripts[method, path] = [first, *more]

    def calls_of(self, path: str) -> list[Asked]:
        """The calls of `path` so far."""
        return [one for one in self.asked if one.path == path]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One call."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.read()
        self.asked.append(Asked(request.method, request.path, request.query, headers, body))
        script = self._scripts.get((request.method, request.path), [self.always])
        reply = script.pop(0) if len(script) > 1 else script[0]
        if reply.after is not None:
            await reply.after.wait()
        if reply.chunks is None and reply.announced is None:
            return web.Response(status=reply.status, body=reply.body, headers=reply.headers)
        return await _in_parts(request, reply)


async def _in_parts(request: web.Request, reply: Reply) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    response.content_length = reply.announced
    await response.prepare(request)
    if reply.body:
        await response.write(reply.body)
    if reply.chunks is not None:
        async for chunk in reply.chunks():
            await response.write(chunk)
    if reply.announced is not None and request.transport is not None:
        request.transport.close()
        return response
    await response.write_eof()
    return response


@asynccontextmanager
async def outside() -> AsyncIterator[Outside]:
    """A world that is there as long as the block lasts."""
    world = Outside()
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.router.add_route("*", "/{path:.*}", world.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        world.url = f"http://{host}:{port}"
        yield world
    finally:
        await runner.cleanup()
