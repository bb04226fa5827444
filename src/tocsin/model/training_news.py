"""Events that tell of a training: what FAL calls with, what it answers, what is registered.

Pure. Portrait trainings have to bring the address of the LoRA file and style trainings a
finetune_id; one that ends well without is taken as failed, with that as the reason.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from tocsin.model.event import NewEvent, new_event_id
from tocsin.model.times import to_us
from tocsin.model.training import (
    EVENT_TYPES,
    MAX_FILES,
    MAX_TEXT_CHARS,
    REGISTERED,
    ResultFile,
    Training,
    TrainingChange,
    TrainingStatus,
)

SOURCE = "fal"
PORTRAIT, STYLE = "portrait", "style"

MAX_NAME_CHARS = 200
MAX_URL_CHARS = 2_000
# Where the trainers put the LoRA: an object with a `url`, or the address itself.
_LORA_KEYS = ("diffusers_lora_file", "lora_file")
# Results are flat; what lies deeper than a list of objects is no file of the training.
_MAX_DEPTH = 3
_MAX_ERRORS = 10


def registration(
    *,
    request_id: str,
    endpoint: str,
    training_type: str,
    meta: Mapping[str, Any],
    by: str,
    at: datetime,
) -> NewEvent:
    """The event of a training that was begun; a second one for the same id is its repeat."""
    facts = {"request_id": request_id, "endpoint": endpoint, "training_type": training_type}
    change = TrainingChange(
        training_id=request_id, at=to_us(at), is_registration=True, facts=facts, meta=meta
    )
    return NewEvent(
        id=new_event_id(),
        source=SOURCE,
        type=REGISTERED,
        project="",
        subject=request_id,
        occurred_at=at,
        received_at=at,
        data={**facts, "meta": meta, "by": by},
        dedupe=f"{SOURCE}\n\n{request_id}\nregistered",
        training=change,
    )


def training_event(change: TrainingChange, data: Any, at: datetime, dedupe: str | None) -> NewEvent:
    """The event of what was told, under the type of the status that it told."""
    return NewEvent(
        id=new_event_id(),
        source=SOURCE,
        type=EVENT_TYPES[change.status or TrainingStatus.TRAINING],
        project="",
        subject=change.training_id,
        occurred_at=at,
        received_at=at,
        data=data,
        dedupe=dedupe,
        training=change,
    )


def missing_of(training_type: str, result: Mapping[str, Any] | None, finetune_id: str) -> str:
    """What a training that ended well has to bring and does not; "" when nothing is missing."""
    if training_type == PORTRAIT and not lora_address(result or {}):
        return "The training ended without the address of its LoRA file."
    if training_type == STYLE and not finetune_id:
        return "The training ended without a finetune_id."
    return ""


def judged(known: Training | None, change: TrainingChange) -> TrainingChange:
    """`change`, held against what was known of its training before.

    A call may leave out the type which the registration gave: the training has to bring what its
    type brings all the same.
    """
    is_end = change.status is TrainingStatus.COMPLETED
    if not is_end or known is None or known.status.is_final:
        return change
    training_type = known.fact("training_type") or change.facts.get("training_type", "")
    finetune_id = change.facts.get("finetune_id") or known.fact("finetune_id")
    missing = missing_of(training_type, change.result, finetune_id)
    if not missing:
        return change
    return replace(change, status=TrainingStatus.ERROR, error=missing, result=None, files=())


def error_text(*said: Any) -> str:
    """The first of these that tells what went wrong, as text: FAL says it in several places."""
    return next((found for one in said if (found := _error_text(one))), "")


def _error_text(said: Any) -> str:
    if isinstance(said, dict):
        return error_text(*(said.get(name) for name in ("detail", "message", "msg")))
    if isinstance(said, list):
        texts = map(_error_text, said[:_MAX_ERRORS])
        return "; ".join(text for text in texts if text)[:MAX_TEXT_CHARS]
    return said.strip()[:MAX_TEXT_CHARS] if isinstance(said, str) else ""


def lora_address(result: Mapping[str, Any]) -> str:
    """Where the LoRA file of a result lies; "" when it names none."""
    for key in _LORA_KEYS:
        said = result.get(key)
        address = said.get("url") if isinstance(said, dict) else said
        if found := web_address(address):
            return found
    return ""


def files_of(result: Mapping[str, Any]) -> tuple[ResultFile, ...]:
    """Every file that a result names, each address once."""
    found: dict[str, ResultFile] = {}
    for file in _files(result, "", _MAX_DEPTH):
        found.setdefault(file.url, file)
        if len(found) == MAX_FILES:
            break
    return tuple(found.values())


def _files(said: Any, key: str, depth: int) -> Iterator[ResultFile]:
    if isinstance(said, dict):
        if url := web_address(said.get("url")):
            yield ResultFile(_name(said.get("file_name"), key, url), url)
        for name, inner in said.items() if depth else ():
            yield from _files(inner, name, depth - 1)
    elif isinstance(said, list):
        for inner in said if depth else ():
            yield from _files(inner, key, depth - 1)
    elif key in _LORA_KEYS and (url := web_address(said)):
        yield ResultFile(_name(None, key, url), url)


def _name(said: Any, key: str, url: str) -> str:
    """What to call a file: as its maker does, as the end of its address, or as its key."""
    ending = urlsplit(url).path.rpartition("/")[2]
    names = (said if isinstance(said, str) else "", ending, key)
    plain = ("".join(c for c in name if c.isprintable() and c not in '/\\"') for name in names)
    return next((name for one in plain if (name := one.strip(" .")[:MAX_NAME_CHARS])), "file")


def web_address(said: Any) -> str:
    """An address that a file can be fetched from; "" for anything else."""
    if not isinstance(said, str) or len(said) > MAX_URL_CHARS or not said.isprintable():
        return ""
    try:
        parts = urlsplit(said.strip())
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    return said.strip() if is_one else ""
