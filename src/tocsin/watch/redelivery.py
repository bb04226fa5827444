"""The stage that asks GitHub for deliveries that failed: GitHub itself never repeats one.

What Tocsin did not store while it was down, or refused for want of a secret, is still kept by
GitHub for three days. A repeat carries the id of the first, so nothing is stored twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from prometheus_client import CollectorRegistry, Counter

from tocsin.clock import Clock
from tocsin.errors import DeliveryFailed, GiveUp, TryLater
from tocsin.model.redelivery import Delivery, Sweep, asked, due, first_sweep, looked, without
from tocsin.settings.schema import Network, Secret
from tocsin.store import source_sweeps
from tocsin.store.database import Database
from tocsin.watch.github_hooks import GithubHooks, Hook

# Of one hook in one look.
MAX_ASKS_A_LOOK = 100

log = structlog.get_logger(__name__)

KeyOf = Callable[[str, str], str]
"""The journal's key of a delivery: by the name of its set-up and its guid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPlan:
    """Which hooks are looked at, how often, and by which API.

    `host` is that in the hooks' addresses, "" is any.
    """

    api_url: str
    api_networks: tuple[Network, ...]
    api_token: Secret
    every_s: float
    owners: tuple[str, ...]
    hooks: tuple[str, ...]
    host: str


class RedeliveryFigures:
    """What all that ask count together."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.asked = Counter(
            "tocsin_redeliveries",
            "Failed deliveries of webhooks that GitHub was asked for again, by what it said.",
            ("outcome",),
            registry=registry,
        )


class Redelivery:
    """One step lets time pass and looks at all hooks."""

    def __init__(
        self,
        database: Database,
        github: GithubHooks,
        plan: SweepPlan,
        key_of: KeyOf,
        clock: Clock,
        figures: RedeliveryFigures,
    ) -> None:
        self._database = database
        self._github = github
        self._plan = plan
        self._key_of = key_of
        self._clock = clock
        self._asked = figures.asked

    async def step(self) -> None:
        """Look at once: after a start there is most to ask for. Then let time pass."""
        await self._clock.sleep(await self.look())

    async def look(self) -> float:
        """Ask for all that failed; gives the seconds until the next look."""
        try:
            for hook in await self._hooks():
                await self._sweep(hook)
        except DeliveryFailed as error:
            log.warning("redelivery_failed", reason=error.reason.value, cause=error.message)
            after_s = error.after_s if isinstance(error, TryLater) else None
            return max(self._plan.every_s, after_s or 0.0)
        return self._plan.every_s

    async def _hooks(self) -> list[Hook]:
        found: dict[str, Hook] = {}
        for named in self._plan.hooks:
            hook = await self._github.hook(named)
            found[hook.place] = hook
        for owner in self._plan.owners:
            found |= {one.place: one for one in await self._github.hooks_of(owner, self._plan.host)}
        return list(found.values())

    async def _sweep(self, hook: Hook) -> None:
        now = self._clock.now()
        async with self._database.read() as conn:
            sweep = await source_sweeps.of_hook(conn, hook.place) or first_sweep(now)
        found: list[Delivery] = []
        async for page in self._github.deliveries(hook, sweep.looks_from(now)):
            found.extend(page)
        sweep = looked(sweep, found, now)
        sweep = without(sweep, await self._stored(hook, sweep))
        await self._save(hook, sweep)
        guids = due(sweep, now, MAX_ASKS_A_LOOK)
        if not guids:
            return
        log.info("redelivery_asked", hook=hook.place, deliveries=len(guids))
        done: list[str] = []
        try:
            await self._ask(hook, sweep, guids, done)
        finally:
            # Also of those before the one that failed. Not before: one that nobody was asked for
            # would wait for nothing.
            await self._save(hook, asked(sweep, done, now))

    async def _save(self, hook: Hook, sweep: Sweep) -> None:
        await self._database.write(lambda conn: source_sweeps.save(conn, hook.place, sweep))

    async def _stored(self, hook: Hook, sweep: Sweep) -> set[str]:
        keys = {self._key_of(hook.name, guid): guid for guid in sweep.waiting}
        async with self._database.read() as conn:
            known = await source_sweeps.stored(conn, keys)
        return {guid for key, guid in keys.items() if key in known}

    async def _ask(self, hook: Hook, sweep: Sweep, guids: Sequence[str], done: list[str]) -> None:
        for guid in guids:
            try:
                await self._github.deliver_again(hook, sweep.waiting[guid].id)
            except GiveUp as error:
                # One that cannot be repeated is no reason to leave out the others.
                self._asked.labels(error.reason.value).inc()
            else:
                self._asked.labels("asked").inc()
            done.append(guid)
