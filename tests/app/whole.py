"""Tocsin as a whole in this process, and calls to it without a socket."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from tests.appending import rows
from tocsin.app.building import Tocsin, build
from tocsin.ingest.source import find_sources
from tocsin.settings import Loaded, load
from tocsin.store.beside import opened
from tocsin.testing.clock import HandClock

STREAM = "/api/v1/events/stream"
MESSAGE = {
    "type": "step_started",
    "project": "shop",
    "deployment_id": "7",
    "step_name": "build",
    "timestamp": "2026-01-01T00:00:00Z",
}


def loaded(folder: Path, **environ: str) -> Loaded:
    said = {"DATA_DIR": str(folder), "INSTANCE_ID": "i-1", "LISTEN": "127.0.0.1:0", **environ}
    kinds = {name: kind.Options for name, kind in find_sources().items()}
    return load(environ={f"TOCSIN_{name}": value for name, value in said.items()}, kinds=kinds)


@asynccontextmanager
async def built(folder: Path, **environ: str) -> AsyncIterator[Tocsin]:
    async with build(loaded(folder, **environ), HandClock()) as tocsin:
        loops = [asyncio.ensure_future(forever(step)) for _, step in tocsin.loops]
        try:
            yield tocsin
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)


async def forever(step: Any) -> None:
    while True:
        await step()


@dataclass
class Call:
    """One call over ASGI; `answered` is set with the first bytes of a body."""

    tocsin: Tocsin
    method: str
    path: str
    body: bytes = b""
    status: int = 0
    answer: bytes = b""
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> "Call":
        path, _, query = self.path.partition("?")
        headers = {"host": "127.0.0.1:8000", "content-type": "application/json"}
        if self.body:
            headers["content-length"] = str(len(self.body))
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "client": ("127.0.0.1", 4711),
            "server": ("127.0.0.1", 8000),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        sent = iter([{"type": "http.request", "body": self.body, "more_body": False}])

        async def receive() -> Any:
            first = next(sent, None)
            if first is None:
                await self.gone.wait()
            return first or {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            self.status = message.get("status", self.status)
            self.answer += message.get("body", b"")
            if message["type"] == "http.response.body":
                self.answered.set()

        await self.tocsin.front(scope, receive, send)
        return self

    @property
    def json(self) -> Any:
        return orjson.loads(self.answer)


async def get(tocsin: Tocsin, path: str) -> Call:
    return await Call(tocsin, "GET", path).run()


async def post(tocsin: Tocsin, path: str, message: Mapping[str, Any]) -> Call:
    return await Call(tocsin, "POST", path, orjson.dumps(dict(message))).run()


async def kinds(folder: Path) -> list[str]:
    async with opened("", folder) as database:
        found = await rows(database, "SELECT type, subject FROM events ORDER BY seq")
    return [f"{row['type']} {row['subject']}".strip() for row in found]
