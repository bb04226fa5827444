"""Let go of a deployment's oldest runs, so that an id used for years stays small.

Pure. Some teams give every release of a service the same id. What is let go of is still in
the journal, and the runs' results stay in the figures by day.
"""

from dataclasses import replace

from tocsin.model.deployment import Deployment, StepLog
from tocsin.model.runs import boundaries_of

MAX_RUNS = 20


def trimmed(deployment: Deployment) -> Deployment:
    """`deployment` with its newest `MAX_RUNS` runs; their numbers stay as they were."""
    if deployment.kept_since is not None:
        # What comes late for a run let go of must not make a new one of it.
        deployment = _cut(deployment, deployment.kept_since)
    boundaries = boundaries_of(deployment)
    if not boundaries:
        return deployment
    # A step repeated very often loses its oldest marks; where runs opened must outlast them.
    deployment = replace(deployment, begins=tuple(sorted({*deployment.begins, *boundaries})))
    excess = len(boundaries) + 1 - MAX_RUNS
    if excess <= 0:
        return deployment
    cut = _cut(deployment, boundaries[excess - 1])
    return replace(cut, runs_dropped=deployment.runs_dropped + excess)


def _cut(deployment: Deployment, since: int) -> Deployment:
    """`deployment` without what was said about the time before `since`."""
    return replace(
        deployment,
        steps={name: _since(log, since) for name, log in deployment.steps.items()},
        ends=tuple(end for end in deployment.ends if end.at >= since),
        begins=tuple(at for at in deployment.begins if at >= since),
        figures=tuple(entry for entry in deployment.figures if entry[0] >= since),
        kept_since=since,
    )


def _since(log: StepLog, since: int) -> StepLog:
    if not log.marks or log.marks[0].at >= since:
        return log
    return StepLog(tuple(mark for mark in log.marks if mark.at >= since))
