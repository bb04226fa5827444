"""Read the journal for one shard: its deliveries are made, sent, and stored meanwhile.

The id of a delivery follows from its event and its channel, and what is stored already stays as it
is. So a first try need not wait for the commit of its row: what is made once more, as the store was
away or a callback was changed in that very moment, is the same delivery.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.errors import StoreDown
from tocsin.model.delivery import Delivery, DeliveryState
from tocsin.model.event import Event
from tocsin.notify.delivery.lanes import Lanes, Place
from tocsin.notify.delivery.planner import deliveries_of, group_of
from tocsin.notify.delivery.recorder import delivery_event
from tocsin.notify.delivery.tools import Tools
from tocsin.notify.known import SHARDS, Target
from tocsin.store import callbacks, cursors, deliveries, events
from tocsin.store.cursors import Position
from tocsin.store.delivery_results import Outdated, plan

_STAGES = [f"deliveries.{number}" for number in range(SHARDS)]
# How far the journal was read is stored so often where nothing else is.
SAVE_EVERY = timedelta(seconds=2)
# After a store that did not answer.
RETRY_S = 1.0
# Deliveries that are not stored yet; beyond it reading waits for the store.
MAX_UNSTORED = 2_000


@dataclass(frozen=True, slots=True)
class Bells:
    """What others are told by.

    `news`: there may be something to read. `woken`: a lane has more. `to_look`: the store has, for
    a lane without room. `leaving`: end it.
    """

    news: asyncio.Event
    woken: asyncio.Event
    to_look: asyncio.Event
    leaving: asyncio.Event


@dataclass(frozen=True, slots=True)
class _Made:
    """A delivery on its way into the store; what is not fed to its lane is so afterwards."""

    place: Place
    delivery: Delivery
    is_fed: bool


class Reading:
    """Makes and stores the deliveries of one shard, in two tasks: `read_on` and `store_on`."""

    def __init__(self, number: int, tools: Tools, lanes: Lanes, bells: Bells) -> None:
        self._number = number
        self._stage = _STAGES[number]
        self._tools = tools
        self._lanes = lanes
        self._bells = bells
        self._groups: dict[str, datetime] = {}
        self._version = -1
        self._made: list[_Made] = []
        self._storing: list[_Made] = []
        # Sent or stored then; they are not fed once more.
        self._made_before: set[str] = set()
        # Who could not store may not have the lease any more, and sends only what is stored.
        self._is_sure = True
        self._is_outdated = False
        self._to_store = asyncio.Event()
        self._is_all_stored = asyncio.Event()
        self._is_all_stored.set()

    async def begin(self) -> None:
        """See how far was read; what came after it has no deliveries yet.

        Raises:
            StoreDown: the store is away.
        """
        async with self._tools.database.read() as conn:
            self._saved = await cursors.position(conn, self._stage)
            self._again_through = await events.newest_seq(conn)
        self._position = self._saved
        self._saved_at = self._tools.clock.now()
        self._groups.clear()
        self._is_outdated = False

    # --- making

    async def read_on(self) -> None:
        """Make the deliveries of what is new, until leaving."""
        news, leaving = self._bells.news, self._bells.leaving
        while not leaving.is_set():
            news.clear()
            try:
                if self._is_outdated:
                    if not self._is_sure:
                        await self._tools.clock.sleep(RETRY_S)
                    await self._tools.known.look()
                    await self.begin()
                if not await self._read() and not leaving.is_set():
                    await self._quiet()
            except StoreDown:
                await self._tools.clock.sleep(RETRY_S)
        self._to_store.set()

    async def _quiet(self) -> None:
        """Until there is news. What leads here later begins at how far was read and stored."""
        news = self._bells.news
        if self._position > self._saved:
            with suppress(TimeoutError):
                async with asyncio.timeout(SAVE_EVERY.total_seconds()):
                    await news.wait()
                    return
            self._to_store.set()
        await news.wait()

    async def _read(self) -> bool:
        """Make the deliveries of what is new; whether there may be more."""
        known, feed = self._tools.known, self._tools.feed
        if known.version != self._version or len(self._made) + len(self._storing) >= MAX_UNSTORED:
            await self._is_all_stored.wait()
        if self._is_outdated:
            return True
        if known.version != self._version:
            version, mark = known.version, callbacks.mark_of(known.marks)
            # Nothing was made of what came after it: it is read by what is known now. What led into
            # another shard until now was read there, and maybe not as far.
            async with self._tools.database.read() as conn:
                self._again_through = await events.newest_seq(conn)
                self._position = min(self._saved, await cursors.lowest(conn, _STAGES))
            self._version, self._mark = version, mark
        if not known.has_any:
            return False
        targets = known.of_shard(self._number)
        # What is told while this one reads is not behind what it finds.
        newest = feed.newest
        # Who reads for nobody goes along too: what leads here later begins now.
        first = min((one.callback.from_seq for one in targets), default=newest)
        self._position = max(self._position, min(first, newest))
        if self._tools.clock.now() >= self._saved_at + SAVE_EVERY:
            self._to_store.set()
        if self._position >= newest:
            return False
        told = await feed.read(self._position)
        made = await self._made_of(told, targets)
        if self._is_stale:
            return True
        self._position = told[-1].seq if told else newest
        self._add(made)
        return bool(told)

    @property
    def _is_stale(self) -> bool:
        """Whether what is made of what was read does not count."""
        return self._is_outdated or self._version != self._tools.known.version

    async def _made_of(
        self, told: Sequence[Event], targets: Sequence[Target]
    ) -> Sequence[tuple[Place, Delivery]]:
        """The deliveries of these events, each with where it belongs."""
        await self._remember_groups(told, targets)
        now = self._tools.clock.now()
        made = [one for event in told for one in deliveries_of(event, targets, self._groups, now)]
        by_destination = {one.destination: one for one in targets}
        places = {
            one: await self._lanes.place(one, by_destination[one])
            for one in {each.destination for each in made}
        }
        if self._position < self._again_through:
            # What came of them may be stored, although how far was read is not.
            async with self._tools.database.read() as conn:
                self._made_before |= await deliveries.stored(conn, [one.id for one in made])
        return [(places[one.destination], one) for one in made]

    async def _remember_groups(self, told: Sequence[Event], targets: Sequence[Target]) -> None:
        """Find out when groups went out last that this shard has not seen since its begin."""
        for target in targets:
            if target.callback.grouping is None:
                continue
            for key in {group_of(one, target) for one in told} - {*self._groups, None}:
                async with self._tools.database.read() as conn:
                    at = await deliveries.group_goes_at(conn, target.callback.id, key or "")
                if at is not None and key is not None:
                    self._groups[key] = at

    def _add(self, made: Sequence[tuple[Place, Delivery]]) -> None:
        """Have them stored; those that come next in their lanes are sent meanwhile."""
        for place, new in made:
            one = self._lanes.admitted(place, new)
            is_fed = one.id in self._made_before
            if one.state is DeliveryState.WAITING and not is_fed:
                is_fed = self._is_sure and not place.behind and self._lanes.has_room(place)
                if is_fed:
                    self._lanes.feed(place, one)
                else:
                    place.behind += 1
            self._made.append(_Made(place, one, is_fed))
        if made:
            self._lanes.is_ahead = True
            self._is_all_stored.clear()
            self._to_store.set()
            self._bells.woken.set()

    # --- storing

    async def store_on(self) -> None:
        """Store what is made, as much at a time as there is, until leaving."""
        while self._made or not self._bells.leaving.is_set():
            await self._to_store.wait()
            self._to_store.clear()
            if self._made or self._position > self._saved:
                await self._store()

    async def _store(self) -> None:
        """Store what was made and how far was read, or have it all read once more."""
        self._storing, self._made = self._made, []
        try:
            await self._move(self._position)
        except (Outdated, StoreDown) as error:
            self._is_sure = isinstance(error, Outdated)
            self._take_back()
        else:
            self._is_sure = True
            self._settle()
        self._storing = []
        if not self._made:
            self._lanes.is_ahead = False
            self._is_all_stored.set()

    async def _move(self, through: int) -> None:
        """Store what is to be stored together with how far was read for it.

        Raises:
            Outdated: somebody has changed a callback meanwhile; nothing is stored.
            StoreDown: as it says.
        """
        now, rows, mark = self._tools.clock.now(), self._tools.rows, self._mark
        after, to = self._saved, Position(self._stage, through, now)
        new = [one.delivery for one in self._storing]
        # What never waits is told of here: nobody tries it.
        refused = [
            delivery_event(one.delivery, now)
            for one in self._storing
            if one.delivery.state is DeliveryState.FAILED and not one.is_fed
        ]
        await self._tools.journal.append(
            refused, also=lambda conn: plan(conn, rows, new, after, to, mark)
        )
        self._saved, self._saved_at = through, now

    def _settle(self) -> None:
        """What was stored last may all be sent now."""
        for one in self._storing:
            self._made_before.discard(one.delivery.id)
            if one.delivery.state is DeliveryState.WAITING and not one.is_fed:
                if not self._lanes.feed(one.place, one.delivery):
                    self._bells.to_look.set()
                one.place.behind -= 1
        self._bells.woken.set()

    def _take_back(self) -> None:
        """Nothing of what was made counts, but for what is sent already."""
        for one in [*self._storing, *self._made]:
            if one.is_fed and not self._lanes.withdraw(one.place, one.delivery):
                self._made_before.add(one.delivery.id)
            one.place.behind = 0
        # What was read does not count either: stored alone, nobody would make anything of it.
        self._made, self._position = [], self._saved
        self._is_outdated = True
        self._bells.news.set()
