"""Destinations of callbacks on this machine: fine ones, slow ones, and ones that are away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

from tests.system.server import free_port


@dataclass(frozen=True)
class Came:
    """A call as it came: the id that is the same for each attempt, and the event in it."""

    delivery_id: str
    event_id: str
    subject: str


@dataclass
class Receiver:
    """One destination; while it is not there its port refuses every connection."""

    name: str
    port: int = field(default_factory=free_port)
    takes_s: float = 0.0
    came: list[Came] = field(default_factory=list)
    _runner: web.AppRunner | None = None

    @property
    def config(self) -> dict[str, Any]:
        """The options of a channel that leads here; it is tried again each second."""
        return {
            "url": f"http://127.0.0.1:{self.port}/{self.name}",
            "retry_count": 100,
            "retry_interval": 1,
        }

    async def open(self) -> None:
        """Be there."""
        app = web.Application()
        app.router.add_post("/{name}", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def close(self) -> None:
        """Be away."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _take(self, request: web.Request) -> web.Response:
        event = orjson.loads(await request.read())["event"]
        delivery_id = request.headers["webhook-id"]
        self.came.append(Came(delivery_id, event["id"], event["subject"]))
        await asyncio.sleep(self.takes_s)
        return web.Response(text="ok")

    def first_arrivals(self) -> dict[str, Came]:
        """Each delivery as it came first, in the order in which these came."""
        first: dict[str, Came] = {}
        for one in self.came:
            first.setdefault(one.delivery_id, one)
        return first


@asynccontextmanager
async def receivers(*wanted: Receiver) -> AsyncIterator[None]:
    """All of them are there; whoever is opened or closed meanwhile, all are away at the end."""
    try:
        for one in wanted:
            await one.open()
        yield
    finally:
        for one in wanted:
            await one.close()


@asynccontextmanager
async def echoing_mail_server() -> AsyncIterator[int]:
    """Its port: it lets nobody in, and says aloud with what they tried."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            word, said = line[:4].upper(), line.strip()
            match word:
                case b"EHLO":
                    writer.write(b"250-here\r\n250 AUTH PLAIN\r\n")
                case b"AUTH":
                    writer.write(b"535 5.7.8 nobody comes in by " + said + b"\r\n")
                case _:
                    writer.write(b"221 bye " + said + b"\r\n")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
