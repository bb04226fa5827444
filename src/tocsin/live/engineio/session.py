"""One Engine.IO session: messages both ways over whatever transport it has at the moment.

https://socket.io/docs/v4/engine-io-protocol/
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from tocsin.edge.calls import Scope
from tocsin.live.closing import CloseCode
from tocsin.live.engineio.handshake import EngineOptions
from tocsin.live.engineio.packet import (
    Encoding,
    Packet,
    PacketType,
    ProtocolError,
    encode_message,
    polling_packet,
    polling_to_websocket,
    websocket_packet,
)

# The close code of an end that the other side asked for.
NORMAL: Final = 1000

_PING: Final = {
    "websocket": websocket_packet(PacketType.PING),
    "polling": polling_packet(PacketType.PING),
}


class Transport(Protocol):
    """What carries a session's packets."""

    write: Callable[[bytes], None]

    @property
    def is_paused(self) -> bool: ...

    def unsent_bytes(self) -> int:
        """What it holds."""
        ...

    def close(self, code: int, reason: str) -> None:
        """End, in the way the other side comes back from or not."""
        ...


class Listener(Protocol):
    """What an application makes for each session; nothing of it is called after `closed`."""

    def message(self, message: str | bytes) -> None:
        """A message came. ProtocolError ends the session."""
        ...

    def paused(self) -> None:
        """The transport holds more than it should."""
        ...

    def resumed(self) -> None:
        """The transport has room again."""
        ...

    def encoding_changed(self, before: Encoding) -> None:
        """From the return of this call on, `write` takes the other form.

        What waits in the form it had `before` is to be written now.
        """
        ...

    def closed(self, reason: str) -> None:
        """The session has ended, told exactly once."""
        ...


class Application(Protocol):
    """What is spoken in the sessions."""

    def admit(self, scope: Scope) -> None:
        """Let a new session be made.

        Raises:
            TocsinError: it is refused, before anything is opened.
        """
        ...

    def opened(self, session: "Session") -> Listener:
        """A session is open."""
        ...


class Session:
    """A session, from its handshake to its end.

    `write` takes whole encoded messages in the form of `encoding`; on a WebSocket it is the
    transport's own method. `scope` is that of the handshake.
    """

    __slots__ = (
        "_ended",
        "_is_awaited",
        "_listener",
        "_options",
        "_pinged_at",
        "_transport",
        "encoding",
        "scope",
        "sid",
        "write",
    )

    def __init__(
        self,
        sid: str,
        scope: Scope,
        options: EngineOptions,
        ended: Callable[["Session"], None],
        now: float,
    ) -> None:
        self.sid = sid
        self.scope = scope
        self.encoding: Encoding = "polling"
        self.write: Callable[[bytes], None] = _nowhere
        self._options = options
        self._ended = ended
        self._transport: Transport | None = None
        self._listener: Listener | None = None
        # When the last ping was due (before the first: the handshake), and whether nothing was
        # heard since.
        self._pinged_at = now
        self._is_awaited = False

    @property
    def is_open(self) -> bool:
        """Whether messages can go through it."""
        return self._transport is not None

    @property
    def is_paused(self) -> bool:
        """Whether the transport holds more than it should."""
        return self._transport is not None and self._transport.is_paused

    @property
    def transport(self) -> Transport | None:
        """What carries it now; None after its end."""
        return self._transport

    def unsent_bytes(self) -> int:
        """What the transport holds."""
        return 0 if self._transport is None else self._transport.unsent_bytes()

    def send(self, message: str | bytes) -> None:
        """Send one message."""
        self.write(encode_message(message, self.encoding))

    def close(self, code: int = CloseCode.DRAINING, reason: str = "") -> None:
        """End; `code` tells a WebSocket client why. The listener is told soon, not at once."""
        if self._transport is not None:
            asyncio.get_running_loop().call_soon(self.end, reason or "forced close")
            self._transport.close(code, reason)
            self.write = _nowhere

    # --- for the transports and the server

    def open_on(self, transport: Transport, encoding: Encoding) -> None:
        """Have the first transport."""
        self._transport = transport
        self.encoding = encoding
        self.write = transport.write

    def listen(self, listener: Listener) -> None:
        """Hand on from now what comes."""
        self._listener = listener

    def upgrade(self, transport: Transport, pending: Callable[[], bytes]) -> None:
        """Go over to a WebSocket; `pending` takes what waits in the form of long-polling."""
        if self._listener is not None:
            self._listener.encoding_changed(self.encoding)
        was_paused = self.is_paused
        left = pending()
        self.open_on(transport, "websocket")
        if left:
            self.write(polling_to_websocket(left))
        if was_paused and not self.is_paused:
            self.resumed()

    def take(self, packets: Sequence[Packet]) -> None:
        """Deal with what the other side sent.

        Raises:
            ProtocolError: a packet that no client sends.
        """
        for packet in packets:
            self._is_awaited = False
            if packet.type is PacketType.MESSAGE:
                if self._listener is not None:
                    self._listener.message(packet.data)
            elif packet.type is PacketType.CLOSE:
                self.fail(NORMAL, "transport close")
            elif packet.type not in (PacketType.PONG, PacketType.NOOP):
                raise ProtocolError(f"no client sends {packet.type.name} here")

    def paused(self) -> None:
        if self._listener is not None:
            self._listener.paused()

    def resumed(self) -> None:
        if self._listener is not None:
            self._listener.resumed()

    def beat(self, now: float) -> float | None:
        """Send the ping when it is due, or end who did not answer; when to be called next.

        Times are those at which something is due, not at which it is done: a timer that is late
        does not add up.
        """
        if self._transport is None:
            return None
        interval_s, timeout_s = self._options.ping_interval_s, self._options.ping_timeout_s
        if self.is_overdue(now):
            self.fail(CloseCode.IDLE, "ping timeout")
            return None
        if self._is_awaited:
            return self._pinged_at + timeout_s
        due_at = self._pinged_at + interval_s
        if now < due_at:
            return due_at
        # A loop that was held up for long must not count as the other side's silence.
        self._pinged_at = due_at if now < due_at + timeout_s / 4 else now
        self._is_awaited = True
        self.write(_PING[self.encoding])
        return self._pinged_at + min(interval_s, timeout_s)

    def is_overdue(self, now: float) -> bool:
        """Whether the answer to a ping did not come in time."""
        return self._is_awaited and now >= self._pinged_at + self._options.ping_timeout_s

    def fail(self, code: int, reason: str) -> None:
        """End for something the other side did or did not."""
        if self._transport is not None:
            self._transport.close(code, reason)
            self.end(reason)

    def end(self, reason: str) -> None:
        """Be over; idempotent."""
        if self._transport is None:
            return
        self._transport = None
        self.write = _nowhere
        listener, self._listener = self._listener, None
        self._ended(self)
        if listener is not None:
            listener.closed(reason)
        # The pulse knows this until its next beat.
        self.scope = {"path": self.scope.get("path", "")}


def _nowhere(_data: bytes) -> None:
    """Take what comes too late."""
