"""The hub: all who are there get all of it, in time and in turns, whatever happens."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.appending import append, event
from tests.live.hearing import MARK, Ear, Numbers, entry
from tests.live.hub_trial import Trial, choice
from tests.live.hubs import LoopTime, down, hub_in, hub_of, is_here, joined, until
from tocsin.live import catching_up, pieces, ring, rooms
from tocsin.live import hub as module
from tocsin.live.closing import CloseCode
from tocsin.live.offset import Offset
from tocsin.live.past import Past
from tocsin.live.rooms import EVERYTHING, MAX_JOIN_S, MAX_UNSENT_BYTES, NOTHING
from tocsin.model.filters import EventFilter
from tocsin.store.facts import raise_pruned_through
from tocsin.store.pruning import remove_events

MINE = frozenset({EventFilter(types=("mine",))})


# --- who is there


async def test_the_first_event_is_written_before_the_commit_is_answered(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as (ground, hub):
        ears = joined(hub, 3)
        await ground.append(event(), event())

        assert [ear.seqs for ear in ears] == [[1, 2]] * 3
        assert [len(ear.writes) for ear in ears] == [1] * 3
    assert hub.position == 2
    assert str(hub.offset) == f"{ground.epoch}:2"


@pytest.mark.parametrize("clients", [1, 100, 400])
async def test_what_follows_is_joined_and_leaves_within_5_ms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clients: int
) -> None:
    async with hub_in(tmp_path) as (_, hub):
        time = LoopTime(monkeypatch)
        ears = joined(hub, clients)
        for seq in range(1, 50):
            hub.publish([entry(seq)])
        at_once = [ear.seqs for ear in ears]
        await time.move(MAX_JOIN_S + 1e-9)

    assert at_once == [[1]] * clients
    assert all(ear.seqs == list(range(1, 50)) for ear in ears)
    assert all(len(ear.writes) == 2 for ear in ears)


async def test_a_small_group_does_not_wait_for_a_large_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hub_in(tmp_path) as (_, hub):
        time = LoopTime(monkeypatch)
        many, small = joined(hub, 400), Ear()
        hub.join(small.client, MINE)
        hub.publish([entry(1, "mine")])
        hub.publish([entry(2)])
        hub.publish([entry(3, "mine")])
        await time.move(MAX_JOIN_S / 10)
        early = [many[0].seqs, small.seqs]
        await time.move(MAX_JOIN_S)

    assert early == [[1], [1, 3]]
    assert many[0].seqs == [1, 2, 3]


async def test_64_kib_are_not_made_to_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with hub_in(tmp_path) as (_, hub):
        LoopTime(monkeypatch)
        (ear,) = joined(hub, padding=8 * 1024)
        hub.publish([entry(1)])
        for seq in range(2, 10):
            hub.publish([entry(seq)])

        assert ear.seqs == list(range(1, 10))
        assert len(ear.writes) == 2


async def test_after_500_writes_it_is_somebody_elses_turn(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as (_, hub):
        ears = joined(hub, 1_200)
        hub.publish([entry(1)])
        seen = [sum(map(len, (ear.writes for ear in ears)))]
        for _ in range(3):
            await asyncio.sleep(0)
            seen.append(sum(map(len, (ear.writes for ear in ears))))

    assert seen == [500, 1_000, 1_200, 1_200]


async def test_an_event_in_the_midst_of_the_slices_waits_for_its_turn(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as (_, hub):
        ears = joined(hub, 1_100)
        (other,) = joined(hub, label="other")
        hub.publish([entry(1)])
        hub.publish([entry(2)])
        await until(lambda: all(ear.seqs == [1, 2] for ear in (*ears, other)))

    assert max(len(ear.writes) for ear in ears) == 2


async def test_what_is_pending_goes_before_what_is_said_to_one_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hub_in(tmp_path) as (_, hub):
        time = LoopTime(monkeypatch)
        ear, other = joined(hub, 2)
        hub.publish([entry(1)])
        hub.publish([entry(2)])
        hub.send(ear.client, b"hello;")
        hub.publish([entry(3)])
        at_once = list(other.heard)
        await time.move(MAX_JOIN_S)

    assert at_once == ["1"]
    assert ear.heard == ["1", "2", "hello", "3"]
    assert other.heard == ["1", "2", "3"]


async def test_who_chooses_anew_while_a_batch_is_leaving_gets_it_once(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as (_, hub):
        ears = joined(hub, 1_001)
        hub.publish([entry(1)])
        hub.publish([entry(2)])
        for ear in (ears[0], ears[-1]):
            hub.select(ear.client, MINE)
        told = [ears[0].seqs, ears[-1].seqs]
        hub.publish([entry(3), entry(4, "mine")])
        await until(lambda: all(4 in ear.seqs for ear in ears))

    assert told == [[1, 2], [1, 2]]
    assert ears[0].seqs == ears[-1].seqs == [1, 2, 4]
    assert ears[1].seqs == ears[-2].seqs == [1, 2, 3, 4]


async def test_what_is_pending_goes_in_the_form_that_it_was_made_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[bytes] = []
    async with hub_in(tmp_path) as (_, hub):
        time = LoopTime(monkeypatch)
        (ear,) = joined(hub)
        # To those of the other form the same is pending; it is not given twice.
        joined(hub, mark=MARK)
        hub.publish([entry(1)])
        hub.publish([entry(2)])
        hub.convert(ear.client, Numbers(mark=MARK), said.append)
        hub.publish([entry(3)])
        await time.move(MAX_JOIN_S)

    assert ear.heard == ["1", "2"]
    assert said == [b"~3;"]


async def test_who_has_left_gets_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hub_in(tmp_path) as (_, hub):
        time = LoopTime(monkeypatch)
        (ear,) = joined(hub)
        hub.publish([entry(1)])
        hub.publish([entry(2)])
        for _ in range(2):
            hub.leave(ear.client)
        hub.convert(ear.client, Numbers(mark=MARK), ear.write)
        hub.select(ear.client, EVERYTHING)
        hub.publish([entry(3)])
        await time.move(MAX_JOIN_S)

        assert ear.seqs == [1]
        assert not is_here(hub, ear)


# --- slow clients


async def test_a_slow_client_is_closed_and_the_others_go_on(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as (ground, hub):
        slow, *others = joined(hub, 3, padding=100_000)
        slow.stop_taking()
        for _ in range(12):
            await ground.append(event())
            await until(lambda: all(len(ear.seqs) == hub.position for ear in others))
        slow.take()
        is_there = is_here(hub, slow)
        again = Ear()
        await hub.replay(again.client, EVERYTHING, 0)

    assert slow.closed == [(4008, "too_slow")]
    assert not is_there
    assert all(ear.seqs == list(range(1, 13)) for ear in others)
    assert again.seqs == list(range(1, 13))


@pytest.mark.parametrize("how", ["send", "select", "hold", "replay", "convert"])
async def test_who_is_too_slow_for_what_is_pending_stays_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr("tocsin.live.rooms.MAX_JOINED_BYTES", MAX_UNSENT_BYTES)
    async with hub_in(tmp_path) as (_, hub):
        LoopTime(monkeypatch)
        (slow,) = joined(hub, padding=MAX_UNSENT_BYTES // 2)
        slow.stop_taking()
        client = slow.client
        hub.publish([entry(1)])
        hub.publish([entry(2)])
        # What is pending is not too much in itself; what is unsent besides makes it so.
        slow.write(b"." * (MAX_UNSENT_BYTES // 2))
        match how:
            case "send":
                hub.send(client, b"hello;")
            case "select":
                hub.select(client, MINE)
            case "hold":
                hub.hold(client)
            case "convert":
                hub.convert(client, Numbers(mark=MARK), slow.write)
            case _:
                await hub.replay(client, EVERYTHING, 0)

        assert slow.closed == [(4008, "too_slow")]
        assert not is_here(hub, slow)


async def test_what_is_too_much_for_one_alone_closes_it(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as (_, hub):
        (slow,) = joined(hub)
        slow.stop_taking()
        hub.send(slow.client, b"." * MAX_UNSENT_BYTES)
        hub.send(slow.client, b".")

        assert slow.closed == [(4008, "too_slow")]
        assert not is_here(hub, slow)


# --- what others have written


async def test_what_another_process_wrote_is_found_before_what_came_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_S", 60.0)
    async with hub_in(tmp_path) as (ground, hub):
        (ear,) = joined(hub)
        await ground.append(event())
        await append(ground.database, event(), event())
        await ground.append(event())
        await hub.reached(4)
        await until(lambda: 4 in ear.seqs)

    assert ear.seqs == [1, 2, 3, 4]


async def test_who_waits_for_a_seq_no_more_holds_up_nobody(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as (ground, hub):
        waiting = [asyncio.create_task(hub.reached(2)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await ground.append(event())
        early = waiting[1].done()
        await ground.append(event())
        await asyncio.gather(*waiting[1:])

    assert not early
    assert waiting[0].cancelled()


async def test_what_another_process_wrote_is_found_by_looking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.01)
    monkeypatch.setattr(Past.piece, "__defaults__", (2,))
    async with hub_in(tmp_path) as (ground, hub):
        (ear,) = joined(hub)
        await append(ground.database, *(event() for _ in range(7)))
        await until(lambda: 7 in ear.seqs)

    assert ear.seqs == [1, 2, 3, 4, 5, 6, 7]
    assert hub.position == 7


async def test_a_look_ends_when_others_come_in_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Under load there is always something, and to read again each time would never end.
    monkeypatch.setattr(module, "LOOK_S", 0.0)
    read = Past.piece
    async with hub_in(tmp_path, is_following=False) as (ground, hub):
        (ear,) = joined(hub)

        async def busily(self: Past, *args: Any, **how: Any) -> Any:
            await ground.append(event())
            return await read(self, *args, **how)

        monkeypatch.setattr(Past, "piece", busily)
        await hub.step()
        await until(lambda: 1 in ear.seqs)
        back = Ear()
        await hub.replay(back.client, EVERYTHING, 0)

    assert ear.seqs == back.seqs == [1]


# --- what others tell


async def test_commits_told_the_wrong_way_round_are_put_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Past, "piece", nothing_is_read)
    async with hub_in(tmp_path, is_following=False, patience_s=60.0) as (ground, hub):
        (ear,) = joined(hub)
        hub.publish([entry(3)])
        hub.publish([entry(2)])
        early = list(ear.seqs)
        hub.publish([entry(1)])
        hub.publish([entry(4)])
        await until(lambda: 4 in ear.seqs)

        assert early == []
        assert ear.seqs == [1, 2, 3, 4]
        assert ground.counted("tocsin_live_gaps_total") == 1


async def test_what_is_told_twice_is_given_once(tmp_path: Path) -> None:
    async with hub_in(tmp_path, is_following=False) as (_, hub):
        (ear,) = joined(hub)
        for seqs in ((1, 2), (1, 2), (2, 3), (1,), (3, 4)):
            hub.publish([entry(seq) for seq in seqs])
        await until(lambda: 4 in ear.seqs)

    assert ear.seqs == [1, 2, 3, 4]


async def test_what_does_not_come_in_time_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_S", 60.0)
    async with hub_in(tmp_path, patience_s=0.01) as (ground, hub):
        (ear,) = joined(hub)
        await append(ground.database, event(), event())
        await ground.append(event())
        await until(lambda: 3 in ear.seqs)

        assert ear.seqs == [1, 2, 3]
        assert ground.counted("tocsin_live_journal_events_total") == 3


async def test_one_gap_after_the_other_is_waited_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Past, "piece", nothing_is_read)
    async with hub_in(tmp_path, is_following=False, patience_s=0.02) as (_, hub):
        time = LoopTime(monkeypatch)
        (ear,) = joined(hub)
        for seq in range(1, 21, 2):
            hub.publish([entry(seq + 1)])
            await time.move(0.015)
            hub.publish([entry(seq)])
        await time.move(1)

        assert ear.seqs == list(range(1, 21))
        assert hub._elsewhere.newest == 0


async def test_too_much_beyond_a_gap_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "MAX_ENTRIES", 5)
    async with hub_in(tmp_path, is_following=False, patience_s=60.0) as (_, hub):
        for seq in range(2, 10):
            hub.publish([entry(seq)])

        assert not hub._pieces.is_too_much
        assert hub._elsewhere.newest == 7


async def test_who_is_told_to_look_does_so_also_in_the_midst_of_another_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_S", 60.0)
    read, looks = Past.piece, 0

    async def slowly(self: Past, *args: Any, **how: Any) -> Any:
        nonlocal looks
        looks += 1
        piece = await read(self, *args, **how)
        if looks == 1:
            await append(ground.database, event())
            hub.look()
        return piece

    async with hub_in(tmp_path, is_following=False) as (ground, hub):
        (ear,) = joined(hub)
        monkeypatch.setattr(Past, "piece", slowly)
        hub.look()
        await hub.step()
        await hub.step()

    assert ear.seqs == [1]


async def nothing_is_read(*_args: Any, **_how: Any) -> Any:
    raise AssertionError("the journal was read")


async def test_numbers_that_were_removed_before_they_were_seen_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_S", 60.0)
    async with hub_in(tmp_path) as (ground, hub):
        (ear,) = joined(hub)
        await append(ground.database, event(), event())
        await ground.database.write(lambda conn: remove_events(conn, [1, 2]))
        await ground.append(event())
        await until(lambda: 3 in ear.seqs)

    assert ear.seqs == [3]


async def test_nothing_to_tell_is_no_event(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as (_, hub):
        hub.publish([])

    assert hub.position == 0


# --- what is remembered


async def test_after_a_restart_the_newest_are_remembered(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as (ground, _):
        await ground.append(*(event() for _ in range(5)))
        await ground.database.write(lambda conn: raise_pruned_through(conn, 2))
        async with hub_of(ground) as hub:
            await hub.remember()
            await down(ground)
            found = [await hub.can_resume(EVERYTHING, Offset(ground.epoch, n)) for n in (2, 5)]
            ear = Ear()
            await hub.replay(ear.client, EVERYTHING, 2)

    assert found == [True, True]
    assert ear.seqs == [3, 4, 5]


async def test_more_than_can_be_remembered_is_left_to_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.store.keyset.PAGE_CHARS", 100)
    async with hub_in(tmp_path) as (ground, _):
        await ground.append(*(event(data="x" * 90) for _ in range(5)))
        async with hub_of(ground) as hub:
            await hub.remember()
            ear = Ear()
            await hub.replay(ear.client, EVERYTHING, 2)

    assert ear.seqs == [3, 4, 5]


# --- what is counted


async def test_what_is_sent_and_what_waits_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hub_in(tmp_path) as (ground, hub):
        ears = joined(hub, 3)
        with monkeypatch.context() as patch:
            time = LoopTime(patch)
            hub.publish([entry(1), entry(2)])
            hub.publish([entry(3)])
            waiting = ground.counted("tocsin_live_queued_bytes")
            await time.move(MAX_JOIN_S)
        late = Ear()
        await hub.replay(late.client, EVERYTHING, 1)
        hub.join(Ear().client, NOTHING)
        ears[0].stop_taking()
        hub.send(ears[0].client, b"." * 100_000)

        value = ground.registry.get_sample_value
        assert value("tocsin_live_events_sent_total", {"dialect": "numbers"}) == 3 * 3 + 2
        assert value("tocsin_live_bytes_sent_total", {"dialect": "numbers"}) == 2 * (3 * 3 + 2)
        assert ground.counted("tocsin_live_batch_events_count") == 2
        assert ground.counted("tocsin_live_batch_events_sum") == 3
        assert ground.counted("tocsin_live_queued_bytes") == 100_000
    assert waiting == 2


# --- the law: a gapless suffix, without repeats

KINDS, PROJECTS, WHICH = ("a", "b"), ("shop", "web"), st.integers(0, 3)
EVENTS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.sampled_from(PROJECTS)), min_size=1, max_size=4
)
# Few different ones, so that there are groups.
CHOICES = st.sampled_from([choice("ab"), choice("ab"), choice("a"), choice("b", ["web"])])
BEGINNINGS = st.one_of(
    st.tuples(st.just("join"), CHOICES),
    st.tuples(st.just("replay"), st.tuples(st.integers(0, 9), CHOICES)),
)
HAPPENINGS = st.one_of(
    st.tuples(st.sampled_from(["append", "append", "append_beside"]), EVENTS),
    st.tuples(st.just("append_elsewhere"), EVENTS),
    st.tuples(st.just("deliver"), WHICH),
    st.tuples(st.sampled_from(["select", "turn"]), st.tuples(WHICH, CHOICES)),
    st.tuples(st.sampled_from(["say", "convert", "drop", "resume", "stall", "unstall"]), WHICH),
    st.tuples(st.just("let_turn"), st.integers(1, 20)),
    st.tuples(st.just("prune"), st.integers(1, 3)),
    BEGINNINGS,
)


@given(
    st.lists(st.tuples(st.just("append"), EVENTS), max_size=2),
    st.lists(BEGINNINGS, min_size=1, max_size=3),
    st.lists(HAPPENINGS, max_size=25),
)
@settings(max_examples=20)
async def test_everybody_gets_a_gapless_suffix_without_repeats(
    appended: list[tuple[str, Any]],
    begun: list[tuple[str, Any]],
    happenings: list[tuple[str, Any]],
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        make_everything_small(patch)
        async with AsyncExitStack() as stack:
            made = hub_in(Path(folder), patience_s=0.002)
            ground, hub = await stack.enter_async_context(made)
            trial = Trial(ground, hub, stack)
            for what, told in (*appended, *begun, *happenings):
                await getattr(trial, what)(told)
            await trial.finish()

    for reader in trial.readers:
        assert set(reader.codes) <= {CloseCode.TOO_SLOW, CloseCode.PRUNED}


def make_everything_small(patch: pytest.MonkeyPatch) -> None:
    """So that a few events fill what holds thousands, and each way is taken."""
    patch.setattr(module, "LOOK_S", 0.01)
    patch.setattr(module, "SLICE", 1)
    patch.setattr(ring, "MAX_ENTRIES", 3)
    patch.setattr(catching_up, "MAX_JOINED_BYTES", 50)
    patch.setattr(catching_up, "ROOM_EVERY_S", 0.001)
    patch.setattr(rooms, "MAX_JOINED_BYTES", 100)
    patch.setattr(rooms, "MAX_UNSENT_BYTES", 200)
    patch.setattr(Past.piece, "__defaults__", (2,))
