"""A journal whose limits and surroundings a test chooses, and events to append to it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from prometheus_client import CollectorRegistry
from sqlalchemy import text

from tocsin.model.change import Change, Mark, Move, RunEnd
from tocsin.model.entry import Entry
from tocsin.model.event import NewEvent, Receipt, new_event_id
from tocsin.model.logline import LogLine
from tocsin.model.times import to_us
from tocsin.model.words import DeploymentState, StepState
from tocsin.settings import Settings, load
from tocsin.store import sqlite
from tocsin.store.address import address_of
from tocsin.store.append import Appender
from tocsin.store.beside import opened
from tocsin.store.database import Database
from tocsin.store.facts import ensure_epoch
from tocsin.store.journal import Journal, Limits
from tocsin.store.migrate import migrate
from tocsin.testing.clock import START

# Where a journal is: a folder, or the address of a database.
Place = Path | str
# Makes a place for a journal without an event, for as long as the context lasts.
Places = Callable[[], AbstractContextManager[Place]]
Listener = Callable[[Sequence[Entry]], None]


@dataclass(frozen=True)
class Ground:
    """An open journal; `listeners` are given the events of each commit."""

    database: Database
    journal: Journal
    epoch: str
    registry: CollectorRegistry
    listeners: list[Listener] = field(default_factory=list)

    async def append(self, *events: NewEvent) -> list[Receipt]:
        return await self.journal.append(events)

    def counted(self, name: str) -> float:
        """What a metric stands at."""
        return self.registry.get_sample_value(name) or 0.0


def begin_in(folder: Path) -> None:
    """Put an empty database into `folder`, unless one is there."""
    file = folder / "tocsin.db"
    if not file.exists():
        folder.mkdir(exist_ok=True)
        file.write_bytes(_empty_database())
        file.chmod(0o600)


@cache
def _empty_database() -> bytes:
    """The bytes of one: to migrate one takes longer than most tests."""
    with TemporaryDirectory() as folder, ThreadPoolExecutor(1) as beside_a_loop:
        url = address_of("", Path(folder))
        beside_a_loop.submit(lambda: asyncio.run(migrate(url))).result()
        return sqlite.file_of(url).read_bytes()


@asynccontextmanager
async def database_in(folder: Path) -> AsyncIterator[Database]:
    """The database in a folder, a new one or the one there."""
    begin_in(folder)
    async with opened("", folder) as database:
        yield database


@asynccontextmanager
async def ground_in(place: Path | str, limits: Limits | None = None) -> AsyncIterator[Ground]:
    """The journal in a folder or at an address of a database, a new one or the one there."""
    if isinstance(place, Path):
        begin_in(place)
    database_url, folder = ("", place) if isinstance(place, Path) else (place, Path())
    async with opened(database_url, folder) as database:
        epoch = await database.write(ensure_epoch)
        registry, listeners = CollectorRegistry(), list[Listener]()
        appender = Appender(database.dialect)

        def tell(entries: Sequence[Entry]) -> None:
            for listener in listeners:
                listener(entries)

        journal = Journal(database, appender, limits or Limits(), tell, registry)
        yield Ground(database, journal, epoch, registry, listeners)


def settings_with(**environ: str) -> Settings:
    """The defaults, with some set as by the environment: `LIVE__HEARTBEAT_S="1"`."""
    return load(environ={f"TOCSIN_{name}": value for name, value in environ.items()}).settings


def event(kind: str = "note", *, at: datetime = START, **other: Any) -> NewEvent:
    """An event, about no deployment unless it is told a `change`."""
    change: Change | None = other.get("change")
    fields: dict[str, Any] = {
        "id": new_event_id(),
        "source": "deployment",
        "project": "shop",
        "subject": "" if change is None else change.deployment_id,
        "occurred_at": at,
        "data": {"n": 1},
    }
    return NewEvent(type=kind, received_at=at, **{**fields, **other})


def after(seconds: float) -> datetime:
    """So many seconds after the tests' time begins."""
    return START + timedelta(seconds=seconds)


def began(deployment_id: str, seconds: float, step: str = "build") -> Change:
    """A step of the deployment began."""
    return _marked(deployment_id, seconds, step, Move.START, StepState.RUNNING)


def ended(deployment_id: str, seconds: float, step: str = "build") -> Change:
    """A step of the deployment ended well."""
    return _marked(deployment_id, seconds, step, Move.END, StepState.COMPLETED)


def _marked(deployment_id: str, seconds: float, step: str, move: Move, state: StepState) -> Change:
    at = to_us(after(seconds))
    marks = (Mark(at, True, move, state, "", -1.0),)
    return Change(deployment_id, at, step=step, marks=marks)


def done(deployment_id: str, seconds: float) -> Change:
    """The deployment is complete."""
    at = to_us(after(seconds))
    end = RunEnd(at, DeploymentState.SUCCESS, "success", -1.0, -1, -1)
    return Change(deployment_id, at, end=end)


def logged(deployment_id: str, seconds: float, *texts: str) -> Change:
    """The deployment wrote lines."""
    lines = tuple(LogLine(one, "info", "build", None) for one in texts)
    return Change(deployment_id, to_us(after(seconds)), lines=lines)


async def rows(database: Database, statement: str) -> list[dict[str, Any]]:
    """What a query gives, one mapping a row."""
    async with database.read() as conn:
        return [dict(row._mapping) for row in await conn.execute(text(statement))]


async def append(database: Database, *events: NewEvent) -> list[Receipt]:
    """Append in one transaction as somebody who has just come."""
    appender = Appender(database.dialect)
    appended = await database.write(lambda conn: appender.append(conn, [events]))
    return appended.receipts[0]


async def seqs(database: Database, after: int = 0) -> list[int]:
    """The seq of every event behind `after`, in order."""
    found = await rows(database, "SELECT seq FROM events ORDER BY seq")
    return [row["seq"] for row in found if row["seq"] > after]
