"""All routers of the API, out of what they work with."""

from dataclasses import dataclass

from fastapi import APIRouter
from prometheus_client import CollectorRegistry

from tocsin.clock import Clock
from tocsin.edge.callers import Callers
from tocsin.model.signed_address import Signer
from tocsin.settings import Loaded
from tocsin.store.access import StoredCredentials
from tocsin.store.database import Database
from tocsin.store.files import FileStore
from tocsin.store.journal import Journal
from tocsin.store.key import Vault
from tocsin.store.passwords import Passwords
from tocsin.web import (
    deployments,
    events,
    files,
    health,
    logs,
    metrics,
    people,
    projects,
    session,
    settings,
    source_calls,
    sources,
    system,
    tokens,
    trainings,
)
from tocsin.web.callbacks.desk import CallbackDesk
from tocsin.web.release import release_routers
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
    files: FileStore
    signer: Signer
    desk: sources.SetUpDesk
    try_out: source_calls.TryOut
    vault: Vault
    callback_desk: CallbackDesk


def routers_without_web(parts: Parts) -> list[APIRouter]:
    """What every instance answers, whatever stages it runs."""
    return [
        health.router(health=parts.system.health, callers=parts.callers),
        metrics.router(
            database=parts.database, callers=parts.callers, registry=parts.registry, is_whole=False
        ),
    ]


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
        sources.router(database=database, callers=callers, desk=parts.desk),
        source_calls.router(
            database=database, callers=callers, desk=parts.desk, try_out=parts.try_out
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
        trainings.router(
            database=database,
            journal=journal,
            callers=callers,
            clock=clock,
            signer=parts.signer,
        ),
        files.router(database=database, files=parts.files, clock=clock, signer=parts.signer),
        *release_routers(
            database=database,
            journal=journal,
            vault=parts.vault,
            callers=callers,
            clock=clock,
            desk=parts.callback_desk,
        ),
    ]
