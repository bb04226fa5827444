"""The stage that marks deployments without news as stalled.

It follows the journal by its cursor, keeps until when news of each deployment under way is
awaited, and appends `deployment.stalled` once that time is over.
"""

from tocsin.clock import Clock
from tocsin.settings.schema import WatchSettings
from tocsin.store import cursors, events, quiet_watch
from tocsin.store.cursors import Position
from tocsin.store.database import Database
from tocsin.store.journal import Journal
from tocsin.watch.overtime import RUNNING_LONG
from tocsin.watch.quiet import STALLED, Heard, expectations, stalled_event

STAGE = "watch.stalled"
# Events read at once, and deployments spoken of at once.
SPAN = 10_000
PAGE = 1_000


class StalledDeployments:
    """One step reads what is new and says what is overdue."""

    def __init__(
        self, database: Database, journal: Journal, clock: Clock, settings: WatchSettings
    ) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._settings = settings

    async def step(self) -> None:
        """Let time pass, then act; nothing here is so urgent that each event must wake it."""
        await self._clock.sleep(self._settings.poll_s)
        while await self.read_news():
            pass
        await self.say_overdue()

    async def read_news(self) -> bool:
        """Read on in the journal; whether there is more."""
        async with self._database.read() as conn:
            after = await cursors.position(conn, STAGE)
            newest = await events.newest_seq(conn)
            if newest <= after:
                return False
            upto = min(newest, after + SPAN)
            rows = await quiet_watch.heard_of(conn, after, upto, (STALLED, RUNNING_LONG))
        heard = [Heard(*row) for row in rows]
        expected = expectations(heard, self._settings.stalled_after_s)
        now = self._clock.now()
        is_ours = await self._database.write(
            lambda conn: quiet_watch.take_up(
                conn, expected.awaited, expected.settled, after, Position(STAGE, upto, now)
            )
        )
        return is_ours and upto < newest

    async def say_overdue(self) -> None:
        """Append `deployment.stalled` for each deployment whose news are overdue."""
        now = self._clock.now()
        async with self._database.read() as conn:
            due = await quiet_watch.due(conn, now, PAGE)
        if not due:
            return
        said = [
            stalled_event(
                one.project,
                one.deployment_id,
                one.last_seq,
                one.last_seen_at,
                self._settings.stalled_after_s,
                now,
            )
            for one in due
        ]
        pks = [one.pk for one in due]
        await self._journal.append(said, also=lambda conn: quiet_watch.stop_expecting(conn, pks))
