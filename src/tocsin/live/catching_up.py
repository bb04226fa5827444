"""Clients on their way to the others: they are given what they have missed, then they join.

Out of memory, or out of the journal page by page. Each takes in one portion before it is given
the next, however far behind it is.
"""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from tocsin.errors import StoreDown
from tocsin.live.closing import CloseCode
from tocsin.live.figures import Figures
from tocsin.live.offset import Offset, can_resume
from tocsin.live.past import Past
from tocsin.live.ring import Ring
from tocsin.live.rooms import MAX_JOINED_BYTES, NOTHING, Client, Rooms, Selection
from tocsin.model.entry import Entry

# How many read from the database at once; it has few readers.
READING_AT_ONCE = 2
# How often it is looked whether a client has room for the next portion.
ROOM_EVERY_S = 0.02
# What one that takes nothing any more is given up after.
STALLED_S = 30.0

Frame = Callable[[Entry], bytes | None]

log = structlog.get_logger(__name__)


class CatchingUp:
    """All who are held; `position` is that of the hub, `drop` closes a client."""

    def __init__(
        self,
        past: Past,
        ring: Ring,
        rooms: Rooms,
        figures: Figures,
        position: Callable[[], int],
        drop: Callable[[Client, CloseCode], None],
    ) -> None:
        self._past = past
        self._ring = ring
        self._rooms = rooms
        self._figures = figures
        self._position = position
        self._drop = drop
        self._held: dict[Client, Selection] = {}
        self._loop = asyncio.get_running_loop()
        self._reading = asyncio.Semaphore(READING_AT_ONCE)

    def __contains__(self, client: Client) -> bool:
        return client in self._held

    def hold(self, client: Client) -> None:
        """Take `client` from the others; everything up to `client.position` was given to it."""
        selection = client.group.selection if client.group else NOTHING
        self._rooms.remove(client)
        client.position = max(client.position, self._position())
        self._held[client] = selection

    def select(self, client: Client, selection: Selection, after: int | None = None) -> None:
        """Have `selection` count for a held client, from here on or from seq `after` on."""
        self._held[client] = selection
        if after is not None:
            client.position = after

    def forget(self, client: Client) -> None:
        """It is gone; idempotent."""
        self._held.pop(client, None)

    async def can_resume(
        self, selection: Selection, offset: Offset, epoch: str, max_events: int | None
    ) -> bool:
        """Whether all that `selection` wants after `offset` can still be given.

        Not when that is more than `max_events`.

        Raises:
            StoreDown: the journal cannot be read.
        """
        if offset.epoch != epoch:
            return False
        kept = self._ring.after(offset.seq)
        if kept is not None and offset.seq <= self._position():
            wanted = sum(_wants(selection, entry) for entry in kept)
            return max_events is None or wanted <= max_events
        limit = 1 if max_events is None else max_events + 1
        after, wanted = offset.seq, 0
        while True:
            async with self._reading:
                piece = await self._past.piece(selection, after, limit - wanted)
            if not can_resume(offset, epoch, piece.pruned_through, piece.newest):
                return False
            wanted += len(piece.entries)
            if max_events is None or wanted > max_events or not piece.is_more:
                return max_events is None or wanted <= max_events
            after = piece.through

    async def join(self, client: Client) -> None:
        """Give a held client what it wants from its position on, until it is among the others.

        Returns also when it is gone: it is closed, to come back, when the journal cannot be read.
        """
        while client in self._held:
            end = self._position()
            if client.position >= end:
                self._rooms.add(client, self._held.pop(client), client.position)
                return
            await self._on(client, end)

    async def reach(self, client: Client, seq: int) -> None:
        """As `join`, but only up to `seq`, which the hub has reached; it stays held."""
        while client in self._held and client.position < seq:
            await self._on(client, seq)

    async def give_between(
        self, client: Client, selection: Selection, after: int, through: int, frame: Frame
    ) -> None:
        """Give a held client what `selection` wants of another span, in a form of its own.

        Its position stays. Returns as `join`.
        """
        while client in self._held and after < through:
            entries, reached = await self._read(client, selection, after)
            reached = min(reached, through)
            while client in self._held and after < reached:
                after = self._give(client, selection, entries, (after, reached), frame)
                await self._room(client)

    async def _on(self, client: Client, end: int) -> None:
        """One step of the way: what is in memory, or a page of the journal."""
        after = client.position
        entries = self._ring.after(after)
        reached = end
        if entries is None:
            entries, reached = await self._read(client, self._held[client], after)
            reached = min(reached, end)
        while client in self._held and client.position < reached:
            selection, span = self._held[client], (client.position, reached)
            client.position = self._give(client, selection, entries, span, client.dialect.frame)
            await self._room(client)

    async def _read(
        self, client: Client, selection: Selection, after: int
    ) -> tuple[Sequence[Entry], int]:
        """A page of the journal, and up to which seq it tells all."""
        try:
            async with self._reading:
                piece = await self._past.piece(
                    selection, after, with_standings=client.dialect.shows_standing
                )
        except StoreDown as error:
            log.warning("replay_ended", reason=error.reason)
            self._drop(client, CloseCode.STORE_DOWN)
            return (), after
        if piece.pruned_through > after:
            # It was told that nothing will be missing. It comes back, and is told that it is.
            self._drop(client, CloseCode.PRUNED)
        return piece.entries, piece.through

    def _give(
        self,
        client: Client,
        selection: Selection,
        entries: Sequence[Entry],
        span: tuple[int, int],
        frame: Frame,
    ) -> int:
        """Write the next portion of what is wanted in `span`; gives up to which seq it went."""
        after, through = span
        frames: list[bytes] = []
        size = 0
        for entry in entries:
            if entry.seq <= after or not _wants(selection, entry):
                continue
            if entry.seq > through:
                break
            made = frame(entry)
            if made is not None:
                frames.append(made)
                size += len(made)
            if size >= MAX_JOINED_BYTES:
                through = entry.seq
                break
        if frames:
            self._figures.replayed(client.dialect.label, len(frames), size)
            client.write(b"".join(frames))
        return through

    async def _room(self, client: Client) -> None:
        """Wait until the client's transport has taken most of what it was given."""
        since = self._loop.time()
        await asyncio.sleep(0)
        while client.is_paused and client in self._held:
            if self._loop.time() - since > STALLED_S:
                self._drop(client, CloseCode.TOO_SLOW)
                return
            await asyncio.sleep(ROOM_EVERY_S)


def _wants(selection: Selection, entry: Entry) -> bool:
    return any(one.matches(entry.event) for one in selection)
