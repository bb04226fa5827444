"""A server of the whole live stage over a journal, in the test's own loop, and Socket.IO clients.

The clients speak the protocol by hand, over a WebSocket or by long-polling, and remember what
stock clients remember for a recovery: the `pid`, and the last argument of events when it is text.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from prometheus_client import CollectorRegistry
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.appending import database_in, settings_with
from tocsin.edge.callers import Callers
from tocsin.edge.front import Front
from tocsin.edge.server import listening_sockets, make_server
from tocsin.ingest.body import BodyLimits
from tocsin.ingest.source import InboundCall
from tocsin.ingest.sources import deployment
from tocsin.live.hub import Hub
from tocsin.live.stage import Ground, Live
from tocsin.model.access import Role
from tocsin.model.event import NewEvent, new_event_id
from tocsin.model.tokens import Token, digest_of, new_token
from tocsin.store import tokens
from tocsin.store.access import StoredCredentials
from tocsin.store.append import Appender
from tocsin.store.database import Database
from tocsin.store.events import newest_seq
from tocsin.store.facts import ensure_epoch, read_facts
from tocsin.store.journal import Journal, Limits
from tocsin.testing.clock import HandClock

# What a proxy that is not trusted adds: the call is somebody else's, as from another machine.
REMOTE = {"X-Forwarded-For": "203.0.113.9"}
NAMESPACE = "/project-dashboard/ws"
PATH = "/socket.io/"
SEPARATOR = b"\x1e"


@dataclass
class Client:
    """One client in one namespace, as a stock client would be it."""

    namespace: str = NAMESPACE
    pid: str | None = None
    offset: str | None = None
    connected: Any = None
    got: list[list[Any]] = field(default_factory=list)
    acks: dict[int, list[Any]] = field(default_factory=dict)

    def head(self, kind: str) -> str:
        return kind if self.namespace == "/" else f"{kind}{self.namespace},"

    def connect_packet(self, **auth: Any) -> str:
        """What it says to come in; what it knows of its session goes with it."""
        known = {"pid": self.pid, "offset": self.offset} if self.pid else {}
        said = {name: one for name, one in {**known, **auth}.items() if one is not None}
        return self.head("40") + (orjson.dumps(said).decode() if said else "")

    def event_packet(self, name: str, *args: Any, number: int | None = None) -> str:
        shown = "" if number is None else str(number)
        return self.head("42") + shown + orjson.dumps([name, *args]).decode()

    @property
    def recovered(self) -> bool:
        return bool(self.connected.get("recovered"))

    def take(self, packet: str) -> None:
        """Remember what a packet of its namespace says."""
        kind, body = packet[1], packet[2:].removeprefix(self.head("")) or "null"
        if kind == "0":
            self.connected = orjson.loads(body)
            pid = self.connected.get("pid")
            self.connected["recovered"] = pid is not None and pid == self.pid
            self.pid = pid
        elif kind == "2":
            args = orjson.loads(body)
            if self.pid and isinstance(args[-1], str) and len(args) > 1:
                self.offset = args[-1]
            self.got.append(args)
        elif kind == "3":
            number, _, rest = body.partition("[")
            self.acks[int(number)] = orjson.loads("[" + rest)
        elif kind == "4":
            self.connected = {"refused": orjson.loads(body)}
        else:
            raise AssertionError(packet)

    def named(self, name: str) -> list[Any]:
        """What came with the events of a name, without offsets."""
        return [args[1] for args in self.got if args[0] == name]

    @property
    def seqs(self) -> list[int]:
        """The seq of each `event`, as they came."""
        return [one["seq"] for one in self.named("event")]


class Talk:
    """A WebSocket with a client in it."""

    def __init__(self, socket: ClientConnection, client: Client) -> None:
        self.socket = socket
        self.client = client
        self.opening: Any = None
        self._numbers = 0
        client.acks.clear()

    async def hear(self) -> str:
        """The next packet; pings are answered, and it is not this client's if not its namespace."""
        while True:
            said = await self.socket.recv()
            assert isinstance(said, str)
            if said == "2":
                await self.socket.send("3")
                continue
            if said[0] == "4":
                self.client.take(said)
            return said

    async def enter(self, **auth: Any) -> Any:
        """Come into the namespace; gives what it is answered."""
        await self.socket.send(self.client.connect_packet(**auth))
        self.client.connected = None
        while self.client.connected is None:
            await self.hear()
        return self.client.connected

    async def emit(self, name: str, *args: Any) -> None:
        await self.socket.send(self.client.event_packet(name, *args))

    async def ask(self, name: str, *args: Any) -> Any:
        """What an event is acknowledged with."""
        self._numbers += 1
        await self.socket.send(self.client.event_packet(name, *args, number=self._numbers))
        while self._numbers not in self.client.acks:
            await self.hear()
        (said,) = self.client.acks[self._numbers]
        return said

    async def until(self, name: str) -> Any:
        """What comes with the next event of a name; others are remembered only."""
        while True:
            before = len(self.client.got)
            await self.hear()
            for args in self.client.got[before:]:
                if args[0] == name:
                    return args[1]

    async def settle(self) -> Sequence[list[Any]]:
        """Everything that was under way before this call; gives the events that came."""
        before = len(self.client.got)
        # Requests are dealt with one after the other, and after what is given on coming back.
        await self.ask("unsubscribe_project", "(not followed)")
        return [args for args in self.client.got[before:] if args[0] == "event"]

    async def until_closed(self) -> tuple[int, str]:
        """How the server ended it."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.hear()
        return self.socket.close_code or 0, self.socket.close_reason or ""


class Polls:
    """A session by long-polling with a client in it."""

    def __init__(self, http: aiohttp.ClientSession, url: str, client: Client) -> None:
        self.http = http
        self.url = url
        self.client = client
        self.sid = ""

    async def open(self) -> None:
        async with self.http.get(f"{self.url}?EIO=4&transport=polling") as answer:
            said = orjson.loads((await answer.read())[1:])
        self.sid = said["sid"]

    @property
    def address(self) -> str:
        return f"{self.url}?EIO=4&transport=polling&sid={self.sid}"

    async def post(self, *packets: str) -> None:
        body = SEPARATOR.join(one.encode() for one in packets)
        async with self.http.post(self.address, data=body) as answer:
            assert await answer.read() == b"ok"

    async def packets(self) -> list[str]:
        """The packets of one GET."""
        async with self.http.get(self.address) as answer:
            assert answer.status == 200, await answer.text()
            return [one.decode() for one in (await answer.read()).split(SEPARATOR)]

    async def get(self) -> list[str]:
        """The packets of one GET, taken in by the client."""
        packets = await self.packets()
        for one in packets:
            if one[0] == "4":
                self.client.take(one)
        return packets

    async def enter(self, **auth: Any) -> Any:
        await self.post(self.client.connect_packet(**auth))
        self.client.connected = None
        while self.client.connected is None:
            await self.get()
        return self.client.connected


@dataclass(frozen=True)
class Serving:
    """What serves, and what is behind it."""

    port: int
    stage: Live
    hub: Hub
    journal: Journal
    database: Database
    clock: HandClock
    registry: CollectorRegistry
    folder: Path

    async def tell(self, *messages: Mapping[str, Any]) -> None:
        """Take in deployment messages, each in a transaction of its own."""
        for message in messages:
            body = orjson.dumps(dict(message))
            call = InboundCall({}, {}, body, "", self.clock.now(), BodyLimits())
            await self.journal.append(deployment.read(call, deployment.Options()))

    async def append(self, *events: NewEvent) -> list[int]:
        return [receipt.seq for receipt in await self.journal.append(events)]

    async def token(self, role: Role) -> str:
        text = new_token()
        token = Token(new_event_id(), new_event_id(), role, self.clock.now(), "me")
        await self.database.write(lambda conn: tokens.add(conn, token, digest_of(text)))
        return text

    @asynccontextmanager
    async def socket(
        self,
        client: Client | None = None,
        path: str = PATH,
        headers: Mapping[str, str] | None = None,
        *,
        query: str = "",
        probes: bool = False,
        agent: str | None = "Mozilla/5.0",
    ) -> AsyncIterator[Talk]:
        """A session over a WebSocket, its client not in yet; with `probes` a try at one."""
        url = f"ws://127.0.0.1:{self.port}{path}?EIO=4&transport=websocket{query}"
        async with connect(
            url, additional_headers=headers, proxy=None, user_agent_header=agent
        ) as socket:
            talk = Talk(socket, client or Client())
            if not probes:
                talk.opening = orjson.loads((await socket.recv())[1:])
            yield talk

    @asynccontextmanager
    async def client(self, client: Client | None = None, **more: Any) -> AsyncIterator[Talk]:
        """A client that has come in; one given comes back to where it was, if it can."""
        async with self.socket(client, **more) as talk:
            await talk.enter()
            yield talk

    @asynccontextmanager
    async def polling(
        self, client: Client | None = None, path: str = PATH, **headers: str
    ) -> AsyncIterator[Polls]:
        """A session by long-polling; its client has not come in yet."""
        named = {"User-Agent": "Mozilla/5.0", **headers}
        async with aiohttp.ClientSession(headers=named) as http:
            polls = Polls(http, f"http://127.0.0.1:{self.port}{path}", client or Client())
            await polls.open()
            yield polls

    def counted(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0


async def until(is_so: Callable[[], bool]) -> None:
    """Let the loop turn until it is so."""
    while not is_so():  # noqa: ASYNC110 - what is waited for tells nobody
        await asyncio.sleep(0)


def message(kind: str, deployment_id: str = "1", project: str = "shop", **more: Any) -> Any:
    """A deployment message."""
    return {"type": kind, "project": project, "deployment_id": deployment_id, **more}


def line(text: str, deployment_id: str = "1", project: str = "shop") -> Any:
    """A message with one log line."""
    return message("log_entry", deployment_id, project, message=text)


@asynccontextmanager
async def serving_in(
    folder: Path, clock: HandClock | None = None, **environ: str
) -> AsyncIterator[Serving]:
    """A server over the journal in `folder`, a new one or the one that is there."""
    said = settings_with(**environ)
    clock, registry = clock or HandClock(), CollectorRegistry()
    async with database_in(folder) as database:
        epoch = await database.write(ensure_epoch)
        async with database.read() as conn:
            newest, known = await newest_seq(conn), await read_facts(conn)
        hub = Hub(database, epoch, newest, registry, former_epochs=known.former_epochs)
        journal = Journal(database, Appender(database.dialect), Limits(), hub.publish, registry)
        stage = Live(
            Ground(
                hub=hub,
                database=database,
                callers=Callers(StoredCredentials(database, clock), said.auth, said.http),
                clock=clock,
                settings=said.live,
                registry=registry,
                instance="i-1",
                version="1.2.3",
            )
        )
        async with _serving(stage) as port:
            yield Serving(port, stage, hub, journal, database, clock, registry, folder)


@asynccontextmanager
async def _serving(stage: Live) -> AsyncIterator[int]:
    [listening] = listening_sockets(["127.0.0.1:0"])
    server = make_server(Front(stage.parts, _nothing), stage.endpoints, grace_s=1)
    running = [asyncio.create_task(server.serve([listening]))]
    loops = [asyncio.create_task(_forever(step)) for _, step in stage.loops]
    try:
        yield listening.getsockname()[1]
    finally:
        await stage.drain()
        server.stop()
        await asyncio.gather(*running)
        for loop in loops:
            loop.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*loops)


async def _forever(step: Any) -> None:
    while True:
        await step()


async def _nothing(_scope: Any, _receive: Any, _send: Any) -> None:
    raise AssertionError("there is nothing but live connections here")
