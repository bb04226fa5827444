"""One WebSocket, from its call to its end: uvicorn's transport below, an endpoint above.

The `websockets` library reads (frames, the rules of RFC 6455), from the first segment on that is
not one short text. What is sent goes past it, as whole frames straight into the transport, so that
an event for a thousand sockets is framed once and each `write` costs what the transport's own does.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Final, Protocol

import structlog
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from tocsin.edge.calls import Scope
from tocsin.edge.frames import PING, Frames, binary_frame, short_text, text_frame

# From so much unsent on a socket is paused, until it is down to a quarter.
HIGH_WATER_BYTES: Final = 64 * 1024
# Answers of the protocol itself (pongs) to who sends and does not read end here.
MAX_UNSENT_BYTES: Final = 4 * 1024 * 1024
# So much is read in one go: it holds up to 2,700 frames, at 10 µs each.
SLICE_BYTES: Final = 16 * 1024
# How long the other side may take to answer a close frame.
CLOSE_S: Final = 5.0

log = structlog.get_logger(__name__)


class Handler(Protocol):
    """What an endpoint makes for each socket; nothing of it is called after `closed`."""

    def received(self, message: str | bytes) -> None:
        """A whole text or binary message."""
        ...

    def heard(self) -> None:
        """Something whole came, if only a pong: the other side lives."""
        ...

    def paused(self) -> None:
        """More than `HIGH_WATER_BYTES` are unsent."""
        ...

    def resumed(self) -> None:
        """What was unsent is on its way."""
        ...

    def closed(self, code: int, reason: str) -> None:
        """It is over, told exactly once; 1006 when it ended without a close frame."""
        ...


class Socket(asyncio.Protocol):
    """An open WebSocket.

    `write` takes whole frames and is the transport's own method; who keeps it lets go of it at
    `closed`. `scope` is that of the call, without the headers that only make a connection.
    """

    __slots__ = (
        "_connections",
        "_frames",
        "_handler",
        "_is_text",
        "_max_message_bytes",
        "_parts",
        "_timer",
        "_transport",
        "is_paused",
        "scope",
        "write",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        scope: Scope,
        max_message_bytes: int,
        connections: set[Any],
    ) -> None:
        self.scope = scope
        self.write: Callable[[bytes], None] = transport.write
        self.is_paused = False
        self._transport = transport
        self._max_message_bytes = max_message_bytes
        # The library, once there is something for it.
        self._frames: Frames | None = None
        self._handler: Handler | None = None
        self._parts: bytearray | None = None
        self._is_text = False
        self._timer: asyncio.TimerHandle | None = None
        self._connections = connections
        transport.set_write_buffer_limits(HIGH_WATER_BYTES)
        transport.set_protocol(self)
        connections.add(self)

    def start(self, make: Callable[["Socket"], Handler], first: bytes) -> None:
        """Begin to read; `first` is what came behind the call in the same segment."""
        try:
            self._handler = make(self)
        except Exception:
            log.exception("socket_failed", path=self.scope["path"])
            self.close(1011)
        self._read_on(first, 0)

    def hand_over(self, handler: Handler) -> None:
        """Have another handler from the next message on; the present one hears no more."""
        if self._handler is not None:
            self._handler = handler

    def unsent_bytes(self) -> int:
        """What the transport holds."""
        return 0 if self._transport.is_closing() else self._transport.get_write_buffer_size()

    def send_text(self, payload: bytes) -> None:
        """Send a text message; `payload` is UTF-8."""
        self.write(text_frame(payload))

    def send_binary(self, payload: bytes) -> None:
        """Send a binary message."""
        self.write(binary_frame(payload))

    def ping(self) -> None:
        """Ask for a sign of life; the answer comes as `heard`."""
        self.write(PING)

    def close(self, code: int, reason: str = "") -> None:
        """Say goodbye and wait `CLOSE_S` for the answer; `closed` is told soon.

        Soon and not at once: who closes one of many sockets is in the midst of going over them.
        """
        frames = self._frames
        if (frames is not None and frames.state is not State.OPEN) or self._transport.is_closing():
            return
        frames = self._use_library()
        frames.send_close(code, reason)
        self._answer(frames)
        self.write = _nowhere
        self._limit_close()
        handler, self._handler = self._handler, None
        if handler is not None:
            asyncio.get_running_loop().call_soon(self._tell, handler.closed, code, reason)

    def abort(self) -> None:
        """End without a word, and without what is unsent."""
        self._transport.abort()

    # --- what the transport calls

    def data_received(self, data: bytes) -> None:
        self._read(data[:SLICE_BYTES])
        if len(data) > SLICE_BYTES:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._read_on, data, SLICE_BYTES)

    def eof_received(self) -> None:
        """Let the transport close: nobody who has stopped sending reads on here."""

    def pause_writing(self) -> None:
        self.is_paused = True
        if self._handler is not None:
            self._tell(self._handler.paused)

    def resume_writing(self) -> None:
        self.is_paused = False
        if self._handler is not None:
            self._tell(self._handler.resumed)

    def connection_lost(self, _error: Exception | None) -> None:
        self._connections.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        self._end(1006, "")

    def shutdown(self) -> None:
        """Close, for uvicorn's sake: the last resort for who was not told before."""
        self.close(4001, "draining")

    # --- reading

    def _read_on(self, data: bytes, begin: int) -> None:
        """Read the next slice of a segment; others get their turn in between."""
        if self._transport.is_closing():
            return
        end = begin + SLICE_BYTES
        if data:
            self._read(data[begin:end])
        if end < len(data):
            asyncio.get_running_loop().call_soon(self._read_on, data, end)
        elif not self._transport.is_closing():
            self._transport.resume_reading()

    def _use_library(self) -> Frames:
        """The library's reading; from now on all is read by it."""
        if self._frames is None:
            self._frames = Frames(self._max_message_bytes)
        return self._frames

    def _read(self, data: bytes) -> None:
        if self._frames is None and (text := short_text(data, self._max_message_bytes)) is not None:
            if self._handler is not None:
                self._tell(self._handler.heard)
                self._receive(text, is_text=True)
            self._end_if_flooded()
            return
        frames = self._use_library()
        frames.receive_data(data)
        found = [event for event in frames.events_received() if isinstance(event, Frame)]
        if not frames.close_expected():
            # A pong does not wait behind what a message is answered with; a close frame does.
            self._answer(frames)
        if found and self._handler is not None:
            self._tell(self._handler.heard)
            for frame in found:
                self._take(frame)
        if frames.close_expected():
            self._end_as_said(frames)
        self._answer(frames)

    def _take(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CONT and self._parts is not None:
            self._parts += frame.data
            if frame.fin:
                whole, self._parts = bytes(self._parts), None
                self._receive(whole, is_text=self._is_text)
        elif frame.opcode is Opcode.TEXT or frame.opcode is Opcode.BINARY:
            is_text = frame.opcode is Opcode.TEXT
            if frame.fin:
                self._receive(bytes(frame.data), is_text=is_text)
            else:
                self._parts, self._is_text = bytearray(frame.data), is_text

    def _receive(self, payload: bytes, *, is_text: bool) -> None:
        if self._handler is None:
            return
        message: str | bytes = payload
        if is_text:
            try:
                message = payload.decode()
            except UnicodeDecodeError as error:
                frames = self._use_library()
                frames.fail(1007, f"{error.reason} at position {error.start}")
                self._end_as_said(frames)
                self._answer(frames)
                return
        self._tell(self._handler.received, message)

    def _tell(self, call: Callable[..., None], *args: object) -> None:
        """Call the handler; its failure ends this socket and no other.

        Left to the event loop, it would leave the socket among uvicorn's connections, and the
        server would never stop.
        """
        try:
            call(*args)
        except Exception:
            log.exception("socket_failed", path=self.scope["path"])
            self.close(1011)

    # --- answering and ending

    def _answer(self, frames: Frames) -> None:
        """Send what the library has to say."""
        for data in frames.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._stop_writing()
        self._end_if_flooded()

    def _end_if_flooded(self) -> None:
        if self.is_paused and self.unsent_bytes() > MAX_UNSENT_BYTES:
            self.abort()

    def _stop_writing(self) -> None:
        """Half close, so that a close frame is not lost to what the other side still sends."""
        self.write = _nowhere
        if self._transport.is_closing():
            return
        if self._transport.can_write_eof():
            self._limit_close()
            with contextlib.suppress(OSError):
                self._transport.write_eof()
        else:
            self._transport.close()

    def _limit_close(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(CLOSE_S, self.abort)

    def _end_as_said(self, frames: Frames) -> None:
        said = frames.close_rcvd or frames.close_sent
        if said is not None:
            self._end(said.code, said.reason)

    def _end(self, code: int, reason: str) -> None:
        handler, self._handler, self._parts = self._handler, None, None
        self.write = _nowhere
        if handler is not None:
            self._tell(handler.closed, code, reason)


def _nowhere(_data: bytes) -> None:
    """Take what comes too late."""
