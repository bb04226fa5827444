"""Runs under way for long, and which of them have been told of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.event import OWN_SOURCE
from tocsin.model.times import from_us, to_us
from tocsin.model.words import DeploymentState
from tocsin.store.folded import UNKNOWN_PROJECT
from tocsin.store.keyset import unindexed
from tocsin.store.tables.deployments import deployments
from tocsin.store.tables.journal import events

_UNDER_WAY = (DeploymentState.PENDING.value, DeploymentState.RUNNING.value)


@dataclass(frozen=True, slots=True)
class LongRun:
    """The newest run of a deployment, under way since `began_at`.

    That is when it began by its sender, and not before anything was heard of it: what somebody
    tells of afterwards was not under way for as long as it seems. `opened_seq` is its first event.
    """

    project: str
    deployment_id: str
    number: int
    opened_seq: int
    began_at: datetime
    current_step: str


@dataclass(frozen=True, slots=True)
class Told:
    """An event at `seq` that told of a deployment."""

    project: str
    deployment_id: str
    seq: int

    def is_of(self, run: LongRun) -> bool:
        """Whether it was this run; it may have been nobody's project's then."""
        is_named_alike = self.project in (run.project, UNKNOWN_PROJECT)
        return (
            is_named_alike and self.deployment_id == run.deployment_id and self.seq > run.opened_seq
        )


async def long_runs(conn: AsyncConnection, before: datetime) -> Sequence[LongRun]:
    """Runs that began before then and have not ended; not those that have gone quiet."""
    began_at = case(
        (deployments.c.started_at > deployments.c.opened_at, deployments.c.started_at),
        else_=deployments.c.opened_at,
    )
    statement = (
        select(
            deployments.c.project,
            deployments.c.deployment_id,
            deployments.c.run,
            deployments.c.opened_seq,
            began_at.label("began_at"),
            deployments.c.current_step,
        )
        .where(
            deployments.c.status.in_(_UNDER_WAY),
            deployments.c.is_stalled.is_(False),
            began_at <= to_us(before),
        )
        .order_by(deployments.c.opened_seq)
    )
    return [
        LongRun(*row[:4], from_us(row.began_at), row.current_step or "")
        for row in await conn.execute(statement)
    ]


async def told_of(conn: AsyncConnection, kind: str, after: int) -> Sequence[Told]:
    """Tocsin's own events of one type behind a seq."""
    statement = select(events.c.project, events.c.subject, events.c.seq).where(
        events.c.type == kind, unindexed(events.c.source == OWN_SOURCE), events.c.seq > after
    )
    return [Told(*row) for row in await conn.execute(statement)]
