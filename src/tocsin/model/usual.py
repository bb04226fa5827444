"""How long a deployment and its steps usually take, by those that went well before it.

Pure. Medians, so that one that waited a night for somebody does not count.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from tocsin.model.deployment import Deployment
from tocsin.model.runs import runs_of
from tocsin.model.words import StepState


@dataclass(frozen=True, slots=True)
class Usual:
    """Medians over `runs` runs; `duration_s` is None, and a step is missing, while none tells."""

    runs: int
    duration_s: float | None
    steps: Mapping[str, float]


def usual_of(deployments: Iterable[Deployment]) -> Usual:
    """The medians over the newest run of each."""
    runs = [runs_of(one)[-1] for one in deployments]
    whole = [run.duration_s for run in runs if run.duration_s is not None]
    steps: dict[str, list[float]] = {}
    for run in runs:
        for step in run.steps:
            if step.state is StepState.COMPLETED and step.duration_s is not None:
                steps.setdefault(step.name, []).append(step.duration_s)
    return Usual(
        len(runs),
        _median(whole) if whole else None,
        {name: _median(durations) for name, durations in steps.items()},
    )


def usual_json(usual: Usual) -> dict[str, Any]:
    """As the API shows it, in seconds."""
    return {"runs": usual.runs, "duration": usual.duration_s, "steps": dict(usual.steps)}


def _median(durations_s: Iterable[float]) -> float:
    # The mean of the two in the middle has more digits than either.
    return round(median(durations_s), 3)
