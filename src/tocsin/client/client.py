"""A connection to a Tocsin server: send what happens, follow what happened."""

import json
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp

from tocsin.client.answers import failure_of, reason_of
from tocsin.client.errors import BadAddress, Busy, NotTocsin, Unreachable
from tocsin.client.follow import OnLink, follow
from tocsin.client.live.live import Course, Live
from tocsin.client.live.subscription import Wish
from tocsin.client.place import Place, read_offset
from tocsin.client.retry import Pacing, pause_s
from tocsin.client.transport import Filters, StreamEvent, sse_wire

_MESSAGES = "/api/webhooks/deployment"
_EVENTS = "/api/v1/events"
# One try: enough for 10 MB, the most a server takes, over a slow line.
_TRY_S = 20.0


@dataclass(frozen=True, slots=True)
class Sent:
    """The server's receipt: the event is on its disk, `seq` is its place in the journal."""

    event_id: str
    seq: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message did not get through yet; it is tried again in `pause_s`."""

    detail: str
    pause_s: float


class Client(AbstractAsyncContextManager["Client"]):
    """Speaks to the server at `url`, as who `token` says; use it with `async with`.

    A message that does not get through is tried again for `patience_s` in all, with one
    and the same Idempotency-Key, so that it is stored once however often it arrives.
    `on_wait` is told before each pause.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        patience_s: float = 30.0,
        on_wait: Callable[[Waiting], None] | None = None,
        pacing: Pacing | None = None,
    ) -> None:
        self.url = read_address(url)
        self._token = token
        self._patience_s = patience_s
        self._on_wait = on_wait
        self._pacing = pacing or Pacing()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        headers = {"User-Agent": "tocsin-client"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        # A cookie of one answer has no business in the next call.
        self._session = aiohttp.ClientSession(headers=headers, cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, message: Mapping[str, Any], idempotency_key: str | None = None) -> Sent:
        """Send one deployment message; return once it is on the server's disk.

        Raises:
            Unreachable, Busy: not taken within the patience.
            Refused, NotTocsin: repeating cannot help.
        """
        key = idempotency_key or uuid.uuid4().hex
        return await self._post(_MESSAGES, message, "application/json", key)

    async def publish(self, event: Mapping[str, Any]) -> Sent:
        """Send one CloudEvent in structured form; its own id is what tells a repeat."""
        key = str(event.get("id") or uuid.uuid4().hex)
        return await self._post(_EVENTS, event, "application/cloudevents+json", key)

    async def events(
        self,
        filters: Filters | None = None,
        *,
        last_event_id: str | None = None,
        start: str = "now",
        on_link: OnLink | None = None,
    ) -> AsyncGenerator[StreamEvent, None]:
        """Follow events: each once, in order, across lost connections.

        `last_event_id` is the `offset` of the last event that was handled; without it
        `start` counts: "now", "start" (all that is kept) or a seq. `on_link` is told when
        the connection opens, is lost and is back, with what was missed.

        Raises:
            ValueError: `last_event_id` is no offset.
            Unreachable, Busy, Refused, NotTocsin: see `tocsin.client.follow`.
        """
        place = _place(last_event_id, start)
        wire = sse_wire(self._opened(), self.url, filters or Filters())
        told = on_link or (lambda _: None)
        following = follow(wire, place, told, self._patience_s, self._pacing)
        async with aclosing(following) as events:
            async for event in events:
                yield event

    def live(
        self,
        wish: Wish | None = None,
        *,
        last_event_id: str | None = None,
        on_link: OnLink | None = None,
        client_id: str = "",
    ) -> Live:
        """A line over `/ws`, to be used with `async with`: what happens, and a way to speak.

        Unlike `events`, it gives events of deployments in the form of `posco_event`, and what
        is not kept too: figures, service events, alerts, log lines. `last_event_id` and
        `on_link` are as for `events`. The server counts connections by `client_id`, a random
        one by default.

        Raises:
            ValueError: `last_event_id` is no offset.
        """
        course = Course(on_link or (lambda _: None), self._patience_s, self._pacing, client_id)
        place = _place(last_event_id, "now")
        return Live(self._opened(), self.url, wish or Wish(), place, course)

    async def _post(self, path: str, body: Mapping[str, Any], kind: str, key: str) -> Sent:
        # Text that no UTF-8 can hold (a lone surrogate out of a broken log) must not end the call.
        data = json.dumps(body, ensure_ascii=False).encode("utf-8", errors="replace")
        headers = {"Content-Type": kind, "Idempotency-Key": key}

        async def once(timeout_s: float) -> Sent:
            return await self._post_once(path, data, headers, timeout_s)

        return await self._patiently(once)

    async def _patiently(self, once: Callable[[float], Awaitable[Sent]]) -> Sent:
        """Try until it works, the server refuses, or the patience is used up."""
        pacing = self._pacing
        give_up_at = pacing.monotonic() + self._patience_s
        timeout_s = _TRY_S
        failures = 0
        while True:
            try:
                return await once(timeout_s)
            except (Unreachable, Busy) as error:
                failures += 1
                asked_s = error.retry_after_s if isinstance(error, Busy) else None
                wait_s = pause_s(failures, pacing.chance(), asked_s)
                left_s = give_up_at - pacing.monotonic() - wait_s
                if left_s <= 0:
                    raise
                if self._on_wait is not None:
                    self._on_wait(Waiting(str(error), wait_s))
            await pacing.sleep(wait_s)
            timeout_s = min(_TRY_S, left_s)

    async def _post_once(
        self, path: str, data: bytes, headers: Mapping[str, str], timeout_s: float
    ) -> Sent:
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        try:
            async with self._opened().post(
                self.url + path, data=data, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                if not 200 <= answer.status < 300:
                    raise await failure_of(answer)
                return _read_receipt(self.url, await answer.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreachable(self.url, reason_of(error)) from error

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("a Client is used with `async with`")
        return self._session


def read_address(url: str) -> str:
    """`url` without a slash at its end.

    Raises:
        BadAddress: it is no http or https address of a host.
    """
    try:
        parts = urlsplit(url.strip())
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_good = is_good and parts.port != 0 and not parts.query and not parts.fragment
    except ValueError:
        is_good = False
    if not is_good:
        raise BadAddress(f"{url!r} is no address of a server; one looks like http://127.0.0.1:8000")
    return url.strip().rstrip("/")


def _place(last_event_id: str | None, start: str) -> Place:
    place = Place(start)
    if last_event_id is None:
        return place
    offset = read_offset(last_event_id)
    if offset is None:
        raise ValueError(f"{last_event_id!r} is no offset of an event")
    return place.after(*offset)


def _read_receipt(url: str, body: bytes) -> Sent:
    try:
        said = json.loads(body)
        return Sent(str(said["event_id"]), int(said["seq"]))
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise NotTocsin(f"{url} answers, but not as a Tocsin server does") from error
