"""Read what FAL answers when it is asked after a training.

https://docs.fal.ai/model-apis/model-endpoints/queue
Pure. A status is IN_QUEUE with a place, IN_PROGRESS with log lines, or COMPLETED, which says
nothing of how it ended: that is told by `error`, or by the result, which is asked for next.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from tocsin.model.training import Training, TrainingChange, TrainingStatus, training_status
from tocsin.model.training_news import error_text, files_of, missing_of

# The queue knows an application by owner and name; what follows is a way into it.
_NAMESPACES = frozenset({"workflows", "comfy"})
# "  45%|####  | 450/1000 [..]" of a progress bar, "step 450/1000", "Progress: 45 %".
_PER_CENT = re.compile(r"(?<![\d.])(\d{1,3})(?:\.\d{1,6})?\s{0,3}%")
_STEPS = re.compile(r"(?<![\d/.])(\d{1,9})\s{0,3}/\s{0,3}(\d{1,9})(?![\d/.])")
_MAX_LINES = 1_000
_MAX_LINE_CHARS = 2_000


def address_of(api_url: str, endpoint: str, request_id: str) -> str:
    """Where a request's result is; with `/status` behind it, its status."""
    parts = endpoint.strip("/").split("/")
    app = "/".join(parts[: 3 if parts[0] in _NAMESPACES else 2])
    return f"{api_url.rstrip('/')}/{quote(app)}/requests/{quote(request_id, safe='')}"


def news_in_status(training_id: str, said: Mapping[str, Any], at: int) -> TrainingChange | None:
    """What a status tells; None when it is that the training has ended well, or nothing."""
    word = said.get("status")
    if not isinstance(word, str):
        return None
    status = training_status(word)
    error = error_text(said.get("error"))
    if status is TrainingStatus.COMPLETED and not error:
        return None
    if error:
        status = TrainingStatus.ERROR
    return TrainingChange(
        training_id=training_id,
        at=at,
        status=status,
        word=word[:200],
        progress=progress_of(said.get("logs")),
        queue_position=_place(said.get("queue_position")),
        error=error,
    )


def is_complete(said: Mapping[str, Any]) -> bool:
    """Whether the result can be asked for."""
    word = said.get("status")
    return isinstance(word, str) and training_status(word) is TrainingStatus.COMPLETED


def news_in_result(
    training_id: str, training: Training, status: int, said: Any, at: int
) -> TrainingChange:
    """What the result tells: of a training that went wrong FAL answers with that as an error."""
    result = said if isinstance(said, dict) and status < 400 else None
    finetune_id = (result or {}).get("finetune_id")
    finetune_id = finetune_id.strip()[:200] if isinstance(finetune_id, str) else ""
    if status >= 400:
        error = error_text(said) or f"FAL answers {status} instead of a result."
    else:
        known_id = finetune_id or training.fact("finetune_id")
        error = missing_of(training.fact("training_type"), result, known_id)
    return TrainingChange(
        training_id=training_id,
        at=at,
        facts={"finetune_id": finetune_id},
        status=TrainingStatus.ERROR if error else TrainingStatus.COMPLETED,
        word="COMPLETED",
        error=error,
        result=None if error else result,
        files=() if error or result is None else files_of(result),
    )


def is_news(training: Training, change: TrainingChange) -> bool:
    """Whether `change` tells what is not known yet."""
    if change.status is not None and change.status.is_final:
        return True
    place = None if training.queue is None else training.queue[1]
    return (
        (change.word and change.word != training.word[1])
        or (change.progress is not None and change.progress > (training.progress or -1))
        or (change.queue_position is not None and change.queue_position != place)
    )


def progress_of(logs: Any) -> int | None:
    """The progress in per cent that the last log line with one tells; None when none does."""
    if not isinstance(logs, list):
        return None
    for line in reversed(logs[-_MAX_LINES:]):
        text = line.get("message") if isinstance(line, dict) else line
        if isinstance(text, str) and (found := _progress(text[-_MAX_LINE_CHARS:])) is not None:
            return found
    return None


def _progress(text: str) -> int | None:
    """What a line tells last: a progress bar that overwrites itself is one line."""
    steps = [(int(done), int(of)) for done, of in _STEPS.findall(text)]
    shares = [done * 100 // of for done, of in steps if of > 0 and done <= of]
    per_cent = [number for one in _PER_CENT.findall(text) if (number := int(one)) <= 100]
    return next(reversed(shares or per_cent), None)


def _place(said: Any) -> int | None:
    is_number = isinstance(said, int) and not isinstance(said, bool)
    return said if is_number and 0 <= said <= 1_000_000 else None
