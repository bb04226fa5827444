"""Remove trainings that have been kept long enough, with their files."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.clock import Clock
from tocsin.model.retention import FOR_EVER, KeepRules
from tocsin.model.times import to_us
from tocsin.model.training import EVENT_TYPES, TrainingStatus
from tocsin.model.training_news import SOURCE
from tocsin.settings.schema import RetentionSettings
from tocsin.store.database import Database
from tocsin.store.files import FileStore
from tocsin.store.statement import in_list, json_list
from tocsin.store.tables.trainings import training_files, trainings
from tocsin.store.training_files import of_trainings

# Removed in one transaction: few, as the files of each are removed one by one before.
SLICE = 50
# An hour's delay is nothing to what is kept for days.
EVERY_S = 3600.0

log = structlog.get_logger(__name__)


class OldTrainings:
    """One step lets time pass and removes those of which nothing was heard for long enough."""

    def __init__(
        self, database: Database, files: FileStore, clock: Clock, settings: RetentionSettings
    ) -> None:
        self._database = database
        self._files = files
        self._clock = clock
        self._rules = KeepRules(settings.keep_days, settings.by_source, settings.by_type)

    async def step(self) -> None:
        await self._clock.sleep(EVERY_S)
        await self.clean_up()

    async def clean_up(self) -> None:
        """Remove what is as old as an event that told of an end would be.

        Raises:
            StoreDown: the database or the file store does not answer; the rest stays for later.
        """
        days = self._rules.days_for(SOURCE, EVENT_TYPES[TrainingStatus.COMPLETED])
        if days == FOR_EVER:
            return
        before, count = self._clock.now() - timedelta(days=days), 0
        while True:
            async with self._database.read() as conn:
                ids = await _aged(conn, before)
                found = await of_trainings(conn, ids)
            if not ids:
                break
            for files in found.values():
                for file in files:
                    # Ahead of its row, without which nobody would find it again.
                    await self._files.remove(file.key)
            await self._database.write(lambda conn: _remove(conn, ids))  # noqa: B023
            count += len(ids)
        if count:
            log.info("trainings_removed", count=count)


async def _aged(conn: AsyncConnection, before: datetime) -> Sequence[str]:
    statement = (
        select(trainings.c.id)
        .where(trainings.c.updated_at < to_us(before))
        .order_by(trainings.c.updated_at)
        .limit(SLICE)
    )
    return list((await conn.execute(statement)).scalars())


def _remove(conn: Connection, ids: Sequence[str]) -> None:
    listed = {"ids": json_list(ids)}
    conn.execute(delete(training_files).where(in_list(training_files.c.training_id, "ids")), listed)
    conn.execute(delete(trainings).where(in_list(trainings.c.id, "ids")), listed)
