"""What a reader wants to see of events, deployments and log lines.

Pure. Live streams ask `EventFilter.matches`, lists ask the database; a property test holds
both to the same answer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tocsin.errors import FieldFault, Reason, Rejected
from tocsin.model.event import Event
from tocsin.model.times import EPOCH, parse_instant
from tocsin.model.training import TrainingStatus
from tocsin.model.words import DeploymentState

MAX_VALUES = 20
MAX_VALUE_CHARS = 1_000
ANY = "*"

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Events that fit in every field; an empty one fits all, several values mean any of them.

    `types` may hold patterns, in which `*` stands for any characters. The times are when
    Tocsin received the event, not what its sender says: `since` inclusive, `until` exclusive.
    """

    sources: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    def matches(self, event: Event) -> bool:
        """Whether `event` fits."""
        return (
            (not self.subjects or event.subject in self.subjects)
            and (not self.projects or event.project in self.projects)
            and (not self.sources or event.source in self.sources)
            and (self.since is None or event.received_at >= self.since)
            and (self.until is None or event.received_at < self.until)
            and self.matches_type(event.type)
        )

    def matches_type(self, event_type: str) -> bool:
        """Whether `event_type` is one of those wanted."""
        return not self.types or any(type_fits(pattern, event_type) for pattern in self.types)


@dataclass(frozen=True, slots=True)
class DeploymentFilter:
    """Deployments that fit in every field.

    The times are when their newest run was first heard of. `text` stands in the id, the project
    or a fact, in upper or lower case. Those that need attention stalled, or failed without a
    later success of their project.
    """

    projects: tuple[str, ...] = ()
    statuses: tuple[DeploymentState, ...] = ()
    is_stalled: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    needs_attention: bool | None = None


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Runs of these projects that began in the span, `until` exclusive; no project means all."""

    projects: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrainingFilter:
    """Trainings that fit in every field; `text` stands in an id or the endpoint."""

    statuses: tuple[TrainingStatus, ...] = ()
    training_types: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class LineFilter:
    """Lines of one deployment that fit in every field; both line numbers are inclusive.

    `from_at` (inclusive) and `to_at` (exclusive) are microseconds: the span of a run.
    """

    steps: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    text: str = ""
    from_line: int | None = None
    to_line: int | None = None
    from_at: int | None = None
    to_at: int | None = None


def type_fits(pattern: str, event_type: str) -> bool:
    """Whether a type is the one named, or fits the pattern.

    By hand and not by a regular expression, whose time can grow with a power of the stars.
    """
    first, *rest = pattern.split(ANY)
    if not rest:
        return pattern == event_type
    *middle, last = rest
    at, end = len(first), len(event_type) - len(last)
    if at > end or not (event_type.startswith(first) and event_type.endswith(last)):
        return False
    for part in middle:
        found = event_type.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def filter_of(query: Mapping[str, str | Sequence[str]]) -> EventFilter:
    """The filter that a query's `source`, `type`, `project`, `subject`, `since`, `until` ask for.

    What is empty is taken as not given: forms send every field.

    Raises:
        Rejected: 422, naming the field.
    """
    return EventFilter(
        sources=_values(query, "source"),
        types=_values(query, "type"),
        projects=_values(query, "project"),
        subjects=_values(query, "subject"),
        since=_instant(query, "since"),
        until=_instant(query, "until"),
    )


def parse_query_instant(text: str) -> datetime:
    """The instant a reader names; unlike a sender's, any year is one.

    Raises:
        ValueError: it is none.
    """
    # An unescaped "+08:00" arrives as " 08:00"; RFC 3339 writes T and Z in either case.
    said = text.strip().upper()
    if len(said) > 19 and said[-6] == " " and said[-3] == ":":
        said = f"{said[:-6]}+{said[-5:]}"
    if said.isdecimal():
        known = parse_instant(said)
        if known is not None:
            return known
    # A leap second is a time (RFC 3339, 5.6) that Python does not know.
    if said[16:19] == ":60":
        said = f"{said[:16]}:59{said[19:]}"
    try:
        at = datetime.fromisoformat(said)
    except ValueError as error:
        raise ValueError("expected a time such as 2024-01-01T12:00:00Z") from error
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError:
        # The first or last hours of the calendar, moved out of it by their zone.
        return _FIRST if at.year < EPOCH.year else _LAST


def _values(query: Mapping[str, str | Sequence[str]], name: str) -> tuple[str, ...]:
    said = query.get(name, ())
    values = tuple(value for value in ((said,) if isinstance(said, str) else said) if value)
    if len(values) > MAX_VALUES:
        raise _bad(name, f"expected at most {MAX_VALUES} values")
    if any(len(value) > MAX_VALUE_CHARS for value in values):
        raise _bad(name, f"expected at most {MAX_VALUE_CHARS} characters")
    return values


def _instant(query: Mapping[str, str | Sequence[str]], name: str) -> datetime | None:
    values = _values(query, name)
    return _checked(name, parse_query_instant, values[-1]) if values else None


def _checked(name: str, parse: Callable[[str], datetime], text: str) -> datetime:
    try:
        return parse(text)
    except ValueError as error:
        raise _bad(name, str(error)) from error


def _bad(name: str, message: str) -> Rejected:
    fault = FieldFault(name, message)
    return Rejected(422, Reason.BAD_FIELD, f"{name}: {message}", fields=(fault,))
