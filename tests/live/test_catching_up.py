"""Who comes back gets what is missing as fast as it is taken, or is told that it cannot be."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.appending import append, event, ground_in
from tests.live.hearing import MARK, Ear, Numbers, entry
from tests.live.hubs import down, hub_in, hub_of, is_here, joined, until
from tocsin.live import catching_up as module
from tocsin.live import ring
from tocsin.live.closing import CloseCode
from tocsin.live.offset import Offset
from tocsin.live.past import Past
from tocsin.live.rooms import EVERYTHING
from tocsin.model.filters import EventFilter
from tocsin.store.facts import mark_as_backup
from tocsin.store.pruning import remove_events

MINE = frozenset({EventFilter(types=("mine",))})


# --- who comes back


async def test_after_a_backup_was_put_back_only_who_has_no_more_than_that_goes_on(
    tmp_path: Path,
) -> None:
    async with ground_in(tmp_path) as ground:
        before = ground.epoch
        await ground.append(*(event() for _ in range(3)))
        await ground.database.write(mark_as_backup)
    async with hub_in(tmp_path) as (ground, hub):
        await ground.append(*(event() for _ in range(3)))
        said = [Offset(before, seq) for seq in (2, 3, 4, 6)] + [Offset(ground.epoch, 6)]
        found = [await hub.can_resume(EVERYTHING, offset) for offset in said]

    assert found == [True, True, False, False, True]


@pytest.mark.parametrize("remembered", [1, 2_000])
@pytest.mark.parametrize("page", [2, 500])
async def test_who_comes_back_gets_what_is_missing_and_then_what_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remembered: int, page: int
) -> None:
    monkeypatch.setattr(ring, "MAX_ENTRIES", remembered)
    monkeypatch.setattr(Past.piece, "__defaults__", (page,))
    async with hub_in(tmp_path) as (ground, hub):
        await ground.append(*(event("mine" if seq % 2 else "theirs") for seq in range(1, 21)))
        ear = Ear()
        replay = asyncio.create_task(hub.replay(ear.client, MINE, 4))
        await asyncio.sleep(0)
        await ground.append(event("theirs"), event("mine"))
        await replay
        await ground.append(event("mine"))
        await until(lambda: 23 in ear.seqs)

    assert ear.seqs == [5, 7, 9, 11, 13, 15, 17, 19, 22, 23]


async def test_who_is_held_has_everything_up_to_now(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as (ground, hub):
        fresh, busy = Ear(), Ear()
        hub.join(busy.client, MINE)
        await ground.append(event("mine"), event("theirs"))
        for ear in (fresh, busy):
            hub.hold(ear.client)

    assert (fresh.client.position, busy.client.position) == (2, 2)


@pytest.mark.parametrize("remembered", [1, 2_000])
async def test_what_happens_between_two_states_comes_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remembered: int
) -> None:
    # As with a snapshot: what was wanted before comes before it, the rest after it.
    monkeypatch.setattr(ring, "MAX_ENTRIES", remembered)
    async with hub_in(tmp_path) as (ground, hub):
        (ear,) = joined(hub)
        await ground.append(event("theirs"))
        hub.hold(ear.client)
        hub.hold(ear.client)
        await ground.append(event("theirs"), event("mine"))
        read_at = hub.position
        await ground.append(event("theirs"), event("mine"))
        silent = list(ear.seqs)
        await hub.turn(ear.client, MINE, read_at, lambda: b"snapshot;")
        await ground.append(event("theirs"), event("mine"))
        await until(lambda: 7 in ear.seqs)

    assert silent == [1]
    assert ear.heard == ["1", "2", "3", "snapshot", "5", "7"]


async def test_a_state_that_is_newer_than_the_hub_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.live.hub.LOOK_S", 60.0)
    async with hub_in(tmp_path) as (ground, hub):
        ear = Ear()
        hub.hold(ear.client)
        await append(ground.database, event(), event())
        turn = hub.turn(ear.client, EVERYTHING, 2, lambda: b"snapshot;")
        await asyncio.wait_for(turn, 5)
        await ground.append(event())
        await until(lambda: 3 in ear.seqs)

    assert ear.heard == ["snapshot", "3"]


async def test_who_leaves_while_it_is_held_is_told_nothing(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as (ground, hub):
        (ear,) = joined(hub)
        hub.hold(ear.client)
        await ground.append(event())
        hub.leave(ear.client)
        await hub.turn(ear.client, EVERYTHING, 1, lambda: b"snapshot;")

        assert ear.heard == []
        assert not is_here(hub, ear)


async def test_who_chooses_anew_while_it_catches_up_gets_what_is_new_by_that(
    tmp_path: Path,
) -> None:
    async with hub_in(tmp_path) as (ground, hub):
        await ground.append(event("theirs"))
        (ear,) = joined(hub)
        hub.hold(ear.client)
        replay = asyncio.create_task(hub.replay(ear.client, EVERYTHING, 0))
        hub.select(ear.client, MINE)
        await ground.append(event("theirs"), event("mine"))
        await replay

    assert [seq for seq in ear.seqs if seq > 1] == [3]


async def test_who_speaks_another_dialect_while_it_catches_up_is_told_in_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_JOINED_BYTES", 1)
    said: list[bytes] = []
    async with hub_in(tmp_path) as (ground, hub):
        await ground.append(event(), event(), event())
        ear = Ear()
        replay = asyncio.create_task(hub.replay(ear.client, EVERYTHING, 0))
        await asyncio.sleep(0)
        hub.convert(ear.client, Numbers(mark=MARK), said.append)
        await replay

    assert ear.heard == ["1"]
    assert said == [b"~2;", b"~3;"]


@pytest.mark.parametrize("remembered", [0, 2_000])
@pytest.mark.parametrize(
    ("offset", "max_events", "expected"),
    [
        ("EPOCH:0", None, True),
        ("EPOCH:10", None, True),
        ("EPOCH:10", 0, True),
        ("EPOCH:11", None, False),
        ("another:5", None, False),
        ("EPOCH:0", 5, True),
        ("EPOCH:0", 4, False),
        ("EPOCH:2", 4, True),
        ("EPOCH:2", 3, False),
    ],
)
async def test_it_is_known_beforehand_whether_all_that_is_missing_can_be_given(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    remembered: int,
    offset: str,
    max_events: int | None,
    expected: bool,
) -> None:
    monkeypatch.setattr(ring, "MAX_ENTRIES", remembered)
    epoch, _, seq = offset.partition(":")
    async with hub_in(tmp_path) as (ground, hub):
        await ground.append(*(event("mine" if seq % 2 else "theirs") for seq in range(10)))
        said = Offset(epoch.replace("EPOCH", ground.epoch), int(seq))
        found = await hub.can_resume(MINE, said, max_events)

    assert found is expected


async def test_large_events_are_counted_page_by_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ring, "MAX_ENTRIES", 0)
    monkeypatch.setattr("tocsin.store.keyset.PAGE_CHARS", 100)
    async with hub_in(tmp_path) as (ground, hub):
        await ground.append(*(event(data="x" * 90) for _ in range(5)))
        offset = Offset(ground.epoch, 0)
        found = [await hub.can_resume(EVERYTHING, offset, most) for most in (4, 5)]

    assert found == [False, True]


async def test_what_a_dialect_does_not_show_is_passed_over(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as (ground, hub):
        await ground.append(event("a"), event("b"), event("a"), event("b"))
        ear = Ear(Numbers(hidden="b"))
        await hub.replay(ear.client, EVERYTHING, 0)
        await ground.append(event("b"), event("a"))
        await until(lambda: 6 in ear.seqs)

    assert ear.seqs == [1, 3, 6]


async def test_what_was_removed_is_known_too_unless_it_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ring, "MAX_ENTRIES", 4)
    async with hub_in(tmp_path) as (ground, hub):
        await ground.append(*(event() for _ in range(10)))
        await ground.database.write(lambda conn: remove_events(conn, list(range(1, 9))))
        found = [await hub.can_resume(EVERYTHING, Offset(ground.epoch, n)) for n in (5, 6, 8)]
        kept_from = await hub.kept_from()

    assert found == [False, True, True]
    assert kept_from == 8


@pytest.mark.parametrize("remembered", [1, 2_000])
async def test_what_lies_between_two_places_is_given_in_a_form_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remembered: int
) -> None:
    monkeypatch.setattr(ring, "MAX_ENTRIES", remembered)
    monkeypatch.setattr(module, "MAX_JOINED_BYTES", 5)
    monkeypatch.setattr(Past.piece, "__defaults__", (3,))
    plain = Numbers(mark=MARK).frame
    async with hub_in(tmp_path) as (ground, hub):
        await ground.append(*(event("mine" if seq % 2 else "theirs") for seq in range(1, 13)))
        (ear,) = joined(hub)
        hub.hold(ear.client)
        await hub.give_between(ear.client, MINE, 9, 9, plain)
        await hub.give_between(ear.client, MINE, 2, 9, plain)
        await ground.append(event())
        await hub.turn(ear.client, EVERYTHING, 12, lambda: b"snapshot;")

    assert ear.heard == ["~3", "~5", "~7", "~9", "snapshot", "13"]


# --- as fast as it is taken


async def test_who_takes_nothing_of_what_it_has_missed_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STALLED_S", 0.05)
    async with hub_in(tmp_path) as (_, hub):
        hub.publish([entry(seq) for seq in range(1, 11)])
        slow = Ear(Numbers(padding=30_000))
        slow.stop_taking()
        await hub.replay(slow.client, EVERYTHING, 0)

        assert not is_here(hub, slow)
    assert slow.closed == [(4008, "too_slow")]
    assert [data.count(b";") for data in slow.writes] == [3]


async def test_what_was_missed_is_given_as_fast_as_it_is_taken(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as (_, hub):
        hub.publish([entry(seq) for seq in range(1, 101)])
        slow = Ear(Numbers(padding=30_000))
        slow.stop_taking()
        replay = asyncio.create_task(hub.replay(slow.client, EVERYTHING, 0))
        held = []
        while not replay.done():
            held.append(slow.unsent_bytes())
            slow.take()
            await asyncio.sleep(0.001)
        slow.take()

    assert slow.seqs == list(range(1, 101))
    assert slow.closed == []
    assert max(held) < 200_000


# --- what cannot be given


async def test_without_the_journal_who_comes_back_is_closed_to_come_again(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as (ground, _):
        await ground.append(event())
        async with hub_of(ground, is_following=False) as hub:
            await down(ground)
            ear = Ear()
            await hub.replay(ear.client, EVERYTHING, 0)

            assert not is_here(hub, ear)
    assert ear.closed == [(4003, "store_down")]


async def test_who_is_overtaken_by_retention_is_closed_to_be_told_so(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as (ground, _):
        await ground.append(event(), event())
        async with hub_of(ground) as hub:
            ear = Ear()
            can_resume = await hub.can_resume(EVERYTHING, Offset(ground.epoch, 0))
            await ground.database.write(lambda conn: remove_events(conn, [1]))
            await hub.replay(ear.client, EVERYTHING, 0)

            assert not is_here(hub, ear)
    assert can_resume
    assert ear.closed == [(4004, "pruned")]
    assert CloseCode.PRUNED.may_come_back


async def test_who_leaves_while_it_is_read_for_is_given_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Past.piece
    async with hub_in(tmp_path) as (ground, _):
        await ground.append(event())
        async with hub_of(ground, is_following=False) as hub:
            ear = Ear()

            async def read_for_one_who_leaves(self: Past, *args: Any, **how: Any) -> Any:
                piece = await read(self, *args, **how)
                hub.leave(ear.client)
                return piece

            monkeypatch.setattr(Past, "piece", read_for_one_who_leaves)
            await hub.replay(ear.client, EVERYTHING, 0)

    assert ear.heard == []
