"""Decide which runs have been under way for so long that somebody should be told.

Pure. Each is told of once. What went quiet is left to `quiet.py`: nobody knows whether it is
still under way.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from tocsin.model.event import OWN_SOURCE, NewEvent, new_event_id
from tocsin.model.times import rfc3339
from tocsin.store.long_runs import LongRun, Told

RUNNING_LONG = "deployment.running_long"


def untold(runs: Iterable[LongRun], told: Sequence[Told]) -> list[LongRun]:
    """Those of `runs` that nothing has been said of."""
    by_id: dict[str, list[Told]] = {}
    for one in told:
        by_id.setdefault(one.deployment_id, []).append(one)
    return [
        run for run in runs if not any(one.is_of(run) for one in by_id.get(run.deployment_id, ()))
    ]


def running_long_event(run: LongRun, running_long_after_s: float, now: datetime) -> NewEvent:
    """The event that says so."""
    return NewEvent(
        id=new_event_id(),
        source=OWN_SOURCE,
        type=RUNNING_LONG,
        project=run.project,
        subject=run.deployment_id,
        occurred_at=now,
        received_at=now,
        data={
            "run": run.number,
            "started_at": rfc3339(run.began_at),
            "duration": round((now - run.began_at).total_seconds(), 3),
            "current_step": run.current_step,
            "running_long_after_s": running_long_after_s,
        },
        # Two instances may notice it at once.
        dedupe=f"{RUNNING_LONG}\n{run.project}\n{run.deployment_id}\n{run.number}",
    )
