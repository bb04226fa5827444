"""The notice of any event that nothing is known about: its type, and what its data says by name."""

from collections.abc import Iterator, Mapping
from itertools import islice

from tocsin.model.message import Block, Field, Message, Tone
from tocsin.notify.wording.notices.telling import MAX_FIELDS, Telling, log, outcome_of, prose
from tocsin.notify.wording.values import first, text

MAX_NAME_CHARS = 60
_MAX_LOOKED_AT = 200
# What people write for people; it stands below the fields.
_PROSE = ("message", "text", "summary", "description", "body", "note", "error")
_PAGES = ("url", "html_url", "web_url", "link", "run_url")
# What is said already, or means nothing to a reader.
_SAID = frozenset({"type", "event_type", "project", "subject", "event_id", "id", "timestamp"})


def message(told: Telling) -> Message:
    """Texts and numbers as fields under their own names, and what reads like a sentence as text."""
    _, tone = outcome_of(first(told.data, "status", "state", "conclusion", "result"))
    level = first(told.data, "level", "severity").lower()
    if tone is Tone.NEUTRAL and level in ("error", "critical", "fatal"):
        tone = Tone.BAD
    made = told.message(
        "event",
        told.title(told.event.type, told.project),
        tone,
        (("project", told.project), ("subject", told.event.subject)),
        (*_prose(told), *log(told.data.get("logs"))),
        (told.link("link_page", told.data.get(name)) for name in _PAGES),
    )
    own = islice(_fields(told), MAX_FIELDS - len(made.fields))
    return Message(
        heading=made.heading,
        title=made.title,
        tone=made.tone,
        fields=(*made.fields, *own),
        body=made.body,
        links=made.links,
        language=made.language,
    )


def _fields(told: Telling) -> Iterator[Field]:
    left_out = {*_SAID, *_PROSE, *_PAGES, "logs"}
    event = told.event
    said_already = {"", event.type, event.project, event.subject}
    for name, said in islice(told.data.items(), _MAX_LOOKED_AT):
        shown = _shown(said)
        if (
            name not in left_out
            and shown not in said_already
            and (named := text(name, MAX_NAME_CHARS))
        ):
            yield Field(named, shown, is_short=len(shown) <= 40)


def _shown(said: object) -> str:
    if isinstance(said, bool):
        return "true" if said else "false"
    if isinstance(said, Mapping):
        return first(said, "name", "id")
    return text(said)


def _prose(told: Telling) -> tuple[Block, ...]:
    if isinstance(told.event.data, str):
        return prose(told.event.data)
    found = (prose(told.data.get(name)) for name in _PROSE if isinstance(told.data.get(name), str))
    return next(filter(None, found), ())
