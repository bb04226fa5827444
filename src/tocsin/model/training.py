"""Fold what is said of a training into how it stands now.

Pure. An end is never left: what comes later, comes twice or comes forged changes nothing of it.
Of each fact the first that was said stays, progress only grows, and until the end the order of
arrival does not matter. Nothing is invented: what nobody said is not known.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import orjson

# Larger ones stay in the event that brought them, and are not shown with the training.
MAX_RESULT_BYTES = 65_536
MAX_META_BYTES = 16_384
MAX_FILES = 20
MAX_TEXT_CHARS = 4_096


class TrainingStatus(StrEnum):
    """How a training stands."""

    TRAINING = "training"
    COMPLETED = "completed"
    ERROR = "error"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self is not TrainingStatus.TRAINING


_WORDS: Mapping[str, TrainingStatus] = (
    dict.fromkeys(("ok", "completed"), TrainingStatus.COMPLETED)
    | dict.fromkeys(("error", "failed", "payload_error"), TrainingStatus.ERROR)
    | dict.fromkeys(("in_queue", "in_progress", "queued"), TrainingStatus.TRAINING)
    | dict.fromkeys(("cancelled", "canceled"), TrainingStatus.CANCELLED)
)

# The type of the event that tells it.
EVENT_TYPES: Mapping[TrainingStatus, str] = {
    TrainingStatus.TRAINING: "training.progressed",
    TrainingStatus.COMPLETED: "training.completed",
    TrainingStatus.ERROR: "training.failed",
    TrainingStatus.CANCELLED: "training.cancelled",
}
REGISTERED = "training.registered"


def training_status(word: str) -> TrainingStatus | None:
    """What a sender's word means; None when it leaves the status as it was."""
    return _WORDS.get(word.strip().lower())


@dataclass(frozen=True, slots=True)
class ResultFile:
    """A file that a training has brought, where its maker keeps it."""

    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingChange:
    """What one event says of the training `training_id`; what is empty is not said.

    `at` is in microseconds since 1970 UTC. `facts` are texts: request_id, finetune_id,
    training_type, endpoint. `word` is the sender's own for the status.
    """

    training_id: str
    at: int
    is_registration: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)
    meta: Mapping[str, Any] | None = None
    status: TrainingStatus | None = None
    word: str = ""
    progress: int | None = None
    queue_position: int | None = None
    error: str = ""
    result: Mapping[str, Any] | None = None
    files: tuple[ResultFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What is known of one training; instants in microseconds, facts with when they were said."""

    facts: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    meta: tuple[int, Mapping[str, Any]] | None = None
    registered_at: int | None = None
    first_seen_at: int = 0
    updated_at: int = 0
    status: TrainingStatus = TrainingStatus.TRAINING
    word: tuple[int, str] = (0, "")
    progress: int | None = None
    queue: tuple[int, int] | None = None
    ended_at: int | None = None
    error: str = ""
    result: Mapping[str, Any] | None = None
    files: tuple[ResultFile, ...] = ()

    def fact(self, name: str) -> str:
        return self.facts.get(name, (0, ""))[1]

    @property
    def project(self) -> str:
        """The project that its registration names."""
        said = None if self.meta is None else self.meta[1].get("project")
        return said.strip()[:200] if isinstance(said, str) else ""

    @property
    def began_at(self) -> int | None:
        """When it was first heard of; of one first heard of by its end nobody knows."""
        is_known = self.ended_at is None or self.first_seen_at < self.ended_at
        return self.first_seen_at if is_known else None


def fold(training: Training | None, changes: Iterable[TrainingChange]) -> Training:
    """`training` after `changes`, in the order in which they were committed."""
    known = training
    for change in changes:
        known = _after(known or Training(first_seen_at=change.at), change)
    return known or Training()


def _after(before: Training, change: TrainingChange) -> Training:
    known = replace(
        before,
        facts=_first_said(before.facts, change),
        meta=_first_meta(before.meta, change),
        first_seen_at=min(before.first_seen_at, change.at),
    )
    if change.is_registration:
        said = [at for at in (known.registered_at, change.at) if at is not None]
        known = replace(known, registered_at=min(said))
    if before.status.is_final:
        return _with_late_result(known, change)
    known = replace(known, updated_at=max(known.updated_at, change.at))
    if change.status is not None and change.status.is_final:
        return _ended(known, change)
    return _heard(known, change)


def _heard(known: Training, change: TrainingChange) -> Training:
    """Still under way, as far as is known."""
    word = max(known.word, (change.at, change.word[:MAX_TEXT_CHARS])) if change.word else known.word
    said = [one for one in (known.progress, change.progress) if one is not None]
    queue = known.queue
    if change.queue_position is not None:
        now = (change.at, change.queue_position)
        queue = now if queue is None else max(queue, now)
    return replace(known, word=word, progress=max(said, default=None), queue=queue)


def _ended(known: Training, change: TrainingChange) -> Training:
    assert change.status is not None  # noqa: S101 - the caller has looked
    is_complete = change.status is TrainingStatus.COMPLETED
    ended = replace(
        known,
        status=change.status,
        word=(change.at, change.word[:MAX_TEXT_CHARS]),
        progress=100 if is_complete else known.progress,
        queue=None,
        ended_at=change.at,
        error=change.error[:MAX_TEXT_CHARS],
    )
    return _with_late_result(ended, change)


def _with_late_result(known: Training, change: TrainingChange) -> Training:
    """A result is taken once: with the end, or later if the end came without one."""
    is_complete = known.status is change.status is TrainingStatus.COMPLETED
    if not is_complete or known.result is not None or change.result is None:
        return known
    shown = change.result if len(orjson.dumps(change.result)) <= MAX_RESULT_BYTES else {}
    return replace(known, result=shown, files=change.files[:MAX_FILES])


def _first_said(
    facts: Mapping[str, tuple[int, str]], change: TrainingChange
) -> Mapping[str, tuple[int, str]]:
    """Of each fact the text that was said first, at one instant the smaller one."""
    said = {name: (change.at, text) for name, text in change.facts.items() if text}
    if not said:
        return facts
    return {**facts, **{name: min(facts.get(name, one), one) for name, one in said.items()}}


def _first_meta(
    meta: tuple[int, Mapping[str, Any]] | None, change: TrainingChange
) -> tuple[int, Mapping[str, Any]] | None:
    if change.meta is None or (meta is not None and meta[0] <= change.at):
        return meta
    return change.at, change.meta
