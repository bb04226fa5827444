"""All routers of the API, out of what they work with."""

from dataclasses import dataclass

from fastapi import APIRouter
from prometheus_client import CollectorRegistry

from tocsin.clock import Clock
from tocsin.edge.callers import Callers
from tocsin.settings import Loaded
from tocsin.store.access import StoredCredentials
from tocsin.store.database import Database
from tocsin.store.journal import Journal
from tocsin.store.passwords import Passwords
from tocsin.web import (
    deployments,
    events,
    health,
    logs,
    metrics,
    people,
    projects,
    session,
    settings,
    system,
    tokens,
)
from tocsin.web.sign_in import SignIn


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the routes read and change."""

    loaded: Loaded
    database: Database
    journal: Journal
    callers: Callers
    credentials: StoredCredentials
    clock: Clock
    system: system.System
    registry: CollectorRegistry
    version: str


def routers_of(parts: Parts) -> list[APIRouter]:
    """Every router; each is handed just what it needs."""
    database, journal, callers = parts.database, parts.journal, parts.callers
    credentials, clock = parts.credentials, parts.clock
    passwords = Passwords()
    sign_in = SignIn(
        database=database,
        journal=journal,
        callers=callers,
        passwords=passwords,
        clock=clock,
        auth=parts.loaded.settings.auth,
    )
    return [
        health.router(health=parts.system.health, callers=callers),
        deployments.router(database=database, callers=callers),
        logs.router(database=database, callers=callers, clock=clock),
        projects.router(database=database, callers=callers),
        events.router(database=database, callers=callers),
        metrics.router(database=database, callers=callers, registry=parts.registry),
        system.router(system=parts.system, callers=callers),
        settings.router(loaded=parts.loaded, callers=callers),
        session.router(
            sign_in=sign_in, callers=callers, credentials=credentials, database=database
        ),
        people.router(
            database=database,
            journal=journal,
            callers=callers,
            credentials=credentials,
            passwords=passwords,
            clock=clock,
        ),
        tokens.router(
            database=database,
            journal=journal,
            callers=callers,
            credentials=credentials,
            clock=clock,
        ),
    ]
