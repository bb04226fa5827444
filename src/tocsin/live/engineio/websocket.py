"""WebSocket under an Engine.IO session: from the start, or after it began by long-polling.

https://socket.io/docs/v4/engine-io-protocol/#upgrade
"""

from typing import Final

from tocsin.edge.websocket import Socket
from tocsin.live.engineio.packet import PacketType, ProtocolError, decode, websocket_packet
from tocsin.live.engineio.polling import PROTOCOL_ERROR, Polling
from tocsin.live.engineio.session import Session

_PROBE: Final = "2probe"
_PROBED: Final = websocket_packet(PacketType.PONG, b"probe")
_UPGRADE: Final = "5"


class Line:
    """Hands a socket's messages to its session."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def received(self, message: str | bytes) -> None:
        try:
            self._session.take((decode(message),))
        except ProtocolError:
            self._session.fail(PROTOCOL_ERROR, "parse error")

    def heard(self) -> None:
        """Nothing: life is told by packets, as over long-polling."""

    def paused(self) -> None:
        self._session.paused()

    def resumed(self) -> None:
        self._session.resumed()

    def closed(self, _code: int, _reason: str) -> None:
        self._session.end("transport close")


class Unwanted:
    """A second socket of a session: opened, as the protocol has it, only to be closed."""

    __slots__ = ()

    def __init__(self, socket: Socket) -> None:
        socket.close(PROTOCOL_ERROR, "transport error")

    def received(self, message: str | bytes) -> None: ...

    def heard(self) -> None: ...

    def paused(self) -> None: ...

    def resumed(self) -> None: ...

    def closed(self, code: int, reason: str) -> None: ...


class Probe:
    """A socket that is tried for a session; it takes over when the client says so."""

    __slots__ = ("_is_probed", "_polling", "_session", "_socket")

    def __init__(self, session: Session, polling: Polling, socket: Socket) -> None:
        self._session = session
        self._polling = polling
        self._socket = socket
        self._is_probed = False
        polling.is_probed = True

    def received(self, message: str | bytes) -> None:
        if message == _PROBE:
            self._is_probed = True
            self._polling.hurry()
            self._socket.write(_PROBED)
        elif message == _UPGRADE and self._is_probed and self._session.is_open:
            self._socket.hand_over(Line(self._session))
            self._session.upgrade(self._socket, self._polling.leave)
        else:
            self._socket.close(PROTOCOL_ERROR, "parse error")

    def give_up(self, _now: float) -> None:
        """Close, when the client has not gone over in time."""
        if self._session.transport is not self._socket:
            self._socket.close(PROTOCOL_ERROR, "upgrade timeout")

    def heard(self) -> None:
        """Nothing: the session's life is told by long-polling still."""

    def paused(self) -> None:
        """Nothing: only a few bytes were written."""

    def resumed(self) -> None:
        """Nothing, as with `paused`."""

    def closed(self, _code: int, _reason: str) -> None:
        self._polling.stay()
