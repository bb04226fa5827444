"""Events, data of any kind, and messages as one reads them, for the tests of what is told."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from tests.ingest.samples import sample
from tocsin.ingest.source import find_sources
from tocsin.model.callback import Template
from tocsin.model.event import Event, NewEvent
from tocsin.model.message import Block, Message
from tocsin.notify.wording.notices.telling import Telling
from tocsin.notify.wording.words import words_of

AT = datetime(2026, 1, 6, 20, 0, tzinfo=UTC)

# Words that data really has, so that what is made up meets them under every name.
NAMES = (
    *("project", "version", "task", "deployment", "status", "step_name", "step_status", "logs"),
    *("level", "message", "metrics", "duration", "error", "errorMessage", "labels", "annotations"),
    *("startsAt", "endsAt", "values", "group", "payload", "progress", "reasons", "count", "name"),
    *("id", "type", "what", "by", "url", "html_url", "hosts", "total_count", "completed_count"),
    *("workflow_run", "workflow_job", "conclusion", "action", "object_attributes", "builds"),
    *("deployment_status", "state", "data", "issue", "title", "severity", "alertname"),
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["failed", "success", "error", "https://a.example/x", "5m30s", "x" * 5_000])
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=8)
    ),
    max_leaves=25,
)
ANY_DATA = st.dictionaries(st.sampled_from(NAMES), ANY_JSON, max_size=12) | ANY_JSON


def event(
    event_type: str = "step_completed",
    data: Any = None,
    *,
    project: str = "shop",
    subject: str = "42",
    source: str = "deployment",
    event_id: str = "019a",
    seq: int = 7,
    attributes: dict[str, Any] | None = None,
) -> Event:
    """An event with what matters to a test."""
    return Event(
        seq=seq,
        id=event_id,
        source=source,
        type=event_type,
        project=project,
        subject=subject,
        occurred_at=AT,
        received_at=AT,
        data={} if data is None else data,
        occurred_text=None,
        attributes=attributes,
    )


def template(title: str = "", body: str = "") -> Template:
    """A person's own words, for any event."""
    return Template(
        id="t-1",
        name="Mine",
        channel_type="",
        event_type="",
        language="zh",
        title=title,
        body=body,
        created_at=AT,
        updated_at=AT,
    )


def stored(new: NewEvent) -> Event:
    """The event as it is read back."""
    return Event(
        seq=7,
        id=new.id,
        source=new.source,
        type=new.type,
        project=new.project,
        subject=new.subject,
        occurred_at=new.occurred_at,
        received_at=new.received_at,
        data=new.data,
        occurred_text=new.occurred_text,
        attributes=new.attributes,
    )


def events_of(source: str, name: str) -> list[Event]:
    """What a source reads out of one of its samples."""
    kind = find_sources()[source]
    return [stored(one) for one in kind.read(sample(source, name).call(), kind.Options())]


def noticed(notice: Callable[[Telling], Message], of: Event, language: str = "en") -> list[str]:
    """What a notice says of an event, as `lines_of` writes it, without links."""
    return lines_of(notice(Telling(of, words_of(language), language)))


def lines_of(message: Message) -> list[str]:
    """A message in lines: what it is about, its fields, its text, its links."""
    return [
        f"{message.tone} | {message.full_title}",
        *(f"{one.name}: {one.value}" for one in message.fields),
        *map(_line, message.body),
        *(f"[{link.text}] {link.url}" for link in message.links),
    ]


def _line(block: Block) -> str:
    return f"{block.kind} | {''.join(span.text for span in block.spans)}"
