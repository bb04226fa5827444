"""The receivers: plain ASGI in front of the API, from the call to the commit to the answer.

Plain, because this is the path every message takes: a route of the framework costs more than
all the rest of it together (see `docs/benchmarks.md`).
"""

from collections.abc import Mapping

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram

from tocsin.clock import Clock
from tocsin.edge.answers import status_of
from tocsin.edge.callers import Callers
from tocsin.edge.calls import (
    Disconnected,
    Receive,
    Scope,
    Send,
    announced_bytes,
    body_of,
    headers_of,
    query_of,
)
from tocsin.errors import Reason, Rejected, TocsinError
from tocsin.ingest.body import BodyLimits
from tocsin.ingest.call_log import CallLog, NotedCall, stored_events
from tocsin.ingest.entrance import Entrance
from tocsin.ingest.envelopes import answer_of, send_answer, send_refusal
from tocsin.ingest.rate import RateLimit
from tocsin.ingest.set_ups import SetUps
from tocsin.ingest.signature import check_taken, shows_secret
from tocsin.ingest.source import Envelope, InboundCall, Verdict, check_key
from tocsin.ingest.trial import TRIED_OUT, marked_as_test
from tocsin.model.inbound_call import Outcome, StoredEvent
from tocsin.model.paging import LARGEST_INT
from tocsin.store.journal import Journal

# Everything below is answered in the shape of its senders, also where there is nothing.
WEBHOOKS = "/api/webhooks/"

_READING = frozenset({"GET", "HEAD"})

log = structlog.get_logger(__name__)


class _Visit:
    """A call on its way through: what is known of it by now."""

    __slots__ = ("address", "call", "entrance", "events", "name", "outcome", "scope")

    def __init__(self, entrance: Entrance, name: str, scope: Scope, address: str) -> None:
        self.entrance = entrance
        self.name = name
        self.scope = scope
        self.address = address
        self.call: InboundCall | None = None
        self.outcome = Outcome.ANSWERED
        self.events: tuple[StoredEvent, ...] = ()


class Receiver:
    """Takes calls for all sources; `set_ups` tells which one an address belongs to."""

    def __init__(
        self,
        set_ups: SetUps,
        callers: Callers,
        journal: Journal,
        limits: BodyLimits,
        rate: RateLimit,
        clock: Clock,
        registry: CollectorRegistry,
        call_log: CallLog,
    ) -> None:
        self._set_ups = set_ups
        self._call_log = call_log
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
        self._counted = {
            (kind, outcome): self._calls.labels(kind, outcome.value)
            for kind in set_ups.kinds
            for outcome in (Outcome.STORED, Outcome.ANSWERED)
        }
        self._seconds = Histogram(
            "tocsin_inbound_seconds",
            "From the first byte of a call to its commit.",
            buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5),
            registry=registry,
        )

    def takes(self, method: str, path: str) -> bool:
        """Whether a call belongs here; the API reads at an address that it shares."""
        found = self._set_ups.entrance_of(path)
        if found is None:
            return path.startswith(WEBHOOKS)
        return not (found[0].shares(path) and method in _READING)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._set_ups.entrance_of(scope["path"])
        if found is None:
            nowhere = Rejected(404, Reason.NOT_FOUND, "There is no receiver at this address.")
            await send_refusal(send, Envelope.WEBHOOK, nowhere)
            return
        entrance, name = found
        began_s = self._clock.monotonic()
        visit = _Visit(entrance, name, scope, self._callers.address_of(scope))
        try:
            answer = await self._accept(visit, receive)
        except Disconnected:
            self._calls.labels(entrance.source_name, "disconnected").inc()
        except TocsinError as error:
            await self._refuse(visit, error, send)
        else:
            self._counted[entrance.source_name, visit.outcome].inc()
            self._seconds.observe(self._clock.monotonic() - began_s)
            self._note(visit, 200)
            await send_answer(send, answer)

    async def _accept(self, visit: _Visit, receive: Receive) -> Mapping[str, object]:
        """Store what one call says; return what to answer, only once it is committed.

        The same delivery again gives the first receipt and stores nothing.

        Raises:
            Rejected: nothing is stored; its status says why.
            StoreDown: nothing is stored, and the sender may try again.
            Disconnected: nobody waits for an answer; nothing is stored.
        """
        entrance, scope = visit.entrance, visit.scope
        if scope["method"] != "POST":
            allow = "GET, HEAD, POST" if entrance.shares(scope["path"]) else "POST"
            raise Rejected(405, Reason.WRONG_METHOD, f"This address takes {allow}.", allow=allow)
        self._rate.check(visit.address, self._clock.monotonic())
        headers = headers_of(scope)
        # Before it is read: in what is packed, and noted, no secret could be masked.
        _check_encoding(headers)
        visit.call = call = InboundCall(
            headers,
            query_of(scope),
            await body_of(headers, receive, self._limits.max_body_bytes),
            visit.name,
            self._clock.now(),
            self._limits,
            scope["path"],
            () if entrance.keys is None else entrance.keys.known,
        )
        await self._check_taken(entrance, call, scope)
        check_key(headers)
        if entrance.extras.answer_at_once is not None:
            at_once = entrance.extras.answer_at_once(call, entrance.options)
            if at_once is not None:
                return at_once
        events = entrance.source.read(call, entrance.options)
        if not events:
            return answer_of(entrance.source.ENVELOPE, (), ())
        trial = scope.get(TRIED_OUT)
        if trial is not None:
            events = [marked_as_test(one) for one in events]
        receipts = await self._journal.append(events)
        visit.outcome, visit.events = Outcome.STORED, stored_events(events, receipts)
        if trial is not None:
            trial.extend(visit.events)
        return answer_of(entrance.source.ENVELOPE, events, receipts)

    async def _check_taken(self, entrance: Entrance, call: InboundCall, scope: Scope) -> None:
        verdict = entrance.source.verify(call, entrance.options, entrance.secrets)
        if verdict is Verdict.NEEDS_KEYS:
            verdict = await entrance.verify_again(call)
        if verdict is Verdict.VERIFIED or shows_secret(call, entrance.secrets):
            return
        caller = self._callers.identify_now(scope, takes_query_token=True)
        if caller is None:
            caller = await self._callers.identify(scope, takes_query_token=True)
        check_taken(
            verdict,
            caller,
            entrance.options,
            is_open=entrance.is_open,
            takes_local=entrance.takes_local,
        )

    async def _refuse(self, visit: _Visit, error: TocsinError, send: Send) -> None:
        entrance = visit.entrance
        self._calls.labels(entrance.source_name, error.reason.value).inc()
        if isinstance(error, Rejected) and error.status == 429:
            error = _overload(error, entrance.extras.OVERLOAD_STATUS)
        status = status_of(error)
        visit.outcome = Outcome.REJECTED
        self._note(visit, status, error)
        log.info(
            "call_refused",
            source=entrance.source_name,
            name=visit.name,
            address=visit.address,
            status=status,
            reason=error.reason.value,
        )
        await send_refusal(send, entrance.source.ENVELOPE, error)

    def _note(self, visit: _Visit, status: int, error: TocsinError | None = None) -> None:
        scope, call = visit.scope, visit.call
        headers = headers_of(scope) if call is None else call.headers
        self._call_log.note(
            NotedCall(
                visit.entrance.key,
                self._clock.now() if call is None else call.received_at,
                visit.outcome,
                None if error is None else error.reason.value,
                None if error is None else error.message,
                status,
                visit.address,
                scope["method"],
                scope["path"],
                headers,
                query_of(scope) if call is None else call.query,
                b"" if call is None else call.body,
                _size_bytes(headers) if call is None else len(call.body),
                visit.events,
            )
        )


def _size_bytes(headers: Mapping[str, str]) -> int:
    """How long the body of a call would have been that was refused before it was read."""
    return min(announced_bytes(headers) or 0, LARGEST_INT)


def _check_encoding(headers: Mapping[str, str]) -> None:
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        message = f"Content-Encoding {encoding[:40]!r} is not taken; send the body as it is."
        raise Rejected(415, Reason.WRONG_CONTENT_TYPE, message)


def _overload(error: Rejected, status: int) -> Rejected:
    """Too many calls, said so that the sender tries again."""
    return Rejected(status, error.reason, error.message, retry_after_s=error.retry_after_s)
