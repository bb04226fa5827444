"""What senders' words for a state mean here.

The words come from GitHub's conclusions, from hand-written CI scripts and from the old
message format; none of them is ever a reason to refuse a message. A word nobody knows
leaves the state as it was and is still shown as the sender's `conclusion`.
"""

from enum import StrEnum


class StepState(StrEnum):
    """How a step, or one attempt of it, stands."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    RETRYING = "retrying"

    @property
    def is_final(self) -> bool:
        return self in (StepState.COMPLETED, StepState.FAILED)


class DeploymentState(StrEnum):
    """How a run of a deployment stands. Having gone quiet is a flag beside it, not a state."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self not in (DeploymentState.PENDING, DeploymentState.RUNNING)


_BEGUN = ("started", "in_progress", "running", "queued", "pending", "waiting", "requested")
_GOOD = ("success", "succeeded", "successful", "completed", "skipped", "neutral")
_BAD = ("failure", "failed", "error", "timed_out", "startup_failure", "action_required")
_CANCELLED = ("cancelled", "canceled")

_STEP_WORDS = (
    dict.fromkeys(_BEGUN, StepState.RUNNING)
    | dict.fromkeys(_GOOD, StepState.COMPLETED)
    | dict.fromkeys((*_BAD, *_CANCELLED), StepState.FAILED)
    | {"retrying": StepState.RETRYING}
)
_DEPLOYMENT_WORDS = (
    dict.fromkeys((*_BEGUN, "retrying"), DeploymentState.RUNNING)
    | dict.fromkeys(_GOOD, DeploymentState.SUCCESS)
    | dict.fromkeys(_BAD, DeploymentState.FAILED)
    | dict.fromkeys(_CANCELLED, DeploymentState.CANCELLED)
)

# GitHub's `conclusion` of a run that has none yet, as shells print it.
_NOTHING_SAID = frozenset({"", "null", "none", "undefined"})


def step_state(word: str) -> StepState | None:
    """The state a step's word means; None when it leaves the state as it was."""
    return _STEP_WORDS.get(word.strip().lower())


def deployment_state(word: str) -> DeploymentState | None:
    """The state a deployment's word means; None when it leaves the state as it was."""
    return _DEPLOYMENT_WORDS.get(word.strip().lower())


def conclusion_of(word: str) -> str | None:
    """The sender's own word, to be shown; None when the sender said nothing."""
    said = word.strip()
    return None if said.lower() in _NOTHING_SAID else said
