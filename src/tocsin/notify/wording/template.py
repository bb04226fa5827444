"""People's own words for events: checked when they are saved, put together when one is told.

Pure. A title is one line of text, a body is Markdown; what is put in is written so that it stands
there as it is, whatever it holds.
"""

from collections.abc import Mapping
from dataclasses import replace

from tocsin.errors import FieldFault
from tocsin.model.callback import Template
from tocsin.model.event import Event
from tocsin.model.message import Message
from tocsin.notify.drawing.markdown import blocks_of, escaped
from tocsin.notify.wording.messages import message_of
from tocsin.notify.wording.templating.checking import Names
from tocsin.notify.wording.templating.language import Language
from tocsin.notify.wording.templating.samples import sample_event
from tocsin.notify.wording.templating.sandbox import BadTemplate
from tocsin.notify.wording.templating.variables import EVENT_NAMES, VARIABLES, values_of
from tocsin.notify.wording.values import paragraph, text
from tocsin.notify.wording.words import words_of

__all__ = ["VARIABLES", "BadTemplate", "check", "defaults", "render", "sample_event"]

# Of a value so much is put in.
MAX_VALUE_CHARS = 2_000
MAX_TITLE_CHARS = 200
# What a template is tried with before it is saved: much, little, and something else.
_TRIED_WITH = ("canary_started", "full_completed", "deployment_completed", "alert.firing", "note")

# What comes of values that nobody thought of.
_UNFIT = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)


def _in_title(value: str) -> str:
    return text(value, MAX_TITLE_CHARS)


def _in_body(value: str) -> str:
    return escaped(paragraph(value, MAX_VALUE_CHARS))


_NAMES = Names(frozenset(VARIABLES), EVENT_NAMES)
_TITLE = Language(_NAMES, _in_title)
_BODY = Language(_NAMES, _in_body)


def check(title: str, body: str) -> list[FieldFault]:
    """What is wrong with a template, by its fields; nothing when it can be saved."""
    if not title.strip() and not body.strip():
        return [FieldFault("title", "expected a title or a body")]
    return [
        FieldFault(name, problem)
        for name, language, source in (("title", _TITLE, title), ("body", _BODY, body))
        for problem in _problems(language, source)
    ]


def _problems(language: Language, source: str) -> tuple[str, ...]:
    try:
        language.check(source)
        for event_type in _TRIED_WITH:
            event = sample_event(event_type)
            language.written(source, values_of(event, message_of(event, "en")))
    except BadTemplate as error:
        return error.problems
    return ()


def render(template: Template, event: Event, language: str, public_url: str = "") -> Message:
    """The message that a template makes of an event; without title or body, Tocsin's own.

    Raises:
        BadTemplate: it cannot be worked out for this event.
    """
    own = message_of(event, language, public_url)
    try:
        values = values_of(event, own)
        title = text(_TITLE.written(template.title, values), MAX_TITLE_CHARS)
        body = blocks_of(_BODY.written(template.body, values)) if template.body.strip() else ()
    except BadTemplate:
        raise
    except _UNFIT as error:
        raise BadTemplate("it cannot be worked out with what the event has") from error
    if title:
        own = replace(own, heading=title, title="")
    return replace(own, fields=(), body=body) if body else own


def defaults(language: str, event_type: str, channel_type: str = "") -> Mapping[str, str]:
    """A template to begin with, for events of a type; mails say at once of what project."""
    words = words_of(language)
    known = words.get(event_type.replace(".", "_"), "{event_type}")
    # Some words have places for values of their own, which a template has not.
    known = "{event_type}" if "{" in known else known
    state = words.get(f"state_{event_type}")
    heading = (
        "" if state is None else words["heading_release"] + ("：" if language == "zh" else ": ")
    )
    of_project = "[{project_name}] " if channel_type == "email" else ""
    lines = (
        ("", "project", "{project_name}"),
        ("version_name", "version", "{version_name}"),
        ("task_status" if state is None else "", "state", state or "{task_status}"),
        ("environment", "environment", "{environment}"),
        ("has_hosts", "hosts", "{hosts_string}"),
        ("duration", "duration", "{duration}"),
        ("has_failed", "failed", "{failed_count}"),
    )
    body = (_line(name, f"**{words[f'field_{field}']}**: {value}") for name, field, value in lines)
    return {"title": f"{of_project}{heading}{known}", "body": "\n".join(body)}


def _line(condition: str, line: str) -> str:
    return f"{{% if {condition} %}}\n{line}\n{{% endif %}}" if condition else line
