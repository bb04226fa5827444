"""One Socket.IO client that follows projects and deployments: its requests, one after the other."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import structlog

from tocsin.clock import Clock
from tocsin.errors import StoreDown
from tocsin.live.closing import CloseCode
from tocsin.live.hub import Hub
from tocsin.live.offset import Offset
from tocsin.live.payloads import SocketIoDialect
from tocsin.live.recovering import Place, WayBack
from tocsin.live.rooms import Client
from tocsin.live.sessions import Sessions
from tocsin.live.snapshot import Snapshot, snapshot_of
from tocsin.live.socketio.socket import Ack, NamespaceSocket
from tocsin.live.subscribing import Request
from tocsin.model.access import Caller
from tocsin.model.entry import Entry
from tocsin.model.rooms import MAX_ROOMS, Room, RoomKind, selection_of
from tocsin.model.times import rfc3339
from tocsin.store.database import Database
from tocsin.store.live_sessions import LiveSession

# Requests that wait for the ones before them.
MAX_WAITING = 2 * MAX_ROOMS

log = structlog.get_logger(__name__)

# Clients have the few dialects that there are in common.
_dialect = lru_cache(maxsize=64)(SocketIoDialect)


@dataclass(frozen=True, slots=True)
class Following:
    """What all followers stand on; `max_missed` events are given to one that comes back."""

    hub: Hub
    sessions: Sessions
    database: Database
    clock: Clock
    max_missed: int


class Follower:
    """`session` is what it has asked for so far; `has_offset` whether its events carry theirs."""

    __slots__ = (
        "_answered",
        "_dialect",
        "_ground",
        "_hub",
        "_is_kept",
        "_requests",
        "_task",
        "client",
        "key",
        "session",
        "socket",
    )

    def __init__(
        self, socket: NamespaceSocket, session: LiveSession, ground: Following, *, has_offset: bool
    ) -> None:
        self.session = session
        self.socket = socket
        # The credential that it was let in by; "" without one.
        self.key = ""
        self._ground = ground
        self._hub = ground.hub
        self._dialect = _dialect(
            ground.hub.epoch, socket.namespace, socket.encoding, has_offset=has_offset
        )
        self.client = Client(
            self._dialect, socket.write, socket.unsent_bytes, socket.close_transport
        )
        self.client.is_paused = socket.is_paused
        # A deque would take 600 bytes of each client, and most ask once.
        self._requests: list[tuple[Request, Ack | None]] = []
        self._task: asyncio.Task[None] | None = None
        # Whether a lost session can be found again.
        self._is_kept = has_offset
        # The seq of the last confirmation, and the how manieth it was there.
        self._answered = (-1, 0)

    def begin(self, way: WayBack | None) -> None:
        """Be among the others; first with what was missed."""
        if way is None:
            self._hub.join(self.client, selection_of(self.session.rooms))
            return
        self._answered = way.answered
        for room in sorted(way.unheard):
            self._requests.append((Request(room, is_leaving=False), None))
        self._hub.hold(self.client)
        selection = selection_of(self.session.rooms)
        self._start(partial(self._hub.replay, self.client, selection, way.after))

    def request(self, request: Request, ack: Ack | None) -> bool:
        """Do what is asked, after what was asked before; False when too much is waiting."""
        if len(self._requests) >= MAX_WAITING:
            return False
        self._requests.append((request, ack))
        if self._task is None:
            self._start(None)
        return True

    def say(self, name: str, value: Any) -> None:
        """Send an event to this client alone."""
        self._hub.send(self.client, self._dialect.packet(name, value))

    def convert(self) -> None:
        """Its transport is about to take the other form of messages."""
        self._dialect = replace(self._dialect, encoding="websocket")
        # What `socket.write` is will be known once the transport has changed.
        self._hub.convert(self.client, self._dialect, self._write)
        asyncio.get_running_loop().call_soon(self._write_directly)

    def close(self) -> None:
        """Its client is back on another connection."""
        self.socket.close_transport(CloseCode.DRAINING, "recovered elsewhere")

    def credential_checked(self, caller: Caller | None) -> None:
        """Close it once its credential is withdrawn."""
        if caller is None:
            self.socket.close_transport(CloseCode.REVOKED, CloseCode.REVOKED.reason)

    def leave(self) -> None:
        """It is gone."""
        self._hub.leave(self.client)
        self._requests.clear()
        if self._task is not None:
            self._task.cancel()

    def _write(self, data: bytes) -> None:
        self.socket.write(data)

    def _write_directly(self) -> None:
        self.client.write = self.socket.write

    def _start(self, first: Callable[[], Awaitable[None]] | None) -> None:
        self._task = asyncio.create_task(self._work(first))
        self._task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        """A fault of ours ends this connection only; its client comes back."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("socket_failed", path=self.socket.scope["path"], exc_info=error)
            self.socket.close_transport(1011)

    async def _work(self, first: Callable[[], Awaitable[None]] | None) -> None:
        """Do what waits; one task while there is something, none while there is nothing."""
        try:
            if first is not None:
                await first()
            while self._requests:
                request, ack = self._requests.pop(0)
                await (self._unsubscribe if request.is_leaving else self._subscribe)(request, ack)
        except StoreDown as error:
            log.warning("subscription_failed", reason=error.reason)
            self.socket.close_transport(CloseCode.STORE_DOWN, CloseCode.STORE_DOWN.reason)
        finally:
            self._task = None

    async def _subscribe(self, request: Request, ack: Ack | None) -> None:
        room, others = request.room, self.session.rooms - {request.room}
        if len(others) >= MAX_ROOMS:
            self.refuse(f"expected at most {MAX_ROOMS} subscriptions", ack)
            return
        log.info("subscribe", kind=room.kind.value, id=room.id, sid=self.socket.sid)
        self._hub.hold(self.client)
        seq, since, snapshot = self.client.position, request.since_seq, None
        is_caught_up = since is not None and await self._catch_up(room, request.epoch, since)
        if room.kind is RoomKind.DEPLOYMENT and not is_caught_up:
            snapshot = await snapshot_of(self._ground.database, room.id)
            seq = max(seq, snapshot.seq)
        followed = self._followed(room, seq, since if is_caught_up else None)
        rooms = others | {followed}
        await self._keep(replace(self.session, rooms=rooms))
        said: dict[str, Any] = {
            "type": room.kind.value,
            "id": room.id,
            "timestamp": self._now(),
            "seq": seq,
            "epoch": self._hub.epoch,
        }
        if since is not None:
            said["recovered"] = is_caught_up
        first = partial(self._first, said, snapshot)
        await self._hub.turn(self.client, selection_of(rooms), seq, first)
        if ack is not None:
            ack({"ok": True, **said})

    def _followed(self, room: Room, seq: int, filled_from: int | None) -> Room:
        """The room as it is followed from `seq` on, or from further back."""
        number = self._answered[1] + 1 if self._answered[0] == seq else 1
        self._answered = (seq, number)
        known = [one for one in self.session.rooms if one == room]
        filled = [] if filled_from is None else [filled_from]
        since = min([one.since for one in known] + filled, default=seq)
        is_filled = bool(filled) or any(one.is_filled for one in known)
        return Room(room.kind, room.id, since, self._answered, is_filled)

    def _first(self, said: Mapping[str, Any], snapshot: Snapshot | None) -> bytes:
        """What a subscription begins with: the confirmation, and the snapshot.

        The last packet carries the offset, as only with it everything was given.
        """
        dialect = self._dialect
        place = Place(Offset(self._hub.epoch, self._answered[0]), self._answered[1])
        packets: list[tuple[str, Any]] = [("subscription:confirmed", said)]
        packets += [("snapshot", one) for one in (snapshot.statuses if snapshot else ())]
        made = [dialect.packet(*one) for one in packets[:-1]]
        made.append(dialect.packet(*packets[-1], place if dialect.has_offset else None))
        return b"".join(made)

    async def _catch_up(self, room: Room, epoch: str, since: int) -> bool:
        """Give what the room brought after seq `since`; False when not all of it is there.

        What other rooms have brought already is left out. These events carry no offset, as they
        may come behind events that are younger.
        """
        wanted = frozenset({room.filter})
        if not await self._hub.can_resume(wanted, Offset(epoch or self._hub.epoch, since)):
            return False
        had = [(one.filter, one.since) for one in self.session.rooms]

        def frame(entry: Entry) -> bytes | None:
            if any(entry.seq > began and one.matches(entry.event) for one, began in had):
                return None
            return replace(self._dialect, has_offset=False).frame(entry)

        through = self.client.position
        await self._hub.give_between(self.client, wanted, since, through, frame)
        return True

    async def _unsubscribe(self, request: Request, ack: Ack | None) -> None:
        room = request.room
        log.info("unsubscribe", kind=room.kind.value, id=room.id, sid=self.socket.sid)
        rooms = self.session.rooms - {room}
        self._hub.select(self.client, selection_of(rooms))
        await self._keep(replace(self.session, rooms=rooms))
        said = {"type": room.kind.value, "id": room.id, "timestamp": self._now()}
        self.say("unsubscription:confirmed", said)
        if ack is not None:
            ack({"ok": True, **said})

    async def _keep(self, session: LiveSession) -> None:
        self.session = session
        if self._is_kept:
            await self._ground.sessions.save(session)

    def refuse(self, message: str, ack: Ack | None) -> None:
        """Say that something cannot be done."""
        self.say("error", {"message": message})
        if ack is not None:
            ack({"ok": False, "error": message})

    def _now(self) -> str | None:
        return rfc3339(self._ground.clock.now())
