"""Tocsin's hub and Socket.IO without the journal: events are made here and handed to the hub.

`python -m bench.live_hub PORT`. What serves the clients is what `tocsin serve` runs.
"""

import asyncio
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import uvloop
from prometheus_client import CollectorRegistry

from bench.live_posts import PROJECT
from bench.live_publisher import TOCSIN_CHARS, Publisher, message
from bench.references import NoCredentials
from tocsin.app.process import calm_collector
from tocsin.bus.supervisor import Supervisor
from tocsin.clock import SystemClock
from tocsin.edge.answers import send_json
from tocsin.edge.callers import Callers
from tocsin.edge.calls import Receive, Scope, Send
from tocsin.edge.front import Front
from tocsin.edge.server import listening_sockets, make_server
from tocsin.edge.websocket import Handler, Socket
from tocsin.live.engineio.server import EngineServer
from tocsin.live.hub import Hub
from tocsin.live.stage import Ground, Live
from tocsin.logs import set_up_logs
from tocsin.model.entry import Entry
from tocsin.model.event import Event, new_event_id
from tocsin.settings import load
from tocsin.store import facts
from tocsin.store.address import address_of
from tocsin.store.database import Database, open_database
from tocsin.store.migrate import migrate

SETTINGS = {
    "TOCSIN_LIVE__MAX_CONNECTIONS": "100000",
    "TOCSIN_LIVE__CONNECTS_PER_S": "100000",
}


class Commanded:
    """An endpoint whose clients can also say how to publish; all else goes on to it."""

    def __init__(self, endpoint: EngineServer, publisher: Publisher) -> None:
        self.max_message_bytes = endpoint.max_message_bytes
        self.takes = endpoint.takes
        self._endpoint = endpoint
        self._publisher = publisher

    def open(self, scope: Scope) -> Callable[[Socket], Handler]:
        """As the endpoint does."""
        make = self._endpoint.open(scope)
        return lambda socket: Commands(make(socket), self._publisher)


class Commands:
    """A handler in front of another one."""

    def __init__(self, handler: Handler, publisher: Publisher) -> None:
        self._received = handler.received
        self._publisher = publisher
        self.heard = handler.heard
        self.paused = handler.paused
        self.resumed = handler.resumed
        self.closed = handler.closed

    def received(self, said: str | bytes) -> None:
        """Take `publish` and `received`."""
        if isinstance(said, str) and said.startswith('42["received"'):
            self._publisher.received(orjson.loads(said[2:])[1])
        elif isinstance(said, str) and said.startswith('42["publish"'):
            self._publisher.start(**orjson.loads(said[2:])[1])
        else:
            self._received(said)


def event_of(seq: int, text: dict[str, Any], now: datetime) -> Event:
    """An event as the journal would give it."""
    data = orjson.Fragment(orjson.dumps(text))
    return Event(
        seq,
        new_event_id(),
        "deployment",
        "log_entry",
        PROJECT,
        "run-1",
        now,
        now,
        data,
        None,
        None,
    )


async def _live(database: Database, hub: Hub, registry: CollectorRegistry) -> Live:
    settings = load(environ=SETTINGS, kinds={}).settings
    return Live(
        Ground(
            hub=hub,
            database=database,
            callers=Callers(NoCredentials(), settings.auth, settings.http),
            clock=SystemClock(),
            settings=settings.live,
            registry=registry,
            instance="bench",
            version="0",
        )
    )


async def _ready(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send_json(send, 200, {})


async def serve(port: int, folder: Path) -> None:
    """Serve until the process is ended."""
    url = address_of("", folder)
    await migrate(url)
    database = await open_database(url)
    await database.write(facts.ensure_epoch)
    async with database.read() as conn:
        epoch = (await facts.read_facts(conn)).epoch
    registry = CollectorRegistry()
    hub = Hub(database, epoch, 0, registry)
    live = await _live(database, hub, registry)
    now = datetime.now(UTC)

    together: list[Entry] = []

    def publish(seq: int) -> None:
        """As the journal does: what comes while the loop is busy shares a commit."""
        if not together:
            asyncio.get_running_loop().call_soon(commit)
        together.append(Entry(event_of(seq, message(seq, TOCSIN_CHARS)["payload"], now)))

    def commit() -> None:
        hub.publish(list(together))
        together.clear()

    publisher = Publisher(publish)
    engines = (one for one in live.endpoints if isinstance(one, EngineServer))
    endpoints = [Commanded(one, publisher) for one in engines]
    server = make_server(Front(live.parts, _ready), endpoints, grace_s=1)
    supervisor = Supervisor(SystemClock(), registry)
    loops = [
        asyncio.create_task(supervisor.keep_going(name, step))
        for name, step in live.loops
        # It would look for the events in the journal, where they are not.
        if name != "live.hub"
    ]
    calm_collector()
    await server.serve(listening_sockets([f"127.0.0.1:{port}"]))
    for loop in loops:
        loop.cancel()


if __name__ == "__main__":
    set_up_logs("warning")
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as data_dir:
        uvloop.run(serve(int(sys.argv[1]), Path(data_dir)))
