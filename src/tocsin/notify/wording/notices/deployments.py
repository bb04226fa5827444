"""Notices of what CI jobs say of deployments, and of what Tocsin notices about them."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from tocsin.model.logline import level_of
from tocsin.model.message import Block, Link, Message, Tone
from tocsin.notify.wording.notices.telling import Telling, log, outcome_of, prose
from tocsin.notify.wording.values import at, count, first, part, short_hash, text

UNNAMED = "(unnamed)"
MAX_STEP_CHARS = 80
_LEVELS: Mapping[str, Tone] = {
    "error": Tone.BAD,
    "critical": Tone.BAD,
    "warning": Tone.WARNING,
}
# From the least to the worst.
_TONES = (Tone.NEUTRAL, Tone.WARNING, Tone.BAD)
_MAX_LOOKED_AT = 1_000
_RUN_PAGES = ("run_url", "workflow_url", "html_url", "url")

Fields = Iterable[tuple[str, str]]


def step(told: Telling) -> Message:
    """A step began, changed or ended."""
    word = _word(told)
    outcome, tone = outcome_of(word)
    name = first(told.data, "step_name") or UNNAMED
    title = told.word(f"step_{outcome}", step=text(name, MAX_STEP_CHARS))
    fields = (
        ("project", told.project),
        ("step", name),
        ("state", told.state(word)),
        ("duration", told.duration(told.data.get("duration"))),
        *_facts(told),
    )
    return _message(told, title, tone, fields, _why(told, tone))


def completed(told: Telling) -> Message:
    """A deployment ended; in the old format it may have begun as well."""
    said = told.data
    word = _word(told)
    outcome, tone = outcome_of(word)
    fields = (
        ("project", told.project),
        ("version", first(said, "version", "version.name")),
        ("state", told.state(word)),
        ("duration", told.duration(said.get("duration"))),
        *_facts(told),
    )
    return _message(told, told.words[f"run_{outcome}"], tone, fields, _why(told, tone))


def lines(told: Telling) -> Message:
    """One or more lines of a log, as grave as the worst of them."""
    said = told.data.get("logs") if told.event.type == "log_batch" else told.data.get("message")
    entries = said if isinstance(said, list) else [said]
    levels = (
        level_of(one.get("level") if isinstance(one, Mapping) else told.data.get("level"))
        for one in islice(entries, _MAX_LOOKED_AT)
    )
    tones = (_LEVELS.get(level, Tone.NEUTRAL) for level in levels)
    tone = max(tones, key=_TONES.index, default=Tone.NEUTRAL)
    fields = (
        ("project", told.project),
        ("level", told.known("severity", told.data.get("level"))),
        ("lines", str(len(entries)) if len(entries) > 1 else ""),
        ("step", first(told.data, "step_name")),
        *_facts(told),
    )
    return _message(told, told.words[f"log_{tone}"], tone, fields, log(said))


def figures(told: Telling) -> Message:
    """The sender's own figures of a run."""
    said = part(told.data, "metrics")
    word = text(said.get("status"))
    _, tone = outcome_of(word)
    fields = (
        ("project", told.project),
        ("state", told.state(word)),
        ("duration", told.duration(said.get("total_duration"))),
        ("steps", text(count(said.get("steps_count")))),
        ("good_steps", text(count(said.get("successful_steps")))),
        ("failed", text(count(said.get("failed_steps")) or None)),
        *_facts(told),
    )
    return _message(told, told.words["metrics"], tone, fields)


def stalled(told: Telling) -> Message:
    """Nothing was heard of a deployment that is under way."""
    fields = (
        ("project", told.project),
        ("state", told.words["state_stalled"]),
        ("silence", told.duration(told.data.get("stalled_after_s"))),
        ("heard", told.instant(told.data.get("last_seen_at"))),
        ("deployment", told.event.subject),
    )
    body = prose(told.words["text_stalled"])
    return _message(told, told.words["run_stalled"], Tone.WARNING, fields, body)


def running_long(told: Telling) -> Message:
    """A deployment has been under way for longer than is usual."""
    said = told.data
    lasted = said.get("duration") or said.get("running_long_after_s")
    fields = (
        ("project", told.project),
        ("state", told.words["state_running"]),
        ("running_for", told.duration(lasted)),
        ("begun", told.instant(said.get("started_at"))),
        ("step", first(said, "current_step")),
        *_facts(told),
    )
    return _message(told, told.words["run_long"], Tone.WARNING, fields)


def _message(
    told: Telling, title: str, tone: Tone, fields: Fields, body: tuple[Block, ...] = ()
) -> Message:
    titled = told.title(title, told.project)
    return told.message("deployment", titled, tone, fields, body, _links(told))


def _word(told: Telling) -> str:
    """The sender's word for how it stands, else what the type says."""
    word = first(told.data, "step_status", "status")
    if word or "status" in told.data or "step_status" in told.data:
        return word
    return told.event.type.rpartition("_")[2]


def _facts(told: Telling) -> Fields:
    """What else is known of a deployment, the most telling first."""
    said = told.data
    commit = first(said, "commit_hash", "commit", "commit_sha")
    return (
        ("environment", first(said, "environment", "env")),
        ("branch", first(said, "branch")),
        ("commit", short_hash(commit)),
        ("host", first(said, "serverHost", "server_host", "host")),
        ("workflow", first(said, "workflow_name")),
        ("actor", first(said, "actor", "triggered_by", "user")),
        ("deployment", told.event.subject),
    )


def _why(told: Telling, tone: Tone) -> tuple[Block, ...]:
    """Of what went wrong the sender's own word, and the end of the log."""
    if tone is not Tone.BAD:
        return ()
    places = ("errorMessage", "error_message", "error", "error.message", "reason")
    error = next((found for one in places if (found := _text_at(told.data, one))), "")
    return (*prose(error), *log(told.data.get("logs")))


def _text_at(said: Mapping[str, Any], place: str) -> str:
    found = at(said, *place.split("."))
    return found if isinstance(found, str) else ""


def _links(told: Telling) -> Iterable[Link | None]:
    return (told.link("link_run", told.data.get(name)) for name in _RUN_PAGES)
