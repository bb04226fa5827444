"""What every notice is made with: an event, the words of a language, and the parts of a message."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

from tocsin.model.event import Event
from tocsin.model.message import Block, BlockKind, Field, Link, Message, Span, Tone
from tocsin.model.standing import tells_of_deployment
from tocsin.model.times import parse_instant
from tocsin.model.words import DeploymentState, deployment_state
from tocsin.notify.drawing.dialect import cut
from tocsin.notify.wording.values import (
    MAX_VALUE_CHARS,
    address,
    first,
    log_lines,
    paragraph,
    part,
    seconds,
    text,
)

MAX_TITLE_CHARS = 150
MAX_FIELDS = 10
MAX_LINKS = 5
MAX_TEXT_CHARS = 1_000
BETWEEN = " · "
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60))

# Words of senders that are shown alike, beside those that have a word of their own.
_ALIKE: Mapping[str, str] = {
    "started": "running",
    "in_progress": "running",
    "requested": "pending",
    "queued": "pending",
    "waiting": "pending",
    "succeeded": "success",
    "successful": "success",
    "failure": "failed",
    "error": "failed",
    "canceled": "cancelled",
}
_OUTCOMES: Mapping[DeploymentState, tuple[str, Tone]] = {
    DeploymentState.PENDING: ("running", Tone.RUNNING),
    DeploymentState.RUNNING: ("running", Tone.RUNNING),
    DeploymentState.SUCCESS: ("completed", Tone.GOOD),
    DeploymentState.FAILED: ("failed", Tone.BAD),
    DeploymentState.CANCELLED: ("cancelled", Tone.WARNING),
}
_OTHERS: Mapping[str, tuple[str, Tone]] = {
    **dict.fromkeys(("pending", "queued", "waiting", "requested"), ("waiting", Tone.RUNNING)),
    "retrying": ("retrying", Tone.WARNING),
    "skipped": ("skipped", Tone.NEUTRAL),
    "neutral": ("completed", Tone.NEUTRAL),
}


def outcome_of(word: str) -> tuple[str, Tone]:
    """What a sender's word for a state means for a title, and for its colour."""
    said = word.strip().lower()
    state = deployment_state(said)
    if said in _OTHERS:
        return _OTHERS[said]
    return ("changed", Tone.NEUTRAL) if state is None else _OUTCOMES[state]


@dataclass(frozen=True)
class Telling:
    """An event that is to be told of in a language."""

    event: Event
    words: Mapping[str, str]
    language: str
    public_url: str = ""

    @cached_property
    def data(self) -> Mapping[str, Any]:
        """The event's data; empty when it is no object."""
        return part(self.event.data)

    @cached_property
    def project(self) -> str:
        said = first(self.event.data, "project.name", "project.id", "project")
        return text(self.event.project) or said

    def word(self, key: str, **values: object) -> str:
        """A text of Tocsin's own, with values in it."""
        return self.words[key].format(**values)

    def known(self, kind: str, said: Any) -> str:
        """A sender's own word in the reader's language, as far as there is one for it."""
        shown = text(said, MAX_VALUE_CHARS)
        word = shown.lower().replace("-", "_").replace(" ", "_").replace(".", "_")
        return self.words.get(f"{kind}_{word}", shown)

    def state(self, said: Any) -> str:
        """A state by a sender's word."""
        shown = text(said)
        return self.known("state", _ALIKE.get(shown.lower(), shown))

    def title(self, *parts: str) -> str:
        """What happened, and to what."""
        shown = filter(None, (text(one, MAX_TITLE_CHARS) for one in parts))
        return cut(BETWEEN.join(shown), MAX_TITLE_CHARS)

    def duration(self, said: Any) -> str:
        """A duration in its two largest units; "" for none and for 0, which is not measured."""
        found = seconds(said)
        if not found:
            return ""
        if found < 9.95:
            shown_s = f"{found:.1f}".removesuffix(".0").replace(".", self.words["time_point"])
            return self.word("time_s", n=shown_s)
        left, shown = round(found), []
        for unit, size in _UNITS:
            whole, left = divmod(left, size)
            shown += [self.word(f"time_{unit}", n=whole)] if whole else []
        shown += [self.word("time_s", n=left)] if left else []
        return " ".join(shown[:2])

    def instant(self, said: Any) -> str:
        """A time as people read it; in UTC, since who reads it may be anywhere."""
        found = parse_instant(said)
        return "" if found is None else f"{found:%Y-%m-%d %H:%M} UTC"

    def link(self, key: str, url: Any) -> Link | None:
        """A link to what a sender names."""
        found = address(url)
        return Link(self.words[key], found) if found else None

    def screen(self, key: str, *path: str, query: str = "") -> Link | None:
        """A link to a screen; none while nobody has said under which address those are."""
        if not self.public_url:
            return None
        place = "/".join(quote(one, safe="", errors="replace") for one in path)
        return Link(self.words[key], f"{self.public_url}/{place}{query}")

    def _screens(self) -> tuple[Link | None, Link | None]:
        """What is about this event: a screen on its subject, and the event's own."""
        event, noun = self.event, self.event.type.partition(".")[0]
        if event.subject and (tells_of_deployment(event) or noun == "deployment"):
            query = f"?{urlencode({'project': event.project}, errors='replace')}"
            query = query if event.project else ""
            return self.screen("link_deployment", "deployments", event.subject, query=query), None
        if event.subject and noun == "training":
            return self.screen("link_training", "trainings", event.subject), None
        return None, self.screen("link_event", "events", event.id)

    def message(
        self,
        heading: str,
        title: str,
        tone: Tone,
        fields: Iterable[tuple[str, str]],
        body: Sequence[Block] = (),
        links: Iterable[Link | None] = (),
    ) -> Message:
        """The message; `fields` are words' names with values, of which empty ones are left out."""
        subject, own = self._screens()
        shown = [
            Field(self.words[f"field_{name}"], text(value), len(value) <= 40)
            for name, value in fields
            if text(value)
        ]
        return Message(
            heading=self.words[f"heading_{heading}"],
            title=title,
            tone=tone,
            fields=tuple(shown[:MAX_FIELDS]),
            body=tuple(body),
            links=several((subject, *links, own)),
            language=self.language,
        )


def several(links: Iterable[Link | None]) -> tuple[Link, ...]:
    """Those links that there are, each address once."""
    found: dict[str, Link] = {}
    for link in links:
        if link is not None:
            found.setdefault(link.url, link)
    return tuple(found.values())[:MAX_LINKS]


def prose(said: Any, max_chars: int = MAX_TEXT_CHARS) -> tuple[Block, ...]:
    """A paragraph of what a sender wrote; none of nothing."""
    shown = paragraph(said, max_chars)
    return (Block(BlockKind.PARAGRAPH, (Span(shown),)),) if shown else ()


def log(said: Any) -> tuple[Block, ...]:
    """The last lines of a log, as code."""
    lines = log_lines(said)
    return (Block(BlockKind.CODE, (Span("\n".join(lines)),)),) if lines else ()
