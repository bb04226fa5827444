"""HTTP on a connection: uvicorn's own, which hands calls for WebSockets over to us.

It is made by `edge/arrival.py` when the first bytes are there and are no such call.

uvicorn writes such a call anew, to have it parsed a second time, and loses what came behind it
in the same segment. Here it goes over as it was read. Heads of calls have two limits that uvicorn
lacks, in bytes and in time. An answer's head and the begin of its body are one write
(`answer_transport.py`).
"""

import asyncio
import sys
from typing import Final, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from tocsin.edge.answer_transport import AnswerTransport
from tocsin.edge.calls import Scope
from tocsin.edge.opening import Opening
from tocsin.edge.upgrade import websocket_scope

# What a head may have beyond the first segment (nginx takes 32 KiB in all), and how long it may
# take to come (nginx's client_header_timeout).
MAX_HEAD_BYTES: Final = 64 * 1024
HEAD_LIMIT_S: Final = 60.0

_LATE = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n"
_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n"
)


class Http(HttpToolsProtocol):
    """One connection."""

    _segment = b""
    _is_in_head = False
    _head_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._end(_LARGE)
                return
        self._segment = data
        super().data_received(data)
        self._segment = b""
        if not self._is_waiting() or (self._is_in_head and self._head_bytes == 0):
            # Each head has a time of its own.
            self._forget_head()
        if self._head_timer is None and self._is_waiting():
            self._head_timer = self.loop.call_later(HEAD_LIMIT_S, self._end, _LATE)

    def on_message_begin(self) -> None:
        self._is_in_head = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:
            answer = AnswerTransport(self.transport, has_body=self.scope["method"] != "HEAD")
            self.cycle.transport = cast("asyncio.Transport", answer)

    def handle_websocket_upgrade(self) -> None:
        """Hand the call over; called while the parser's exception tells where the call ends."""
        self.connections.discard(self)
        self._forget_head()
        upgrade = sys.exception()
        end = upgrade.args[0] if isinstance(upgrade, httptools.HttpParserUpgrade) else 0
        if not self._is_answered():
            # An answer is still to come on this connection: it cannot become something else.
            self.transport.close()
            return
        try:
            scope = self._websocket_scope()
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")
            return
        opening = cast(
            "Opening",
            self.ws_protocol_class(  # type: ignore[misc,call-arg]  # uvicorn's own way to call it
                config=self.config, server_state=self.server_state, app_state=self.app_state
            ),
        )
        opening.begin(self.transport, scope, self._segment[end:])

    def _websocket_scope(self) -> Scope:
        return websocket_scope(
            self.url,
            self.headers,
            self.client,
            http_version=self.scope["http_version"],
            method=self.scope["method"],
            scheme="wss" if self.scheme == "https" else "ws",
        )

    def _forget_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _end(self, answer: bytes) -> None:
        """Close a connection whose call does not come to an end."""
        self._head_timer = None
        if self._is_in_head and self._is_answered() and not self.transport.is_closing():
            more = [b"%b: %b\r\n" % one for one in self.server_state.default_headers]
            self.transport.write(b"".join([answer, *more, b"\r\n"]))
        self.transport.close()

    def _is_waiting(self) -> bool:
        """Whether it is the client's turn, in a head or before one.

        uvicorn's own limit between calls ends with the first byte, but an empty line begins no
        call, nor does the rest of a body whose answer was there before it.
        """
        return self._is_in_head or (self in self.connections and self._is_answered())

    def _is_answered(self) -> bool:
        """Whether no answer is under way on this connection."""
        cycle: RequestResponseCycle | None = self.cycle  # None before the first call
        return cycle is None or cycle.response_complete
