"""Remove what has been kept long enough, in slices so small that no append waits for them."""

from datetime import datetime, timedelta
from functools import partial

import structlog
from prometheus_client import CollectorRegistry, Counter

from tocsin.clock import Clock
from tocsin.model.retention import FOR_EVER, KeepRules
from tocsin.settings.schema import JournalSettings, RetentionSettings
from tocsin.store import pruning
from tocsin.store.database import Database
from tocsin.store.journal import Journal

# Events looked at in one read; they are far more than are removed as a rule.
LOOK = 2_000
# 1 MiB of a file with pages of 4 KiB, which takes some milliseconds to give back.
FREED_PAGES = 250
# Between two slices the writer serves whoever waits; this lets them come.
PAUSE_S = 0.01

log = structlog.get_logger(__name__)


class Retention:
    """One step waits for its time and then cleans up once.

    `last_run_at` and `removed_events` tell what it has done since the start.
    """

    def __init__(
        self,
        database: Database,
        journal: Journal,
        clock: Clock,
        settings: RetentionSettings,
        journal_settings: JournalSettings,
        registry: CollectorRegistry,
    ) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._dedupe_window = timedelta(seconds=journal_settings.dedupe_window_s)
        self._rules = KeepRules(settings.keep_days, settings.by_source, settings.by_type)
        self.settings = settings
        self.last_run_at: datetime | None = None
        self.removed_events = 0
        self._removed = Counter(
            "tocsin_retention_removed",
            "What retention has removed.",
            ("kind",),
            registry=registry,
        )

    async def step(self) -> None:
        """Let time pass, then clean up."""
        await self._clock.sleep(self.settings.every_s)
        await self.clean_up()

    async def clean_up(self) -> None:
        """Remove everything whose time is over, and give the space back."""
        now = self._clock.now()
        events = await self._remove_events(now)
        deployments = await self._remove_deployments(now)
        await self._remove_seen(now - self._dedupe_window)
        await self._database.write(partial(pruning.remove_ended_sign_ins, now=now))
        if events or deployments:
            log.info("retention_removed", events=events, deployments=deployments)
        self.last_run_at = self._clock.now()
        left, before = await self._give_back(), 0
        while left and left != before:
            await self._clock.sleep(PAUSE_S)
            left, before = await self._give_back(), left

    async def _remove_events(self, now: datetime) -> int:
        newest = self._rules.newest_expired(now)
        seq, count = 0, 0
        while newest is not None:
            async with self._database.read() as conn:
                page = await pruning.aged_events(conn, seq, LOOK)
            expired = [
                one.seq
                for one in page
                if self._rules.is_expired(one.source, one.type, one.received_at, now)
            ]
            for begin in range(0, len(expired), self.settings.slice_rows):
                await self._remove_slice(expired[begin : begin + self.settings.slice_rows])
            count += len(expired)
            if len(page) < LOOK or page[-1].received_at >= newest:
                break
            seq = page[-1].seq
        return count

    async def _remove_slice(self, seqs: list[int]) -> None:
        await self._database.write(partial(pruning.remove_events, seqs=seqs))
        self._removed.labels("event").inc(len(seqs))
        self.removed_events += len(seqs)
        await self._clock.sleep(PAUSE_S)

    async def _remove_deployments(self, now: datetime) -> int:
        if self.settings.keep_days == FOR_EVER:
            return 0
        before = now - timedelta(days=self.settings.keep_days)
        after, count = 0, 0
        while True:
            async with self._database.read() as conn:
                page = await pruning.aged_deployments(conn, before, after, LOOK)
            for pk, _, last_seen_at in page:
                if last_seen_at < before:
                    await self._remove_deployment(pk, before)
                    count += 1
            if len(page) < LOOK:
                return count
            after = page[-1][1]

    async def _remove_deployment(self, pk: int, before: datetime) -> None:
        remove = partial(
            pruning.remove_deployment, pk=pk, before=before, slice_rows=self.settings.slice_rows
        )
        while not await self._journal.remove(remove):
            await self._clock.sleep(PAUSE_S)
        self._removed.labels("deployment").inc()

    async def _remove_seen(self, before: datetime) -> None:
        slice_rows = self.settings.slice_rows
        remove = partial(pruning.remove_seen, before=before, slice_rows=slice_rows)
        while await self._database.write(remove) == slice_rows:
            await self._clock.sleep(PAUSE_S)

    async def _give_back(self) -> int:
        return await self._database.write(partial(pruning.give_back_space, pages=FREED_PAGES))
