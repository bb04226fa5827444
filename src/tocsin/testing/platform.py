"""Fake chat platforms on this machine: as strict as the real ones, and failing when told to.

    async with platform("feishu", clock, secret="demo") as fake:
        …  # a channel with fake.config sends
        assert fake.taken[0].title == "发布通知：金丝雀发布开始"

A file in `platforms/` is a platform; `fake.py` says what it has to do.
"""

from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import cache
from typing import Any, Protocol, cast

from aiohttp import web

from tocsin.clock import Clock, SystemClock
from tocsin.discover import discover
from tocsin.testing import platforms
from tocsin.testing.fake import SLOW_S, Fake, html
from tocsin.testing.outside import Asked, Reply
from tocsin.testing.page import Page
from tocsin.testing.shelf import MAX_KEPT, Shelf
from tocsin.testing.taken import Lost, Taken

MAX_BODY_BYTES = 64 * 1024 * 1024
# A fault that any platform has; those of its own are in `Fake.FAULTS`.
COMMON_FAULTS: Mapping[str, str] = {
    "slow": "takes it, and answers a minute later",
    "cut": "takes it, and closes the connection without an answer",
    "expired_token": "its access tokens end just before the call",
    "html_429": "HTTP 429 with a page in place of JSON",
    "html_502": "HTTP 502 with a page in place of JSON",
    "code:N": "refuses it with code or word N of the platform's own",
}


class Kind(Protocol):
    """The members of a platform's module."""

    Options: type
    Platform: Any


@cache
def find_platforms() -> Mapping[str, Kind]:
    """Every platform by its name, which is its channel's."""
    return cast("Mapping[str, Kind]", discover(platforms, ("Options", "Platform")))


@dataclass(frozen=True, slots=True)
class Answered:
    """A call with its answer."""

    at: datetime
    call: Asked
    status: int
    body: bytes
    is_refusal: bool


class Running:
    """A platform that takes calls; made by `platform`."""

    def __init__(self, kind: str, fake: Fake, shelf: Shelf) -> None:
        self.kind = kind
        self.fake = fake
        self.clock = shelf.clock
        self.answered: deque[Answered] = deque(maxlen=MAX_KEPT)
        self._shelf = shelf
        self._page = Page(kind, fake)

    @property
    def url(self) -> str:
        """Its address, without a slash at its end."""
        return self._shelf.url

    @property
    def configs(self) -> Mapping[str, Mapping[str, Any]]:
        """Configurations of the channel that work with it, by what they are for."""
        return self.fake.configs()

    @property
    def config(self) -> Mapping[str, Any]:
        """The usual one of them."""
        return next(iter(self.configs.values()))

    @property
    def taken(self) -> Sequence[Taken]:
        """What people see, oldest first."""
        return self._shelf.taken

    @property
    def lost(self) -> Sequence[Lost]:
        """What it said yes to and nobody sees."""
        return self._shelf.lost

    @property
    def requests(self) -> Sequence[Asked]:
        """All calls, also those that it refused; without the page's own."""
        return [one.call for one in self.answered]

    def script(self, *faults: str | None) -> None:
        """What the next sends meet, one each: a word of the faults, or None to take it.

        Raises:
            ValueError: it has no such fault.
        """
        for one in filter(None, faults):
            self._check(one)
        self._shelf.script(*faults)

    def always(self, fault: str | None) -> None:
        """What every further send meets; None for nothing.

        Raises:
            ValueError: it has no such fault.
        """
        if fault:
            self._check(fault)
        self._shelf.always(fault)

    def expire_tokens(self) -> None:
        """Let all access tokens that it gave out be at their end."""
        self.fake.expire_tokens()

    def on_news(self, tell: Callable[[str], None]) -> None:
        """Have each thing that happens told in a line."""
        self._shelf.on_news = lambda news: tell(news) if news else None

    def _check(self, fault: str) -> None:
        known = [*COMMON_FAULTS, *self.fake.FAULTS]
        if fault not in known and not fault.startswith("code:"):
            raise ValueError(f"{self.kind} has no fault {fault!r}, only {', '.join(known)}")

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One call, a browser's or a channel's."""
        if (shown := self._page.answer(request, self._shelf, self.answered)) is not None:
            return shown
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.read()
        call = Asked(request.method, request.path, request.query, headers, body)
        fault = self._shelf.next_fault() if self.fake.sends(call) else None
        reply = self._reply(call, fault)
        # Kept before the answer leaves, so that whoever has the answer finds the call.
        is_refusal = self.fake.is_refusal(reply)
        answered = Answered(self.clock.now(), call, reply.status, reply.body, is_refusal)
        self.answered.append(answered)
        self._shelf.tell("" if not is_refusal else f"answered {reply.status}: {_said(reply)}")
        if fault == "slow":
            await self.clock.sleep(SLOW_S)
        elif fault == "cut" and request.transport is not None:
            request.transport.abort()
        date = format_datetime(self.clock.now(), usegmt=True)
        return web.Response(
            status=reply.status, body=reply.body, headers={"Date": date, **reply.headers}
        )

    def _reply(self, call: Asked, fault: str | None) -> Reply:
        if fault == "expired_token":
            self.fake.expire_tokens()
        if fault in {None, "slow", "cut", "expired_token"}:
            return self.fake.take(call)
        if fault == "html_429":
            return html(429, "429 Too Many Requests")
        if fault == "html_502":
            return html(502, "502 Bad Gateway")
        if fault.startswith("code:"):
            return self.fake.refuse(fault.removeprefix("code:"), call)
        return self.fake.fault(fault, call)


def _said(reply: Reply) -> str:
    return " ".join(reply.body[:160].decode("utf-8", "replace").split()) or "(nothing)"


@asynccontextmanager
async def platform(
    kind: str, clock: Clock | None = None, *, host: str = "127.0.0.1", port: int = 0, **options: Any
) -> AsyncIterator[Running]:
    """A platform that is there as long as the block lasts.

    Raises:
        ValueError: there is no such platform.
        TypeError: it has no such option.
        OSError: the port is taken.
    """
    found = find_platforms().get(kind)
    if found is None:
        raise ValueError(f"there is no platform {kind!r}, only {', '.join(find_platforms())}")
    shelf = Shelf(clock or SystemClock())
    fake: Fake = found.Platform(found.Options(**options), shelf)
    running = Running(kind, fake, shelf)
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.router.add_route("*", "/{path:.*}", running.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        bound_host, bound_port = runner.addresses[0][:2]
        shelf.url = f"http://{bound_host}:{bound_port}"
        async with fake.beside():
            yield running
    finally:
        await runner.cleanup()
