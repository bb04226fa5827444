"""The receivers: plain ASGI in front of the API, from the call to the commit to the answer.

Plain, because this is the path every message takes: a route of the framework costs more than
all the rest of it together (see `docs/benchmarks.md`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram

from tocsin.clock import Clock
from tocsin.edge.answers import fields_of, refusal_headers, send_json, send_problem, status_of
from tocsin.edge.callers import Callers
from tocsin.edge.calls import Disconnected, Receive, Scope, Send, body_of, headers_of, query_of
from tocsin.errors import Reason, Rejected, TocsinError
from tocsin.ingest.body import BodyLimits
from tocsin.ingest.fields import MAX_NAME_CHARS
from tocsin.ingest.rate import RateLimit
from tocsin.ingest.signature import check_taken, shows_secret
from tocsin.ingest.source import (
    Envelope,
    InboundCall,
    Source,
    SourceOptions,
    Verdict,
    check_key,
)
from tocsin.model.event import NewEvent, Receipt
from tocsin.store.journal import Journal

# Everything below is answered in the shape of its senders, also where there is nothing.
WEBHOOKS = "/api/webhooks/"

_READING = frozenset({"GET", "HEAD"})

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Entrance:
    """A source with its options, under the name its events carry."""

    source_name: str
    source: Source
    options: SourceOptions

    @property
    def is_open(self) -> bool:
        """Whether neither a secret nor a verification is set."""
        verifies = getattr(self.options, "verify", None) is not None
        return not verifies and not self.options.secret.get_secret_value()

    def shares(self, path: str) -> bool:
        """Whether the API answers those who read at this address."""
        return self.source.ENVELOPE is Envelope.OBJECT and not path.startswith("/hooks/")


class Receiver:
    """Takes calls for all sources; `route` tells which one an address belongs to."""

    def __init__(
        self,
        entrances: Mapping[str, Entrance],
        callers: Callers,
        journal: Journal,
        limits: BodyLimits,
        rate: RateLimit,
        clock: Clock,
        registry: CollectorRegistry,
    ) -> None:
        self._entrances = entrances
        self._by_path = {
            path: entrance
            for entrance in entrances.values()
            for path in (*entrance.source.ENTRANCES, f"/hooks/{entrance.source_name}")
        }
        self._callers = callers
        self._journal = journal
        self._limits = limits
        self._rate = rate
        self._clock = clock
        self._calls = Counter(
            "tocsin_inbound_calls",
            "Calls at the receivers, by what became of them.",
            ("source", "outcome"),
            registry=registry,
        )
        self._stored = {name: self._calls.labels(name, "stored") for name in entrances}
        self._seconds = Histogram(
            "tocsin_inbound_seconds",
            "From the first byte of a call to its commit.",
            buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5),
            registry=registry,
        )

    def entrance_of(self, path: str) -> tuple[Entrance, str] | None:
        """The source at `path`, and the name after it."""
        entrance = self._by_path.get(path) or self._by_path.get(path.removesuffix("/"))
        if entrance is not None:
            return entrance, ""
        if path.startswith("/hooks/"):
            source_name, _, name = path.removeprefix("/hooks/").partition("/")
            entrance = self._entrances.get(source_name)
            if entrance is not None and len(name) <= MAX_NAME_CHARS:
                return entrance, name
        return None

    def takes(self, method: str, path: str) -> bool:
        """Whether a call belongs here; the API reads at an address that it shares."""
        found = self.entrance_of(path)
        if found is None:
            return path.startswith(WEBHOOKS)
        return not (found[0].shares(path) and method in _READING)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self.entrance_of(scope["path"])
        if found is None:
            nowhere = Rejected(404, Reason.NOT_FOUND, "There is no receiver at this address.")
            await _send_refusal(send, Envelope.WEBHOOK, nowhere)
            return
        entrance, name = found
        began_s = self._clock.monotonic()
        try:
            events, receipts = await self._accept(entrance, name, scope, receive)
        except Disconnected:
            self._calls.labels(entrance.source_name, "disconnected").inc()
        except TocsinError as error:
            self._calls.labels(entrance.source_name, error.reason.value).inc()
            await self._refuse(entrance, scope, error, send)
        else:
            self._stored[entrance.source_name].inc()
            self._seconds.observe(self._clock.monotonic() - began_s)
            await send_json(send, 200, _answer(entrance.source.ENVELOPE, events, receipts))

    async def _accept(
        self, entrance: Entrance, name: str, scope: Scope, receive: Receive
    ) -> tuple[Sequence[NewEvent], Sequence[Receipt]]:
        """Store what one call says; return only once it is committed.

        The same delivery again gives the first receipt and stores nothing.

        Raises:
            Rejected: nothing is stored; its status says why.
            StoreDown: nothing is stored, and the sender may try again.
            Disconnected: nobody waits for an answer; nothing is stored.
        """
        if scope["method"] != "POST":
            allow = "GET, HEAD, POST" if entrance.shares(scope["path"]) else "POST"
            raise Rejected(405, Reason.WRONG_METHOD, f"This address takes {allow}.", allow=allow)
        self._rate.check(self._callers.address_of(scope), self._clock.monotonic())
        headers = headers_of(scope)
        _check_encoding(headers)
        check_key(headers)
        body = await body_of(headers, receive, self._limits.max_body_bytes)
        call = InboundCall(headers, query_of(scope), body, name, self._clock.now(), self._limits)
        await self._check_taken(entrance, call, scope)
        events = entrance.source.read(call)
        return events, await self._journal.append(events)

    async def _check_taken(self, entrance: Entrance, call: InboundCall, scope: Scope) -> None:
        verdict = entrance.source.verify(call, entrance.options)
        if verdict is Verdict.VERIFIED or shows_secret(call, entrance.options):
            return
        caller = self._callers.identify_now(scope, takes_query_token=True)
        if caller is None:
            caller = await self._callers.identify(scope, takes_query_token=True)
        check_taken(verdict, caller, entrance.options, is_open=entrance.is_open)

    async def _refuse(
        self, entrance: Entrance, scope: Scope, error: TocsinError, send: Send
    ) -> None:
        log.info(
            "call_refused",
            source=entrance.source_name,
            address=self._callers.address_of(scope),
            status=status_of(error),
            reason=error.reason.value,
        )
        await _send_refusal(send, entrance.source.ENVELOPE, error)


async def _send_refusal(send: Send, envelope: Envelope, error: TocsinError) -> None:
    if envelope is Envelope.OBJECT:
        await send_problem(send, error)
        return
    answer = {
        "success": False,
        "message": error.message,
        "errors": [{"field": fault.field, "message": fault.message} for fault in fields_of(error)],
    }
    await send_json(send, status_of(error), answer, refusal_headers(error))


def _check_encoding(headers: Mapping[str, str]) -> None:
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        message = f"Content-Encoding {encoding[:40]!r} is not taken; send the body as it is."
        raise Rejected(415, Reason.WRONG_CONTENT_TYPE, message)


def _answer(
    envelope: Envelope, events: Sequence[NewEvent], receipts: Sequence[Receipt]
) -> Mapping[str, object]:
    if envelope is Envelope.WEBHOOK:
        return {
            "success": True,
            "message": f"{events[0].type} stored",
            "event_id": receipts[0].id,
            "seq": receipts[0].seq,
        }
    items = [{"event_id": one.id, "seq": one.seq} for one in receipts]
    # One event's answer is the object itself; `items` is there for both, so that a client of
    # batches need not look which it sent.
    return {**(items[0] if len(items) == 1 else {}), "items": items}
