"""A callback: these events of this project go to these channels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

LANGUAGES = ("zh", "en", "ko", "ru")
ALL_PROJECTS = "*"


@dataclass(frozen=True, slots=True)
class CallbackChannel:
    """A channel of a callback; `config` are its options in plain, secrets too.

    Without `template_id` Tocsin's own words are used.
    """

    id: str
    type: str
    enabled: bool
    config: Mapping[str, Any] = field(repr=False)
    template_id: str | None = None


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end` each day (over midnight if that is earlier) in `zone` nothing is sent.

    What happens meanwhile goes out as one digest at the end; events that fit `but` go at once.
    """

    zone: str
    start: time
    end: time
    but: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grouping:
    """What is alike in all of `by` goes out together, as Alertmanager's group_by.

    `by` has names out of project, subject, event_type and `data.<field>`; the first of a group
    waits `wait_s`, further ones until `interval_s` after the last that went out.
    """

    by: tuple[str, ...]
    wait_s: float
    interval_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A callback as people configure it.

    `project_id` is a project, or "*" for all. `events` are types or patterns (`canary_*`); none
    is all. `condition` is CEL over `event`, "" for none. `language` is that of the messages.
    Events up to the journal's `from_seq` were before it, or before it was enabled again.
    """

    id: str
    project_id: str
    name: str
    enabled: bool
    channels: tuple[CallbackChannel, ...]
    events: tuple[str, ...]
    condition: str = ""
    language: str = "zh"
    quiet_hours: QuietHours | None = None
    grouping: Grouping | None = None
    from_seq: int = 0
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A person's own words: Jinja2 with `{{name}}`, and `{name}` for the listed variables.

    `body` is Markdown. `channel_type` and `event_type` ("" any) say what it is offered for.
    """

    id: str
    name: str
    channel_type: str
    event_type: str
    language: str
    title: str
    body: str
    created_at: datetime
    updated_at: datetime
