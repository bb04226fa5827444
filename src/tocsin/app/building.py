"""Build all parts from the settings, on top of an open journal."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from fastapi.middleware.cors import CORSMiddleware

from tocsin import __version__
from tocsin.app.ground import Ground, opened_ground
from tocsin.app.inbound import Inbound, make_inbound
from tocsin.app.loops import Loops, run_here
from tocsin.app.notifying import delivery_loops, make_notify
from tocsin.app.watching import watch_loops
from tocsin.bus.supervisor import Supervisor
from tocsin.clock import Clock
from tocsin.edge.callers import Callers
from tocsin.edge.calls import App
from tocsin.edge.front import Front, Part
from tocsin.edge.not_here import NoSockets, parts_not_here
from tocsin.edge.opening import Endpoint
from tocsin.edge.outbound import Outbound
from tocsin.edge.server import INSTANCE_HEADER
from tocsin.errors import StoreDown
from tocsin.ingest.away import Away
from tocsin.ingest.openapi import entrance_paths
from tocsin.ingest.source import find_sources
from tocsin.ingest.sources import fal
from tocsin.ingest.trial import try_out
from tocsin.live.stage import Ground as LiveGround
from tocsin.live.stage import Live
from tocsin.model.signed_address import Signer
from tocsin.notify.stage import Notify
from tocsin.settings import Loaded, Settings, stages_of
from tocsin.store.access import StoredCredentials
from tocsin.store.files import FileStore, open_files
from tocsin.store.retention import Retention
from tocsin.web.api import build_api
from tocsin.web.health import BUS, INBOX, STORE, Health, bus_check, inbox_check, store_check
from tocsin.web.routers import Parts, routers_of, routers_without_web
from tocsin.web.screens import Screens
from tocsin.web.system import System


@dataclass(frozen=True, slots=True, kw_only=True)
class Tocsin:
    """A built Tocsin: its entrance, the loops of its stages, and how to have it wind down."""

    front: App
    endpoints: Sequence[Endpoint]
    loops: Loops
    supervisor: Supervisor
    wind_down: Callable[[], Awaitable[None]]
    sign_in_code: str | None


@asynccontextmanager
async def build(loaded: Loaded, clock: Clock) -> AsyncIterator[Tocsin]:
    """All parts, with the database open; closed again on leaving.

    Raises:
        ConfigError, StoreDown: as `opened_ground`.
    """
    async with opened_ground(loaded, clock) as ground:
        options = _fal(ground.settings)
        http = Outbound(options.allowed_networks)
        ground.stack.push_async_callback(http.close)
        credentials = StoredCredentials(ground.database, clock)
        callers = Callers(credentials, ground.settings.auth, ground.settings.http)
        inbound = await make_inbound(ground, callers, http)
        notify = await make_notify(ground)
        live = _live(ground, callers)
        files = open_files(ground.settings.files, ground.settings.data_dir)
        system = _system(ground, live, inbound)

        async def wind_down() -> None:
            system.health.stop()
            await asyncio.gather(live.drain(), notify.leave())

        yield Tocsin(
            front=_front(ground, callers, credentials, inbound, live, notify, system, files),
            endpoints=_endpoints(ground.settings, live),
            loops=run_here(
                stages_of(ground.settings),
                (
                    *(ground.bus.loops if ground.bus else ()),
                    *inbound.loops,
                    *live.loops,
                    *notify.loops,
                    ("store.leases", ground.leases.step),
                    *watch_loops(ground, files, http, options),
                    *delivery_loops(ground, notify),
                    (
                        "store.retention",
                        ground.leases.alone("store.retention", system.retention.step),
                    ),
                ),
            ),
            supervisor=system.supervisor,
            wind_down=wind_down,
            sign_in_code=ground.sign_in_code,
        )
        with contextlib.suppress(StoreDown):
            await inbound.keeping.write()


def _fal(settings: Settings) -> fal.Options:
    options = settings.sources.get("fal")
    return options if isinstance(options, fal.Options) else fal.Options()


def _live(ground: Ground, callers: Callers) -> Live:
    return Live(
        LiveGround(
            hub=ground.hub,
            database=ground.database,
            callers=callers,
            clock=ground.clock,
            settings=ground.settings.live,
            registry=ground.registry,
            instance=ground.instance,
            version=__version__,
        )
    )


def _system(ground: Ground, live: Live, inbound: Inbound) -> System:
    """What tells how this instance is."""
    settings, clock, registry = ground.settings, ground.clock, ground.registry
    database, journal = ground.database, ground.journal
    checks = {STORE: store_check(database, journal)}
    if ground.bus is not None:
        checks[BUS] = bus_check(ground.bus.connection)
        inbox = inbound.inbox
        if inbox is not None and ground.bus.inbox is not None:
            checks[INBOX] = inbox_check(ground.bus.inbox, lambda: inbox.waits_since)
    return System(
        health=Health(instance=ground.instance, version=__version__, clock=clock, checks=checks),
        database=database,
        journal=journal,
        live=live,
        leases=ground.leases,
        supervisor=Supervisor(clock, registry),
        retention=Retention(
            database, journal, clock, settings.retention, settings.journal, registry
        ),
        runs=stages_of(settings),
    )


def _front(
    ground: Ground,
    callers: Callers,
    credentials: StoredCredentials,
    inbound: Inbound,
    live: Live,
    notify: Notify,
    system: System,
    files: FileStore,
) -> App:
    """The entrance: receivers, sockets and screens in front of the API, as far as they are here."""
    settings, stages = ground.settings, stages_of(ground.settings)
    desk, receiver = inbound.stored_set_ups, inbound.receiver
    good_for = timedelta(minutes=settings.files.address_minutes)
    parts = Parts(
        loaded=ground.loaded,
        database=ground.database,
        journal=ground.journal,
        callers=callers,
        credentials=credentials,
        clock=ground.clock,
        system=system,
        registry=ground.registry,
        version=__version__,
        files=files,
        signer=Signer(ground.vault.derive("addresses of files"), good_for),
        desk=desk,
        try_out=lambda key: try_out(receiver, desk.set_up(key), ground.clock),
        vault=ground.vault,
        callback_desk=notify.desk,
    )
    routers = routers_of(parts) if "web" in stages else routers_without_web(parts)
    extra_paths = {**entrance_paths(find_sources()), **live.paths}
    api = build_api(routers=routers, version=__version__, extra_paths=extra_paths)
    screens = Screens(callers)
    in_front = [
        Part(receiver.takes, receiver if "ingest" in stages else Away(inbound.set_ups)),
        *(live.parts if "live" in stages else parts_not_here(live.parts, "live")),
        *([Part(screens.takes, screens)] if "web" in stages else []),
    ]
    return _open_to_pages(Front(in_front, api), settings.auth.allowed_origins)


def _open_to_pages(front: App, origins: Sequence[str]) -> App:
    """Pages of other origins that are allowed to call may read the answers too."""
    if not origins:
        return front
    return CORSMiddleware(
        front,
        allow_origins=origins,
        allow_credentials=True,
        allow_methods=("GET", "POST", "PUT", "PATCH", "DELETE"),
        allow_headers=("*",),
        expose_headers=("Link", "Retry-After", INSTANCE_HEADER),
    )


def _endpoints(settings: Settings, live: Live) -> Sequence[Endpoint]:
    if "live" in stages_of(settings):
        return live.endpoints
    return [NoSockets(one, "live") for one in live.endpoints]
