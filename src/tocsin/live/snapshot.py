"""What a page needs to show a deployment at once; everything after it comes as events.

The shape is the `DeploymentStatus` of the notification guide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.model.runs import Run, Step, runs_of
from tocsin.model.times import from_us, rfc3339
from tocsin.model.views import Line, Summary
from tocsin.store import deployments, log_lines
from tocsin.store.database import Database
from tocsin.store.events import newest_seq
from tocsin.store.facts import read_facts
from tocsin.store.snapshot import hold_snapshot

# The newest lines of a log; the whole of it is a call of the API away.
MAX_LINES = 500
MAX_LINES_CHARS = 128 * 1024


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Deployments as they were when `seq` was the newest event."""

    seq: int
    statuses: Sequence[dict[str, Any]]


async def snapshot_of(database: Database, deployment_id: str) -> Snapshot:
    """The deployments of this id, one for each project that has it; one that is yet to come, else.

    Raises:
        StoreDown: the database cannot be read.
    """
    async with database.read() as conn:
        await hold_snapshot(conn)
        facts = await read_facts(conn)
        seq = max(await newest_seq(conn), facts.pruned_through)
        statuses = []
        for summary in await deployments.with_id(conn, deployment_id):
            run = runs_of(await deployments.state_of(conn, summary.pk))[-1]
            lines = await log_lines.newest(conn, summary.pk, MAX_LINES)
            statuses.append(status_of(summary, run, lines))
    return Snapshot(seq, statuses or [_to_come(deployment_id)])


def status_of(summary: Summary, run: Run, lines: Sequence[Line]) -> dict[str, Any]:
    """A deployment by its newest run, with the newest of `lines`."""
    shown = _newest(lines)
    by_step: dict[str, list[str]] = {}
    for line in shown:
        by_step.setdefault(line.step, []).append(line.text)
    return {
        "id": summary.deployment_id,
        "project": summary.project,
        "status": summary.status.value,
        "duration": summary.duration_s or 0,
        "steps": [_step(step, by_step.get(step.name, [])) for step in run.steps],
        "logs": [line.text for line in shown],
        "run": run.number,
        "progress": run.progress,
        "seq": summary.last_seq,
    }


def _newest(lines: Sequence[Line]) -> Sequence[Line]:
    """As many of the newest lines as go into a snapshot."""
    left = MAX_LINES_CHARS
    begin = len(lines)
    while begin and left >= len(lines[begin - 1].text):
        begin -= 1
        left -= len(lines[begin].text)
    return lines[begin:]


def _step(step: Step, lines: Sequence[str]) -> dict[str, Any]:
    last = step.last
    at = last.ended_at if last.state.is_final else last.started_at
    return {
        "stepName": step.name,
        "status": last.state.value,
        "duration": last.duration_s or 0,
        "logs": "\n".join(lines),
        "timestamp": None if at is None else rfc3339(from_us(at)),
    }


def _to_come(deployment_id: str) -> dict[str, Any]:
    """A deployment that nothing was heard of yet."""
    return {
        "id": deployment_id,
        "project": "",
        "status": "pending",
        "duration": 0,
        "steps": [],
        "logs": [],
        "run": 1,
        "progress": 0,
        "seq": 0,
    }
