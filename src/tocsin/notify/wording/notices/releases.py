"""Notices of releases: the document's three events, and whatever else comes as standard message."""

from collections.abc import Mapping
from typing import Any

from tocsin.model.message import Message, Tone
from tocsin.model.standard_message import standard_of
from tocsin.notify.wording.notices.telling import Telling, outcome_of, prose
from tocsin.notify.wording.values import at, count, part, seconds, text, texts

DOCUMENTED = frozenset({"canary_started", "canary_completed", "full_completed"})

# As many as are named; of the others there is the number.
_NAMED_HOSTS = 5
_TONES: Mapping[str, Tone] = {"started": Tone.RUNNING, "completed": Tone.GOOD}


def message(told: Telling) -> Message:
    """What a release system says: the project, the version and how it stands come first."""
    said = standard_of(told.event)
    failed = count(at(said, "deployment", "failed_count")) or 0
    word = text(at(said, "task", "status"))
    action = text(at(said, "task", "type"))
    return told.message(
        "release",
        _title(told),
        _tone(told, word, failed),
        (
            ("project", text(at(said, "project", "name")) or told.project),
            ("version", _version(said)),
            ("state", _state(told, word, failed)),
            ("action", told.known("action", action) if action != "deploy" else ""),
            ("environment", text(said.get("environment"))),
            ("strategy", told.known("strategy", at(said, "task", "strategy"))),
            ("hosts", _hosts(told, part(said, "deployment"))),
            ("progress", _progress(told, part(said, "deployment"))),
            ("duration", told.duration(seconds(said.get("duration")))),
            ("failed", str(failed) if failed else ""),
        ),
        prose(told.data.get("error") or told.data.get("message")),
        (told.link("link_page", told.data.get("url")),),
    )


def _title(told: Telling) -> str:
    # With its project a title says more; these three are as the document has them.
    if told.event.type in DOCUMENTED:
        return told.words[told.event.type]
    return told.title(told.event.type, told.project)


def _tone(told: Telling, word: str, failed: int) -> Tone:
    _, tone = outcome_of(word)
    if tone in (Tone.BAD, Tone.WARNING):
        return tone
    if failed:
        return Tone.WARNING
    if told.event.type in DOCUMENTED:
        return _TONES[told.event.type.rpartition("_")[2]]
    return tone


def _state(told: Telling, word: str, failed: int) -> str:
    """How it stands: as the event says, unless its task went wrong."""
    _, tone = outcome_of(word)
    if tone in (Tone.BAD, Tone.WARNING):
        return told.state(word)
    is_end = told.event.type == "full_completed" or tone is Tone.GOOD
    if failed and is_end:
        return told.word("partly_failed", state=told.words["state_completed"], n=failed)
    is_documented = told.event.type in DOCUMENTED
    return told.words[f"state_{told.event.type}"] if is_documented else told.state(word)


def _version(said: Mapping[str, Any]) -> str:
    return text(at(said, "version", "name")) or text(at(said, "version", "id"))


def _hosts(told: Telling, deployment: Mapping[str, Any]) -> str:
    said = deployment.get("hosts")
    known = said if isinstance(said, list) else []
    names = texts(known, _NAMED_HOSTS)
    shown = ", ".join(names)
    if not names or len(names) == len(known):
        return shown
    return told.word("more_hosts", names=shown, n=len(known) - len(names), all=len(known))


def _progress(told: Telling, deployment: Mapping[str, Any]) -> str:
    """How many of all are done; while it is about the canaries, of those."""
    canaries = count(deployment.get("canary_count"))
    is_canary = told.event.type.startswith("canary_") and canaries
    known = canaries if is_canary else count(deployment.get("total_count"))
    done = count(deployment.get("completed_count"))
    return told.word("done_of", done=done or 0, all=known) if known else ""
