"""One client in one namespace of a Socket.IO session, as the application sees it.

https://socket.io/docs/v4/socket-io-protocol/
"""

from collections.abc import Callable, Mapping, Sequence
from secrets import token_urlsafe
from typing import Any, Final

from tocsin.edge.calls import Scope
from tocsin.live.engineio.packet import Encoding, polling_message, websocket_message
from tocsin.live.engineio.session import Session
from tocsin.live.socketio.packet import Packet, PacketType, encode, event_text

Ack = Callable[..., None]

# Answers that are waited for; a client that answers none must not make this grow.
MAX_PENDING_ACKS: Final = 1000


class Refused(Exception):
    """The application does not let this client into the namespace.

    Stock clients hand `message` and `data` to their `connect_error`, and do not try again.
    """

    def __init__(self, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.data = data


class NamespaceSocket:
    """A client in a namespace.

    `sid` may be replaced while the application decides about the connect. `state` is the
    application's own.
    """

    __slots__ = (
        "_acks",
        "_leave",
        "_next_ack",
        "auth",
        "is_connected",
        "namespace",
        "session",
        "sid",
        "state",
    )

    def __init__(
        self,
        session: Session,
        namespace: str,
        auth: Mapping[str, Any],
        leave: "Callable[[NamespaceSocket], None]",
    ) -> None:
        self.sid = token_urlsafe(15)
        self.namespace = namespace
        self.session = session
        self.auth = auth
        self.state: Any = None
        self.is_connected = False
        self._leave = leave
        self._next_ack = 0
        self._acks: dict[int, Ack] | None = None

    @property
    def scope(self) -> Scope:
        """The scope of the session's handshake."""
        return self.session.scope

    @property
    def encoding(self) -> Encoding:
        """The form that `write` takes now."""
        return self.session.encoding

    @property
    def write(self) -> Callable[[bytes], None]:
        """Takes whole encoded messages; on a WebSocket the transport's own method."""
        return self.session.write

    @property
    def is_paused(self) -> bool:
        """Whether the transport holds more than it should."""
        return self.session.is_paused

    def unsent_bytes(self) -> int:
        """What the transport holds."""
        return self.session.unsent_bytes()

    def emit(self, event: str, *args: Any, ack: Ack | None = None) -> None:
        """Send an event; `ack` is called with what the client answers, if it does."""
        number = None if ack is None else self._expect(ack)
        try:
            text = event_text(self.namespace, event, args, number)
        except TypeError:
            # There is binary data in it, or what no client can be sent, which raises here.
            self.send(Packet(PacketType.EVENT, self.namespace, [event, *args], number))
            return
        form = websocket_message if self.session.encoding == "websocket" else polling_message
        self.session.write(form(text))

    def send(self, packet: Packet) -> None:
        """Send a packet as it is."""
        for message in encode(packet):
            self.session.send(message)

    def disconnect(self) -> None:
        """Put the client out of the namespace; stock clients do not come back from that."""
        if self.is_connected:
            self.send(Packet(PacketType.DISCONNECT, self.namespace))
            self._leave(self)

    def close_transport(self, code: int, reason: str = "") -> None:
        """Close the whole session; stock clients come back."""
        self.session.close(code, reason)

    def answered(self, number: int, args: Sequence[Any]) -> None:
        """The client has answered an event; what nobody waits for is dropped."""
        ack = None if self._acks is None else self._acks.pop(number, None)
        if ack is not None:
            ack(*args)

    def answer(self, number: int) -> Ack:
        """What answers the client's event of this number, once."""
        is_open = [True]

        def ack(*args: Any) -> None:
            if is_open and self.is_connected:
                is_open.clear()
                self.send(Packet(PacketType.ACK, self.namespace, list(args), number))

        return ack

    def _expect(self, ack: Ack) -> int:
        if self._acks is None:
            self._acks = {}
        elif len(self._acks) >= MAX_PENDING_ACKS:
            del self._acks[next(iter(self._acks))]
        number = self._next_ack
        self._next_ack += 1
        self._acks[number] = ack
        return number
