"""Tocsin's own namespaces of Socket.IO: who may come in, and what its events mean."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, NamedTuple

from tocsin.edge.callers import Callers
from tocsin.edge.calls import Scope, headers_of
from tocsin.errors import Rejected
from tocsin.live.admission import Admission
from tocsin.live.closing import CloseCode
from tocsin.live.engineio.packet import Encoding
from tocsin.live.engineio.session import Session
from tocsin.live.follower import Follower, Following
from tocsin.live.offset import Offset
from tocsin.live.payloads import LABEL
from tocsin.live.pulse import Pulse
from tocsin.live.recoveries import Recoveries
from tocsin.live.recovering import WayBack, can_recover, parse_place, way_back
from tocsin.live.revoked import Revocations
from tocsin.live.socketio.server import Fields
from tocsin.live.socketio.socket import Ack, NamespaceSocket, Refused
from tocsin.live.subscribing import BadRequest, is_request, read_request
from tocsin.model.access import Caller
from tocsin.model.rooms import selection_of
from tocsin.model.times import rfc3339
from tocsin.settings.schema import LiveSettings
from tocsin.store.live_sessions import LiveSession

# The notification guide's pages open the second: in `io("https://host/project-dashboard/ws")`
# the path of the address is the namespace.
NAMESPACES: Final = frozenset({"/", "/project-dashboard/ws"})
PATHS: Final = tuple(
    path + slash
    for path in (
        "/socket.io",
        "/project-dashboard/socket.io",
        "/project-dashboard/ws",
        "/project-dashboard/ws/socket.io",
    )
    for slash in ("", "/")
)


Ask = Callable[[], Awaitable[Caller]]


class _Entry(NamedTuple):
    """How a client comes in: with which session and credential, and how it goes on."""

    session: LiveSession
    has_offset: bool
    way: WayBack | None
    key: str


class Namespaces:
    """The application of the Socket.IO server."""

    namespaces = NAMESPACES

    def __init__(
        self,
        ground: Following,
        callers: Callers,
        admission: Admission,
        pulse: Pulse,
        revocations: Revocations,
        settings: LiveSettings,
        recoveries: Recoveries,
    ) -> None:
        self._ground = ground
        self._callers = callers
        self._admission = admission
        self._pulse = pulse
        self._revocations = revocations
        self._settings = settings
        self._recoveries = recoveries
        # How many clients are in the namespaces of each session.
        self._inside: dict[str, int] = {}

    def admit(self, scope: Scope) -> None:
        """Let a new session be made.

        Raises:
            Rejected: 403 for a page of another origin, 503 when there are too many.
        """
        self._callers.check_origin(scope)
        self._admission.check()

    def connect(self, socket: NamespaceSocket) -> Fields | Awaitable[Fields]:
        """Let a client in that may read events; with `pid` when it can come back to where it was.

        Raises:
            Refused: it may not.
            StoreDown: that cannot be told now.
        """
        if not socket.auth:
            try:
                caller = self._callers.identify_now(socket.scope, takes_query_token=True)
            except Rejected as error:
                raise self._unknown(socket, error) from error
            if caller is not None:
                return self._let_in(socket, caller)
        return self._connect(socket)

    async def _connect(self, socket: NamespaceSocket) -> Fields:
        try:
            caller = await self._asking(socket)()
        except Rejected as error:
            raise self._unknown(socket, error) from error
        said = socket.auth.get("pid")
        if caller.may_read and isinstance(said, str) and _has_offset(socket):
            found = await self._recovered(socket, said, _owner(caller))
            self._recoveries.count(LABEL, recovered=found is not None)
            if found is not None:
                session, way = found
                socket.sid = session.sid
                socket.state = _Entry(session, True, way, caller.key)
                return {"pid": said}
        return self._let_in(socket, caller)

    def _let_in(self, socket: NamespaceSocket, caller: Caller) -> Fields:
        """With a new session."""
        if not caller.may_read:
            raise self._refusal(socket, caller)
        pid, session = self._ground.sessions.begin(
            socket.namespace, _owner(caller), socket.sid, self._ground.hub.position
        )
        has_offset = _has_offset(socket)
        socket.state = _Entry(session, has_offset, None, caller.key)
        return {"pid": pid} if has_offset else {}

    def connected(self, socket: NamespaceSocket) -> None:
        entry: _Entry = socket.state
        sid = socket.session.sid
        self._inside[sid] = self._inside.get(sid, 0) + 1
        follower = Follower(socket, entry.session, self._ground, has_offset=entry.has_offset)
        socket.state = follower
        if entry.has_offset:
            self._ground.sessions.hold(follower.session, follower.close)
        if entry.key:
            follower.key = entry.key
            self._revocations.watch(entry.key, self._asking(socket), follower)
        follower.begin(entry.way)

    def event(
        self, socket: NamespaceSocket, name: str, args: Sequence[Any], ack: Ack | None
    ) -> None:
        follower: Follower = socket.state
        if name == "heartbeat":
            now = rfc3339(self._ground.clock.now())
            follower.say("heartbeat:ack", {"timestamp": now})
            if ack is not None:
                ack({"ok": True, "timestamp": now})
        elif is_request(name):
            try:
                request = read_request(name, args)
            except BadRequest as error:
                follower.refuse(f"{name}: {error}", ack)
                return
            if not follower.request(request, ack):
                follower.refuse(f"{name}: too many requests are waiting", ack)
        else:
            follower.refuse(f"{name}: there is no such event", ack)

    def disconnected(self, socket: NamespaceSocket, _reason: str) -> None:
        follower: Follower = socket.state
        follower.leave()
        self._inside[socket.session.sid] -= 1
        if not self._inside[socket.session.sid]:
            del self._inside[socket.session.sid]
        self._revocations.forget(follower.key, follower)
        self._ground.sessions.ended(follower.session, follower.close)

    def paused(self, socket: NamespaceSocket) -> None:
        # The answer that it may come in is written before there is a follower, who looks by itself.
        if isinstance(socket.state, Follower):
            socket.state.client.is_paused = True

    def resumed(self, socket: NamespaceSocket) -> None:
        if isinstance(socket.state, Follower):
            socket.state.client.is_paused = False

    def encoding_changed(self, socket: NamespaceSocket, _before: Encoding) -> None:
        socket.state.convert()

    def _asking(self, socket: NamespaceSocket) -> Ask:
        """What tells who it is, now and again."""
        token = socket.auth.get("token")
        if isinstance(token, str) and token:
            return partial(self._callers.identify_token, socket.scope, token)
        return partial(self._callers.identify, socket.scope, takes_query_token=True)

    def _unknown(self, socket: NamespaceSocket, error: Rejected) -> Refused:
        """What to raise for a client whose credentials are not good."""
        self._end_later(socket)
        data = {"code": "AUTHENTICATION_REQUIRED", "reason": error.reason.value}
        return Refused(error.message, data)

    def _refusal(self, socket: NamespaceSocket, caller: Caller) -> Refused:
        if caller.kind == "nobody":
            self._end_later(socket)
            return Refused("AUTHENTICATION_REQUIRED", {"code": "AUTHENTICATION_REQUIRED"})
        return Refused("PERMISSION_DENIED", {"code": "PERMISSION_DENIED"})

    def _end_later(self, socket: NamespaceSocket) -> None:
        """Close who does not sign in; a session is not held open by strangers."""
        self._pulse.after(self._settings.auth_timeout_s, partial(self._end_if_out, socket.session))

    def _end_if_out(self, session: Session, _now: float) -> None:
        """Close it, unless somebody has come in by it meanwhile."""
        if session.is_open and session.sid not in self._inside:
            session.close(CloseCode.NOT_SIGNED_IN, CloseCode.NOT_SIGNED_IN.reason)

    async def _recovered(
        self, socket: NamespaceSocket, pid: str, owner: str
    ) -> tuple[LiveSession, WayBack] | None:
        """The session to go on with, and how; None when that cannot be."""
        hub = self._ground.hub
        session = await self._ground.sessions.find(pid, socket.namespace, owner)
        # Who follows nothing misses nothing. But its first wish may be what got lost, and who is
        # told of a recovery need not say it again.
        if session is None or not session.rooms:
            return None
        said = socket.auth.get("offset")
        # A client that was given nothing yet has no offset; then its session knows.
        place = None if said is None else parse_place(str(said))
        if said is not None and (place is None or place.offset.epoch != hub.epoch):
            return None
        way = way_back(session, place)
        if way is None:
            return None
        selection, offset = selection_of(session.rooms), Offset(hub.epoch, way.after)
        can_resume = await hub.can_resume(selection, offset, self._ground.max_missed)
        return (replace(session, rooms=way.rooms), way) if can_resume else None


def _owner(caller: Caller) -> str:
    """Whose a session is."""
    return caller.key or caller.name


def _has_offset(socket: NamespaceSocket) -> bool:
    return can_recover(headers_of(socket.scope), socket.auth)
