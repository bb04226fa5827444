"""A small server that speaks `/ws` as Tocsin does: a journal, and lines that a test breaks."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.test_utils import TestServer

Said = dict[str, Any]


@dataclass
class WsServer:
    """Sends events from its journal to all lines; `said` is what clients said."""

    url: str = ""
    port: int = 0
    epoch: str = "e"
    head: int = 0
    # Up to here the journal was pruned.
    pruned: int = 0
    features: tuple[str, ...] = ("resume",)
    said: list[Said] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    # What the next handshakes are answered with instead of an upgrade.
    answers: list[web.Response] = field(default_factory=list)
    # What the next `subscribe`s are answered with instead of what it does.
    faults: list[str] = field(default_factory=list)
    # An event is sent to a new line before its `subscribe` is answered.
    is_hasty: bool = False
    # Closes each line with this, right after the greeting, if it greets.
    closes_with: int | None = None
    greets: bool = True
    answers_subscribe: bool = True
    pongs: asyncio.Queue[None] = field(default_factory=asyncio.Queue)
    _lines: list[web.WebSocketResponse] = field(default_factory=list)
    _heard: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.tokens.append(request.headers.get("Authorization"))
        if self.answers:
            return self.answers.pop(0)
        line = web.WebSocketResponse(autoping=False)
        await line.prepare(request)
        if self.greets:
            await self.say(line, "connection_status", self._greeting())
        if self.closes_with is not None:
            await line.close(code=self.closes_with, message=b"not_signed_in")
            return line
        self._lines.append(line)
        try:
            async for frame in line:
                if frame.type is WSMsgType.PONG:
                    self.pongs.put_nowait(None)
                    continue
                said = json.loads(frame.data)
                await self._take(line, said)
                async with self._heard:
                    self.said.append(said)
                    self._heard.notify_all()
        finally:
            self._lines.remove(line)
        return line

    async def say(self, line: web.WebSocketResponse, kind: str, data: Said, **rest: Any) -> None:
        await line.send_str(json.dumps({"type": kind, "data": data, **rest}))

    async def say_all(self, kind: str, data: Said) -> None:
        for line in list(self._lines):
            await self.say(line, kind, data)

    async def say_raw(self, *frames: str | bytes) -> None:
        for line in list(self._lines):
            for one in frames:
                await (line.send_str(one) if isinstance(one, str) else line.send_bytes(one))

    async def happen(self, count: int = 1) -> None:
        """So many further events."""
        for _ in range(count):
            self.head += 1
            for line in list(self._lines):
                await self._give(line, self.head)

    async def ping_all(self) -> None:
        for line in list(self._lines):
            await line.ping()

    async def write_all(self, data: bytes) -> None:
        """Bytes that are no frame."""
        for line in list(self._lines):
            assert line._req is not None
            assert line._req.transport is not None
            line._req.transport.write(data)

    async def close_all(self, code: int, reason: str = "") -> None:
        for line in list(self._lines):
            await line.close(code=code, message=reason.encode())

    async def heard(self, kind: str, count: int = 1) -> Said:
        """The latest message of a type, once there were so many."""
        async with self._heard:
            await self._heard.wait_for(lambda: len(self.all_said(kind)) >= count)
        return self.all_said(kind)[-1]

    async def heard_since(self) -> Said:
        """The next `subscribe` that asks to go on after a place."""
        async with self._heard:
            await self._heard.wait_for(lambda: any(map(_asks_on, self.said)))
        return next(one for one in self.said if _asks_on(one))

    def all_said(self, kind: str) -> list[Said]:
        return [one for one in self.said if one["type"] == kind]

    def _greeting(self) -> Said:
        return {
            "status": "connected",
            "features": list(self.features),
            "epoch": self.epoch,
            "seq": self.head,
        }

    async def _take(self, line: web.WebSocketResponse, said: Said) -> None:
        request_id = said.get("request_id")
        if said["type"] == "ping":
            await self.say(line, "pong", said["data"], request_id=request_id)
        if said["type"] in {"subscribe", "unsubscribe"} and self.answers_subscribe:
            if self.is_hasty:
                await self.happen()
            await self._answer(line, said)

    async def _answer(self, line: web.WebSocketResponse, said: Said) -> None:
        request_id = said.get("request_id")
        if self.faults:
            fault = {"error_code": self.faults.pop(0), "error_message": "no"}
            await self.say(line, "error", fault, request_id=request_id)
            return
        since, head = said["data"].get("since"), self.head
        data: Said = {"epoch": self.epoch, "seq": head, "recovered": None}
        if since is not None:
            is_here = since["epoch"] == self.epoch and self.pruned <= since["seq"] <= head
            data |= {"recovered": is_here, "seq": since["seq"] if is_here else head}
        await self.say(line, said["type"] + "d", data, request_id=request_id)
        for seq in range(data["seq"] + 1, head + 1):
            await self._give(line, seq)

    async def _give(self, line: web.WebSocketResponse, seq: int) -> None:
        data = {"deployment_id": f"d{seq}", "event_type": "deployment_progress"}
        await self.say(line, "posco_event", data, seq=seq, epoch=self.epoch)


def _asks_on(said: Said) -> bool:
    return said["type"] == "subscribe" and "since" in said["data"]


@asynccontextmanager
async def speaking() -> AsyncGenerator[WsServer, None]:
    """A server that runs."""
    made = WsServer()
    app = web.Application()
    app.router.add_get("/ws", made.handle)
    async with TestServer(app, host="127.0.0.1") as running:
        made.url = str(running.make_url("")).rstrip("/")
        made.port = running.port or 0
        try:
            yield made
        finally:
            await made.close_all(WSCloseCode.GOING_AWAY)
