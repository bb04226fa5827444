"""Parts of a work are shared by the instances, and handed on without being done twice."""

import asyncio
from collections.abc import AsyncGenerator, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.test_leases import pass_by
from tocsin.store import leases
from tocsin.store import spread as module
from tocsin.store.database import Database
from tocsin.store.leases import LASTS_S
from tocsin.store.spread import PartOfWork, Spread, share_of
from tocsin.testing.clock import HandClock

PARTS = tuple(f"work.{number}" for number in range(8))

Come = Callable[[str], "Instance"]


@given(st.sets(st.text(min_size=1), min_size=1, max_size=5))
def test_each_part_belongs_to_one_of_those_present_and_all_have_about_as_many(
    owners: set[str],
) -> None:
    shares = [share_of(one, owners, PARTS) for one in owners]

    assert sorted(part for share in shares for part in share) == sorted(PARTS)
    sizes = [len(one) for one in shares]
    assert max(sizes) - min(sizes) <= 1


@given(st.sets(st.text(min_size=1), min_size=3, max_size=3))
def test_who_comes_moves_few_parts_beside_those_that_it_takes(owners: set[str]) -> None:
    new, *others = owners
    before = {one: share_of(one, others, PARTS) for one in others}
    after = {one: share_of(one, owners, PARTS) for one in owners}
    moved = sum(len(before[one] - after[one]) for one in others)

    assert len(after[new]) <= moved <= 2 * len(after[new])


class Instance:
    """A process that takes part; it works a part until it is told to leave it."""

    def __init__(self, database: Database, clock: HandClock, owner: str) -> None:
        self.owner = owner
        self.database = database
        self.spread = Spread("work", database, clock, owner)
        self.at_work: set[str] = set()
        # Unset, what is in hand takes its time.
        self.finishes = asyncio.Event()
        self.finishes.set()
        self._loops = [asyncio.ensure_future(self._forever(name)) for name in PARTS]

    async def _forever(self, name: str) -> None:
        step = self.spread.part(name, self._work(name))
        while True:
            await step()

    def _work(self, name: str) -> PartOfWork:
        async def until(leaving: asyncio.Event) -> None:
            self.at_work.add(name)
            try:
                await leaving.wait()
                await self.finishes.wait()
            finally:
                self.at_work.discard(name)

        return until

    async def look(self) -> None:
        assert await self.spread.renew()
        await rest()

    async def kill(self) -> None:
        for one in self._loops:
            one.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)


async def rest() -> None:
    """Let whatever can go on go on."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
async def come(database: Database, clock: HandClock) -> AsyncGenerator[Come, None]:
    here: list[Instance] = []

    def arrive(owner: str) -> Instance:
        here.append(Instance(database, clock, owner))
        return here[-1]

    yield arrive
    for one in here:
        await one.kill()


async def test_one_alone_does_all(come: Come) -> None:
    a = come("a 1")
    await rest()
    await a.look()

    assert a.at_work == set(PARTS)


async def test_who_comes_gets_its_share_once_the_other_has_left_it(come: Come) -> None:
    a = come("a 1")
    await rest()
    await a.look()
    b = come("b 1")
    await rest()
    await b.look()

    assert not b.at_work
    await a.look()
    share = share_of("a", {"a", "b"}, PARTS)
    assert a.at_work == share
    await a.look()
    await b.look()
    assert a.at_work | b.at_work == set(PARTS)
    assert not a.at_work & b.at_work


async def test_what_is_in_hand_is_finished_before_it_is_handed_on(come: Come) -> None:
    a = come("a 1")
    await rest()
    await a.look()
    a.finishes.clear()
    b = come("b 1")
    await rest()
    await b.look()
    await a.look()
    await a.look()
    await b.look()

    assert a.at_work == set(PARTS)
    assert not b.at_work
    a.finishes.set()
    await rest()
    await a.look()
    await b.look()
    assert a.at_work | b.at_work == set(PARTS)
    assert not a.at_work & b.at_work


async def test_what_a_killed_one_did_is_taken_over(come: Come, database: Database) -> None:
    a = come("a 1")
    await rest()
    await a.look()
    b = come("b 1")
    await rest()
    await b.look()
    await a.look()
    await a.look()
    await a.kill()
    await pass_by(database, LASTS_S + 1)
    await b.look()

    assert b.at_work == set(PARTS)


async def test_who_gets_no_answer_from_the_database_ends_its_work_with_its_lease(
    come: Come, database: Database, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    a = come("a 1")
    await rest()
    await a.look()
    clock.move(LASTS_S - 0.01)

    async def keep_silent(_work: object) -> None:
        clock.move(0.01)
        await asyncio.Event().wait()

    with monkeypatch.context() as patched:
        patched.setattr(database, "write", keep_silent)
        async with asyncio.timeout(LASTS_S / 3):
            assert not await a.spread.renew()
    await rest()

    assert not a.at_work


async def test_who_is_back_at_once_goes_on_with_what_it_had(come: Come, database: Database) -> None:
    a = come("a 1")
    await rest()
    await a.look()
    b = come("b 1")
    for one in (b, a, a, b):
        await rest()
        await one.look()
    had = set(b.at_work)
    await b.kill()
    await database.write(lambda conn: leases.end_former(conn, "b"))
    again = come("b 4")
    await rest()
    await again.look()

    assert had
    assert again.at_work == had


async def test_one_that_leaves_finishes_and_begins_nothing(come: Come, database: Database) -> None:
    a = come("a 1")
    await rest()
    await a.look()
    await a.spread.leave(5)

    assert not a.at_work
    await a.look()
    assert not a.at_work
    await database.write(lambda conn: leases.give_back(conn, a.owner))
    b = come("b 1")
    await rest()
    await b.look()
    assert b.at_work == set(PARTS)


async def test_a_part_that_comes_back_before_it_was_left_goes_on(come: Come) -> None:
    a = come("a 1")
    await rest()
    await a.look()
    a.finishes.clear()
    b = come("b 1")
    await rest()
    await b.look()
    await a.look()
    await b.kill()
    await b.database.write(lambda conn: leases.give_back(conn, b.owner))
    await a.look()
    a.finishes.set()
    await rest()

    assert a.at_work == set(PARTS)
