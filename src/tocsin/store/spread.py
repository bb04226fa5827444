"""Work in parts that the instances share: each part is done by one, and all do about as many.

Every instance that takes part says so by a lease of its own. A part belongs to one of those that
are present, the same whoever works it out, and all have as many, or one more. Another instance that
comes or goes moves few parts beside those that it takes or leaves. Who has a part that belongs to
another finishes what is in hand, then gives it back; of an instance that was killed the leases run
out. One that is started anew before that goes on with the parts that it had.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial

import structlog
from sqlalchemy import Connection, select, update

from tocsin.clock import Clock
from tocsin.errors import LeaseLost, StoreDown
from tocsin.store.database import Database
from tocsin.store.fence import fence
from tocsin.store.leases import (
    LASTS_S,
    RENEW_EVERY_S,
    RETRY_S,
    Lease,
    check,
    instance_of,
    present,
    take,
)
from tocsin.store.tables.leases import leases

PartOfWork = Callable[[asyncio.Event], Awaitable[None]]
"""Works a part until it is told to leave, which it does once what is under way has ended."""

log = structlog.get_logger(__name__)


def share_of(instance: str, instances: Collection[str], parts: Collection[str]) -> set[str]:
    """The parts that belong to `instance`: each to who scores highest for it and has room.

    By scores alone one of two may be left with nothing to do.
    """
    least, left = divmod(len(parts), len(instances))
    shares: dict[str, set[str]] = {one: set() for one in instances}
    for part in sorted(parts):
        with_more = sum(len(one) > least for one in shares.values())
        most = least + 1 if with_more < left else least
        with_room = (one for one in shares if len(shares[one]) < most)
        shares[max(with_room, key=partial(_score, part))].add(part)
    return shares[instance]


def _score(part: str, instance: str) -> bytes:
    return hashlib.sha256(f"{part}\n{instance}".encode()).digest()


class Spread:
    """What this process does of work that is shared; `name` tells one such work from another."""

    def __init__(self, name: str, database: Database, clock: Clock, owner: str) -> None:
        self._name = name
        self._database = database
        self._clock = clock
        self._owner = owner
        self._parts: dict[str, _Part] = {}
        self._is_leaving = False
        self._renewed_at = clock.monotonic()

    def part(self, name: str, work: PartOfWork) -> Callable[[], Awaitable[None]]:
        """The loop of one part: it waits until the part is this process's, then works it."""
        part = self._parts[name] = _Part(name)

        async def step() -> None:
            await part.do(work)

        return step

    async def step(self) -> None:
        """Say that this process is there, take and renew what belongs to it, let time pass."""
        is_sure = await self.renew()
        await self._clock.sleep(RENEW_EVERY_S if is_sure else RETRY_S)

    async def renew(self) -> bool:
        """Do so now; False when the database did not say whose the parts are."""
        if self._is_leaving:
            return True
        began_at = self._clock.monotonic()
        held = {one.name for one in self._parts.values() if one.is_held}
        busy = {one.name for one in self._parts.values() if one.is_busy}
        work = partial(self._renewed, held=held, busy=busy)
        try:
            async with asyncio.timeout(max(self._renewed_at + LASTS_S - began_at, RETRY_S)):
                share, taken = await self._database.write(work)
        except (StoreDown, TimeoutError):
            if self._clock.monotonic() >= self._renewed_at + LASTS_S:
                for part in self._parts.values():
                    part.lose()
            return False
        self._renewed_at = began_at
        for name, part in self._parts.items():
            if name not in taken:
                part.lose()
            elif name in share and not self._is_leaving:
                part.grant(taken[name])
            else:
                part.ask_to_leave()
        return True

    def _renewed(
        self, conn: Connection, held: Collection[str], busy: Collection[str]
    ) -> tuple[Collection[str], Mapping[str, Lease]]:
        """What belongs to this process, and what it has; runs in the writer's thread."""
        now = self._clock.now()
        take(conn, [f"{self._name}@{self._owner}"], self._owner, now)
        here = select(leases.c.owner).where(
            leases.c.name.startswith(f"{self._name}@", autoescape=True),
            leases.c.until > present(conn, now),
        )
        mine = instance_of(self._owner)
        instances = {instance_of(one) for one in conn.execute(here).scalars()} | {mine}
        share = share_of(mine, instances, self._parts)
        still = {one for one in held if one not in share and one in busy}
        left = (leases.c.name.in_(set(held) - share - still), leases.c.owner == self._owner)
        conn.execute(update(leases).where(*left).values(until=0))
        return share, take(conn, share | still, self._owner, now)

    async def leave(self, within_s: float) -> None:
        """Finish what is in hand; what is not by then is broken off. Leases run out by `give_back`.

        Whatever was finished is stored, so that nobody does it again.
        """
        self._is_leaving = True
        for part in self._parts.values():
            part.ask_to_leave()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await asyncio.gather(*(part.idle.wait() for part in self._parts.values()))


class _Part:
    """One part of the work, as this process has it or not."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.idle = asyncio.Event()
        self.idle.set()
        self._lease: Lease | None = None
        # Set while it may be begun, and when what was begun is to be ended.
        self._go = asyncio.Event()
        self._leaving = asyncio.Event()
        self._limit: asyncio.Timeout | None = None

    @property
    def is_held(self) -> bool:
        return self._lease is not None

    @property
    def is_busy(self) -> bool:
        return not self.idle.is_set()

    def grant(self, lease: Lease) -> None:
        """It is this process's, by this lease."""
        if lease != self._lease:
            log.info("lease_taken", lease=lease.name, fence=lease.token)
            self._break_off()
            self._lease = lease
        if self._leaving.is_set():
            self._leaving = asyncio.Event()
        self._go.set()

    def ask_to_leave(self) -> None:
        """Somebody else is to have it: finish what is in hand."""
        self._go.clear()
        self._leaving.set()

    def lose(self) -> None:
        """Somebody else may have it already."""
        if self._lease is not None:
            log.info("lease_lost", lease=self.name, fence=self._lease.token)
            self._break_off()
        self._lease = None
        self._go.clear()

    def _break_off(self) -> None:
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time())

    async def do(self, work: PartOfWork) -> None:
        """Work it under its lease, once that is there and as long as nobody else is to have it."""
        await self._go.wait()
        lease = self._lease
        if lease is None:
            self._go.clear()
            return
        limit = self._limit = asyncio.timeout(None)
        self.idle.clear()
        try:
            with fence(partial(check, lease=lease)):
                async with limit:
                    await work(self._leaving)
        except LeaseLost:
            self.lose()
        except TimeoutError:
            if not limit.expired():
                raise
        finally:
            self._limit = None
            self.idle.set()
