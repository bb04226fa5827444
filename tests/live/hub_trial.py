"""A hub to which all happens that can, and readers that keep account of what they are owed."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.appending import Ground, append, event
from tests.live.hearing import MARK, Ear, Numbers
from tests.live.hubs import newest_of, until
from tocsin.live.hub import Hub
from tocsin.live.offset import Offset
from tocsin.live.rooms import NOTHING, Selection
from tocsin.model.entry import Entry
from tocsin.model.filters import EventFilter
from tocsin.store.append import Appender
from tocsin.store.pruning import remove_events

LAST = "last"
HIGH_WATER_BYTES = 60
PADDING = 20


def choice(kinds: Iterable[str], projects: Iterable[str] = ()) -> Selection:
    """Events of these kinds and projects, no matter which; and the last event of the trial."""
    filters = {EventFilter(types=(LAST,))}
    filters |= {EventFilter(types=(kind,)) for kind in kinds}
    filters |= {EventFilter(projects=(project,)) for project in projects}
    return frozenset(filters)


@dataclass(frozen=True)
class Wish:
    """What is wanted of events beyond `after`; up to `until` one of `before` may count as well."""

    after: int
    selection: Selection
    until: int = 0
    before: tuple[Selection, ...] = ()


@dataclass(eq=False)
class Reader:
    """Somebody who reads over several connections; `wishes` hold from the seq they name on."""

    wishes: list[Wish]
    ear: Ear
    # All that was heard over the connections before this one.
    before: list[int] = field(default_factory=list)
    is_connected: bool = True
    # What is done for it: a replay or a turn.
    job: "asyncio.Task[None] | None" = None
    is_turning: bool = False
    codes: list[int] = field(default_factory=list)

    @property
    def selection(self) -> Selection:
        return self.wishes[-1].selection

    @property
    def seqs(self) -> list[int]:
        return [*self.before, *self.ear.seqs]

    @property
    def position(self) -> int:
        """What it knows to have."""
        return max((self.wishes[0].after, *self.seqs[-1:]))

    @property
    def is_busy(self) -> bool:
        return self.job is not None and not self.job.done()

    def wish(self, new: Wish) -> None:
        """From its seq on, this counts and nothing said before."""
        first, *_ = self.wishes
        kept = [one for one in self.wishes if one.after < new.after]
        self.wishes = [*(kept or [Wish(first.after, NOTHING)]), new]


class Trial:
    """The hub, its journal and its readers; each method is something that happens."""

    def __init__(self, ground: Ground, hub: Hub, stack: AsyncExitStack) -> None:
        self.ground = ground
        self.hub = hub
        self.readers: list[Reader] = []
        # Type and project of each event, by seq.
        self.told: dict[int, tuple[str, str]] = {}
        self._messages: list[Sequence[Entry]] = []
        self._dialect = Numbers(padding=PADDING)
        stack.push_async_callback(self._end)

    # --- what happens to the journal

    async def append(self, events: list[tuple[str, str]]) -> None:
        new = [event(kind, project=project) for kind, project in events]
        self._note(events, [one.seq for one in await self.ground.append(*new)])

    async def append_beside(self, events: list[tuple[str, str]]) -> None:
        """Another process writes."""
        new = [event(kind, project=project) for kind, project in events]
        self._note(events, [one.seq for one in await append(self.ground.database, *new)])

    async def append_elsewhere(self, events: list[tuple[str, str]]) -> None:
        """Another instance writes; what it tells of that is on its way."""
        new = [event(kind, project=project) for kind, project in events]
        database = self.ground.database
        appender = Appender(database.dialect)
        appended = await database.write(lambda conn: appender.append(conn, [new]))
        self._messages.append(appended.entries)
        self._note(events, [one.seq for one in appended.entries])

    async def deliver(self, which: int) -> None:
        """Something arrives that another instance has told: at any time, or again, or never."""
        if self._messages:
            self.hub.publish(self._messages[-1 - which % len(self._messages)])

    def _note(self, events: list[tuple[str, str]], seqs: list[int]) -> None:
        self.told.update(zip(seqs, events, strict=True))

    async def prune(self, count: int) -> None:
        """Retention removes some of what is left; the hub may not have seen them even."""
        kept = [seq for seq in sorted(self.told) if seq > self._pruned][:count]
        if kept and kept[-1] <= self.hub.position:
            await self.ground.database.write(lambda conn: remove_events(conn, kept))
            self._pruned = kept[-1]

    _pruned = 0

    # --- what happens to readers

    async def join(self, selection: Selection) -> None:
        ear = self._ear()
        self.hub.join(ear.client, selection)
        self.readers.append(Reader([Wish(self.hub.position, selection)], ear))

    async def replay(self, told: tuple[int, Selection]) -> None:
        """Somebody comes who wants what is there already."""
        back, selection = told
        after = max(0, self.hub.position - back)
        reader = Reader([Wish(after, selection)], self._ear(), is_connected=False)
        self.readers.append(reader)
        await self._connect(reader, after)

    async def select(self, told: tuple[int, Selection]) -> None:
        reader = self._one(told[0])
        if reader is None or reader.is_turning:
            return
        position, client = self.hub.position, reader.ear.client
        if client in self.hub._late:
            # What it has missed may come by the one or the other.
            last = reader.wishes[-1]
            before = last.before if client.position < last.until else ()
            wish = Wish(client.position, told[1], position, (last.selection, *before))
        else:
            wish = Wish(position, told[1])
        self.hub.select(client, told[1])
        reader.wish(wish)

    async def turn(self, told: tuple[int, Selection]) -> None:
        """A state is read of the database, and what comes behind it is by another selection."""
        reader = self._one(told[0])
        if reader is None or reader.is_busy:
            return
        self.hub.hold(reader.ear.client)
        seq = max(self.hub.position, await newest_of(self.ground))
        reader.wish(Wish(seq, told[1]))
        reader.is_turning = True
        make: Callable[[], bytes] = f"={seq};".encode
        self._start(reader, self.hub.turn(reader.ear.client, told[1], seq, make))

    async def say(self, which: int) -> None:
        """Something is said to one alone: it has everything older by then."""
        reader = self._one(which)
        if reader is not None:
            self.hub.send(reader.ear.client, b"hello;")
            if reader.ear.client in set(self.hub._rooms.clients()) and reader.ear.is_taking:
                self.check(reader, self.hub.position)

    async def convert(self, which: int) -> None:
        reader = self._one(which)
        if reader is not None:
            dialect = Numbers("other", padding=PADDING, mark=MARK)
            self.hub.convert(reader.ear.client, dialect, reader.ear.write_marked)

    async def drop(self, which: int) -> None:
        reader = self._one(which)
        if reader is not None:
            self.hub.leave(reader.ear.client)
            self._disconnect(reader)

    async def resume(self, which: int) -> None:
        """It comes back with the seq of the last event that it has, if it may."""
        reader = self.readers[which % len(self.readers)]
        self._see_closed(reader)
        if not reader.is_connected:
            await self._connect(reader, reader.position)

    async def stall(self, which: int) -> None:
        self.readers[which % len(self.readers)].ear.stop_taking()

    async def unstall(self, which: int) -> None:
        self.readers[which % len(self.readers)].ear.go_on_taking()

    async def let_turn(self, count: int) -> None:
        for _ in range(count):
            await asyncio.sleep(0)

    # --- the end

    async def finish(self) -> None:
        """Everybody is there and takes everything, until the last event has come."""
        await self.append([(LAST, "")])
        last = max(self.told)
        for reader in self.readers:
            while not self._is_done(reader, last):
                self._see_closed(reader)
                if not reader.is_connected:
                    await self._connect(reader, reader.position)
                reader.ear.go_on_taking()
                await until(partial(self._is_settled, reader, last))
            self.check(reader, last)
            self._check_marks(reader)

    async def _end(self) -> None:
        for reader in self.readers:
            if reader.job is not None:
                reader.job.cancel()
                await asyncio.gather(reader.job, return_exceptions=True)

    def _is_settled(self, reader: Reader, last: int) -> bool:
        return self._is_done(reader, last) or bool(reader.ear.closed)

    @staticmethod
    def _is_done(reader: Reader, last: int) -> bool:
        """Whether it has the last event; or it could not go on, and began anew behind that."""
        return last in reader.seqs or reader.wishes[-1].after >= last

    def check(self, reader: Reader, through: int) -> None:
        """It has all that is wanted up to a seq, once and in order, and nothing else."""
        must, may = self._owed(reader, through)
        heard = [seq for seq in reader.seqs if seq <= through]
        assert heard == sorted(set(heard)), heard
        assert must <= set(heard), (must - set(heard), reader.wishes)
        assert set(heard) <= must | may, (set(heard) - must - may, reader.wishes)

    def _owed(self, reader: Reader, through: int) -> tuple[set[int], set[int]]:
        must: set[int] = set()
        may: set[int] = set()
        for seq, (kind, project) in self.told.items():
            wish = next((one for one in reversed(reader.wishes) if one.after < seq), None)
            if wish is None or seq > through:
                continue
            is_wanted = wants(wish.selection, kind, project)
            if seq > wish.until:
                (must if is_wanted else set()).add(seq)
            elif is_wanted and all(wants(one, kind, project) for one in wish.before):
                must.add(seq)
            else:
                may.add(seq)
        return must, may

    @staticmethod
    def _check_marks(reader: Reader) -> None:
        """What was read as a state stands behind what it holds, and before what is new."""
        heard = reader.ear.heard
        for place, said in enumerate(heard):
            if said.startswith("="):
                seqs = [(n, int(one.lstrip(MARK))) for n, one in enumerate(heard) if is_event(one)]
                assert all((seq <= int(said[1:])) == (n < place) for n, seq in seqs), heard

    # --- how it is done

    def _ear(self) -> Ear:
        return Ear(self._dialect, high_water_bytes=HIGH_WATER_BYTES)

    def _one(self, which: int) -> Reader | None:
        """The reader, while it is connected."""
        reader = self.readers[which % len(self.readers)]
        self._see_closed(reader)
        return reader if reader.is_connected else None

    def _see_closed(self, reader: Reader) -> None:
        if reader.ear.closed and reader.is_connected:
            (closed,) = reader.ear.closed
            reader.codes.append(closed[0])
            self._disconnect(reader)

    def _disconnect(self, reader: Reader) -> None:
        self._check_marks(reader)
        reader.before = reader.seqs
        reader.ear = self._ear()
        reader.is_connected = reader.is_turning = False
        if reader.job is not None:
            reader.job.cancel()

    async def _connect(self, reader: Reader, after: int) -> None:
        selection = reader.selection
        offset = Offset(self.hub.epoch, after)
        can_resume = await self.hub.can_resume(selection, offset)
        reader.is_connected = True
        if not can_resume:
            assert after < self._pruned
            reader.wish(Wish(after, NOTHING))
            after = self.hub.position
        reader.wish(Wish(after, selection))
        self._start(reader, self.hub.replay(reader.ear.client, selection, after))

    def _start(self, reader: Reader, job: Coroutine[Any, Any, None]) -> None:
        reader.job = asyncio.create_task(job)
        reader.job.add_done_callback(lambda _job: setattr(reader, "is_turning", False))


def is_event(said: str) -> bool:
    """Whether a client has heard an event there."""
    return said.lstrip(MARK).isdecimal()


def wants(selection: Selection, kind: str, project: str) -> bool:
    """Whether an event fits any of the filters, which name kinds or projects only."""
    return any(kind in one.types or project in one.projects for one in selection)
