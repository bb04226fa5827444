"""What one event says of a deployment, in Tocsin's own words.

Sources translate their senders' formats into a `Change`; the fold in `model/deployment.py`
knows nothing else. All instants are microseconds since 1970 UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from tocsin.model.logline import LogLine
from tocsin.model.words import DeploymentState, StepState


class Move(StrEnum):
    """What a mark does to a step."""

    START = "start"
    UPDATE = "update"
    END = "end"


class Mark(NamedTuple):
    """One thing said about a step; `mark_order` sorts them."""

    at: int
    is_timed: bool  # False: the sender gave no time and `at` is when it was received
    move: Move
    state: StepState | None  # None: the state stays as it was
    conclusion: str
    duration_s: float  # -1 when not said


def mark_order(mark: Mark) -> tuple[int, bool, str, str, str, float]:
    """Sorts marks by time; what is left over only makes the order the same every time."""
    return (*mark[:3], mark.state or "", *mark[4:])


class RunEnd(NamedTuple):
    """The end of a run of a deployment, as told. Compares by time first."""

    at: int
    state: DeploymentState
    conclusion: str
    duration_s: float  # -1 when not said
    started_at: int  # -1 when not said
    completed_at: int  # -1 when not said


@dataclass(frozen=True, slots=True)
class Change:
    """What one event says of the deployment `deployment_id`.

    `facts` are the texts of the latest message that gave them (branch, workflow_name …).
    `restated` are marks by step, of a sender that tells again what it has told before: those
    that are known already are passed over. `figures` are the sender's own counts for the run.
    `begins` tells that the deployment as a whole has begun. `quiet_since` is Tocsin's own
    verdict that nothing has come since the event of that seq; it counts only if that is still so.
    """

    deployment_id: str
    at: int
    step: str = ""
    marks: tuple[Mark, ...] = ()
    restated: Mapping[str, tuple[Mark, ...]] | None = None
    end: RunEnd | None = None
    begins: bool = False
    figures: Mapping[str, Any] | None = None
    facts: Mapping[str, str] | None = None
    lines: tuple[LogLine, ...] = ()
    quiet_since: int | None = None
