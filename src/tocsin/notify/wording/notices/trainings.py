"""Notices of trainings that FAL runs."""

from collections.abc import Mapping

from tocsin.model.message import Message, Tone
from tocsin.model.training_news import error_text
from tocsin.notify.wording.notices.telling import Telling, prose
from tocsin.notify.wording.values import at, count, first, text

_TONES: Mapping[str, Tone] = {
    "registered": Tone.NEUTRAL,
    "progressed": Tone.RUNNING,
    "completed": Tone.GOOD,
    "failed": Tone.BAD,
    "cancelled": Tone.WARNING,
}


def training(told: Telling) -> Message:
    """A training was registered, goes on, or has ended."""
    said, verb = told.data, told.event.type.partition(".")[2]
    progress = count(said.get("progress"))
    return told.message(
        "training",
        told.title(told.known("training", verb), told.project or told.event.subject),
        _TONES.get(verb, Tone.NEUTRAL),
        (
            ("project", told.project),
            ("training", told.event.subject or first(said, "request_id", "finetune_id")),
            ("type", told.known("type", said.get("training_type"))),
            ("state", _state(told, verb)),
            ("progress", "" if progress is None else f"{progress}%"),
            ("queue", text(count(said.get("queue_position")) or None)),
            ("endpoint", first(said, "endpoint")),
            ("by", first(said, "by")),
        ),
        prose(_why(told) if verb == "failed" else said.get("message")),
    )


def _state(told: Telling, verb: str) -> str:
    """FAL's own word, which says more than that it goes on."""
    if verb == "progressed":
        return told.state(told.data.get("status"))
    return told.words.get(f"state_{verb}", "")


def _why(told: Telling) -> str:
    said = told.data
    error = (said.get("error"), said.get("payload_error"), said.get("payload"))
    return error_text(*error) or error_text(at(said, "payload", "error"))
