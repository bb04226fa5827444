"""The event stream over a journal, and clients of it that are called over ASGI."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from tests.appending import Ground, ground_in, settings_with
from tests.live.hubs import hub_of
from tocsin.edge.callers import Callers
from tocsin.live.admission import Admission
from tocsin.live.hub import Hub
from tocsin.live.pulse import Pulse
from tocsin.live.recoveries import Recoveries
from tocsin.live.revoked import Revocations
from tocsin.live.stream import PATH, EventStream
from tocsin.model.access import Role
from tocsin.model.event import new_event_id
from tocsin.model.tokens import Token, digest_of, new_token
from tocsin.store import tokens
from tocsin.store.access import StoredCredentials
from tocsin.testing.clock import START, HandClock


class Client:
    """A client of the stream, called over ASGI; what it is sent is cut into messages."""

    def __init__(
        self,
        stream: EventStream,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        **scope: Any,
    ) -> None:
        sent = {"host": "127.0.0.1:8000", **(headers or {})}
        self._scope = {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "path": PATH,
            "client": ("127.0.0.1", 1234),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            **scope,
        }
        self.status = 0
        self.body = b""
        self.seqs: list[int] = []
        self.last_id = ""
        self.opened: dict[str, Any] = {}
        self.chunks: list[int] = []
        self._comments = 0
        self._is_asked = False
        self._gone = asyncio.Event()
        self._takes = asyncio.Event()
        self._takes.set()
        self._blocked = asyncio.Event()
        self._changed = asyncio.Condition()
        self.task = asyncio.create_task(stream(self._scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        if not self._is_asked:
            self._is_asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if not self._takes.is_set():
            self._blocked.set()
            await self._takes.wait()
        async with self._changed:
            self.status = message.get("status", self.status)
            chunk = message.get("body", b"")
            self.body += chunk
            self.chunks.append(len(chunk))
            if self.status == 200:
                self._read(chunk)
            self._changed.notify_all()

    def _read(self, chunk: bytes) -> None:
        for block in chunk.split(b"\n\n"):
            if block.startswith(b":"):
                self._comments += 1
            elif block:
                self._read_message(dict(line.split(b": ", 1) for line in block.split(b"\n")))

    def _read_message(self, fields: Mapping[bytes, bytes]) -> None:
        self.last_id = fields[b"id"].decode()
        data = orjson.loads(fields[b"data"])
        if fields[b"event"] == b"stream.opened":
            self.opened = data
        else:
            self.seqs.append(data["seq"])
            assert self.last_id.endswith(f":{data['seq']}")

    async def until_answered(self) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self.status)

    async def until_open(self) -> "Client":
        async with self._changed:
            await self._changed.wait_for(lambda: self.opened)
        return self

    async def until_seq(self, seq: int) -> "Client":
        async with self._changed:
            await self._changed.wait_for(lambda: seq in self.seqs)
        return self

    async def until_heartbeats(self, count: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._comments >= count)

    def stop_taking(self) -> None:
        """As a client whose line is full."""
        self._takes.clear()

    async def until_blocked(self) -> None:
        await self._blocked.wait()

    def go_on_taking(self) -> None:
        self._takes.set()

    async def leave(self) -> None:
        self._gone.set()
        self._takes.set()
        await self.task


@dataclass(frozen=True)
class Live:
    """A journal whose events are streamed."""

    ground: Ground
    hub: Hub
    admission: Admission
    revocations: Revocations
    clock: HandClock
    stream: EventStream
    clients: list[Client] = field(default_factory=list)

    def client(self, query: str = "", **more: Any) -> Client:
        client = Client(self.stream, query, **more)
        self.clients.append(client)
        return client

    async def token(self, role: Role) -> str:
        text = new_token()
        token = Token(new_event_id(), role.word, role, START, "me")
        await self.ground.database.write(lambda conn: tokens.add(conn, token, digest_of(text)))
        return text

    def counted(self, name: str, **labels: str) -> float | None:
        said = {"dialect": "sse", **labels}
        return self.ground.registry.get_sample_value(f"tocsin_live_{name}", said)


@asynccontextmanager
async def live_in(folder: Path, **environ: str) -> AsyncIterator[Live]:
    said = settings_with(**environ)
    async with ground_in(folder) as ground, hub_of(ground) as hub:
        registry, clock = ground.registry, HandClock()
        callers = Callers(StoredCredentials(ground.database, clock), said.auth, said.http)
        admission, pulse = Admission(said.live, registry), Pulse(0.01)
        revocations, recoveries = Revocations(clock), Recoveries(registry)
        stream = EventStream(hub, admission, callers, pulse, said.live, recoveries, revocations)
        live = Live(ground, hub, admission, revocations, clock, stream)
        try:
            yield live
        finally:
            for client in live.clients:
                await client.leave()
            pulse.stop()
