"""Socket.IO in Engine.IO sessions: who is in which namespace, and what goes where.

https://socket.io/docs/v4/socket-io-protocol/#exchange-protocol
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, Final, Protocol

import structlog

from tocsin.edge.answers import status_of
from tocsin.edge.calls import Scope
from tocsin.errors import StoreDown, TocsinError
from tocsin.live.closing import CloseCode
from tocsin.live.engineio.packet import Encoding, ProtocolError
from tocsin.live.engineio.polling import PROTOCOL_ERROR
from tocsin.live.engineio.session import Session
from tocsin.live.pulse import Pulse
from tocsin.live.socketio.packet import Decoder, Packet, PacketType, encode
from tocsin.live.socketio.socket import Ack, NamespaceSocket, Refused

# Packets that are kept while the application decides whether the client may come in.
MAX_EARLY_PACKETS: Final = 100

log = structlog.get_logger(__name__)


Fields = Mapping[str, Any]


class Application(Protocol):
    """What happens in the namespaces."""

    @property
    def namespaces(self) -> frozenset[str]:
        """Those there are; all others are refused."""
        ...

    def admit(self, scope: Scope) -> None:
        """Let a new session be made.

        Raises:
            TocsinError: it is refused, before anything is opened.
        """
        ...

    def connect(self, socket: NamespaceSocket) -> Fields | Awaitable[Fields]:
        """Let a client into a namespace; gives further fields for the answer to it.

        At once, if nothing is to wait for.

        Raises:
            Refused: it may not come in.
            TocsinError: it may not come in; the text is what it is told.
        """
        ...

    def connected(self, socket: NamespaceSocket) -> None:
        """The client is in, and was told so."""
        ...

    def event(
        self, socket: NamespaceSocket, name: str, args: Sequence[Any], ack: Ack | None
    ) -> None:
        """The client sent an event; `ack` answers it, once."""
        ...

    def disconnected(self, socket: NamespaceSocket, reason: str) -> None:
        """The client is out, told exactly once for each `connected`."""
        ...

    def paused(self, socket: NamespaceSocket) -> None:
        """The transport holds more than it should."""
        ...

    def resumed(self, socket: NamespaceSocket) -> None:
        """The transport has room again."""
        ...

    def encoding_changed(self, socket: NamespaceSocket, before: Encoding) -> None:
        """From the return of this call on, `write` takes the other form.

        What waits in the form it had `before` is to be written now.
        """
        ...


class SocketIoServer:
    """What Engine.IO hands sessions to."""

    def __init__(
        self, application: Application, pulse: Pulse, *, connect_timeout_s: float = 45
    ) -> None:
        self.application = application
        self.pulse = pulse
        self.connect_timeout_s = connect_timeout_s

    def admit(self, scope: Scope) -> None:
        """Let a new session be made."""
        self.application.admit(scope)

    def opened(self, session: Session) -> "Conversation":
        """A session is open."""
        return Conversation(self, session)


@dataclass(slots=True)
class _Entering:
    """A client that waits to be let into a namespace, and what it sent meanwhile."""

    task: asyncio.Task[None]
    early: list[Packet] = field(default_factory=list)


class Conversation:
    """What is said in one session."""

    __slots__ = ("_decoder", "_entering", "_server", "_session", "_sockets")

    def __init__(self, server: SocketIoServer, session: Session) -> None:
        self._server = server
        self._session = session
        self._decoder = Decoder()
        # None stands for a namespace that the client was in: packets may still be on their way.
        self._sockets: dict[str, NamespaceSocket | None] = {}
        self._entering: dict[str, _Entering] = {}
        self._limit_silence()

    def message(self, message: str | bytes) -> None:
        packet = self._decoder.add(message)
        if packet is not None:
            self._take(packet)

    def paused(self) -> None:
        self._each(self._server.application.paused)

    def resumed(self) -> None:
        self._each(self._server.application.resumed)

    def encoding_changed(self, before: Encoding) -> None:
        for socket in self._present():
            self._server.application.encoding_changed(socket, before)

    def closed(self, reason: str) -> None:
        for entering in self._entering.values():
            entering.task.cancel()
        for socket in self._present():
            self._leave(socket, reason)
        # The pulse knows this for a while yet; what hangs on it need not wait for that.
        self._sockets.clear()

    # --- packets

    def _take(self, packet: Packet) -> None:
        if packet.type is PacketType.CONNECT:
            self._connect(packet)
            return
        entering = self._entering.get(packet.namespace)
        if entering is not None:
            if len(entering.early) >= MAX_EARLY_PACKETS:
                raise ProtocolError("too much is sent before the connect is answered")
            entering.early.append(packet)
            return
        if packet.namespace not in self._sockets:
            raise ProtocolError("a connect comes first")
        socket = self._sockets[packet.namespace]
        if socket is not None:
            self._hand_on(socket, packet)

    def _hand_on(self, socket: NamespaceSocket, packet: Packet) -> None:
        if packet.type is PacketType.EVENT:
            name, *args = packet.data
            ack = None if packet.id is None else socket.answer(packet.id)
            self._server.application.event(socket, name, args, ack)
        elif packet.type is PacketType.ACK:
            socket.answered(packet.id or 0, packet.data)
        elif packet.type is PacketType.DISCONNECT:
            self._leave(socket, "client namespace disconnect")
            self._limit_silence()
        else:
            raise ProtocolError(f"no client sends {packet.type.name}")

    # --- coming and going

    def _connect(self, packet: Packet) -> None:
        name = packet.namespace
        if name not in self._server.application.namespaces:
            self._refuse(name, "Invalid namespace")
            return
        if self._sockets.get(name) is not None or name in self._entering:
            raise ProtocolError("the client is in that namespace already")
        socket = NamespaceSocket(self._session, name, packet.data or {}, self._put_out)
        try:
            more = self._server.application.connect(socket)
            if isawaitable(more):
                task = asyncio.get_running_loop().create_task(self._enter(socket, more))
                self._entering[name] = _Entering(task)
                task.add_done_callback(self._entered)
            else:
                self._let_in(socket, more, ())
        except (Refused, TocsinError) as error:
            self._keep_out(name, error)

    async def _enter(self, socket: NamespaceSocket, coming: Awaitable[Fields]) -> None:
        name = socket.namespace
        try:
            more = await coming
            if self._session.is_open:
                self._let_in(socket, more, self._entering.pop(name).early)
        except (Refused, TocsinError) as error:
            self._keep_out(name, error)

    def _keep_out(self, name: str, error: Refused | TocsinError) -> None:
        """Tell a client why it may not come in."""
        if isinstance(error, Refused):
            self._refuse(name, error.message, error.data)
        elif status_of(error) in (429, 503):
            # Stock clients come back from a closed transport, from a refusal they do not.
            code = CloseCode.TOO_MANY_CONNECTIONS
            if isinstance(error, StoreDown):
                code = CloseCode.STORE_DOWN
            self._session.close(code, error.reason.value)
        else:
            self._refuse(name, error.message, {"reason": error.reason.value})

    def _entered(self, task: "asyncio.Task[None]") -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("socket_failed", path=self._session.scope["path"], exc_info=error)
            self._session.close(1011)

    def _let_in(self, socket: NamespaceSocket, more: Fields, early: Sequence[Packet]) -> None:
        self._sockets[socket.namespace] = socket
        socket.is_connected = True
        answer = {"sid": socket.sid, **more}
        socket.send(Packet(PacketType.CONNECT, socket.namespace, answer))
        self._server.application.connected(socket)
        try:
            for packet in early:
                if socket.is_connected:
                    self._hand_on(socket, packet)
        except ProtocolError:
            self._session.close(PROTOCOL_ERROR, "parse error")

    def _refuse(self, namespace: str, message: str, data: Any = None) -> None:
        self._entering.pop(namespace, None)
        if not self._session.is_open:
            return
        said = {"message": message} if data is None else {"message": message, "data": data}
        for part in encode(Packet(PacketType.CONNECT_ERROR, namespace, said)):
            self._session.send(part)

    def _put_out(self, socket: NamespaceSocket) -> None:
        self._leave(socket, "server namespace disconnect")
        self._limit_silence()

    def _leave(self, socket: NamespaceSocket, reason: str) -> None:
        self._sockets[socket.namespace] = None
        if socket.is_connected:
            socket.is_connected = False
            self._server.application.disconnected(socket, reason)

    def _present(self) -> list[NamespaceSocket]:
        return [socket for socket in self._sockets.values() if socket is not None]

    def _each(self, tell: Callable[[NamespaceSocket], None]) -> None:
        for socket in self._present():
            tell(socket)

    def _limit_silence(self) -> None:
        """Close a session that has nobody in any namespace for too long."""
        self._server.pulse.after(self._server.connect_timeout_s, self._end_if_empty)

    def _end_if_empty(self, _now: float) -> None:
        if not self._present() and self._session.is_open:
            self._session.close(PROTOCOL_ERROR, "connect timeout")
