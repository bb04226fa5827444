"""Engine.IO sessions in the list of live connections."""

from tocsin.edge.callers import Callers
from tocsin.edge.calls import Scope
from tocsin.live.admission import Admission, Lease
from tocsin.live.engineio.packet import Encoding
from tocsin.live.engineio.session import Listener, Session
from tocsin.live.payloads import LABEL
from tocsin.live.socketio.server import SocketIoServer


class LeasedSessions:
    """Hands sessions to Socket.IO, and counts each from its begin to its end."""

    def __init__(self, server: SocketIoServer, admission: Admission, callers: Callers) -> None:
        self._server = server
        self._admission = admission
        self._callers = callers

    def admit(self, scope: Scope) -> None:
        """Let a new session be made."""
        self._server.admit(scope)

    def opened(self, session: Session) -> "LeasedListener":
        """A session is open."""
        address = self._callers.address_of(session.scope)
        lease = self._admission.open(LABEL, address, lambda code: session.close(code, code.reason))
        return LeasedListener(self._server.opened(session), lease)


class LeasedListener:
    """Hands on what comes."""

    __slots__ = ("_lease", "_listener")

    def __init__(self, listener: Listener, lease: Lease) -> None:
        self._listener = listener
        self._lease = lease

    def message(self, message: str | bytes) -> None:
        self._lease.received(message)
        self._listener.message(message)

    def paused(self) -> None:
        self._listener.paused()

    def resumed(self) -> None:
        self._listener.resumed()

    def encoding_changed(self, before: Encoding) -> None:
        self._listener.encoding_changed(before)

    def closed(self, reason: str) -> None:
        self._lease.ended(reason.replace(" ", "_"))
        self._listener.closed(reason)
