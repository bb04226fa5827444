"""An echo server on Tocsin's own protocol classes, for the public conformance suites.

`python -m tocsin.testing.echo --port 3000` speaks Engine.IO on `/engine.io/` and Socket.IO on
`/socket.io/` as those suites expect it; with `--raw` it is a plain WebSocket echo on `/`.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import uvloop

from tocsin.edge.calls import Receive, Scope, Send
from tocsin.edge.front import Front, Part
from tocsin.edge.opening import Endpoint
from tocsin.edge.server import Server, listening_sockets, make_server
from tocsin.edge.websocket import Handler, Socket
from tocsin.live.engineio.handshake import EngineOptions
from tocsin.live.engineio.packet import Encoding
from tocsin.live.engineio.server import EngineServer
from tocsin.live.engineio.session import Session
from tocsin.live.pulse import Pulse
from tocsin.live.socketio.server import SocketIoServer
from tocsin.live.socketio.socket import Ack, NamespaceSocket

CONNECT_TIMEOUT_S: Final = 1.0
# Above the largest message of the Autobahn cases, 16 MiB.
RAW_MAX_BYTES: Final = 16 * 1024 * 1024


class RawEcho:
    """Sends back every message of the WebSockets on `/`."""

    max_message_bytes = RAW_MAX_BYTES

    def takes(self, path: str) -> bool:
        return path == "/"

    async def open(self, _scope: Scope) -> Callable[[Socket], Handler]:
        return RawHandler


class RawHandler:
    def __init__(self, socket: Socket) -> None:
        self._socket = socket

    def received(self, message: str | bytes) -> None:
        if isinstance(message, str):
            self._socket.send_text(message.encode())
        else:
            self._socket.send_binary(message)

    def heard(self) -> None: ...

    def paused(self) -> None: ...

    def resumed(self) -> None: ...

    def closed(self, code: int, reason: str) -> None: ...


class EngineEcho:
    """Sends back every message of an Engine.IO session."""

    def admit(self, scope: Scope) -> None: ...

    def opened(self, session: Session) -> "EngineListener":
        return EngineListener(session)


class EngineListener:
    def __init__(self, session: Session) -> None:
        self._session = session

    def message(self, message: str | bytes) -> None:
        self._session.send(message)

    def paused(self) -> None: ...

    def resumed(self) -> None: ...

    def encoding_changed(self, before: Encoding) -> None: ...

    def closed(self, reason: str) -> None: ...


class SocketIoEcho:
    """Tells a client what it came with, and sends back its `message`s."""

    namespaces = frozenset({"/", "/custom"})

    def admit(self, scope: Scope) -> None: ...

    async def connect(self, _socket: NamespaceSocket) -> Mapping[str, Any]:
        return {}

    def connected(self, socket: NamespaceSocket) -> None:
        socket.emit("auth", socket.auth)

    def event(
        self, socket: NamespaceSocket, name: str, args: Sequence[Any], ack: Ack | None
    ) -> None:
        if name == "message":
            socket.emit("message-back", *args)
        elif name == "message-with-ack" and ack is not None:
            ack(*args)

    def disconnected(self, socket: NamespaceSocket, reason: str) -> None: ...

    def paused(self, socket: NamespaceSocket) -> None: ...

    def resumed(self, socket: NamespaceSocket) -> None: ...

    def encoding_changed(self, socket: NamespaceSocket, before: Encoding) -> None: ...


def echo_server(*, is_raw: bool) -> Server:
    """The server, to be started in the running loop."""
    endpoints: list[Endpoint] = []
    parts: list[Part] = []
    if is_raw:
        endpoints.append(RawEcho())
    else:
        pulse = Pulse(0.01)
        for engine in (
            EngineServer(_options("/engine.io/"), EngineEcho(), pulse),
            EngineServer(
                _options("/socket.io/"),
                SocketIoServer(SocketIoEcho(), pulse, connect_timeout_s=CONNECT_TIMEOUT_S),
                pulse,
            ),
        ):
            endpoints.append(engine)
            parts.append(Part(engine.takes_call, engine))
    return make_server(Front(parts, _nothing), endpoints, grace_s=1)


def _options(path: str) -> EngineOptions:
    return EngineOptions(
        (path,),
        ping_interval_s=0.3,
        ping_timeout_s=0.2,
        max_payload_bytes=1_000_000,
        cors_origin="*",
    )


async def _nothing(_scope: Scope, _receive: Receive, send: Send) -> None:
    headers = [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _serve(port: int, *, is_raw: bool) -> None:
    listening = listening_sockets([f"localhost:{port}"])
    await echo_server(is_raw=is_raw).serve(listening)


def main(args: Sequence[str] | None = None) -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="tocsin.testing.echo")
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--raw", action="store_true", help="a plain WebSocket echo on /")
    said = parser.parse_args(args)
    uvloop.run(_serve(said.port, is_raw=said.raw))


if __name__ == "__main__":
    main()
