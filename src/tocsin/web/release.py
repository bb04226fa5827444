"""All routes under `/api/v1/release`, out of what they work with."""

from collections.abc import Sequence

from fastapi import APIRouter

from tocsin.clock import Clock
from tocsin.edge.callers import Callers
from tocsin.store.database import Database
from tocsin.store.journal import Journal
from tocsin.store.key import Vault
from tocsin.web import release_events
from tocsin.web.callbacks import (
    destinations,
    exporting,
    figures,
    history,
    importing,
    previews,
    routes,
    templates,
    trials,
)
from tocsin.web.callbacks.changes import CallbackChanges, Ground
from tocsin.web.callbacks.desk import CallbackDesk
from tocsin.web.release_routes import ReleaseRoutes


def release_routers(
    *,
    database: Database,
    journal: Journal,
    vault: Vault,
    callers: Callers,
    clock: Clock,
    desk: CallbackDesk,
) -> Sequence[APIRouter]:
    """Each part is handed just what it needs."""
    to = ReleaseRoutes.for_callers(callers)
    ground = Ground(database=database, journal=journal, vault=vault, clock=clock, desk=desk)
    changes = CallbackChanges(ground)
    routes.add_to(to, database=database, vault=vault, desk=desk, changes=changes)
    trials.add_to(to, database=database, desk=desk, changes=changes)
    history.add_to(to, database=database, desk=desk, changes=changes)
    destinations.add_to(to, database=database, vault=vault, clock=clock, desk=desk)
    figures.add_to(to, database=database, clock=clock, desk=desk)
    previews.add_to(to, database=database, desk=desk)
    templates.add_to(to, database=database, journal=journal, clock=clock, desk=desk)
    exporting.add_to(to, ground)
    importing.add_to(to, ground, changes)
    events = release_events.router(journal=journal, callers=callers, clock=clock)
    return [*to.routers, events]
