"""Engine.IO's entrances: HTTP calls of long-polling, and WebSockets.

https://socket.io/docs/v4/engine-io-protocol/
"""

import asyncio
from collections.abc import Callable
from functools import partial
from secrets import token_urlsafe
from typing import Final

from tocsin.edge.answers import Headers, send_bytes, send_problem
from tocsin.edge.calls import Disconnected, Receive, Scope, Send, headers_of, query_of
from tocsin.edge.handshake import lasting_headers
from tocsin.edge.websocket import Handler, Socket
from tocsin.errors import Reason, StoreDown, TocsinError
from tocsin.live.closing import CloseCode
from tocsin.live.engineio.handshake import EngineOptions, open_data, read_call, unfit
from tocsin.live.engineio.packet import Encoding, PacketType, websocket_packet
from tocsin.live.engineio.polling import Polling
from tocsin.live.engineio.session import Application, Session
from tocsin.live.engineio.websocket import Line, Probe, Unwanted
from tocsin.live.pulse import Pulse

_TEXT: Final = b"text/plain; charset=utf-8"
_NO_STORE: Final = (b"cache-control", b"no-store")
# What is kept of a call for as long as its session lasts.
_LASTING = ("type", "http_version", "method", "scheme", "path", "query_string", "client")


class EngineServer:
    """The sessions of an application; an `Endpoint` for sockets and an ASGI app for polling."""

    def __init__(self, options: EngineOptions, application: Application, pulse: Pulse) -> None:
        self.max_message_bytes = options.max_payload_bytes
        self._options = options
        self._paths = frozenset(options.paths)
        self._application = application
        self._pulse = pulse
        self._loop = asyncio.get_running_loop()
        self._sessions: dict[str, Session] = {}
        self._is_stopping = False
        self._headers: list[tuple[bytes, bytes]] = [_NO_STORE]
        if options.cors_origin:
            origin = options.cors_origin.encode()
            self._headers.append((b"access-control-allow-origin", origin))

    @property
    def count(self) -> int:
        """How many sessions there are."""
        return len(self._sessions)

    def takes(self, path: str) -> bool:
        """Whether a WebSocket of this address belongs here."""
        return path in self._paths

    def takes_call(self, _method: str, path: str) -> bool:
        """Whether an HTTP call of this address belongs here."""
        return path in self._paths

    def stop(self) -> None:
        """Take no new sessions and close those there are; their clients come back."""
        self._is_stopping = True
        for session in list(self._sessions.values()):
            session.close(CloseCode.DRAINING, CloseCode.DRAINING.reason)

    # --- WebSocket

    def open(self, scope: Scope) -> Callable[[Socket], Handler]:
        """Take a socket, for a new session or for one that began by long-polling.

        Raises:
            TocsinError: it is refused.
        """
        call = read_call(query_of(scope))
        if call.transport != "websocket":
            raise unfit("transport is not websocket, and this is one.")
        if not call.sid:
            self._admit(scope)
            return self._begin_on_socket
        return partial(self._try_socket, self._known(call.sid))

    def _begin_on_socket(self, socket: Socket) -> Handler:
        session = self._make(socket.scope)
        session.open_on(socket, "websocket")
        socket.write(websocket_packet(PacketType.OPEN, self._open_data(session, "websocket")))
        session.listen(self._application.opened(session))
        return Line(session)

    def _try_socket(self, session: Session, socket: Socket) -> Handler:
        polling = session.transport
        if not isinstance(polling, Polling) or polling.is_probed:
            return Unwanted(socket)
        probe = Probe(session, polling, socket)
        self._pulse.after(self._options.upgrade_timeout_s, probe.give_up)
        return probe

    # --- long-polling

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self._answer(scope, receive)
        except TocsinError as error:
            await send_problem(send, error)
        except Disconnected:
            return
        else:
            headers = self._preflight(scope) if scope["method"] == "OPTIONS" else self._headers
            await send_bytes(send, 200, body, _TEXT, headers)

    async def _answer(self, scope: Scope, receive: Receive) -> bytes:
        method: str = scope["method"]
        if method == "OPTIONS" and self._options.cors_origin:
            return b""
        call = read_call(query_of(scope))
        if call.transport != "polling":
            raise unfit("transport is websocket, and this is no WebSocket.")
        if method not in ("GET", "POST"):
            raise unfit("Long-polling takes GET and POST.")
        if not call.sid:
            if method != "GET":
                raise unfit("sid is missing in the query: a session begins with GET.")
            self._admit(scope)
            return self._begin_polling(scope)
        polling = self._known(call.sid).transport
        if not isinstance(polling, Polling):
            raise unfit("The session goes on over a WebSocket.")
        if method == "GET":
            return await polling.get(receive)
        await polling.post(headers_of(scope), receive, self._options.max_payload_bytes)
        return b"ok"

    def _begin_polling(self, scope: Scope) -> bytes:
        lasting = {name: scope.get(name) for name in _LASTING}
        session = self._make({**lasting, "headers": lasting_headers(scope["headers"])})
        session.open_on(Polling(session), "polling")
        session.listen(self._application.opened(session))
        return PacketType.OPEN.value.encode() + self._open_data(session, "polling")

    def _preflight(self, scope: Scope) -> Headers:
        asked = headers_of(scope).get("access-control-request-headers", "")
        return [
            *self._headers,
            (b"access-control-allow-methods", b"GET, POST"),
            (b"access-control-allow-headers", asked.encode("latin-1")),
        ]

    # --- sessions

    def _admit(self, scope: Scope) -> None:
        if self._is_stopping:
            raise StoreDown("The server is stopping; try again.", reason=Reason.STOPPING)
        self._application.admit(scope)

    def _make(self, scope: Scope) -> Session:
        now = self._loop.time()
        sid = self._options.mark + token_urlsafe(15)
        session = Session(sid, scope, self._options, self._forget, now)
        self._sessions[session.sid] = session
        self._pulse.at(now + self._options.ping_interval_s, session.beat)
        return session

    def _forget(self, session: Session) -> None:
        del self._sessions[session.sid]

    def _open_data(self, session: Session, transport: Encoding) -> bytes:
        return open_data(session.sid, transport, self._options)

    def _known(self, sid: str) -> Session:
        """The session of this sid.

        Raises:
            Rejected: there is none.
        """
        session = self._sessions.get(sid)
        if session is None:
            raise unfit("The session is unknown here: it has ended, or began at another instance.")
        if session.is_overdue(self._loop.time()):
            session.fail(CloseCode.IDLE, "ping timeout")
            raise unfit("The session has ended: a ping was not answered in time.")
        return session
