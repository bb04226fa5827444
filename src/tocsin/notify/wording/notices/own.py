"""Notices of what goes on in Tocsin itself, for those who run it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice

from tocsin.model.callback import ALL_PROJECTS
from tocsin.model.message import Message, Tone
from tocsin.notify.wording.notices.telling import Telling, prose
from tocsin.notify.wording.values import count, first, number, part, text

_MAX_REASONS = 5


def rejected(told: Telling) -> Message:
    """Calls were refused at a set-up of a source."""
    said = told.data
    name = first(said, "name") or told.event.subject
    return told.message(
        "system",
        told.word("source_rejected", name=text(name, 80)),
        Tone.WARNING,
        (
            ("source", name),
            ("count", text(count(said.get("count")))),
            ("reason", _reasons(told)),
            ("address", first(said, "address")),
        ),
        links=(told.screen("link_source", "sources", *name.split("/")),),
    )


def _reasons(told: Telling) -> str:
    """What was wrong, the commonest first."""
    known = [(number(n) or 0, name) for name, n in islice(part(told.data, "reasons").items(), 50)]
    known.sort(key=lambda reason: -reason[0])
    shown = (f"{told.known('reason', name)} ({text(n)})" for n, name in known[:_MAX_REASONS])
    return ", ".join(shown)


def destination(told: Telling) -> Message:
    """A destination was paused, since nothing arrives there, or goes on."""
    said, verb = told.data, told.event.type.partition(".")[2]
    is_paused = verb == "paused"
    by = first(said, "by")
    label = first(said, "label", "name") or told.event.subject
    return told.message(
        "system",
        told.title(told.known("destination", verb), label),
        (Tone.WARNING if by else Tone.BAD) if is_paused else Tone.GOOD,
        (
            ("destination", label),
            ("channel", first(said, "channel_type", "channel")),
            ("reason", told.known("reason", said.get("reason"))),
            ("begun", told.instant(said.get("failing_since"))),
            ("waiting", text(count(said.get("waiting")) or None)),
            ("by", by),
        ),
        (
            *(prose(told.words["text_paused"]) if is_paused and not by else ()),
            *prose(first(said, "error")),
        ),
    )


def setting(told: Telling) -> Message:
    """Somebody changed who may do what, or where things go."""
    said = told.data
    what = told.known("change", said.get("what"))
    return told.message(
        "system",
        told.title(told.words["setting_changed"], what),
        Tone.NEUTRAL,
        (("change", what), ("name", first(said, "name")), ("by", first(said, "by"))),
    )


def sign_in(told: Telling) -> Message:
    """Somebody opened a session."""
    said = told.data
    name = first(said, "name") or told.event.subject
    return told.message(
        "system",
        told.word("person_signed_in", name=text(name, 80)),
        Tone.NEUTRAL,
        (
            ("name", name),
            ("how", told.known("how", said.get("how"))),
            ("address", first(said, "address")),
        ),
    )


def instance(told: Telling) -> Message:
    """A process of Tocsin began or ended its work."""
    verb = told.event.type.partition(".")[2]
    name = first(told.data, "instance") or told.event.subject
    key = f"instance_{verb}"
    title = told.word(key, name=text(name, 80)) if key in told.words else told.event.type
    return told.message("system", title, Tone.NEUTRAL, (("instance", name),))


def trial(told: Telling) -> Message:
    """Somebody wants to see whether a channel works.

    The heading is that of releases: robots may ask for a word that those have. There is no link,
    as such an event is not kept.
    """
    return replace(told, public_url="").message(
        "release",
        told.words["test_title"],
        Tone.GOOD,
        (
            ("project", told.project if told.project != ALL_PROJECTS else ""),
            ("state", told.words["heading_test"]),
            ("by", first(told.data, "by")),
        ),
        prose(told.words["test_text"]),
    )


# By what stands before the dot.
NOTICES: Mapping[str, Callable[[Telling], Message]] = {
    "source": rejected,
    "destination": destination,
    "setting": setting,
    "person": sign_in,
    "instance": instance,
    "test": trial,
}
