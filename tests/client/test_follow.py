"""Whatever happens to connections, each event comes once and in order."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.client.errors import Busy, NotTocsin, Refused, Unreachable
from tocsin.client.follow import LinkChange, follow
from tocsin.client.place import Back, Lost, Opened, Place
from tocsin.client.retry import Pacing
from tocsin.client.transport import StreamEvent

Item = Opened | StreamEvent | Exception


def event(seq: int, epoch: str = "e") -> StreamEvent:
    return StreamEvent(epoch, seq, "test", {}, "{}")


@dataclass
class HandPacing:
    """Time that passes only by pauses, which end at once."""

    now_s: float = 0.0
    pauses_s: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.pauses_s.append(seconds)
        self.now_s += seconds
        await asyncio.sleep(0)

    @property
    def pacing(self) -> Pacing:
        return Pacing(self.sleep, lambda: self.now_s, lambda: 0.5)


@pytest.fixture
def hand() -> HandPacing:
    return HandPacing()


class Wires:
    """Connections that give what a script says, one list a connection."""

    def __init__(self, *scripts: Sequence[Item]) -> None:
        self._scripts = list(scripts)
        self.places: list[Place] = []

    async def __call__(self, place: Place) -> AsyncGenerator[Opened | StreamEvent, None]:
        self.places.append(place)
        # After the last one the story is over: nothing else ends a follower.
        script = self._scripts.pop(0) if self._scripts else [Refused(403, "over")]
        for item in script:
            if isinstance(item, Exception):
                raise item
            yield item


async def read_on(events: AsyncGenerator[StreamEvent, None], seqs: list[int]) -> None:
    async with aclosing(events):
        async for one in events:
            seqs.append(one.seq)  # noqa: PERF401 - what came before an error counts


async def run(wires: Wires, pacing: Pacing) -> tuple[list[int], list[LinkChange]]:
    seqs: list[int] = []
    changes: list[LinkChange] = []
    with pytest.raises(Refused, match="over"):
        await read_on(follow(wires, Place(), changes.append, 30, pacing), seqs)
    return seqs, changes


LOSS = Unreachable("http://x", "connection reset")


async def test_a_loss_is_told_once_and_the_return_as_well(hand: HandPacing) -> None:
    wires = Wires(
        [Opened("e", 3, None), event(4), LOSS],
        [LOSS],
        [Busy(503, "starting", None)],
        [Opened("e", 5, True), event(5)],
    )

    seqs, changes = await run(wires, hand.pacing)

    assert seqs == [4, 5]
    assert changes == [
        Opened("e", 3, None),
        Lost("connection reset"),
        Back(0),
        Lost("the server ended it"),
    ]
    assert [place.offset for place in wires.places] == [None, "e:4", "e:4", "e:4", "e:5"]


async def test_another_journal_begins_anew(hand: HandPacing) -> None:
    wires = Wires(
        [Opened("e", 30, None), event(31), LOSS],
        [Opened("f", 2, False), event(3, "f"), LOSS],
    )

    seqs, changes = await run(wires, hand.pacing)

    assert seqs == [31, 3]
    assert Back(None) in changes
    assert wires.places[-1].offset == "f:3"


async def test_what_retention_took_is_counted(hand: HandPacing) -> None:
    wires = Wires([Opened("e", 3, None), LOSS], [Opened("e", 10, False), event(11), LOSS])

    seqs, changes = await run(wires, hand.pacing)

    assert seqs == [11]
    assert Back(7) in changes


async def test_a_quiet_stream_misses_nothing_after_a_loss(hand: HandPacing) -> None:
    wires = Wires([Opened("e", 3, None), LOSS], [Opened("e", 5, True), event(4), event(5)])

    seqs, _ = await run(wires, hand.pacing)

    assert seqs == [4, 5]
    assert wires.places[1].offset == "e:3"


async def test_a_server_that_was_never_reached_is_given_up_at_once(hand: HandPacing) -> None:
    wires = Wires([LOSS])

    with pytest.raises(Unreachable):
        await anext(follow(wires, Place(), print, 30, hand.pacing))

    assert hand.pauses_s == []


async def test_a_busy_server_is_given_up_when_the_patience_ends(hand: HandPacing) -> None:
    wires = Wires(*([Busy(503, "starting", 8)] for _ in range(10)))

    with pytest.raises(Busy):
        await anext(follow(wires, Place(), print, 30, hand.pacing))

    assert len(wires.places) == 4
    assert min(hand.pauses_s) >= 8


async def test_a_server_that_was_reached_is_waited_for_whatever_it_takes(hand: HandPacing) -> None:
    wires = Wires(
        [Opened("e", 3, None)], *([LOSS] for _ in range(500)), [Opened("e", 4, True), event(4)]
    )

    seqs, _ = await run(wires, hand.pacing)

    assert seqs == [4]
    assert sum(hand.pauses_s) > 1000
    assert max(hand.pauses_s) <= 10


async def test_a_server_that_ends_each_stream_is_not_asked_in_a_rush(hand: HandPacing) -> None:
    wires = Wires(*([Opened("e", 3, True)] for _ in range(8)))

    await run(wires, hand.pacing)

    assert hand.pauses_s[-1] == 5


async def test_a_stream_that_never_opens_is_none(hand: HandPacing) -> None:
    with pytest.raises(NotTocsin):
        await anext(follow(Wires([]), Place(), print, 30, hand.pacing))


@given(st.lists(st.integers(0, 6), max_size=12), st.booleans())
def test_any_losses_give_a_gapless_suffix(cuts: list[int], again: bool) -> None:
    """A server with ten events, which breaks off after so many, and may repeat the last one."""
    tries = iter(cuts)

    async def connect(place: Place) -> AsyncGenerator[Opened | StreamEvent, None]:
        cut = next(tries, 99)
        at = place.seq or 0
        yield Opened("e", 10, True if place.offset else None)
        for seq in range(max(1, at if again else at + 1), 11):
            if cut == 0:
                raise LOSS
            cut -= 1
            yield event(seq)
        raise Refused(403, "over")

    async def no_pause(_: float) -> None:
        await asyncio.sleep(0)

    async def collect() -> list[int]:
        seqs: list[int] = []
        events = follow(connect, Place("start"), lambda _: None, 30, Pacing(no_pause))
        with pytest.raises(Refused):
            await read_on(events, seqs)
        return seqs

    assert asyncio.run(collect()) == list(range(1, 11))
