"""A server of `/ws` alone over a new journal, in the test's own loop, and clients of it."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from prometheus_client import CollectorRegistry
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.appending import database_in, settings_with
from tocsin.edge.callers import Callers
from tocsin.edge.server import listening_sockets, make_server
from tocsin.ingest.body import BodyLimits
from tocsin.ingest.source import InboundCall
from tocsin.ingest.sources import deployment
from tocsin.live.admission import Admission
from tocsin.live.hub import Hub
from tocsin.live.pulse import Pulse
from tocsin.live.recoveries import Recoveries
from tocsin.live.revoked import Revocations
from tocsin.live.ws.broadcasts import Broadcasts
from tocsin.live.ws.endpoint import WsEndpoint
from tocsin.live.ws.metrics import WsMetrics
from tocsin.model.access import Role
from tocsin.model.event import NewEvent, new_event_id
from tocsin.model.tokens import Token, digest_of, new_token
from tocsin.store import tokens
from tocsin.store.access import StoredCredentials
from tocsin.store.append import Appender
from tocsin.store.database import Database
from tocsin.store.events import newest_seq
from tocsin.store.facts import ensure_epoch
from tocsin.store.journal import Journal, Limits
from tocsin.testing.clock import HandClock

# What a proxy that is not trusted adds: the call is somebody else's, as from another machine.
REMOTE = {"X-Forwarded-For": "203.0.113.9"}


async def until(condition: Callable[[], Any]) -> None:
    """Let the loop turn until something is so; the test's own limit is the end of it."""
    for _ in itertools.count():
        if condition():
            return
        await asyncio.sleep(0)


class Talk:
    """A client, which speaks JSON."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.greeting: Any = None

    async def say(self, kind: str, /, request_id: Any = None, **data: Any) -> None:
        message = {"type": kind, "data": data}
        if request_id is not None:
            message["request_id"] = request_id
        await self.socket.send(orjson.dumps(message).decode())

    async def hear(self) -> Any:
        return orjson.loads(await self.socket.recv())

    async def until(self, kind: str) -> Any:
        """The next message of a type; others are passed over."""
        while True:
            message = await self.hear()
            if message["type"] == kind:
                return message

    async def ask(self, kind: str, answer: str, /, **data: Any) -> Any:
        """What a message is answered with."""
        await self.say(kind, **data)
        return await self.until(answer)

    async def before_pong(self) -> list[Any]:
        """What came before the answer to a ping."""
        await self.say("ping")
        found = []
        while (message := await self.hear())["type"] != "pong":
            found.append(message)
        return found

    async def until_closed(self) -> tuple[list[Any], int, str]:
        """What else came, and how the server ended it."""
        found = []
        with contextlib.suppress(ConnectionClosed):
            while True:
                found.append(await self.hear())
        return found, self.socket.close_code or 0, self.socket.close_reason or ""


@dataclass(frozen=True)
class Live:
    """What serves, and the parts behind it."""

    port: int
    hub: Hub
    journal: Journal
    database: Database
    clock: HandClock
    registry: CollectorRegistry
    endpoint: WsEndpoint
    broadcasts: Broadcasts
    revocations: Revocations
    admission: Admission
    credentials: StoredCredentials

    async def tell(self, *messages: Mapping[str, Any]) -> None:
        """Take in deployment messages, each in a transaction of its own."""
        for message in messages:
            body = orjson.dumps(dict(message))
            call = InboundCall({}, {}, body, "", self.clock.now(), BodyLimits())
            await self.journal.append(deployment.read(call, deployment.Options()))

    async def tell_delivery(self, kind: str, delivery_id: str, **data: Any) -> None:
        """Have it known what became of a delivery."""
        at = self.clock.now()
        said = {"delivery_id": delivery_id, **data}
        new = NewEvent(new_event_id(), "tocsin", kind, "shop", delivery_id, at, at, said)
        await self.journal.append([new])

    async def token(self, role: Role) -> str:
        text = new_token()
        token = Token(new_event_id(), f"a {role.word}'s", role, self.clock.now(), "me")
        await self.database.write(lambda conn: tokens.add(conn, token, digest_of(text)))
        return text

    async def lose(self, table: str) -> None:
        """Have the database answer questions about a table with an error."""
        await self.database.write(
            lambda conn: conn.exec_driver_sql(f"ALTER TABLE {table} RENAME TO lost")
        )

    @asynccontextmanager
    async def socket(
        self, path: str = "/ws", headers: Mapping[str, str] | None = None, **more: Any
    ) -> AsyncIterator[Talk]:
        """A client that has read nothing yet."""
        url = f"ws://127.0.0.1:{self.port}{path}"
        async with connect(url, additional_headers=headers, proxy=None, **more) as socket:
            yield Talk(socket)

    @asynccontextmanager
    async def client(
        self, path: str = "/ws", headers: Mapping[str, str] | None = None, **more: Any
    ) -> AsyncIterator[Talk]:
        """A client that was greeted."""
        async with self.socket(path, headers, **more) as talk:
            talk.greeting = await talk.hear()
            yield talk

    def counted(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0


def message(kind: str, deployment_id: str = "1", project: str = "shop", **more: Any) -> Any:
    """A deployment message."""
    return {"type": kind, "project": project, "deployment_id": deployment_id, **more}


def line(text: str, deployment_id: str = "1", project: str = "shop") -> Any:
    """A message with one log line."""
    return message("log_entry", deployment_id, project, message=text)


@asynccontextmanager
async def live_in(folder: Path, **environ: str) -> AsyncIterator[Live]:
    """A server over the journal in `folder`, a new one or the one that is there."""
    said = settings_with(**environ)
    clock, registry, pulse = HandClock(), CollectorRegistry(), Pulse(0.01)
    async with database_in(folder) as database:
        epoch = await database.write(ensure_epoch)
        hub = Hub(database, epoch, await _newest(database), registry)
        journal = Journal(database, Appender(database.dialect), Limits(), hub.publish, registry)
        credentials = StoredCredentials(database, clock)
        admission, metrics = Admission(said.live, registry), WsMetrics(registry)
        broadcasts, revocations = Broadcasts(clock, pulse, metrics), Revocations(clock)
        endpoint = WsEndpoint(
            hub=hub,
            callers=Callers(credentials, said.auth, said.http),
            admission=admission,
            pulse=pulse,
            recoveries=Recoveries(registry),
            revocations=revocations,
            broadcasts=broadcasts,
            metrics=metrics,
            clock=clock,
            settings=said.live,
            instance="i-1",
            version="1.2.3",
        )
        async with _serving(endpoint) as port:
            yield Live(
                port,
                hub,
                journal,
                database,
                clock,
                registry,
                endpoint,
                broadcasts,
                revocations,
                admission,
                credentials,
            )
        pulse.stop()


async def _newest(database: Database) -> int:
    async with database.read() as conn:
        return await newest_seq(conn)


@asynccontextmanager
async def _serving(endpoint: WsEndpoint) -> AsyncIterator[int]:
    [listening] = listening_sockets(["127.0.0.1:0"])
    server = make_server(_nothing, [endpoint], grace_s=1)
    serving = asyncio.create_task(server.serve([listening]))
    try:
        yield listening.getsockname()[1]
    finally:
        server.stop()
        await serving
        listening.close()


async def _nothing(_scope: Any, _receive: Any, _send: Any) -> None:
    raise AssertionError("there is nothing but sockets here")
