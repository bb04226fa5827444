"""Server-Sent Events: stored events as they are committed, resumed by `Last-Event-ID`.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import orjson

from tocsin.edge.answers import send_problem
from tocsin.edge.callers import Callers
from tocsin.edge.calls import Receive, Scope, Send, headers_of, queries_of, query_of
from tocsin.errors import FieldFault, Reason, Rejected, TocsinError
from tocsin.live.admission import Admission
from tocsin.live.closing import CloseCode
from tocsin.live.hub import Hub
from tocsin.live.offset import Offset, parse_offset
from tocsin.live.outbox import Outbox
from tocsin.live.pulse import Pulse
from tocsin.live.recoveries import Recoveries
from tocsin.live.revoked import Revocations
from tocsin.live.rooms import Client, Selection
from tocsin.model.access import Caller
from tocsin.model.cloudevent import event_json
from tocsin.model.entry import Entry
from tocsin.model.filters import filter_of
from tocsin.settings.schema import LiveSettings

PATH = "/api/v1/events/stream"
LABEL = "sse"

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    # nginx holds a response back until it has a buffer full, unless told not to.
    (b"x-accel-buffering", b"no"),
]
_HEARTBEAT = b": heartbeat\n\n"
# RFC 6455's code for an end without a word, here for who is told of one.
GONE: Final = 1006


@dataclass(frozen=True, slots=True)
class StreamDialect:
    """Events as messages of an event stream, with the offset of each as its id."""

    epoch: str
    label: str = LABEL
    shows_standing: bool = False

    def frame(self, entry: Entry) -> bytes:
        """One event's message."""
        event = entry.event
        return message_of(Offset(self.epoch, event.seq), event.type, event_json(event))


def message_of(offset: Offset, kind: str, data: object) -> bytes:
    """One message of an event stream; JSON has no line ends, a sender's type may."""
    name = " ".join(kind.split())
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (
        str(offset).encode(),
        name.encode(),
        orjson.dumps(data),
    )


@dataclass(frozen=True, slots=True)
class Start:
    """From where a stream goes: after `seq`. `recovered` is None when nothing was to resume."""

    seq: int
    recovered: bool | None


class _Holder:
    """Ends a stream whose credential is withdrawn."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def credential_checked(self, caller: Caller | None) -> None:
        if caller is None:
            self._outbox.close(CloseCode.REVOKED, CloseCode.REVOKED.reason)


class EventStream:
    """The stream's entrance."""

    def __init__(
        self,
        hub: Hub,
        admission: Admission,
        callers: Callers,
        pulse: Pulse,
        settings: LiveSettings,
        recoveries: Recoveries,
        revocations: Revocations,
    ) -> None:
        self._hub = hub
        self._admission = admission
        self._callers = callers
        self._pulse = pulse
        self._heartbeat_s = settings.heartbeat_s
        self._dialect: Final = StreamDialect(hub.epoch)
        self._recoveries = recoveries
        self._revocations = revocations

    def takes(self, _method: str, path: str) -> bool:
        """Whether a call belongs here."""
        return path == PATH

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            caller, selection, start = await self._begin(scope)
        except TocsinError as error:
            await send_problem(send, error)
            return
        outbox = Outbox()
        client = Client(self._dialect, outbox.write, outbox.unsent_bytes, outbox.close)
        outbox.on_pause = partial(setattr, client, "is_paused")
        opened = {"epoch": self._hub.epoch, "seq": start.seq, "recovered": start.recovered}
        outbox.write(message_of(Offset(self._hub.epoch, start.seq), "stream.opened", opened))
        with self._held(scope, caller, outbox):
            try:
                async with asyncio.TaskGroup() as group:
                    replay = self._hub.replay(client, selection, start.seq)
                    beside = [
                        group.create_task(_close_when_gone(receive, outbox)),
                        group.create_task(replay),
                    ]
                    await _send_all(send, outbox)
                    for task in beside:
                        task.cancel()
            finally:
                self._hub.leave(client)

    @contextlib.contextmanager
    def _held(self, scope: Scope, caller: Caller, outbox: Outbox) -> Iterator[None]:
        """While a stream is open: it counts, it beats, and it ends with its credential."""
        lease = self._admission.open(
            LABEL, caller.address, lambda code: outbox.close(code, code.reason)
        )
        holder = _Holder(outbox)
        if caller.key:
            ask = partial(self._callers.identify, scope, takes_query_token=True)
            self._revocations.watch(caller.key, ask, holder)
        self._pulse.after(self._heartbeat_s, partial(self._beat, outbox))
        try:
            yield
        finally:
            outbox.close(GONE, "gone")
            self._revocations.forget(caller.key, holder)
            lease.ended(outbox.cause)

    def _beat(self, outbox: Outbox, now: float) -> float | None:
        if outbox.is_closed:
            return None
        if outbox.is_quiet():
            outbox.write(_HEARTBEAT)
        return now + self._heartbeat_s

    async def _begin(self, scope: Scope) -> tuple[Caller, Selection, Start]:
        """Everything that can be refused, before the first byte is sent.

        Raises:
            Rejected: 401, 403, 405, 422 or 503.
            StoreDown: the journal cannot be read.
        """
        if scope["method"] != "GET":
            raise Rejected(405, Reason.WRONG_METHOD, "This address takes GET only.", allow="GET")
        caller = await self._callers.identify(scope, takes_query_token=True)
        if not caller.may_read:
            if caller.kind == "nobody":
                raise Rejected(401, Reason.NOT_SIGNED_IN, "Sign in, or send a token.")
            raise Rejected(403, Reason.NOT_ALLOWED, "This role may not read events.")
        selection = frozenset({filter_of(queries_of(scope))})
        start = await self._start(selection, query_of(scope), headers_of(scope))
        self._admission.check()
        return caller, selection, start

    async def _start(
        self, selection: Selection, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> Start:
        said = headers.get("last-event-id") or query.get("last_event_id")
        if said:
            offset = parse_offset(said)
            recovered = offset is not None and await self._hub.can_resume(selection, offset)
            self._recoveries.count(LABEL, recovered=recovered)
            if offset is not None and recovered:
                return Start(offset.seq, recovered=True)
            return Start(self._hub.position, recovered=False)
        wanted = query.get("from", "now")
        if wanted == "now":
            return Start(self._hub.position, recovered=None)
        if wanted == "start":
            return Start(await self._hub.kept_from(), recovered=None)
        offset = parse_offset(f"{self._hub.epoch}:{wanted}")
        if offset is None:
            fault = FieldFault("from", "expected start, now, or a seq")
            raise Rejected(422, Reason.BAD_FIELD, f"from: {fault.message}", fields=(fault,))
        kept_from = await self._hub.kept_from()
        return Start(max(kept_from, min(offset.seq, self._hub.position)), recovered=None)


async def _send_all(send: Send, outbox: Outbox) -> None:
    """Send what is put into the outbox until it is closed."""
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    while data := await outbox.take():
        await send({"type": "http.response.body", "body": data, "more_body": True})
        outbox.sent(len(data))
    await send({"type": "http.response.body", "body": b""})


async def _close_when_gone(receive: Receive, outbox: Outbox) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    outbox.close(GONE, "gone")
