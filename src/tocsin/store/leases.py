"""Leases: what one instance at a time does, and what is done late by one that had it before.

An instance that is killed lets its leases run out; one that stops gives them back. A process may
also be held up for longer than its lease lasts and go on in the midst of its work, while another
does it already: so each write of the work holds the lease's token against the database, in its
own transaction, and an outdated one is refused.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Select,
    bindparam,
    case,
    cast,
    extract,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy import func as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.clock import Clock
from tocsin.errors import LeaseLost, StoreDown
from tocsin.model.times import to_us
from tocsin.store.database import Database
from tocsin.store.fence import fence
from tocsin.store.statement import compiled, insert_for
from tocsin.store.tables.leases import leases
from tocsin.store.tables.metadata import BigInt

# What a killed instance did is taken over after the sum of both, at the latest.
LASTS_S = 15
RENEW_EVERY_S = 5
# After a database that did not answer; a lease must outlive some tries.
RETRY_S = 1

_LASTS_US = LASTS_S * 1_000_000

Step = Callable[[], Awaitable[None]]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to do what `name` says; whoever has it next has a higher token."""

    name: str
    owner: str
    token: int


def take(
    conn: Connection, names: Collection[str], owner: str, now: datetime
) -> Mapping[str, Lease]:
    """Take or renew what is free or the owner's already; gives what is the owner's now."""
    if not names:
        return {}
    at = present(conn, now)
    # In one order, so that no two instances wait for each other.
    rows = [
        {"name": name, "owner": owner, "token": 1, "until": at + _LASTS_US}
        for name in sorted(names)
    ]
    statement = insert_for(conn.dialect, leases).values(rows)
    is_own = leases.c.owner == statement.excluded.owner
    statement = statement.on_conflict_do_update(
        index_elements=[leases.c.name],
        set_={
            "owner": statement.excluded.owner,
            "token": leases.c.token + case((is_own, 0), else_=1),
            "until": statement.excluded.until,
        },
        # One that lasts longer than any can was given by a clock that was wrong.
        where=or_(is_own, leases.c.until <= at, leases.c.until > at + 2 * _LASTS_US),
    )
    taken = conn.execute(statement.returning(leases.c.name, leases.c.token))
    return {name: Lease(name, owner, token) for name, token in taken}


def give_back(conn: Connection, owner: str) -> None:
    """Let others take at once what the owner has."""
    conn.execute(update(leases).where(leases.c.owner == owner).values(until=0))


def end_former(conn: Connection, instance: str) -> None:
    """Let go what earlier runs of this instance have: one that begins is not there twice.

    Else what one did that was killed would wait for as long as its leases last, though it is back.
    """
    former = leases.c.owner.startswith(f"{instance} ", autoescape=True)
    conn.execute(update(leases).where(former).values(until=0))


def check(conn: Connection, lease: Lease) -> None:
    """Have nobody else take the lease before the transaction of `conn` ends.

    One that has run out and that nobody has taken still counts: nobody else has done anything.

    Raises:
        LeaseLost: somebody else has it now.
    """
    rows = compiled(conn.dialect, _token).fetch(conn, lease.name, lease.owner)
    if [token for (token,) in rows] != [lease.token]:
        raise LeaseLost(f"{lease.name} is done by another instance now; nothing was stored.")


def _token(_dialect: Dialect) -> Select[tuple[int]]:
    is_it = (leases.c.name == bindparam("name"), leases.c.owner == bindparam("owner"))
    return select(leases.c.token).where(*is_it).with_for_update(read=True)


async def owners(conn: AsyncConnection, now: datetime) -> Mapping[str, str]:
    """The instance that has each lease."""
    found = await conn.execute(_held(conn, now))
    return {row.name: instance_of(row.owner) for row in found}


def instances(conn: Connection, now: datetime) -> set[str]:
    """The instances that are at work on this database."""
    return {instance_of(row.owner) for row in conn.execute(_held(conn, now))}


def _held(conn: Connection | AsyncConnection, now: datetime) -> Select[Any]:
    return select(leases.c.name, leases.c.owner).where(leases.c.until > present(conn, now))


def instance_of(owner: str) -> str:
    """Whose process it is; each that is started is an owner of its own."""
    return owner.rpartition(" ")[0]


def present(conn: Connection | AsyncConnection, now: datetime) -> ColumnElement[int]:
    """The present instant: by the database's clock, as instances' may differ, or by `now`."""
    if conn.dialect.name == "postgresql":
        return cast(extract("epoch", sql.clock_timestamp()) * 1_000_000, BigInt)
    return literal(to_us(now), BigInt)


class Leases:
    """What this process does alone of all instances."""

    def __init__(self, database: Database, clock: Clock, instance: str) -> None:
        self._database = database
        self._clock = clock
        self.owner = f"{instance} {secrets.token_hex(4)}"
        self._duties: dict[str, _Duty] = {}
        self._renewed_at = clock.monotonic()

    def alone(self, name: str, step: Step) -> Step:
        """`step`, done by one instance at a time: it waits for the lease of that name.

        What it writes is fenced. When the lease is lost it is broken off, and waits again.
        """

        async def alone_step() -> None:
            if name not in self._duties:
                # Not before: of an instance that does not run this, nobody waits for it.
                self._duties[name] = _Duty()
                await self.renew()
            await self._duties[name].do(step)

        return alone_step

    async def step(self) -> None:
        """Take and renew what this process does alone, then let time pass."""
        is_sure = await self.renew()
        await self._clock.sleep(RENEW_EVERY_S if is_sure else RETRY_S)

    async def renew(self) -> bool:
        """Take and renew now; False when the database did not say whose the leases are."""
        began_at = self._clock.monotonic()
        left_s = self._renewed_at + LASTS_S - began_at
        names, now = list(self._duties), self._clock.now()
        try:
            async with asyncio.timeout(max(left_s, RETRY_S)):
                held = await self._database.write(lambda conn: take(conn, names, self.owner, now))
        except (StoreDown, TimeoutError):
            if self._clock.monotonic() >= self._renewed_at + LASTS_S:
                self._changed(names, {})
            return False
        self._renewed_at = began_at
        self._changed(names, held)
        return True

    def _changed(self, names: Iterable[str], held: Mapping[str, Lease]) -> None:
        for name in names:
            self._duties[name].change(held.get(name))

    async def owners(self) -> Mapping[str, str]:
        """Which instance does each of the things that one does alone.

        Raises:
            StoreDown: the database cannot be read.
        """
        async with self._database.read() as conn:
            return await owners(conn, self._clock.now())

    def give_back(self, conn: Connection) -> None:
        """Let the others take over at once; for the stop."""
        give_back(conn, self.owner)


class _Duty:
    """One thing that this process does while it has the lease."""

    def __init__(self) -> None:
        self._lease: Lease | None = None
        self._is_held = asyncio.Event()
        self._limit: asyncio.Timeout | None = None

    def change(self, lease: Lease | None) -> None:
        """Go by what was found in the database."""
        if lease == self._lease:
            return
        if lease is not None:
            log.info("lease_taken", lease=lease.name, fence=lease.token)
        elif self._lease is not None:
            log.info("lease_lost", lease=self._lease.name, fence=self._lease.token)
        self._lease = lease
        if self._limit is not None and not self._limit.expired():
            # A step is under way under the lease of before: it is broken off now.
            self._limit.reschedule(asyncio.get_running_loop().time())
        if lease is None:
            self._is_held.clear()
        else:
            self._is_held.set()

    async def do(self, step: Step) -> None:
        """One step under the lease, once it is there."""
        await self._is_held.wait()
        lease = self._lease
        if lease is None:
            return
        limit = asyncio.timeout(None)
        try:
            with fence(partial(check, lease=lease)):
                async with limit:
                    await self._limited(limit, step)
        except LeaseLost:
            self.change(None)
        except TimeoutError:
            if not limit.expired():
                raise

    async def _limited(self, limit: asyncio.Timeout, step: Step) -> None:
        self._limit = limit
        try:
            await step()
        finally:
            self._limit = None
