"""Events of a commit as one instance tells them to the others. Pure.

A message of Redis' streams has named fields. `run` and `epoch` say who tells, so that what is not
for one need not be read. `head` is JSON with everything but what the events say; that stands as it
is kept, byte for byte, in a field named by the event's `seq`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from pydantic import TypeAdapter, ValidationError

from tocsin.model.entry import Entry
from tocsin.model.event import Event
from tocsin.model.standing import Standing
from tocsin.model.times import from_us, to_us

# Of both what an instance writes and what it understands. One of another version is a bell only.
VERSION: Final = 1
# What is larger is told by its numbers only, and read from the journal.
MAX_BYTES: Final = 256 * 1024
# What an event takes beside what it says, roughly: ids, names and times.
ROW_BYTES: Final = 300

RUN: Final = b"run"
EPOCH: Final = b"epoch"
HEAD: Final = b"head"
_standings: Final = TypeAdapter(list[Standing])

Fields = Mapping[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who tells: `run` is another one after each start, `epoch` is the journal's."""

    run: str
    epoch: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A message: events from `first` to `last` are committed.

    `entries` are all of these, or None when they are to be read from the journal.
    """

    sender: Sender
    first: int
    last: int
    sent_at: datetime
    entries: Sequence[Entry] | None


class Unreadable(Exception):
    """It is no message of ours."""


def messages_of(sender: Sender, entries: Sequence[Entry], now: datetime) -> Iterator[Fields]:
    """The messages that tell of `entries`, which were committed together, in order of seq."""
    # One commit has one standing for all events of a deployment: encoded once.
    encoded: dict[int, bytes] = {}
    part = _Part(sender, now)
    for entry in entries:
        standing = entry.standing
        if standing is not None and id(standing) not in encoded:
            encoded[id(standing)] = orjson.dumps(standing)
        shown = None if standing is None else encoded[id(standing)]
        if not part.has_room_for(entry, shown):
            yield part.fields()
            part = _Part(sender, now)
        part.add(entry, shown)
    if entries:
        yield part.fields()


def sender_of(fields: Fields) -> Sender:
    """Who tells.

    Raises:
        Unreadable: it is no message of ours.
    """
    try:
        return Sender(fields[RUN].decode(), fields[EPOCH].decode())
    except (KeyError, ValueError) as error:
        raise Unreadable from error


def read_message(fields: Fields) -> Heard:
    """What a message tells; one of another version tells its numbers only.

    Raises:
        Unreadable: it is no message of ours.
    """
    sender = sender_of(fields)
    try:
        head = orjson.loads(fields[HEAD])
        first, last, at = int(head["first"]), int(head["last"]), from_us(int(head["at"]))
        entries = _entries(head, fields) if head.get("version") == VERSION else None
    except (KeyError, TypeError, ValueError, OverflowError, ValidationError) as error:
        raise Unreadable from error
    if entries is not None and [one.seq for one in entries] != list(range(first, last + 1)):
        raise Unreadable
    return Heard(sender, first, last, at, entries)


class _Part:
    """A message while it grows."""

    def __init__(self, sender: Sender, now: datetime) -> None:
        self._sender = sender
        self._now = now
        self._rows: list[list[Any]] = []
        self._standings: dict[bytes, int] = {}
        self._data: dict[bytes, bytes] = {}
        self._size = 0

    def has_room_for(self, entry: Entry, standing: bytes | None) -> bool:
        """Whether it stays small enough; one event has room in any case."""
        return not self._rows or self._size + self._grows_by(entry, standing) <= MAX_BYTES

    def add(self, entry: Entry, standing: bytes | None) -> None:
        self._size += self._grows_by(entry, standing)
        place = -1
        if standing is not None:
            place = self._standings.setdefault(standing, len(self._standings))
        self._rows.append([*_row(entry.event), place])
        if entry.event.data is not None:
            self._data[b"%d" % entry.seq] = orjson.dumps(entry.event.data)

    def fields(self) -> Fields:
        """All of it, or what is too large by its numbers alone."""
        head = {
            "version": VERSION,
            "first": self._rows[0][0],
            "last": self._rows[-1][0],
            "at": to_us(self._now),
        }
        sender = {RUN: self._sender.run.encode(), EPOCH: self._sender.epoch.encode()}
        if self._size > MAX_BYTES:
            return {**sender, HEAD: orjson.dumps(head)}
        standings = [orjson.Fragment(one) for one in self._standings]
        whole = orjson.dumps({**head, "events": self._rows, "standings": standings})
        return {**sender, HEAD: whole, **self._data}

    def _grows_by(self, entry: Entry, standing: bytes | None) -> int:
        data = entry.event.data
        size = ROW_BYTES + (0 if data is None else len(orjson.dumps(data)))
        is_new = standing is not None and standing not in self._standings
        return size + (len(standing) if is_new and standing is not None else 0)


def _row(event: Event) -> list[Any]:
    return [
        event.seq,
        event.id,
        event.source,
        event.type,
        event.project,
        event.subject,
        to_us(event.occurred_at),
        to_us(event.received_at),
        event.occurred_text,
        event.attributes,
    ]


def _entries(head: Mapping[str, Any], fields: Fields) -> Sequence[Entry] | None:
    if "events" not in head:
        return None
    standings = _standings.validate_python(head["standings"])
    entries = []
    for *row, place in head["events"]:
        seq, id_, source, type_, project, subject, occurred, received, text, attributes = row
        data = fields.get(b"%d" % seq)
        event = Event(
            seq=seq,
            id=id_,
            source=source,
            type=type_,
            project=project,
            subject=subject,
            occurred_at=from_us(occurred),
            received_at=from_us(received),
            data=None if data is None else orjson.Fragment(data),
            occurred_text=text,
            attributes=attributes,
        )
        entries.append(Entry(event, None if place < 0 else standings[place]))
    return entries
