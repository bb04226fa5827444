"""All routes under `/api/v1/release`, each by the words of its address before those with ids."""

from collections.abc import Sequence

from fastapi import APIRouter

from tocsin.clock import Clock
from tocsin.edge.callers import Callers
from tocsin.store.database import Database
from tocsin.store.journal import Journal
from tocsin.store.key import Vault
from tocsin.web import (
    callback_destinations,
    callback_export,
    callback_history,
    callback_import,
    callback_previews,
    callback_statistics,
    callback_templates,
    callback_trials,
    callbacks,
    release_events,
)
from tocsin.web.callback_changes import CallbackChanges
from tocsin.web.callback_desk import CallbackDesk


def release_routers(
    *,
    database: Database,
    journal: Journal,
    vault: Vault,
    callers: Callers,
    clock: Clock,
    desk: CallbackDesk,
) -> Sequence[APIRouter]:
    """Each is handed just what it needs."""
    changes = CallbackChanges(database, journal, vault, clock, desk)
    return [
        callback_history.router(database=database, callers=callers, desk=desk, changes=changes),
        callback_statistics.router(database=database, callers=callers, clock=clock, desk=desk),
        callback_destinations.router(database=database, callers=callers, desk=desk),
        callback_previews.router(database=database, callers=callers, desk=desk),
        callback_export.router(
            database=database,
            journal=journal,
            vault=vault,
            callers=callers,
            clock=clock,
            desk=desk,
        ),
        callback_import.router(
            database=database,
            journal=journal,
            vault=vault,
            callers=callers,
            clock=clock,
            desk=desk,
            changes=changes,
        ),
        callback_trials.router(database=database, callers=callers, desk=desk, changes=changes),
        callbacks.router(
            database=database, vault=vault, callers=callers, desk=desk, changes=changes
        ),
        callback_templates.router(
            database=database, journal=journal, callers=callers, clock=clock, desk=desk
        ),
        release_events.router(journal=journal, callers=callers, clock=clock),
    ]
