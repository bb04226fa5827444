"""What all parts stand on: the open journal, what tells of its news, and who this instance is."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry

from tocsin import __version__
from tocsin.app.commits import Commits
from tocsin.bus.bus import Bus, make_bus
from tocsin.clock import Clock
from tocsin.errors import ConfigError, StoreDown
from tocsin.live.hub import Hub
from tocsin.model.audit import instance_event
from tocsin.settings import Loaded, Settings, instance_of, stages_of
from tocsin.store import facts, secrets, sign_in_codes
from tocsin.store.address import address_of, is_postgres
from tocsin.store.append import Appender
from tocsin.store.database import Database, open_database
from tocsin.store.events import newest_seq
from tocsin.store.journal import Journal, Limits
from tocsin.store.key import Vault, load_keys
from tocsin.store.leases import Leases, end_former
from tocsin.store.migrate import migrate
from tocsin.web.metrics import show_instance

# How long a commit of another instance may be on its way through Redis before it is looked for.
BUS_PATIENCE_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """`stack` closes what is opened on top of it."""

    loaded: Loaded
    clock: Clock
    registry: CollectorRegistry
    database: Database
    vault: Vault
    journal: Journal
    commits: Commits
    hub: Hub
    bus: Bus | None
    leases: Leases
    stack: AsyncExitStack
    instance: str
    sign_in_code: str | None

    @property
    def settings(self) -> Settings:
        return self.loaded.settings


@asynccontextmanager
async def opened_ground(loaded: Loaded, clock: Clock) -> AsyncIterator[Ground]:
    """The database brought up to date and open; closed again on leaving.

    The first and the last event of an instance are appended here.

    Raises:
        ConfigError: the database is of a newer version, or sealed with another key; there is no
            key where several instances need the same; or there can be no data folder.
        StoreDown: the database cannot be opened.
    """
    settings = loaded.settings
    url = address_of(settings.database_url, settings.data_dir)
    _make_folder(settings.data_dir)
    key_text = settings.secret_key.get_secret_value()
    vault = Vault(load_keys(key_text, settings.data_dir, may_make=not is_postgres(url)))
    instance = instance_of(settings)
    await migrate(url)
    async with AsyncExitStack() as stack:
        database = await open_database(url, instance)
        stack.push_async_callback(database.close)
        registry = CollectorRegistry()
        show_instance(registry, instance, __version__)
        code = await _prepare(database, vault, settings, clock)
        await database.write(lambda conn: end_former(conn, instance))
        hub = await _make_hub(database, settings, registry)
        commits = Commits()
        if "live" in stages_of(settings):
            commits.listen(hub.publish)
        bus = _make_bus(settings, clock, registry, hub, commits, instance, stack)
        ground = Ground(
            loaded=loaded,
            clock=clock,
            registry=registry,
            database=database,
            vault=vault,
            journal=_make_journal(database, settings, commits, bus, registry),
            commits=commits,
            hub=hub,
            bus=bus,
            leases=Leases(database, clock, instance),
            stack=stack,
            instance=instance,
            sign_in_code=code,
        )
        async with _present(ground):
            yield ground


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"data_dir: cannot make the folder {folder}: {error.strerror}"
        raise ConfigError([message]) from error


async def _prepare(
    database: Database, vault: Vault, settings: Settings, clock: Clock
) -> str | None:
    """Check the key and the journal's identity; the one-time code while there are no people."""
    await database.write(lambda conn: secrets.check_key(conn, vault, clock.now()))
    await database.write(facts.ensure_epoch)
    good_for = timedelta(minutes=settings.auth.sign_in_minutes)
    return await database.write(lambda conn: sign_in_codes.create(conn, clock.now(), good_for))


async def _make_hub(database: Database, settings: Settings, registry: CollectorRegistry) -> Hub:
    async with database.read() as conn:
        known, newest = await facts.read_facts(conn), await newest_seq(conn)
    hub = Hub(
        database,
        known.epoch,
        max(newest, known.pruned_through),
        registry,
        patience_s=BUS_PATIENCE_S if settings.redis_url else 0.0,
        former_epochs=known.former_epochs,
    )
    await hub.remember()
    return hub


def _make_bus(
    settings: Settings,
    clock: Clock,
    registry: CollectorRegistry,
    hub: Hub,
    commits: Commits,
    instance: str,
    stack: AsyncExitStack,
) -> Bus | None:
    bus = make_bus(
        settings,
        clock,
        registry,
        instance=instance,
        epoch=hub.epoch,
        heard=commits.tell,
        look=hub.look,
    )
    if bus is not None:
        stack.push_async_callback(bus.connection.close)
        if bus.inbox is not None:
            stack.push_async_callback(bus.inbox.leave)
    return bus


def _make_journal(
    database: Database,
    settings: Settings,
    commits: Commits,
    bus: Bus | None,
    registry: CollectorRegistry,
) -> Journal:
    limits = Limits(settings.journal.batch_max_events, settings.journal.queue_max_events)
    tell = bus.telling(commits.tell) if bus else commits.tell
    return Journal(database, Appender(database.dialect), limits, tell, registry)


@asynccontextmanager
async def _present(ground: Ground) -> AsyncIterator[None]:
    """Say in the journal from when to when this instance is there."""
    journal, clock, instance = ground.journal, ground.clock, ground.instance
    await journal.append([instance_event("instance.started", instance, clock.now())])
    yield
    with contextlib.suppress(StoreDown):
        stopped = instance_event("instance.stopped", instance, clock.now())
        await journal.append([stopped], also=ground.leases.give_back)
