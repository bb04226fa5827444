"""The newest events for those who tell of them: out of memory or read back, they are the same."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.appending import Ground, event, ground_in
from tocsin.model.entry import Entry
from tocsin.model.event import Event
from tocsin.notify.delivery import feed as module
from tocsin.notify.delivery.feed import KEPT, MAX_BYTES, MAX_KEPT_BYTES, PAGE, Feed
from tocsin.store import events
from tocsin.store.journal import Limits


class Feeding:
    """A feed, and a journal that tells it of its commits unless a test says otherwise."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.is_wanted = True
        self.rings = 0
        self.feed = Feed(ground.database, 0, lambda: self.is_wanted)
        self.feed.listen(self._rung)
        self.told: list[Sequence[Entry]] = []
        ground.listeners.append(self.told.append)

    def _rung(self) -> None:
        self.rings += 1

    async def append(self, *data: Any, is_told: bool = True) -> None:
        await self.ground.append(*(event(data=one) for one in data))
        if is_told:
            self.tell()

    def tell(self) -> None:
        self.feed.told(self.told[-1])

    async def step(self) -> None:
        await self.feed.step()


@pytest.fixture
async def feeding(tmp_path: Path) -> AsyncIterator[Feeding]:
    async with ground_in(tmp_path, Limits(batch_max_events=5000)) as ground:
        yield Feeding(ground)


async def test_what_was_just_committed_is_there_without_a_read(feeding: Feeding) -> None:
    await feeding.append({"n": 1}, {"n": 2})
    await feeding.ground.database.close()

    found = await feeding.feed.read(0)

    assert [(one.seq, one.data) for one in found] == [(1, {"n": 1}), (2, {"n": 2})]
    assert [one.seq for one in await feeding.feed.read(1)] == [2]
    assert list(await feeding.feed.read(2)) == []
    assert feeding.feed.newest == 2
    assert feeding.rings == 1


async def test_what_is_read_back_is_the_same(feeding: Feeding) -> None:
    data = {"a": [1, 2.5, None, "好"], "b": {"c": True}}
    await feeding.append(data)
    kept = await feeding.feed.read(0)
    anew = Feed(feeding.ground.database, 1, lambda: True)

    assert feeding.feed.kept(1) == kept[0]
    assert anew.kept(1) is None
    assert list(await anew.read(0)) == list(kept)


async def test_what_another_process_wrote_is_found_by_looking(
    feeding: Feeding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0)
    await feeding.append({"n": 1}, is_told=False)

    await feeding.step()
    await feeding.step()

    assert (feeding.feed.newest, feeding.rings) == (1, 1)
    assert [one.data for one in await feeding.feed.read(0)] == [{"n": 1}]


async def test_what_tells_of_deliveries_wakes_nobody_and_is_passed_over(
    feeding: Feeding,
) -> None:
    await feeding.append({"n": 1})
    own = [event(kind, source="tocsin") for kind in ("delivery.sent", "delivery.failed")]
    await feeding.ground.append(*own)
    feeding.tell()
    assert (feeding.feed.newest, feeding.rings) == (3, 1)
    await feeding.append({"n": 4})

    assert feeding.rings == 2
    assert [one.seq for one in await feeding.feed.read(0)] == [1, 4]
    assert feeding.feed.kept(2) is None
    assert feeding.feed.kept(1) is not None


async def test_what_was_overtaken_by_what_tells_of_deliveries_rings_too(feeding: Feeding) -> None:
    """Else it would wait for whatever happens next."""
    await feeding.append({"n": 1})
    await feeding.append({"n": 2}, is_told=False)
    overtaken = feeding.told[-1]
    await feeding.ground.append(event("delivery.sent", source="tocsin"))
    feeding.tell()
    feeding.feed.told(overtaken)

    assert (feeding.feed.newest, feeding.rings) == (3, 2)
    assert [one.seq for one in await feeding.feed.read(1)] == [2, 3]


async def test_what_was_left_out_between_is_read_back(feeding: Feeding) -> None:
    await feeding.append({"n": 1})
    await feeding.append({"n": 2}, is_told=False)
    await feeding.append({"n": 3})

    assert feeding.feed.kept(1) is None
    assert feeding.feed.kept(3) is not None
    assert [one.seq for one in await feeding.feed.read(0)] == [1, 2, 3]


async def test_what_is_told_twice_or_late_rings_once(feeding: Feeding) -> None:
    await feeding.append({"n": 1})
    first = feeding.told[-1]
    await feeding.append({"n": 2})
    feeding.feed.told(first)
    feeding.feed.told([])

    assert (feeding.feed.newest, feeding.rings) == (2, 2)
    assert [one.seq for one in await feeding.feed.read(0)] == [1, 2]


async def test_all_that_is_kept_is_not_too_large_together(feeding: Feeding) -> None:
    data = {"note": "x" * (MAX_KEPT_BYTES - 100)}
    count = MAX_BYTES // MAX_KEPT_BYTES + 2
    for _ in range(count):
        await feeding.append(data)

    kept = [seq for seq in range(1, count + 1) if feeding.feed.kept(seq) is not None]
    assert kept == list(range(count - len(kept) + 1, count + 1))
    assert 0 < len(kept) < count
    assert len(await feeding.feed.read(0)) == count


async def test_where_nobody_is_told_of_anything_nothing_is_kept(feeding: Feeding) -> None:
    await feeding.append({"n": 1})
    feeding.is_wanted = False
    await feeding.append({"n": 2})

    assert feeding.feed.kept(1) is None
    assert feeding.feed.kept(2) is None
    assert feeding.feed.newest == 2
    feeding.is_wanted = True
    await feeding.append({"n": 3})
    assert feeding.feed.kept(3) is not None
    assert [one.seq for one in await feeding.feed.read(0)] == [1, 2, 3]


async def test_a_large_event_is_read_back_when_it_is_wanted(feeding: Feeding) -> None:
    large = {"text": "x" * MAX_KEPT_BYTES}
    await feeding.append({"n": 1})
    await feeding.append(large)
    await feeding.append({"n": 3})

    assert [feeding.feed.kept(seq) is not None for seq in (1, 2, 3)] == [False, False, True]
    found = await feeding.feed.read(0)
    assert [one.data for one in found] == [{"n": 1}, large, {"n": 3}]


async def test_what_was_read_back_once_is_not_read_again_to_be_sent(feeding: Feeding) -> None:
    feeding.is_wanted = False
    await feeding.append({"n": 1}, {"text": "x" * MAX_KEPT_BYTES})
    feeding.is_wanted = True
    assert feeding.feed.kept(1) is None

    (first, large) = await feeding.feed.read(0)

    assert feeding.feed.kept(1) is first
    assert first.data == {"n": 1}
    assert large.seq == 2
    assert feeding.feed.kept(2) is None


async def test_what_is_wanted_next_is_read_back_with_what_is_wanted_now(
    feeding: Feeding, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a backlog costs a read for each of its deliveries."""
    feeding.is_wanted = False
    await feeding.append({"n": 1}, {"n": 2}, {"text": "x" * MAX_KEPT_BYTES})
    feeding.is_wanted = True
    reads, with_seqs = [], events.with_seqs

    async def counted(conn: AsyncConnection, seqs: Collection[int]) -> Sequence[Event]:
        reads.append(sorted(seqs))
        return await with_seqs(conn, seqs)

    monkeypatch.setattr(events, "with_seqs", counted)
    both = await asyncio.gather(*(feeding.feed.read_back(1, [2, 3, 99]) for _ in range(2)))

    assert [one.data for one in both if one is not None] == [{"n": 1}] * 2
    assert feeding.feed.kept(2) is not None
    assert reads == [[1, 2, 3, 99]]
    large = await feeding.feed.read_back(3, [2])
    assert large is not None
    assert large.data == {"text": "x" * MAX_KEPT_BYTES}
    assert await feeding.feed.read_back(99, []) is None
    assert reads[1:] == [[3], [99]]


async def test_of_what_was_read_back_the_newest_are_kept(feeding: Feeding) -> None:
    feeding.is_wanted = False
    await feeding.append(*({"n": number} for number in range(KEPT + 1)))
    feeding.is_wanted = True
    for after in range(0, KEPT + 1, PAGE):
        await feeding.feed.read(after)

    assert feeding.feed.kept(1) is None
    assert feeding.feed.kept(2) is not None
    assert feeding.feed.kept(KEPT + 1) is not None


async def test_a_page_has_an_end_wherever_it_comes_from(feeding: Feeding) -> None:
    await feeding.append(*({"n": at} for at in range(PAGE + 1)))
    anew = Feed(feeding.ground.database, PAGE + 1, lambda: True)

    assert len(await feeding.feed.read(0)) == PAGE
    assert len(await anew.read(0)) == PAGE
    assert [one.seq for one in await anew.read(PAGE)] == [PAGE + 1]


async def test_only_the_newest_are_kept(feeding: Feeding) -> None:
    await feeding.append(*({"n": at} for at in range(KEPT + 2)))

    assert feeding.feed.kept(2) is None
    assert feeding.feed.kept(3) is not None
    assert [one.seq for one in (await feeding.feed.read(0))[:3]] == [1, 2, 3]


async def test_what_tells_of_deliveries_rings_for_nobody_and_takes_no_room(
    feeding: Feeding,
) -> None:
    await feeding.append({"n": 1})
    await feeding.ground.append(*(event("delivery.sent", source="tocsin") for _ in range(KEPT)))
    feeding.tell()
    await feeding.append({"n": 2})

    assert (feeding.feed.newest, feeding.rings) == (KEPT + 2, 2)
    assert [one.data for one in await feeding.feed.read(0)] == [{"n": 1}, {"n": 2}]
    assert feeding.feed.kept(1) is not None


async def test_what_a_shop_says_of_its_own_deliveries_is_news(feeding: Feeding) -> None:
    await feeding.ground.append(event("delivery.failed", source="cloudevents"))
    feeding.tell()

    assert feeding.rings == 1
    assert [one.type for one in await feeding.feed.read(0)] == ["delivery.failed"]


async def test_what_was_found_by_looking_alone_is_read_back(
    feeding: Feeding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0)
    await feeding.append({"n": 1})
    await feeding.append({"n": 2}, is_told=False)

    await feeding.step()

    assert [one.data for one in await feeding.feed.read(1)] == [{"n": 2}]
