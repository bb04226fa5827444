"""Server-Sent Events: stored events as they are committed, resumed by `Last-Event-ID`.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from tocsin.edge.answers import send_problem
from tocsin.edge.callers import Callers
from tocsin.edge.calls import Receive, Scope, Send, headers_of, queries_of, query_of
from tocsin.errors import FieldFault, Reason, Rejected, StoreDown, TocsinError
from tocsin.live.offset import Offset, can_resume, parse_offset
from tocsin.live.recent import PAGE, Encoded, Recent, encode, message_of
from tocsin.model.filters import EventFilter, filter_of
from tocsin.settings.schema import LiveSettings
from tocsin.store import events as stored
from tocsin.store.database import Database
from tocsin.store.facts import JournalFacts, read_facts

PATH = "/api/v1/events/stream"

# What is handed on in one piece: the server waits after each while a client is slow, so this
# is about what one may hold unsent.
PORTION_BYTES = 256 * 1024

log = structlog.get_logger(__name__)

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    # nginx holds a response back until it has a buffer full, unless told not to.
    (b"x-accel-buffering", b"no"),
]


@dataclass(frozen=True, slots=True)
class Start:
    """From where a stream goes: after `seq`. `recovered` is None when nothing was to resume."""

    seq: int
    recovered: bool | None


class EventStream:
    """The stream's entrance."""

    def __init__(
        self,
        database: Database,
        recent: Recent,
        callers: Callers,
        settings: LiveSettings,
        registry: CollectorRegistry,
    ) -> None:
        self._database = database
        self._recent = recent
        self._callers = callers
        self._settings = settings
        self._is_stopping = False
        self._open = 0
        self._connections = Gauge(
            "tocsin_live_connections", "Open live connections.", ("dialect",), registry=registry
        )
        self._recoveries = Counter(
            "tocsin_live_recoveries",
            "Connections that asked to go on from an offset.",
            ("dialect", "recovered"),
            registry=registry,
        )
        self._sent = Counter(
            "tocsin_live_events_sent", "Events written to clients.", ("dialect",), registry=registry
        )

    def takes(self, _method: str, path: str) -> bool:
        """Whether a call belongs here."""
        return path == PATH

    def stop(self) -> None:
        """End all streams; their clients come back by themselves."""
        self._is_stopping = True
        self._recent.bell.wake()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._recent.followed():
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            wanted, start = await self._begin(scope)
        except TocsinError as error:
            await send_problem(send, error)
            return
        self._open += 1
        self._connections.labels("sse").inc()
        gone = asyncio.create_task(_wait_until_gone(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            try:
                await self._run(send, gone, wanted, start)
            except StoreDown as error:
                # The client comes back with the offset it has.
                log.warning("stream_ended", reason=error.reason)
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._open -= 1
            self._connections.labels("sse").dec()
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await gone

    async def _begin(self, scope: Scope) -> tuple[EventFilter, Start]:
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
        self._check_room()
        query = query_of(scope)
        wanted = filter_of(queries_of(scope))
        async with self._database.read() as conn:
            facts = await read_facts(conn)
            newest = max(await stored.newest_seq(conn), facts.pruned_through)
        start = _start(query, headers_of(scope), facts, newest)
        if start.recovered is not None:
            self._recoveries.labels("sse", "yes" if start.recovered else "no").inc()
        # Others may have come while this one waited.
        self._check_room()
        return wanted, start

    def _check_room(self) -> None:
        if self._is_stopping or self._open >= self._settings.max_connections:
            message = "Too many live connections; try again."
            raise Rejected(503, Reason.TOO_MANY_CONNECTIONS, message, retry_after_s=5)

    async def _run(
        self, send: Send, gone: "asyncio.Task[None]", wanted: EventFilter, start: Start
    ) -> None:
        recent, seq, loop = self._recent, start.seq, asyncio.get_running_loop()
        opened = {"epoch": recent.epoch, "seq": seq, "recovered": start.recovered}
        await _write(send, message_of(Offset(recent.epoch, seq), "stream.opened", opened))
        beat_at = loop.time() + self._settings.heartbeat_s
        while not gone.done() and not self._is_stopping:
            seq, found = await self._after(seq, wanted)
            if found:
                for portion in _portions(found):
                    if gone.done() or self._is_stopping:
                        return
                    await _write(send, portion)
                self._sent.labels("sse").inc(len(found))
            elif loop.time() >= beat_at:
                await _write(send, b": heartbeat\n\n")
            else:
                # At once when there is more, if only for others.
                await recent.bell.wait(seq, beat_at - loop.time(), gone)
                continue
            beat_at = loop.time() + self._settings.heartbeat_s

    async def _after(self, seq: int, wanted: EventFilter) -> tuple[int, Sequence[Encoded]]:
        """The next events that fit, and the seq up to which none is left out."""
        recent = self._recent
        found = recent.after(seq)
        if found is not None:
            fitting = [one for one in found if wanted.matches(one.event)]
            return found[-1].event.seq if found else seq, fitting
        # Asked before the read: what `recent` drops while it goes on is not part of it.
        floor = recent.floor
        async with self._database.read() as conn:
            page = await stored.page(conn, wanted, PAGE, after_seq=seq, is_ascending=True)
        last = page.items[-1].seq if page.items else seq
        upto = last if page.is_more else max(last, floor)
        return upto, [encode(recent.epoch, event) for event in page.items]


def _start(
    query: Mapping[str, str], headers: Mapping[str, str], facts: JournalFacts, newest: int
) -> Start:
    said = headers.get("last-event-id") or query.get("last_event_id")
    if said:
        offset = parse_offset(said)
        if offset and can_resume(offset, facts.epoch, facts.pruned_through, newest):
            return Start(offset.seq, recovered=True)
        return Start(newest, recovered=False)
    wanted = query.get("from", "now")
    if wanted == "now":
        return Start(newest, recovered=None)
    if wanted == "start":
        return Start(0, recovered=None)
    offset = parse_offset(f"{facts.epoch}:{wanted}")
    if offset is None:
        fault = FieldFault("from", "expected start, now, or a seq")
        raise Rejected(422, Reason.BAD_FIELD, f"from: {fault.message}", fields=(fault,))
    return Start(min(offset.seq, newest), recovered=None)


def _portions(found: Sequence[Encoded]) -> Iterator[bytes]:
    portion: list[bytes] = []
    size = 0
    for one in found:
        if portion and size + len(one.message) > PORTION_BYTES:
            yield b"".join(portion)
            portion, size = [], 0
        portion.append(one.message)
        size += len(one.message)
    yield b"".join(portion)


async def _write(send: Send, chunk: bytes) -> None:
    await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
