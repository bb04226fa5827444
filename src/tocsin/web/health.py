"""`/health`: whether Tocsin and what it needs is well, for people, proxies and supervisors."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, Literal, Protocol

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from tocsin.bus.connection import Connection
from tocsin.bus.inbox import Lengths
from tocsin.clock import Clock
from tocsin.edge.callers import Callers
from tocsin.errors import BusDown, TocsinError
from tocsin.model.times import rfc3339
from tocsin.store import events
from tocsin.store.database import Database
from tocsin.store.journal import Journal
from tocsin.web.reading import json_response

# A proxy asks each few seconds and waits about as long.
CHECK_LIMIT_S = 2.0
STORE = "store"
BUS = "bus"
INBOX = "inbox"


class Status(IntEnum):
    """The worst of all checks is the whole's."""

    OK = 0
    DEGRADED = 1
    DOWN = 2

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; `details` are shown to callers who may see them."""

    status: Status
    details: Mapping[str, Any]


Check = Callable[[], Awaitable[Finding]]


class StatusView(BaseModel):
    status: Literal["ok", "degraded", "down"]


class CheckView(StatusView):
    # Each check has details of its own.
    model_config = {"extra": "allow"}


class HealthView(StatusView):
    """Remote callers who have not signed in get `status` alone."""

    instance: str | None = None
    version: str | None = None
    uptime_s: float | None = None
    checks: dict[str, CheckView] | None = None


def store_check(database: Database, journal: Journal) -> Check:
    """The check that every instance has: the journal can be read and added to, and what waits.

    What can still be read is not down: a full disk, or a server that is being replaced, takes
    nothing in, but whoever reads and listens goes on.
    """

    async def check() -> Finding:
        async with database.read() as conn:
            newest = await events.newest_seq(conn)
        found = {"newest_seq": newest, "waiting_events": journal.waiting_events}
        if (failing := database.writer.failing) is None:
            return Finding(Status.OK, found)
        why = {"message": failing.message, "reason": failing.reason.value}
        return Finding(Status.DEGRADED, {**found, **why})

    return check


def bus_check(connection: Connection) -> Check:
    """Whether Redis answers; without it everything goes on, later than otherwise."""

    async def check() -> Finding:
        try:
            await connection.ping()
        except BusDown as error:
            details = {"message": error.message, "reason": error.reason.value}
            return Finding(Status.DEGRADED, details)
        return Finding(Status.OK, {})

    return check


class Measured(Protocol):
    """What can tell how many messages lie where."""

    async def lengths(self) -> Lengths: ...


def inbox_check(lists: Measured, waits_since: Callable[[], datetime | None]) -> Check:
    """How many messages wait in Redis; `waits_since` is when storing them began to fail."""

    async def check() -> Finding:
        try:
            lengths = await lists.lengths()
        except BusDown as error:
            details = {"message": error.message, "reason": error.reason.value}
            return Finding(Status.DEGRADED, details)
        since = waits_since()
        counts = {
            "waiting_messages": lengths.waiting,
            "taken_messages": lengths.taken,
            "dead_messages": lengths.dead,
        }
        if since is None:
            return Finding(Status.OK, counts)
        return Finding(Status.DEGRADED, {**counts, "waits_since": rfc3339(since)})

    return check


class Health:
    """How this instance is. `checks` has one under the name `store`, without which nothing goes."""

    def __init__(
        self, *, instance: str, version: str, clock: Clock, checks: Mapping[str, Check]
    ) -> None:
        self._instance = instance
        self._version = version
        self._clock = clock
        self._began_s = clock.monotonic()
        self.began_at = clock.now()
        self._checks = checks
        self._is_stopping = False

    def stop(self) -> None:
        """From now on say that no new calls are wanted."""
        self._is_stopping = True

    async def is_ready(self) -> bool:
        """Whether calls are wanted: not when stopping, and not without the store."""
        if self._is_stopping:
            return False
        return (await _find(self._checks[STORE])).status is not Status.DOWN

    async def report(self) -> tuple[Status, dict[str, Any]]:
        """The status of the whole, and all that is known."""
        found = await asyncio.gather(*(_find(check) for check in self._checks.values()))
        findings = dict(zip(self._checks, found, strict=True))
        status = max(finding.status for finding in found)
        return status, {
            "status": status.word,
            "instance": self._instance,
            "version": self._version,
            "uptime_s": round(self._clock.monotonic() - self._began_s, 3),
            "checks": {
                name: {"status": finding.status.word, **finding.details}
                for name, finding in findings.items()
            },
        }


def router(*, health: Health, callers: Callers) -> APIRouter:
    """The routes `/health`, `/health/live` and `/health/ready`; HEAD is for load balancers."""
    part = _HealthRoutes(health, callers)
    api = APIRouter(tags=["health"])
    routes = (
        ("/health", part.whole, HealthView, "Tell how Tocsin and what it needs is", True),
        ("/health/live", part.live, StatusView, "Tell that the process is alive", False),
        ("/health/ready", part.ready, StatusView, "Tell whether calls are wanted", True),
    )
    for path, answer, shape, summary, may_be_down in routes:
        down: dict[int | str, dict[str, Any]] = {503: {"model": shape}} if may_be_down else {}
        api.add_api_route(
            path, answer, methods=["GET"], response_model=shape, summary=summary, responses=down
        )
        api.add_api_route(path, answer, methods=["HEAD"], include_in_schema=False)
    return api


class _HealthRoutes:
    def __init__(self, health: Health, callers: Callers) -> None:
        self._health = health
        self._callers = callers

    async def whole(self, request: Request) -> Response:
        """Each dependency by itself; strangers are told the status alone."""
        status, report = await self._health.report()
        if not await self._may_see(request):
            report = {"status": report["status"]}
        return _response(status, report)

    async def live(self) -> Response:
        """Answered as long as the process does anything at all."""
        return _response(Status.OK, {"status": Status.OK.word})

    async def ready(self) -> Response:
        """Whether this instance wants calls; a proxy takes it out of its list if not."""
        status = Status.OK if await self._health.is_ready() else Status.DOWN
        return _response(status, {"status": status.word})

    async def _may_see(self, request: Request) -> bool:
        try:
            caller = await self._callers.identify(request.scope)
        except TocsinError:
            # With a wrong token one is a stranger; and who somebody is cannot be told without
            # the store, of which this very answer speaks.
            return False
        return caller.is_local or caller.may_read


async def _find(check: Check) -> Finding:
    try:
        async with asyncio.timeout(CHECK_LIMIT_S):
            return await check()
    except TimeoutError:
        return Finding(Status.DOWN, {"message": f"no answer within {CHECK_LIMIT_S} s"})
    except TocsinError as error:
        return Finding(Status.DOWN, {"message": error.message, "reason": error.reason.value})


def _response(status: Status, answer: Mapping[str, Any]) -> Response:
    response = json_response(answer)
    response.status_code = 503 if status is Status.DOWN else 200
    response.headers["Cache-Control"] = "no-store"
    return response
