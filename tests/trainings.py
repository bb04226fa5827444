"""Trainings for tests: what is said of them, in the words of the fold and as events."""

from datetime import timedelta
from typing import Any

from tocsin.model.event import NewEvent
from tocsin.model.times import to_us
from tocsin.model.training import ResultFile, TrainingChange, TrainingStatus
from tocsin.model.training_news import registration, training_event
from tocsin.testing.clock import START

LORA = "https://v3.fal.media/files/lora.safetensors"


def said(training_id: str = "r-1", seconds: float = 0, **what: Any) -> NewEvent:
    """An event about a training, so many seconds after the tests' time begins."""
    at = START + timedelta(seconds=seconds)
    what.setdefault("facts", {"request_id": training_id})
    change = TrainingChange(training_id=training_id, at=to_us(at), **what)
    return training_event(change, {"request_id": training_id}, at, None)


def registered(training_id: str = "r-1", seconds: float = 0, **what: Any) -> NewEvent:
    """The registration of a training."""
    fields: dict[str, Any] = {"endpoint": "fal-ai/trainer", "training_type": "", "meta": {}}
    at = START + timedelta(seconds=seconds)
    return registration(request_id=training_id, by="me", at=at, **{**fields, **what})


def ended(training_id: str = "r-1", seconds: float = 60, *urls: str) -> NewEvent:
    """A training has ended well, and brought a file from each address."""
    files = tuple(ResultFile(f"file {n}", url) for n, url in enumerate(urls))
    return said(
        training_id,
        seconds,
        status=TrainingStatus.COMPLETED,
        word="OK",
        result={"ok": True, **({"diffusers_lora_file": {"url": urls[0]}} if urls else {})},
        files=files,
    )
