"""A journal in a temporary folder that is told deployment messages, and an API that reads it."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from tests.appending import begin_in
from tests.call import Answer, called
from tocsin.edge.callers import Callers
from tocsin.ingest.body import BodyLimits
from tocsin.ingest.source import InboundCall
from tocsin.ingest.sources import deployment
from tocsin.model.access import Role
from tocsin.model.event import NewEvent, Receipt, new_event_id
from tocsin.model.times import rfc3339
from tocsin.model.tokens import Token, digest_of, new_token
from tocsin.settings import AuthSettings, HttpSettings
from tocsin.store import tokens as tokens_store
from tocsin.store.access import StoredCredentials
from tocsin.store.append import Appender
from tocsin.store.beside import opened
from tocsin.store.database import Database
from tocsin.store.journal import Journal, Limits
from tocsin.testing.clock import START, HandClock
from tocsin.web import deployments, events, health, logs, metrics, projects
from tocsin.web.api import build_api
from tocsin.web.health import Health, store_check

AUTH = AuthSettings(local_role="viewer", allowed_origins=(), session_days=14, sign_in_minutes=60)
HTTP = HttpSettings(trusted_proxies=(ip_network("10.0.0.0/8"),))
REMOTE = "192.0.2.7"


def at(seconds: float) -> datetime:
    """So many seconds after the tests' time begins."""
    return START + timedelta(seconds=seconds)


@dataclass(frozen=True)
class Told:
    """A journal, and the database it writes."""

    database: Database
    journal: Journal
    registry: CollectorRegistry

    async def tell(self, *messages: Mapping[str, Any], received_at: datetime = START) -> None:
        """Take in deployment messages, as the receiver does, in one transaction."""
        found: list[NewEvent] = []
        for message in messages:
            body = orjson.dumps(dict(message))
            call = InboundCall({}, {}, body, "", received_at, BodyLimits())
            found.extend(deployment.read(call, deployment.Options()))
        await self.append(found)

    async def append(self, new: Sequence[NewEvent]) -> list[Receipt]:
        return await self.journal.append(new)


def message(kind: str, deployment_id: str = "1", project: str = "shop", **more: Any) -> Any:
    """A deployment message."""
    return {"type": kind, "project": project, "deployment_id": deployment_id, **more}


def step(
    kind: str, name: str, seconds: float, deployment_id: str = "1", **more: Any
) -> dict[str, Any]:
    """A message about a step, said so many seconds after the tests' time begins."""
    timed: dict[str, Any] = {"step_name": name, "timestamp": rfc3339(at(seconds))}
    told: dict[str, Any] = message(kind, deployment_id, **timed, **more)
    return told


def ended(
    seconds: float, status: str = "success", deployment_id: str = "1", **more: Any
) -> dict[str, Any]:
    """A message that a deployment is complete."""
    timed: dict[str, Any] = {"status": status, "timestamp": rfc3339(at(seconds))}
    told: dict[str, Any] = message("deployment_completed", deployment_id, **timed, **more)
    return told


def event(kind: str = "note", *, received_at: datetime = START, **other: Any) -> NewEvent:
    """An event that is about no deployment."""
    fields: dict[str, Any] = {
        "id": new_event_id(),
        "source": "test",
        "project": "shop",
        "subject": "",
        "occurred_at": received_at,
        "data": {"n": 1},
    }
    return NewEvent(type=kind, received_at=received_at, **{**fields, **other})


@asynccontextmanager
async def told_in(folder: Path, database_url: str = "") -> AsyncGenerator[Told, None]:
    """A new journal, in `folder` unless it is told where."""
    if not database_url:
        begin_in(folder)
    async with opened(database_url, folder) as database:
        registry = CollectorRegistry()
        journal = Journal(
            database, Appender(database.dialect), Limits(), lambda _entries: None, registry
        )
        yield Told(database, journal, registry)


@dataclass(frozen=True)
class Reading:
    """The reading part of the API over a journal, called over ASGI without a socket."""

    app: FastAPI
    told: Told
    clock: HandClock
    health: Health

    async def get(
        self,
        target: str,
        *,
        method: str = "GET",
        peer: str = "127.0.0.1",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Call `target`, which is a path and query as they are sent, so with escapes."""
        return await called(self.app, method, target, peer=peer, headers=headers)

    async def token(self, role: Role) -> dict[str, str]:
        """The header of a new token of that role."""
        text = new_token()
        token = Token(new_event_id(), f"a {role.word}'s", role, self.clock.now(), "me")
        await self.told.database.write(lambda conn: tokens_store.add(conn, token, digest_of(text)))
        return {"authorization": f"Bearer {text}"}


@asynccontextmanager
async def reading_in(folder: Path) -> AsyncGenerator[Reading, None]:
    """The reading API over a new journal in `folder`."""
    clock = HandClock()
    async with told_in(folder) as told:
        callers = Callers(StoredCredentials(told.database, clock), AUTH, HTTP)
        checks = {"store": store_check(told.database, told.journal)}
        well = Health(instance="i-1", version="1.2.3", clock=clock, checks=checks)
        database = told.database
        app = build_api(
            routers=[
                deployments.router(database=database, callers=callers),
                logs.router(database=database, callers=callers, clock=clock),
                events.router(database=database, callers=callers),
                projects.router(database=database, callers=callers),
                metrics.router(database=database, callers=callers, registry=told.registry),
                health.router(health=well, callers=callers),
            ],
            version="1.2.3",
            extra_paths={"/api/v1/events": {"post": {"responses": {"200": {"description": "OK"}}}}},
        )
        yield Reading(app, told, clock, well)
