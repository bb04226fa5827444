"""The parts that tell how an instance is, over a journal of a test."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry

from tests.appending import settings_with
from tests.journal import Told
from tocsin.bus.supervisor import Supervisor
from tocsin.clock import Clock
from tocsin.store.leases import Leases
from tocsin.store.retention import Retention
from tocsin.web.health import STORE, Health, store_check
from tocsin.web.system import System


@dataclass
class Clients:
    """Live clients as a test says them to be."""

    connections: Mapping[str, int] = field(
        default_factory=lambda: {"socketio": 2, "ws": 1, "sse": 0}
    )
    queued_bytes: int = 77


def system_over(told: Told, clock: Clock, **environ: str) -> System:
    """A system whose settings are the defaults, with some set as by the environment."""
    settings, registry = settings_with(**environ), CollectorRegistry()
    check = store_check(told.database, told.journal)
    return System(
        health=Health(instance="i-1", version="1.2.3", clock=clock, checks={STORE: check}),
        database=told.database,
        journal=told.journal,
        live=Clients(),
        leases=Leases(told.database, clock, "i-1"),
        supervisor=Supervisor(clock, registry),
        retention=Retention(
            told.database, told.journal, clock, settings.retention, settings.journal, registry
        ),
        runs=("live", "web"),
    )
