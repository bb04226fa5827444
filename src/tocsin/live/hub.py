"""Hands stored events to all who are connected, in whatever form each of them speaks.

`rooms.py` decides who gets what and when; here are the timer and the writing in slices. Those
who come back are `catching_up.py`'s, until they are among the others again.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry

from tocsin.bus.bell import Bell
from tocsin.live.catching_up import CatchingUp, Frame
from tocsin.live.closing import CloseCode
from tocsin.live.figures import Figures
from tocsin.live.offset import Offset, own_offset
from tocsin.live.past import Past
from tocsin.live.pieces import Pieces
from tocsin.live.ring import Ring
from tocsin.live.rooms import (
    EVERYTHING,
    NOTHING,
    Batch,
    Client,
    Dialect,
    Rooms,
    Selection,
)
from tocsin.model.entry import Entry
from tocsin.store.database import Database

# So many writes are made in a row; then it is somebody else's turn.
SLICE = 500
# How long an event written by another process may stay unseen.
LOOK_S = 1.0
# How many events are taken up at the start.
REMEMBERED = 1_000


class Hub:
    """All live clients of this process. Used from one event loop."""

    def __init__(
        self,
        database: Database,
        epoch: str,
        position: int,
        registry: CollectorRegistry,
        *,
        patience_s: float = 0.0,
        former_epochs: Mapping[str, int] | None = None,
    ) -> None:
        """`patience_s`: for so long what is missing may be on its way by `publish`."""
        self.epoch = epoch
        self._former_epochs = former_epochs or {}
        self._patience_s = patience_s
        self._past = Past(database)
        self._ring = Ring(position)
        self._position = position
        self._rooms = Rooms()
        self._figures = Figures(registry, self.queued_bytes)
        self._loop = asyncio.get_running_loop()
        self._leaving: deque[Batch] = deque()
        self._is_writing = False
        self._timer: asyncio.Handle | None = None
        self._timer_at = 0.0
        self._late = CatchingUp(
            self._past, self._ring, self._rooms, self._figures, lambda: self._position, self._drop
        )
        # Rung by who knows of events that did not come in by `publish`.
        self._elsewhere = Bell()
        self._pieces = Pieces()
        self._waits_at: int | None = None
        self._must_look = False
        self._moved: set[asyncio.Future[None]] = set()

    @property
    def position(self) -> int:
        """Every event up to this seq was handed to the rooms."""
        return self._position

    @property
    def offset(self) -> Offset:
        """The offset of who has everything there is."""
        return Offset(self.epoch, self._position)

    # What comes in

    async def remember(self) -> None:
        """Take up the newest events there are: after a restart everybody comes back for them.

        Raises:
            StoreDown: the journal cannot be read.
        """
        floor = max(0, self._position - REMEMBERED)
        piece = await self._past.piece(EVERYTHING, floor, REMEMBERED, with_standings=True)
        if not piece.is_more:
            self._ring.floor = max(floor, piece.pruned_through)
            self._ring.add(piece.entries)
            self._position = max(self._position, piece.through)

    def publish(self, entries: Sequence[Entry]) -> None:
        """Take events that were just committed, here or elsewhere.

        Their seqs follow on each other. Known ones are passed over; what lies before them may
        come a moment later, else `step` reads it.
        """
        if not entries or entries[-1].seq <= self._position:
            return
        if entries[0].seq == self._position + 1:
            self._take(entries)
        else:
            self._pieces.put(entries)
        self._take_following()

    def look(self) -> None:
        """Have `step` look now: there may be events that `publish` is not given."""
        self._must_look = True
        self._elsewhere.wake()

    def _take_following(self) -> None:
        """Take what has come before its turn, or see to what is missing before it."""
        found = self._pieces.take(self._position)
        if found:
            self._take(found)
        if self._pieces.is_too_much:
            self._elsewhere.ring(self._pieces.newest)
            self._pieces.clear()
        elif self._pieces and self._waits_at is None:
            self._figures.gaps.inc()
            self._wait_for_missing()

    def _wait_for_missing(self) -> None:
        self._waits_at = self._position
        if self._patience_s:
            self._loop.call_later(self._patience_s, self._give_up_missing)
        else:
            self._give_up_missing()

    def _give_up_missing(self) -> None:
        """Somebody has written who does not tell, or what was told is lost: the journal has it."""
        waited_at, self._waits_at = self._waits_at, None
        if self._pieces and waited_at != self._position:
            # What was missing came, and now something else is.
            self._wait_for_missing()
        elif self._pieces:
            self._elsewhere.ring(self._pieces.newest)

    async def step(self) -> None:
        """Look for events that other processes have written, now and then or when told to."""
        if not self._must_look:
            await self._elsewhere.wait(self._position, LOOK_S)
        self._must_look = False
        while True:
            after = self._position
            piece = await self._past.piece(EVERYTHING, after, with_standings=True)
            if self._position == after:
                self._figures.read_back.inc(len(piece.entries))
                if piece.entries:
                    self._take(piece.entries)
                self._move(piece.through)
                self._take_following()
                if not piece.is_more:
                    return
            elif self._elsewhere.newest <= self._position:
                # What was read came in by `publish` meanwhile.
                return

    def _take(self, entries: Sequence[Entry]) -> None:
        self._ring.add(entries)
        self._rooms.route(entries, self._loop.time())
        self._move(entries[-1].seq)
        self._flush()

    def _move(self, seq: int) -> None:
        self._position = max(self._position, seq)
        moved, self._moved = self._moved, set()
        for one in moved:
            if not one.done():
                one.set_result(None)

    async def reached(self, seq: int) -> None:
        """Return once `position` is at `seq` or beyond."""
        while self._position < seq:
            self._elsewhere.ring(seq)
            moved = self._loop.create_future()
            self._moved.add(moved)
            await moved

    # Who is there

    def join(self, client: Client, selection: Selection) -> None:
        """Give `client` what `selection` wants, from the next event on."""
        self._rooms.add(client, selection, self._position)

    def select(self, client: Client, selection: Selection) -> None:
        """Have another selection count from the next event on; what was pending goes first.

        Of what one that is catching up has still to be given from before, either may count.
        """
        if client in self._late:
            self._late.select(client, selection)
            return
        self._give_pending(client)
        if client.group is not None:
            self._rooms.remove(client)
            self._rooms.add(client, selection, self._position)

    def send(self, client: Client, data: bytes) -> None:
        """Write to `client` alone; what is pending for it goes first."""
        self._give_pending(client)
        self._write(client, data)

    def convert(self, client: Client, dialect: Dialect, write: Callable[[bytes], None]) -> None:
        """Speak another dialect to `client` from now on; what is pending goes in the former."""
        self._give_pending(client)
        group, position = client.group, client.position
        self._rooms.remove(client)
        client.dialect, client.write = dialect, write
        if group is not None:
            self._rooms.add(client, group.selection, max(position, self._position))

    def leave(self, client: Client) -> None:
        """Give `client` nothing more; idempotent."""
        self._late.forget(client)
        self._rooms.remove(client)

    # Who comes back

    async def can_resume(
        self, selection: Selection, offset: Offset, max_events: int | None = None
    ) -> bool:
        """Whether all that `selection` wants after `offset` can still be given.

        Not when that is more than `max_events`.

        Raises:
            StoreDown: the journal cannot be read.
        """
        own = self.own(offset)
        return await self._late.can_resume(selection, own, self.epoch, max_events)

    def own(self, offset: Offset) -> Offset:
        """The offset as this journal gives it, where what was there before is the same journal."""
        return own_offset(offset, self.epoch, self._former_epochs)

    async def kept_from(self) -> int:
        """The seq after which everything is still there.

        Raises:
            StoreDown: the journal cannot be read.
        """
        return (await self._past.piece(NOTHING, self._position)).pruned_through

    def hold(self, client: Client) -> None:
        """Give `client` nothing for now; everything up to `client.position` was given to it."""
        if client in self._late:
            return
        was_there = client.group is not None
        self._give_pending(client)
        if was_there and client.group is None:
            # It was too slow for what was pending, and is dropped.
            return
        self._late.hold(client)

    def replay(self, client: Client, selection: Selection, after: int) -> Coroutine[Any, Any, None]:
        """Give what `selection` wants after seq `after`, then what comes.

        The client is held at once, so that what is chosen before the first step counts. The
        rest returns once it is among the others, or is gone: it is closed, to come back, when
        the journal cannot be read.
        """
        self.hold(client)
        if client in self._late:
            self._late.select(client, selection, after)
        return self._late.join(client)

    async def give_between(
        self, client: Client, selection: Selection, after: int, through: int, frame: Frame
    ) -> None:
        """Give a held client what `selection` wants between two seqs, in a form of its own.

        Its position stays. Returns once it is given, or the client is gone, as `replay`.
        """
        await self._late.give_between(client, selection, after, through, frame)

    async def turn(
        self, client: Client, selection: Selection, seq: int, make: Callable[[], bytes]
    ) -> None:
        """Give a held client what it wanted so far up to `seq`, then what `make` makes; go on.

        `make` is called when its time has come, as the client's dialect may change before. What
        comes after `seq` is by `selection`. Returns as `replay`.
        """
        await self.reached(seq)
        await self._late.reach(client, seq)
        if client in self._late:
            self._late.select(client, selection)
            self._write(client, make())
            await self._late.join(client)

    # What goes out

    def queued_bytes(self) -> int:
        """What waits to be joined, and what clients' transports hold."""
        return self._rooms.waiting_bytes + sum(
            client.unsent_bytes() for client in self._rooms.clients() if client.is_paused
        )

    def _give_pending(self, client: Client) -> None:
        data = self._rooms.pending(client)
        if data:
            self._write(client, data)

    def _write(self, client: Client, data: bytes) -> None:
        if client.is_too_slow(len(data)):
            self._drop(client, CloseCode.TOO_SLOW)
        else:
            client.write(data)

    def _drop(self, client: Client, code: CloseCode) -> None:
        self.leave(client)
        client.close(code, code.reason)

    def _flush(self) -> None:
        """Have everything leave that is ready, and come again for the rest."""
        self._leaving.extend(self._rooms.ready(self._loop.time()))
        if self._leaving and not self._is_writing:
            self._write_slice()
        elif not self._leaving:
            self._set_timer()

    def _write_slice(self) -> None:
        """Write to the next `SLICE` clients, then let others have their turn."""
        left = SLICE
        while self._leaving and left > 0:
            batch = self._leaving[0]
            left -= self._write_some(batch, left)
            if batch.is_done:
                self._leaving.popleft()
                now = self._loop.time()
                self._rooms.written(batch, now)
                self._figures.left(now - batch.parts.since, len(batch.parts.seqs))
        self._is_writing = bool(self._leaving)
        if self._is_writing:
            self._loop.call_soon(self._write_slice)
        else:
            self._set_timer()

    def _write_some(self, batch: Batch, limit: int) -> int:
        """Write to some of the batch's clients; gives to how many it went."""
        slow: list[Client] = []
        count = 0
        for client, data in batch.lacking(limit):
            count += 1
            if client.is_paused and client.is_too_slow(len(data)):
                slow.append(client)
            else:
                client.write(data)
        for client in slow:
            self._drop(client, CloseCode.TOO_SLOW)
        parts = batch.parts
        self._figures.wrote(batch.group.dialect.label, len(parts.seqs), parts.size, count)
        return max(count, 1)

    def _set_timer(self) -> None:
        next_at = self._rooms.next_at
        if next_at is not None and (self._timer is None or next_at < self._timer_at):
            if self._timer is not None:
                self._timer.cancel()
            self._timer, self._timer_at = self._loop.call_at(next_at, self._on_timer), next_at

    def _on_timer(self) -> None:
        self._timer = None
        self._flush()
