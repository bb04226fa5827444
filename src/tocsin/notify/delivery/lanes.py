"""The lanes of a shard: taken up from the store, brought up to date with it, and fed."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tocsin.errors import Reason
from tocsin.model.delivery import Delivery, DeliveryState
from tocsin.notify.channel import Limits
from tocsin.notify.delivery.lane import Lane
from tocsin.notify.delivery.paces import Paces
from tocsin.notify.delivery.policy import CLOSED, Breaker
from tocsin.notify.delivery.tools import Tools
from tocsin.notify.known import Target
from tocsin.store import deliveries, destinations
from tocsin.store.deliveries import Way
from tocsin.store.destinations import Destination

Read = Callable[[Any], Awaitable[Sequence[Delivery]]]

# Deliveries of a lane in memory that wait for their turn alone; further ones are read when half of
# them are gone. Those that wait for a time come beside them, else they would keep out what is
# behind them. All together are bounded too.
HELD = 500
MOST_HELD = 10_000
# Looks in a row that count more in the store than is known here, before that is read.
DOUBTED_LOOKS = 5
# Before everything.
_BEGIN = (0, "")
# For what waits for a channel that is not there any more; it is ended, not sent.
_NO_LIMITS = Limits(max_size=0)


@dataclass(slots=True)
class Place:
    """A lane, how its destination is, and how much waits there in all."""

    lane: Lane
    destination: Destination
    total: int = 0
    read_to: tuple[int, str] = _BEGIN
    # Grows with each delivery that is fed.
    fed: int = 0
    # How many are made and on their way into the store, to be fed once they are there.
    behind: int = 0
    # How many looks in a row have counted too many.
    doubts: int = 0
    # It was found to be gone, which the store does not know yet.
    is_pausing: bool = False

    @property
    def is_more(self) -> bool:
        """Whether some wait in the store alone."""
        return self.total > len(self.lane.waiting) + len(self.lane.under_way)

    @property
    def is_low(self) -> bool:
        """Whether a good part of what was in memory is gone, and there is more."""
        return self.is_more and self.lane.prompt < HELD // 2 and self.has_place

    @property
    def has_place(self) -> bool:
        """Whether more may be in memory."""
        return self.lane.prompt < HELD and len(self.lane.waiting) < MOST_HELD

    def judge(self, surplus: int, slack: int) -> bool:
        """Whether others have put some there: the store counts so many more than were known.

        So many as `slack` are looked over, but not in `DOUBTED_LOOKS` looks in a row.
        """
        self.doubts = self.doubts + 1 if surplus > 0 else 0
        return surplus > slack or self.doubts >= DOUBTED_LOOKS


@dataclass(frozen=True, slots=True)
class _Before:
    """What was known of a lane before the store was asked."""

    total: int = 0
    fed: int = 0
    is_pausing: bool = False


@dataclass(slots=True)
class Lanes:
    """All lanes of one shard."""

    shard: int
    tools: Tools
    places: dict[str, Place] = field(default_factory=dict)
    # Tried, and not stored yet, each with its destination: the store still says that these wait.
    # What is read from it says so too of those that are stored while it is read.
    unrecorded: dict[str, str] = field(default_factory=dict)
    _recorded_meanwhile: set[str] | None = None
    # Whether some were fed that the store does not have yet.
    is_ahead: bool = False
    # What was known of the callbacks when all that waits was where they lead.
    _led_by: int = -1
    _paces: Paces = field(init=False)

    def recorded(self, delivery_id: str) -> None:
        """What came of a try is stored."""
        self.unrecorded.pop(delivery_id, None)
        if self._recorded_meanwhile is not None:
            self._recorded_meanwhile.add(delivery_id)

    def __post_init__(self) -> None:
        self._paces = Paces(self.tools)

    async def take_up(self, limits: Mapping[str, Target], *, is_asked: bool = True) -> None:
        """Take up what waits in the store, and what others have changed there.

        Unless `is_asked`, what may only be counted too early or too late is left for later looks.

        Raises:
            StoreDown: it cannot be read.
        """
        if is_asked or self._led_by != self.tools.known.version:
            await self._lead()
        unrecorded = Counter(self.unrecorded.values())
        is_complete = not self.unrecorded and not self.is_ahead
        before = {
            one: _Before(place.total, place.fed, place.is_pausing)
            for one, place in self.places.items()
        }
        async with self.tools.database.read() as conn:
            counted = await deliveries.counted_waiting(conn, self.shard)
            known = await destinations.of_ids(conn, {*counted, *self.places})
        for one in {*counted, *self.places}:
            place, was = await self.place(one, limits.get(one)), before.get(one, _Before())
            if not was.is_pausing:
                self._follow(place, known.get(one))
            # Tries that are not stored yet are too many in the store, and so is what was stored
            # while it was counted; what is not stored itself is too many here.
            slack = unrecorded[one] + (0 if is_asked else place.fed - was.fed + place.behind)
            surplus = counted.get(one, 0) - was.total
            if place.judge(surplus, slack) or (surplus < 0 and is_complete):
                await self._read_anew(place, counted.get(one, 0))
                if one not in limits:
                    # Others have put some there by a channel that may lead elsewhere by now.
                    self._led_by = -1
        if is_asked:
            await self._hasten()

    async def place(self, destination: str, target: Target | None) -> Place:
        """The lane of a destination, as the store knows it."""
        found = self.places.get(destination)
        if found is None:
            opened = await self._opened(destination, target)
            # Whoever came first meanwhile has fed it already.
            return self.places.setdefault(destination, opened)
        if target is None:
            return found
        lane = found.lane
        if lane.limits != target.limits:
            before, lane.limits = lane.limits, target.limits
            lane.window.change(target.limits.rates)
            if not before.rates:
                # It has counted nothing so far.
                lane.window = await self._paces.window([destination], target.limits.rates)
        if lane.account is None and target.account is not None:
            lane.account = await self._paces.of(target)
        return found

    def put_last(self, places: Sequence[Place]) -> None:
        """What has just sent is asked last from now on, so that each of an account has its turn."""
        for one in places:
            self.places[one.lane.destination] = self.places.pop(one.lane.destination)

    async def _opened(self, destination: str, target: Target | None) -> Place:
        limits = _NO_LIMITS if target is None else target.limits
        now = self.tools.clock.now()
        async with self.tools.database.read() as conn:
            known = (await destinations.of_ids(conn, [destination])).get(destination)
        kind, label = ("", "") if target is None else (target.type, target.label)
        if known is None:
            known = Destination(id=destination, channel_type=kind, label=label, changed_at=now)
        window = await self._paces.window([destination], limits.rates)
        pace = await self._paces.of(target)
        lane = Lane(destination, limits, window, pace, is_paused=known.is_paused)
        lane.held_until = known.held_until
        if known.failures:
            # What was learnt before the start counts: one trial, not five.
            lane.breaker = Breaker(known.failures, 0, known.held_until or now)
        return Place(lane, known)

    async def _lead(self) -> None:
        """Have what waits go where its channels lead by now.

        A callback was changed, or another version of Tocsin had it in another shard.

        Raises:
            StoreDown: it cannot be read or written.
        """
        known, version, is_all = self.tools.known, self.tools.known.version, True
        async with self.tools.database.read() as conn:
            ways = await deliveries.ways(conn, self.shard)
        for way in ways:
            target = known.target(way.config_id, way.channel_id)
            if target is None or not target.is_enabled:
                # Whoever takes it up next ends it.
                hasten = partial(deliveries.hasten_on, way=way, now=self.tools.clock.now())
                await self.tools.journal.append([], also=hasten)
            elif way[:2] != (target.shard, target.destination):
                is_all &= await self._lead_on(way, target)
        if is_all:
            self._led_by = version

    async def _lead_on(self, way: Way, target: Target) -> bool:
        """Have what waits on `way` go to the target; False where some of it is under way."""
        busy, taken = set(self.unrecorded), list[tuple[Place, Delivery]]()
        place = self.places.get(way.destination)
        if place is not None:
            busy |= place.lane.under_way.keys()
            waiting = place.lane.waiting.values()
            taken = [(place, one) for one in waiting if (one.config_id, one.channel_id) == way[2:]]
        for one in taken:
            self.withdraw(*one)
        to = (target.shard, target.destination)
        await self.tools.journal.append([], also=lambda conn: deliveries.lead(conn, way, *to, busy))
        return not busy

    async def _hasten(self) -> None:
        """Have tried at once what somebody does not want to wait for its next try."""
        now = self.tools.clock.now()
        later = {
            one.id: place
            for place in self.places.values()
            for one in place.lane.waiting.values()
            if one.next_at > now
        }
        found, _ = await self._as_stored(lambda conn: deliveries.due(conn, later.keys(), now))
        for one in found:
            lane = later[one.id].lane
            if one.id in lane.waiting:
                lane.drop(one)
                lane.add([one])

    async def _as_stored(self, read: Read) -> tuple[Sequence[Delivery], Sequence[Delivery]]:
        """What is read of what waits: that which still stands so, and that which has gone on.

        Raises:
            StoreDown: it cannot be read.
        """
        self._recorded_meanwhile = meanwhile = set[str]()
        try:
            async with self.tools.database.read() as conn:
                found = await read(conn)
        finally:
            self._recorded_meanwhile = None
        outdated = self.unrecorded.keys() | meanwhile
        gone_on = [one for one in found if one.id in outdated]
        return [one for one in found if one.id not in outdated], gone_on

    def _follow(self, place: Place, known: Destination | None) -> None:
        """Go by what a person has changed."""
        if known is None or known.touched_at == place.destination.touched_at:
            return
        place.destination = known
        lane = place.lane
        lane.is_paused = known.is_paused
        if not known.is_paused and not known.failures:
            lane.breaker, lane.held_until, lane.times_busy = CLOSED, None, 0
            if lane.account is not None:
                lane.account.held_until = None

    async def _read_anew(self, place: Place, counted: int) -> None:
        """Read what waits there from the start: somebody else has changed it."""
        place.doubts = 0
        through, after = place.read_to, await self._read(place, _BEGIN)
        while after is not None and after < through:
            after = await self._read(place, after)
        known = len(place.lane.waiting) + len(place.lane.under_way)
        unrecorded = Counter(self.unrecorded.values())[place.lane.destination]
        place.total = max(counted - unrecorded, known)

    async def _read(self, place: Place, after: tuple[int, str]) -> tuple[int, str] | None:
        """Read a page behind that place; gives where the next begins, None if there is none yet."""
        lane, fed = place.lane, place.fed
        found, gone_on = await self._as_stored(
            lambda conn: deliveries.waiting(conn, self.shard, lane.destination, after, HELD)
        )
        lane.add(found)
        ends = [(some[-1].event_seq, some[-1].id) for some in (found, gone_on) if some]
        place.read_to = max([place.read_to, *ends])
        if gone_on:
            # A person may have put one back in this very moment: it is looked at once more.
            place.read_to = min(place.read_to, (gone_on[0].event_seq, ""))
            return None
        if len(found) < HELD:
            if place.fed == fed:
                # What was counted while some of it went on may be too much: this is all there is.
                place.total = len(lane.waiting) + len(lane.under_way)
            return None
        return ends[0]

    def has_room(self, place: Place) -> bool:
        """Whether what is fed next goes into memory: nothing before it waits in the store alone."""
        return not place.is_more and place.has_place

    def feed(self, place: Place, new: Delivery) -> bool:
        """Take up a delivery; False where there is no room, and it is read in its turn."""
        has_room = self.has_room(place)
        place.total += 1
        place.fed += 1
        if has_room:
            place.lane.add([new])
            place.read_to = max(place.read_to, (new.event_seq, new.id))
        return has_room

    def withdraw(self, place: Place, fed: Delivery) -> bool:
        """Take back what was fed; False where it has been begun."""
        if place.lane.waiting.get(fed.id) is not fed:
            return False
        place.lane.drop(fed)
        place.total -= 1
        place.read_to = min(place.read_to, (fed.event_seq, ""))
        return True

    async def refill(self, place: Place) -> None:
        """Read on where that is due."""
        while place.is_low and await self._read(place, place.read_to) is not None:
            pass

    def admitted(self, place: Place, new: Delivery) -> Delivery:
        """A delivery that was just made.

        Where too many wait already it ends at once; it stays in the history, to be replayed.
        """
        if place.total + place.behind < self.tools.settings.max_waiting:
            return new
        return new._replace(
            state=DeliveryState.FAILED,
            ended_at=new.created_at,
            reason=Reason.TOO_MANY_WAITING.value,
            error="Too many deliveries wait for this destination already.",
        )
