"""`/api/v1/system`: how this instance is and what it holds, in one answer for a screen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from fastapi import APIRouter, Response
from pydantic import Field

from tocsin.bus.supervisor import Supervisor
from tocsin.edge.callers import Callers
from tocsin.model.times import rfc3339
from tocsin.store.database import Database
from tocsin.store.events import newest_seq
from tocsin.store.facts import read_facts
from tocsin.store.journal import Journal
from tocsin.store.leases import Leases
from tocsin.store.retention import Retention
from tocsin.store.snapshot import hold_snapshot
from tocsin.web.health import Health
from tocsin.web.problems import problem_responses
from tocsin.web.reading import json_response, readers_only
from tocsin.web.reading_shapes import Instant, Shape


class JournalView(Shape):
    epoch: str = Field(description="The journal's identity.")
    newest_seq: int
    pruned_through: int = Field(description="Up to here retention may have removed events.")
    queue_events: int = Field(description="Events that wait for their commit.")
    queue_max_events: int
    database_bytes: int = Field(description="On the disk.")


class ConnectionsView(Shape):
    socketio: int
    ws: int
    sse: int


class LiveView(Shape):
    connections: ConnectionsView
    queue_bytes: int = Field(description="What waits to be written to clients.")


class StageView(Shape):
    """How the steps of a stage's loop went since the start."""

    name: str
    failures: int
    last_ok_at: Instant | None = Field(description="null while no step has ended.")
    done_by: str | None = Field(
        description="Which instance does it, where one at a time does; null for what each does."
    )


class RetentionView(Shape):
    keep_days: int = Field(description="0: for ever.")
    by_type: dict[str, int]
    by_source: dict[str, int]
    last_run_at: Instant | None = Field(description="null before the first since the start.")
    removed_events: int = Field(description="Since the start.")


class SystemView(Shape):
    instance: str
    version: str
    started_at: Instant
    uptime_s: float
    runs: list[str] = Field(description="The stages that this instance runs.")
    status: Literal["ok", "degraded", "down"]
    checks: dict[str, dict[str, Any]] = Field(description="As in /health.")
    journal: JournalView
    live: LiveView
    stages: list[StageView]
    retention: RetentionView


class LiveFigures(Protocol):
    """What the live stage tells of itself."""

    @property
    def connections(self) -> Mapping[str, int]:
        """How many of each kind are open."""
        ...

    @property
    def queued_bytes(self) -> int:
        """What waits to be written to clients."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """The parts that are asked."""

    health: Health
    database: Database
    journal: Journal
    live: LiveFigures
    leases: Leases
    supervisor: Supervisor
    retention: Retention
    runs: Sequence[str]


def router(*, system: System, callers: Callers) -> APIRouter:
    """The route `/api/v1/system`."""
    part = _System(system)
    api = APIRouter(tags=["system"], dependencies=readers_only(callers))
    api.add_api_route(
        "/api/v1/system",
        part.show,
        methods=["GET"],
        response_model=SystemView,
        summary="Tell how this instance is",
        responses=problem_responses(401, 403, 503),
    )
    return api


class _System:
    def __init__(self, system: System) -> None:
        self._system = system

    async def show(self) -> Response:
        """Health, the journal, live clients, the stages and retention, as they are now."""
        health = self._system.health
        _, report = await health.report()
        doing = await self._system.leases.owners()
        answer = {
            **report,
            "runs": list(self._system.runs),
            "started_at": rfc3339(health.began_at),
            "journal": await self._journal(),
            "live": {
                "connections": dict(self._system.live.connections),
                "queue_bytes": self._system.live.queued_bytes,
            },
            "stages": [
                {
                    "name": name,
                    "failures": one.failures,
                    "last_ok_at": rfc3339(one.last_ok_at),
                    "done_by": doing.get(name),
                }
                for name, one in self._system.supervisor.stages.items()
            ],
            "retention": self._retention(),
        }
        response = json_response(answer)
        response.headers["Cache-Control"] = "no-store"
        return response

    async def _journal(self) -> dict[str, Any]:
        database, journal = self._system.database, self._system.journal
        async with database.read() as conn:
            await hold_snapshot(conn)
            known, newest = await read_facts(conn), await newest_seq(conn)
        return {
            "epoch": known.epoch,
            "newest_seq": newest,
            "pruned_through": known.pruned_through,
            "queue_events": journal.waiting_events,
            "queue_max_events": journal.limits.queue_max_events,
            "database_bytes": await database.size_bytes(),
        }

    def _retention(self) -> dict[str, Any]:
        retention = self._system.retention
        return {
            "keep_days": retention.settings.keep_days,
            "by_type": dict(retention.settings.by_type),
            "by_source": dict(retention.settings.by_source),
            "last_run_at": rfc3339(retention.last_run_at),
            "removed_events": retention.removed_events,
        }
