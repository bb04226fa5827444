"""The stage that tells of deployments that run for long.

What has been told stands in the journal, so it keeps nothing of its own: a start goes on where the
last one stopped. A run is told of again only when retention has taken the event that did.
"""

from datetime import timedelta

from tocsin.clock import Clock
from tocsin.settings.schema import WatchSettings
from tocsin.store import long_runs
from tocsin.store.database import Database
from tocsin.store.journal import Journal
from tocsin.watch.overtime import RUNNING_LONG, running_long_event, untold

# Events appended at once.
PAGE = 1_000


class LongRunningDeployments:
    """One step says what has become due."""

    def __init__(
        self, database: Database, journal: Journal, clock: Clock, settings: WatchSettings
    ) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._settings = settings

    async def step(self) -> None:
        """Let time pass, then say it."""
        await self._clock.sleep(self._settings.poll_s)
        await self.say_overdue()

    async def say_overdue(self) -> None:
        """Append `deployment.running_long` for each run that it has not been said of."""
        now, after_s = self._clock.now(), self._settings.running_long_after_s
        async with self._database.read() as conn:
            runs = await long_runs.long_runs(conn, now - timedelta(seconds=after_s))
            if not runs:
                return
            told = await long_runs.told_of(conn, RUNNING_LONG, runs[0].opened_seq)
        new = untold(runs, told)[:PAGE]
        if new:
            await self._journal.append([running_long_event(run, after_s, now) for run in new])
