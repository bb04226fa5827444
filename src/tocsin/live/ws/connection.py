"""One client of `/ws`: from its first message to its last.

What its messages mean is in acts.py; here is what holds for all of them: their order, how many
may come, who may send them, and how the connection ends.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, Final

import structlog

from tocsin.edge.frames import text_frame
from tocsin.edge.websocket import Socket
from tocsin.live.closing import CloseCode
from tocsin.live.rooms import Client
from tocsin.live.ws.client_count import client_key
from tocsin.live.ws.dialect import LABEL
from tocsin.live.ws.encoding import encode
from tocsin.live.ws.message_rate import MessageRate, Verdict
from tocsin.live.ws.reading import Fault, RequestId, Said, read
from tocsin.live.ws.server_messages import (
    EVENT_TYPES,
    ErrorCode,
    ErrorData,
    ErrorDetails,
    ServerData,
)
from tocsin.live.ws.shared import Shared
from tocsin.live.ws.subscription import UNTOUCHED, Subscription
from tocsin.model.access import Caller
from tocsin.model.times import rfc3339

# Messages that wait while one is worked on that has to ask the database.
MAX_WAITING: Final = 100
# Only operators are told what is wrong with these: nobody else may send them anyway.
_OPERATORS_ONLY = frozenset({"service_control", "send_webhook"})
# How a connection ended that Tocsin did not end, by the close code (RFC 6455, 7.4.1).
_CAUSES = {1000: "gone", 1001: "gone", 1005: "gone", 1006: "lost", 1011: "failed"}

log = structlog.get_logger(__name__)

Act = Callable[["Connection", Said], Coroutine[Any, Any, None] | None]


class Connection:
    """What edge.websocket tells of one socket, and what may be done with it.

    `caller` is who it is for; a role of NOBODY until it has signed in.
    """

    __slots__ = (
        "_act",
        "_cause",
        "_client",
        "_heard_at",
        "_is_closing",
        "_job",
        "_key",
        "_lease",
        "_loop",
        "_rate",
        "_replay",
        "_shared",
        "_socket",
        "_waiting",
        "caller",
        "client_id",
        "subscription",
    )

    def __init__(
        self,
        shared: Shared,
        act: Act,
        caller: Caller,
        client_id: str | None,
        socket: Socket,
    ) -> None:
        self.caller = caller
        self.client_id = client_id
        self.subscription = UNTOUCHED
        self._shared = shared
        self._act = act
        self._socket = socket
        self._loop = asyncio.get_running_loop()
        now = self._loop.time()
        self._heard_at = now
        self._rate = MessageRate(shared.settings.max_messages_per_s, now)
        self._job: asyncio.Task[None] | None = None
        self._replay: asyncio.Task[None] | None = None
        self._waiting: list[tuple[str | bytes, float]] = []
        self._is_closing = False
        self._cause: str | None = None
        dialect = shared.dialects[UNTOUCHED.journaled]
        self._client = Client(dialect, socket.write, socket.unsent_bytes, self._dropped)
        self._key = client_key(caller.key, client_id, caller.address)
        shared.clients.add(self._key)
        self._lease = shared.admission.open(LABEL, caller.address, self.close)

    @property
    def address(self) -> str:
        return self.caller.address

    @property
    def scope(self) -> Any:
        """That of the call which opened it."""
        return self._socket.scope

    @property
    def is_closing(self) -> bool:
        """Whether nothing can be said to it any more."""
        return self._is_closing

    @property
    def position(self) -> int:
        """Every event up to this seq that it wants was given to it."""
        return self._client.position

    def begin(self, refused: str = "") -> None:
        """Say the first words; `refused` is why the credentials that it showed are not good."""
        settings, pulse = self._shared.settings, self._shared.pulse
        pulse.after(settings.ping_s, self._beat)
        if refused:
            self.fail(ErrorCode.AUTHENTICATION_REQUIRED, refused)
            self.close(CloseCode.NOT_SIGNED_IN)
        elif self.caller.may_read:
            if self.caller.key:
                again = partial(
                    self._shared.callers.identify, self._socket.scope, takes_query_token=True
                )
                self._shared.revocations.watch(self.caller.key, again, self)
            self._welcome()
        elif self.caller.kind == "nobody":
            self._ask_to_sign_in()
            pulse.after(settings.auth_timeout_s, self._give_up)
        else:
            self.fail(ErrorCode.PERMISSION_DENIED, "This role may not read events.")
            self.close(CloseCode.NOT_ALLOWED)

    # --- what the socket tells

    def received(self, message: str | bytes) -> None:
        if self._is_closing:
            return
        self._lease.received(message)
        now = self._loop.time()
        verdict = self._rate.take(now)
        if verdict is Verdict.TAKE:
            if self._job is None:
                self._take(message, now)
                return
            if len(self._waiting) < MAX_WAITING:
                self._waiting.append((message, now))
                return
            verdict = Verdict.REFUSE_AND_TELL
        if verdict is not Verdict.REFUSE:
            limit = self._shared.settings.max_messages_per_s
            told = f"More than {limit} messages a second; this one was not taken."
            self.fail(ErrorCode.RATE_LIMIT_EXCEEDED, told)
        if verdict is Verdict.CLOSE:
            self.close(CloseCode.TOO_MANY_MESSAGES)

    def heard(self) -> None:
        self._heard_at = self._loop.time()

    def paused(self) -> None:
        self._client.is_paused = True

    def resumed(self) -> None:
        self._client.is_paused = False

    def closed(self, code: int, _reason: str) -> None:
        self._is_closing = True
        self._let_go()
        if self._job is not None:
            self._job.cancel()
        self._shared.clients.remove(self._key)
        self._lease.ended(self._cause or _cause_of(code))

    # --- what is said to it

    def give(self, frame: bytes) -> None:
        """Write a frame that others get as well."""
        self._shared.hub.send(self._client, frame)

    def say(self, kind: str, data: ServerData, request_id: RequestId = None) -> None:
        """Answer."""
        broadcast_id = self._shared.broadcasts.next_id(kind) if kind in EVENT_TYPES else None
        now = self._shared.clock.now()
        payload = encode(kind, data, now, broadcast_id=broadcast_id, request_id=request_id)
        self.give(text_frame(payload))

    def fail(
        self,
        code: ErrorCode,
        message: str,
        details: ErrorDetails | None = None,
        request_id: RequestId = None,
    ) -> None:
        """Answer with an error."""
        self._shared.metrics.error(code)
        at = rfc3339(self._shared.clock.now()) or ""
        self.say("error", ErrorData(code, message, details or ErrorDetails(), at), request_id)

    def refuse(self, said: Said, code: ErrorCode, message: str) -> None:
        """Answer a message with an error."""
        self.fail(code, message, ErrorDetails(type=said.type), said.request_id)

    def close(self, code: CloseCode) -> None:
        """End it, with a code that says whether to come back."""
        if not self._is_closing:
            self._is_closing = True
            self._cause = code.reason
            self._let_go()
            self._socket.close(code, code.reason)

    # --- what it gets

    def subscribe(self, subscription: Subscription, *, anew: bool = False) -> None:
        """Have it get what `subscription` wants; `anew` lets go of a replay under way."""
        hub, client = self._shared.hub, self._client
        self._choose(subscription)
        if anew and self._replay is not None:
            self._stop_replay()
            hub.leave(client)
            hub.join(client, subscription.selection)
        else:
            hub.select(client, subscription.selection)

    def resume(
        self, subscription: Subscription, after: int, kind: str, answer: ServerData, said: Said
    ) -> None:
        """Answer, then give what `subscription` wants after seq `after`, then what comes."""
        hub, client = self._shared.hub, self._client
        self._stop_replay()
        hub.hold(client)
        self.say(kind, answer, said.request_id)
        if self._is_closing:
            return
        self._choose(subscription)
        self._replay = self._loop.create_task(hub.replay(client, subscription.selection, after))
        self._replay.add_done_callback(self._replayed)

    def _choose(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self._client.dialect = self._shared.dialects[subscription.journaled]

    # --- who it is

    def sign_in(self, caller: Caller, again: Callable[[], Awaitable[Caller]]) -> None:
        """Take it for `caller` from now on; `again` tells whether its credential is still good."""
        was_reader = self.caller.may_read
        self._shared.revocations.forget(self.caller.key, self)
        self.caller = caller
        self._shared.revocations.watch(caller.key, again, self)
        if not self._count_anew():
            self.close(CloseCode.TOO_MANY_CONNECTIONS)
        elif not was_reader:
            self._welcome()

    def rename(self, client_id: str) -> None:
        """Take note of what it calls itself."""
        if client_id != self.client_id:
            self.client_id = client_id
            if not self._count_anew():
                self.close(CloseCode.TOO_MANY_CONNECTIONS)

    def credential_checked(self, caller: Caller | None) -> None:
        if caller is not None:
            self.caller = caller
        elif not self._is_closing:
            told = "The token or session was withdrawn, or may not read any more."
            self.fail(ErrorCode.AUTHENTICATION_REQUIRED, told)
            self.close(CloseCode.REVOKED)

    def _count_anew(self) -> bool:
        before = self._key
        self._key = client_key(self.caller.key, self.client_id, self.caller.address)
        return self._shared.clients.move(before, self._key)

    # --- within

    @property
    def _is_busy(self) -> bool:
        return self._job is not None or self._is_closing

    def _welcome(self) -> None:
        shared = self._shared
        shared.hub.join(self._client, self.subscription.selection)
        shared.broadcasts.add(self)
        self.say("connection_status", shared.status_for(self.caller))

    def _take(self, message: str | bytes, since: float) -> None:
        said = read(message)
        if isinstance(said, Fault):
            self._shared.metrics.received(said.details.type)
            self._refuse_unread(said)
            return
        self._shared.metrics.received(said.type)
        if not self.caller.may_read and said.type != "auth":
            self._ask_to_sign_in(said)
            return
        if said.client_id is not None and self.client_id is None:
            self.rename(said.client_id)
        work = None if self._is_closing else self._act(self, said)
        if work is None:
            self._shared.metrics.answered(self._loop.time() - since)
        else:
            self._job = self._loop.create_task(work)
            self._job.add_done_callback(partial(self._done, since))

    def _done(self, since: float, job: "asyncio.Task[None]") -> None:
        """Go on with what came meanwhile."""
        self._job = None
        if self._failed(job) or self._is_closing:
            return
        self._shared.metrics.answered(self._loop.time() - since)
        while self._waiting and not self._is_busy:
            self._take(*self._waiting.pop(0))

    def _refuse_unread(self, fault: Fault) -> None:
        kind = fault.details.type
        if not self.caller.may_read and kind != "auth":
            self._ask_to_sign_in()
        elif kind in _OPERATORS_ONLY and not self.caller.may_operate:
            told = "Only operators may send this."
            details = ErrorDetails(type=kind)
            self.fail(ErrorCode.PERMISSION_DENIED, told, details, fault.request_id)
        else:
            self.fail(fault.code, fault.message, fault.details, fault.request_id)

    def _ask_to_sign_in(self, said: Said | None = None) -> None:
        told = 'Sign in: send {"type": "auth", "data": {"token": "…"}}, or connect with a token.'
        details = None if said is None else ErrorDetails(type=said.type)
        request_id = None if said is None else said.request_id
        self.fail(ErrorCode.AUTHENTICATION_REQUIRED, told, details, request_id)

    def _beat(self, now: float) -> float | None:
        if self._is_closing:
            return None
        if now - self._heard_at >= self._shared.settings.idle_timeout_s:
            self.close(CloseCode.IDLE)
            return None
        self._socket.ping()
        return now + self._shared.settings.ping_s

    def _give_up(self, _now: float) -> None:
        if not self.caller.may_read:
            self.close(CloseCode.NOT_SIGNED_IN)

    def _dropped(self, code: int, _reason: str) -> None:
        self.close(CloseCode(code))

    def _stop_replay(self) -> None:
        replay, self._replay = self._replay, None
        if replay is not None:
            replay.cancel()

    def _replayed(self, replay: "asyncio.Task[None]") -> None:
        if replay is self._replay:
            self._replay = None
        self._failed(replay)

    def _failed(self, task: "asyncio.Task[None]") -> bool:
        """Whether a task did not come to its end; a fault of ours ends this connection only."""
        if task.cancelled():
            return True
        error = task.exception()
        if error is not None:
            log.error("socket_failed", path=self._socket.scope["path"], exc_info=error)
            self._is_closing = True
            self._let_go()
            self._socket.close(1011)
        return error is not None

    def _let_go(self) -> None:
        shared = self._shared
        shared.hub.leave(self._client)
        shared.broadcasts.remove(self)
        shared.revocations.forget(self.caller.key, self)
        self._waiting.clear()
        self._stop_replay()


def _cause_of(code: int) -> str:
    """A word for how a connection ended."""
    if code in _CAUSES:
        return _CAUSES[code]
    return next((one.reason for one in CloseCode if one == code), "bad_frame")
