"""Who gets which event, and when it leaves: the rules of live delivery.

Pure: no socket, no clock, no store; hub.py feeds it and acts on what it gives. Clients of one
dialect that want the same things form a group. An event is put into a dialect's form once, and
what waits for a group is joined once, however many clients there are.

The law: a client gets every event that its selection wants beyond the position at which it
came in, each once, in the order of seq. Each client's own position keeps it: what waits for a
group is cut to what lies beyond it.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from tocsin.model.entry import Entry
from tocsin.model.event import Event
from tocsin.model.filters import EventFilter

__all__ = ["Batch", "Client", "Dialect", "Entry", "Group", "Rooms", "Selection"]

# An event is wanted when any of the filters matches it; the empty set wants nothing.
Selection = frozenset[EventFilter]
NOTHING: Selection = frozenset()
EVERYTHING: Selection = frozenset({EventFilter()})

# A group's first event leaves at once. What follows is joined for about as long as writing to
# all its clients took (4 to 8 µs each), so that half of the time is left for everything else.
JOIN_PER_WRITE_S = 5e-6
MAX_JOIN_S = 0.005
MAX_JOINED_BYTES = 64 * 1024

# What a client may hold unsent before it is closed.
MAX_UNSENT_BYTES = 1024 * 1024

_Key = tuple[str, str]
_ALL: _Key = ("all", "")


class Dialect(Protocol):
    """A form in which clients get events; there are few instances, and they are hashable.

    `label` names it in metrics. `shows_standing` is for forms that need an entry's standing.
    """

    @property
    def label(self) -> str: ...
    @property
    def shows_standing(self) -> bool: ...

    def frame(self, entry: Entry) -> bytes | None:
        """The event on the wire, in a form that may be joined; None when it is not shown."""
        ...


class Client:
    """A connected client as the hub sees it.

    `write` takes whole messages of its dialect; `unsent_bytes` is asked only while
    `is_paused`, which its transport sets while it holds more than a little.
    """

    __slots__ = ("close", "dialect", "group", "is_paused", "position", "unsent_bytes", "write")

    def __init__(
        self,
        dialect: Dialect,
        write: Callable[[bytes], None],
        unsent_bytes: Callable[[], int],
        close: Callable[[int, str], None],
    ) -> None:
        self.dialect = dialect
        self.write = write
        self.unsent_bytes = unsent_bytes
        self.close = close
        self.group: Group | None = None
        # Everything up to this seq that it wants was given to it.
        self.position = 0
        self.is_paused = False

    def is_too_slow(self, size: int) -> bool:
        """Whether `size` more bytes are more than it may hold."""
        return self.is_paused and self.unsent_bytes() + size > MAX_UNSENT_BYTES


class Parts:
    """Messages of one group in the order of their seq, and what of them a client lacks."""

    __slots__ = ("frames", "joined", "seqs", "since", "size")

    def __init__(self) -> None:
        # When the first of them came in.
        self.since = 0.0
        self.seqs: list[int] = []
        self.frames: list[bytes] = []
        self.size = 0
        self.joined: bytes | None = None

    def __bool__(self) -> bool:
        return bool(self.seqs)

    def add(self, seq: int, frame: bytes, now: float) -> None:
        """Put one more at the end."""
        if not self.seqs:
            self.since = now
        self.seqs.append(seq)
        self.frames.append(frame)
        self.size += len(frame)
        # It may have been asked for already, by one who was given what was pending.
        self.joined = None

    def beyond(self, position: int) -> bytes:
        """Everything after `position`, joined; b"" when that is nothing."""
        if position < self.seqs[0]:
            if self.joined is None:
                self.joined = b"".join(self.frames)
            return self.joined
        return b"".join(self.frames[bisect_right(self.seqs, position) :])


class Group:
    """Clients of one dialect that want the same; `leaving` is being written to them."""

    __slots__ = ("clients", "dialect", "keys", "leaving", "open_at", "parts", "selection")

    def __init__(self, dialect: Dialect, selection: Selection) -> None:
        self.dialect = dialect
        self.selection = selection
        self.keys = tuple(dict.fromkeys(key for one in selection for key in _keys_of(one)))
        self.clients: dict[Client, None] = {}
        self.parts = Parts()
        self.leaving: Batch | None = None
        self.open_at = 0.0

    def wants(self, event: Event) -> bool:
        """Whether its clients get `event`, if their dialect shows it."""
        return any(one.matches(event) for one in self.selection)

    @property
    def ready_at(self) -> float:
        """When what waits may leave; it is never asked while something is leaving."""
        return 0.0 if self.parts.size >= MAX_JOINED_BYTES else self.open_at


class Batch:
    """What leaves a group in one write to each of its clients, as far as it was written."""

    __slots__ = ("_clients", "_done", "group", "parts")

    def __init__(self, group: Group) -> None:
        self.group = group
        self.parts, group.parts = group.parts, Parts()
        self._clients = list(group.clients)
        self._done = 0

    def __len__(self) -> int:
        return len(self._clients)

    @property
    def is_done(self) -> bool:
        return self._done >= len(self._clients)

    def lacking(self, limit: int) -> Iterator[tuple[Client, bytes]]:
        """The next clients, `limit` at most, with what each has to be given.

        Its position is moved on before it is given out.
        """
        parts, group = self.parts, self.group
        first, top = parts.seqs[0], parts.seqs[-1]
        joined = parts.beyond(first - 1)
        begin, self._done = self._done, self._done + limit
        for client in self._clients[begin : self._done]:
            if client.group is not group or client.position >= top:
                continue
            data = joined if client.position < first else parts.beyond(client.position)
            client.position = top
            yield client, data


class Rooms:
    """All groups, and what waits for them."""

    def __init__(self) -> None:
        self._groups: dict[tuple[Dialect, Selection], Group] = {}
        self._by_key: dict[_Key, dict[Group, None]] = {}
        self._waiting: dict[Group, None] = {}

    def add(self, client: Client, selection: Selection, position: int) -> None:
        """Give `client` what `selection` wants beyond `position`, from what comes from now on."""
        key = (client.dialect, selection)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(*key)
            for one in group.keys:
                self._by_key.setdefault(one, {})[group] = None
        group.clients[client] = None
        client.group = group
        client.position = position

    def pending(self, client: Client) -> bytes:
        """What waits for `client` and was not written yet; from now on it counts as given."""
        group = client.group
        if group is None:
            return b""
        found = []
        for parts in (group.leaving.parts if group.leaving else None, group.parts):
            if parts and client.position < parts.seqs[-1]:
                found.append(parts.beyond(client.position))
                client.position = parts.seqs[-1]
        return b"".join(found)

    def remove(self, client: Client) -> None:
        """Give `client` nothing more; idempotent."""
        group, client.group = client.group, None
        if group is None:
            return
        del group.clients[client]
        if not group.clients:
            del self._groups[group.dialect, group.selection]
            self._waiting.pop(group, None)
            for one in group.keys:
                rooms = self._by_key[one]
                del rooms[group]
                if not rooms:
                    del self._by_key[one]

    def clients(self) -> Iterator[Client]:
        """Everybody in a group."""
        for group in self._groups.values():
            yield from group.clients

    @property
    def waiting_bytes(self) -> int:
        """What waits to be joined, counted once for each group."""
        return sum(group.parts.size for group in self._waiting)

    def route(self, entries: Iterable[Entry], now: float) -> None:
        """Put each event, in the dialect's form, to what waits for the groups that want it."""
        if not self._groups:
            return
        for entry in entries:
            event = entry.event
            frames: dict[Dialect, bytes | None] = {}
            for group in self._wanting(event):
                dialect = group.dialect
                if dialect not in frames:
                    frames[dialect] = dialect.frame(entry)
                frame = frames[dialect]
                if frame is not None:
                    group.parts.add(event.seq, frame, now)
                    self._waiting[group] = None

    def ready(self, now: float) -> Sequence[Batch]:
        """What leaves now; each is to be given to `written` once it is."""
        found = []
        for group in [one for one in self._waiting if one.leaving is None and one.ready_at <= now]:
            del self._waiting[group]
            group.leaving = Batch(group)
            found.append(group.leaving)
        return found

    def written(self, batch: Batch, now: float) -> None:
        """All clients have what `batch` holds; what follows is joined for a while."""
        group = batch.group
        group.leaving = None
        group.open_at = now + min(MAX_JOIN_S, len(batch) * JOIN_PER_WRITE_S)

    @property
    def next_at(self) -> float | None:
        """When the next batch is ready; None while nothing waits that is not leaving."""
        return min(
            (group.ready_at for group in self._waiting if group.leaving is None), default=None
        )

    def _wanting(self, event: Event) -> Iterable[Group]:
        found: dict[Group, None] = {}
        for key in (_ALL, ("project", event.project), ("subject", event.subject)):
            found.update(self._by_key.get(key, {}))
        return [group for group in found if group.wants(event)]


def _keys_of(wanted: EventFilter) -> Iterable[_Key]:
    """Under which of an event's own words to look for a filter; those who want much are asked."""
    if wanted.subjects:
        return [("subject", subject) for subject in wanted.subjects]
    if wanted.projects:
        return [("project", project) for project in wanted.projects]
    return [_ALL]
