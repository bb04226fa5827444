"""A Socket.IO client as a stock client with a careful page is one, and a wire that loses things.

The client holds what it is given against the law of live delivery: across whatever is asked for,
lost and recovered, each event of its rooms comes once, in the order of seq, and none is missing.
What the server has written and the client has not read yet is on the wire, and lost with it.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from prometheus_client import CollectorRegistry

from tests.appending import database_in, settings_with
from tocsin.edge.callers import Callers
from tocsin.ingest.body import BodyLimits
from tocsin.ingest.source import InboundCall
from tocsin.ingest.sources import deployment
from tocsin.live.engineio.handshake import EngineOptions
from tocsin.live.engineio.packet import Encoding
from tocsin.live.engineio.session import Session
from tocsin.live.follower import Follower
from tocsin.live.hub import Hub
from tocsin.live.stage import Ground, Live
from tocsin.model.rooms import Room, RoomKind
from tocsin.store.access import StoredCredentials
from tocsin.store.append import Appender
from tocsin.store.database import Database
from tocsin.store.events import newest_seq
from tocsin.store.facts import ensure_epoch
from tocsin.store.journal import Journal, Limits
from tocsin.testing.clock import HandClock

SCOPE = {
    "type": "http",
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/socket.io/",
    "query_string": b"",
    "client": ("127.0.0.1", 4711),
    "headers": [(b"host", b"127.0.0.1:8000"), (b"user-agent", b"Mozilla/5.0")],
}


# What takes longer counts as never.
PATIENCE_S = 8.0


class Wire:
    """A transport; what is in `flying` was written and not read."""

    def __init__(self, encoding: Encoding) -> None:
        self.encoding = encoding
        self.flying: deque[bytes] = deque()
        self.is_paused = False
        self.is_closed = False
        self.write: Callable[[bytes], None] = self._write

    def _write(self, data: bytes) -> None:
        self.flying.extend(packets_in(data, self.encoding))

    def unsent_bytes(self) -> int:
        return 0

    def close(self, _code: int, _reason: str) -> None:
        self.is_closed = True


def packets_in(data: bytes, encoding: Encoding) -> Iterator[bytes]:
    """The Engine.IO packets in what was written at once."""
    if encoding == "polling":
        *packets, rest = data.split(b"\x1e")
        assert rest == b"", data
        yield from packets
        return
    while data:
        assert data[0] == 0x81, data
        begin, length = 2, data[1]
        if length > 125:
            begin = 4 if length == 126 else 10
            length = int.from_bytes(data[2:begin])
        yield data[begin : begin + length]
        data = data[begin + length :]


class Line:
    """A session of the server's over a wire."""

    def __init__(self, world: "World", encoding: Encoding) -> None:
        self.wire = Wire(encoding)
        options = EngineOptions(paths=("/socket.io/",))
        now = asyncio.get_running_loop().time()
        self.session = Session("e-1", dict(SCOPE), options, lambda _session: None, now)
        self.session.open_on(self.wire, encoding)
        self.listener = world.stage._engine._application.opened(self.session)
        self.session.listen(self.listener)

    def say(self, packet: str) -> None:
        if self.session.is_open:
            self.listener.message(packet)

    def upgrade(self) -> None:
        """Go over to the other kind of transport; what nobody fetched goes along."""
        if not self.session.is_open or self.wire.encoding == "websocket":
            return
        before, self.wire = self.wire, Wire("websocket")

        def left() -> bytes:
            flying = b"".join(packet + b"\x1e" for packet in before.flying)
            before.flying.clear()
            # Who kept the old transport's method writes what the session takes now.
            before.write = self.session.write
            return flying

        self.session.upgrade(self.wire, left)

    @property
    def follower(self) -> Follower | None:
        """Who is at the server's end."""
        sockets = self.listener._listener._sockets.values()  # type: ignore[attr-defined]
        return next((socket.state for socket in sockets if socket is not None), None)

    @property
    def is_busy(self) -> bool:
        """Whether the server has something to do for it yet."""
        return self.follower is not None and self.follower._task is not None

    async def kill(self) -> None:
        """The server's process dies: nobody notices that the client is gone."""
        if self.follower is not None and self.follower._task is not None:
            self.follower._task.cancel()
            await asyncio.gather(self.follower._task, return_exceptions=True)


@dataclass
class World:
    """A server of live clients over a journal, which can be killed and started again."""

    database: Database
    epoch: str
    stage: Live = field(init=False)
    hub: Hub = field(init=False)
    journal: Journal = field(init=False)
    # All events, as (seq, project, deployment id, text).
    told: list[tuple[int, str, str, str]] = field(default_factory=list)

    async def start(self) -> None:
        settings, registry, clock = settings_with(), CollectorRegistry(), HandClock()
        async with self.database.read() as conn:
            newest = await newest_seq(conn)
        self.hub = Hub(self.database, self.epoch, newest, registry)
        await self.hub.remember()
        appender = Appender(self.database.dialect)
        self.journal = Journal(self.database, appender, Limits(), self.hub.publish, registry)
        callers = Callers(StoredCredentials(self.database, clock), settings.auth, settings.http)
        self.stage = Live(
            Ground(
                hub=self.hub,
                database=self.database,
                callers=callers,
                clock=clock,
                settings=settings.live,
                registry=registry,
                instance="i-1",
                version="1.2.3",
            )
        )

    async def stop(self) -> None:
        await self.stage.drain()

    async def kill(self) -> None:
        """Be dead, and live again: what was committed is there."""
        await self.stage._sessions.flush()
        await self.start()

    async def tell(self, project: str, deployment_id: str) -> None:
        said = f"line {len(self.told)}"
        body = {
            "type": "log_entry",
            "project": project,
            "deployment_id": deployment_id,
            "message": said,
        }
        call = InboundCall({}, {}, orjson.dumps(body), "", HandClock().now(), BodyLimits())
        (receipt,) = await self.journal.append(deployment.read(call, deployment.Options()))
        self.told.append((receipt.seq, project, deployment_id, said))


@asynccontextmanager
async def world_in(folder: Path) -> AsyncIterator[World]:
    async with database_in(folder) as database:
        world = World(database, await database.write(ensure_epoch))
        await world.start()
        yield world
        await world.stop()


@dataclass
class Ask:
    """A subscription that was not answered yet; `reached` is how far what was missed has come."""

    room: Room
    is_leaving: bool
    since: int | None = None
    reached: int = 0


class Page:
    """A client, and what it holds against the server."""

    def __init__(self, world: World, encoding: Encoding) -> None:
        self.world = world
        self.encoding: Encoding = encoding
        self.line: Line | None = None
        self.pid: str | None = None
        self.offset: str | None = None
        self.begin_chain()
        self.connected: Any = None

    def begin_chain(self) -> None:
        """Nothing is followed any more, so nothing that comes is a repeat."""
        self.got: set[int] = set()
        self.last_seq = 0
        self.has_left = False
        self.asks: list[Ask] = []
        # The seq after which each room brings everything.
        self.follows: dict[Room, int] = {}
        # For each snapshot that is to come, the project and the lines that it has.
        self.awaits_snapshot: dict[Room, dict[str, list[str]]] = {}

    # --- what it does

    async def connect(self) -> None:
        """Come in, on a line of its own; the one before is forgotten, not ended."""
        known = {"pid": self.pid, "offset": self.offset} if self.pid else {}
        said = {name: one for name, one in known.items() if one is not None}
        self.line = Line(self.world, self.encoding)
        self.connected = None
        self.line.say("0" + orjson.dumps(said).decode())
        while self.connected is None:
            await asyncio.sleep(0)
            self.read(1)
        recovered = self.pid is not None and self.connected["pid"] == self.pid
        self.pid = self.connected["pid"]
        if not recovered:
            self.begin_chain()
        asks, self.asks = self.asks, []
        for ask in asks:
            # Nobody answered: it asks again, for what it has not got.
            since = None if ask.since is None else max(ask.since, ask.reached)
            self.ask(ask.room, is_leaving=ask.is_leaving, since=since)

    def lose(self) -> None:
        """The line breaks, and the server notices."""
        if self.line is not None:
            self.line.session.end("transport close")
            self.line = None

    def ask(self, room: Room, *, is_leaving: bool, since: int | None = None) -> None:
        if self.line is None:
            return
        # Of what a room has brought that it left, the server knows nothing any more.
        self.has_left = self.has_left or is_leaving
        since = None if self.has_left else since
        self.asks.append(Ask(room, is_leaving, since))
        verb = "unsubscribe" if is_leaving else "subscribe"
        said: dict[str, Any] = {"id": room.id}
        if since is not None:
            said["since_seq"] = since
        packet = orjson.dumps([f"{verb}_{room.kind.value}", said]).decode()
        self.line.say("2" + packet)

    async def settle(self) -> None:
        """Get everything that there is to get."""
        if self.line is None or not self.line.session.is_open:
            self.lose()
            await self.connect()
        assert self.line is not None
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE_S
        while self.asks or self.line.is_busy or self.line.wire.flying:
            assert loop.time() < until, f"nobody answers {self.asks}"
            await asyncio.sleep(0)
            self.read(1000)
        # What waits to be joined with more goes before the answer to this.
        self.line.say('2["heartbeat"]')
        self.read(1000)

    def read(self, count: int) -> None:
        """Take what comes next off the wire."""
        if self.line is None:
            return
        flying = self.line.wire.flying
        for _ in range(min(count, len(flying))):
            packet = flying.popleft().decode()
            if packet[0] == "4":
                self.take(packet[1], packet[2:])

    # --- what it is given

    def take(self, kind: str, body: str) -> None:
        said = orjson.loads(body)
        if kind == "0":
            self.connected = said
            return
        assert kind == "2", (kind, body)
        if isinstance(said[-1], str):
            self.offset = said[-1]
        name, value, *more = said
        if name == "event":
            self.take_event(value["seq"], has_offset=bool(more))
        elif name == "subscription:confirmed":
            self.take_confirmation(value)
        elif name == "unsubscription:confirmed":
            room = Room(RoomKind(value["type"]), value["id"])
            self.answered(value, is_leaving=True)
            self.follows.pop(room, None)
            self.awaits_snapshot.pop(room, None)
        elif name == "snapshot":
            self.take_snapshot(value)
        elif name == "heartbeat:ack":
            return
        else:
            raise AssertionError(said)

    def take_event(self, seq: int, *, has_offset: bool) -> None:
        assert seq not in self.got, f"{seq} came twice"
        self.got.add(seq)
        rooms = {*self.follows, *(ask.room for ask in self.asks)}
        assert any(self.is_in(seq, room) for room in rooms), f"{seq} is in no room"
        if has_offset:
            assert seq > self.last_seq, f"{seq} came after {self.last_seq}"
            self.last_seq = seq
            return
        asks = [ask for ask in self.asks if ask.since is not None and self.is_in(seq, ask.room)]
        assert asks, f"{seq} came without an offset"
        assert seq > asks[0].reached, f"{seq} came after {asks[0].reached}"
        asks[0].reached = seq

    def take_confirmation(self, value: Any) -> None:
        room = Room(RoomKind(value["type"]), value["id"])
        ask = self.answered(value, is_leaving=False)
        after = value["seq"]
        if value.get("recovered"):
            assert ask is not None
            assert ask.since is not None
            after = ask.since
        elif room.kind is RoomKind.DEPLOYMENT:
            self.awaits_snapshot[room] = self.lines_of(room.id, after)
        self.follows[room] = min(self.follows.get(room, after), after)

    def answered(self, value: Any, *, is_leaving: bool) -> Ask | None:
        """The request that this answers; one that the server repeats by itself has none."""
        room = Room(RoomKind(value["type"]), value["id"])
        said = (room, is_leaving, "recovered" in value)
        for ask in self.asks:
            if (ask.room, ask.is_leaving, ask.since is not None) == said:
                self.asks.remove(ask)
                return ask
        return None

    def take_snapshot(self, value: Any) -> None:
        """It shows what was told until its subscription, and nothing else."""
        room = Room(RoomKind.DEPLOYMENT, value["id"])
        shown = self.awaits_snapshot[room].pop(value["project"])
        if not self.awaits_snapshot[room]:
            del self.awaits_snapshot[room]
        assert value["logs"] == shown, f"{value} instead of {shown}"

    def lines_of(self, deployment_id: str, through: int) -> dict[str, list[str]]:
        """The lines of a deployment id up to a seq, by project; of a project "" if none has it."""
        found: dict[str, list[str]] = {}
        for seq, project, name, text in self.world.told:
            if name == deployment_id and seq <= through:
                found.setdefault(project, []).append(text)
        return found or {"": []}

    def is_in(self, seq: int, room: Room) -> bool:
        return any(
            seq == told and room.id == (project if room.kind is RoomKind.PROJECT else name)
            for told, project, name, _ in self.world.told
        )

    def check(self) -> None:
        """Nothing is missing."""
        assert not self.awaits_snapshot
        for room, after in self.follows.items():
            expected = {seq for seq, *_ in self.world.told if seq > after and self.is_in(seq, room)}
            assert expected <= self.got, f"{sorted(expected - self.got)} of {room} are missing"


def rooms_of(projects: Sequence[str], deployment_ids: Sequence[str]) -> list[Room]:
    projects_rooms = [Room(RoomKind.PROJECT, name) for name in projects]
    return [*projects_rooms, *(Room(RoomKind.DEPLOYMENT, name) for name in deployment_ids)]
