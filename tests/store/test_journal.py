"""The journal: one order, one commit for many, an answer only after it, nothing half kept."""

import asyncio
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from tests.appending import Place, Places, began, event, ground_in, logged, rows, seqs
from tocsin.errors import Reason, Rejected, StoreDown
from tocsin.model.event import Receipt
from tocsin.store.beside import change
from tocsin.store.journal import Journal, Limits


class Gate:
    """Holds up the writer's thread until it is opened, so that what comes meanwhile gathers."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self.is_reached = threading.Event()

    def __call__(self, _conn: Connection) -> None:
        self.is_reached.set()
        self._open.wait(10)

    def open(self) -> None:
        self._open.set()


async def held(journal: Journal, gate: Gate) -> "asyncio.Task[list[Receipt]]":
    """A first append whose transaction lasts until the gate is opened."""
    task = asyncio.create_task(journal.append([event("first")], also=gate))
    await asyncio.sleep(0)
    await asyncio.to_thread(gate.is_reached.wait, 10)
    return task


def refuse(_conn: Connection) -> None:
    raise Rejected(409, Reason.CONFLICT, "no")


async def test_what_is_appended_is_numbered_in_order(place: Place) -> None:
    heard: list[int] = []
    async with ground_in(place) as ground:
        ground.listeners.append(lambda entries: heard.extend(one.seq for one in entries))
        first = await ground.append(event("a"), event("b"))
        second = await ground.append(event("c"))

        kept = await rows(ground.database, "SELECT seq, type FROM events ORDER BY seq")
    assert [receipt.seq for receipt in (*first, *second)] == [1, 2, 3]
    assert [(row["seq"], row["type"]) for row in kept] == [(1, "a"), (2, "b"), (3, "c")]
    assert heard == [1, 2, 3]


async def test_whoever_comes_together_shares_a_commit(place: Place) -> None:
    gate = Gate()
    async with ground_in(place) as ground:
        first = await held(ground.journal, gate)
        rest = [asyncio.create_task(ground.append(event())) for _ in range(300)]
        await asyncio.sleep(0)
        waiting = ground.journal.waiting_events
        gate.open()
        receipts = [*await first, *[one for task in rest for one in await task]]

        assert await seqs(ground.database) == list(range(1, 302))
    assert waiting == 301
    assert [receipt.seq for receipt in receipts] == list(range(1, 302))
    assert ground.counted("tocsin_journal_batch_events_count") == 2
    assert ground.counted("tocsin_journal_events_total") == 301


async def test_a_group_has_its_largest_size(place: Place) -> None:
    gate = Gate()
    async with ground_in(place, Limits(batch_max_events=10)) as ground:
        first = await held(ground.journal, gate)
        rest = [asyncio.create_task(ground.append(event())) for _ in range(25)]
        rest.append(asyncio.create_task(ground.append(*(event() for _ in range(40)))))
        await asyncio.sleep(0)
        gate.open()
        await asyncio.gather(first, *rest)

        assert await seqs(ground.database) == list(range(1, 67))
    assert ground.counted("tocsin_journal_batch_events_count") == 1 + 2 + 1


@given(st.lists(st.integers(0, 6), min_size=1, max_size=40), st.integers(1, 8))
@settings(max_examples=12)
async def test_the_order_has_no_gap_at_any_interleaving(
    places: Places, sizes: list[int], batch: int
) -> None:
    told: list[tuple[int, str]] = []
    limits = Limits(batch_max_events=batch)
    with places() as place:
        async with ground_in(place, limits) as ground:
            ground.listeners.append(
                lambda entries: told.extend((one.seq, one.event.id) for one in entries)
            )

            async def sender(size: int) -> list[Receipt]:
                for _ in range(size % 3):
                    await asyncio.sleep(0)
                return await ground.append(*(event(data={"of": size}) for _ in range(size)))

            answers = await asyncio.gather(*map(sender, sizes))
            kept = {
                row["seq"]: row["id"] for row in await rows(ground.database, "SELECT * FROM events")
            }
    assert sorted(kept) == list(range(1, sum(sizes) + 1))
    for answer in answers:
        said = [receipt.seq for receipt in answer]
        assert said == list(range(said[0], said[0] + len(said))) if said else not said
        assert all(kept[receipt.seq] == receipt.id for receipt in answer)
    assert told == sorted(kept.items())


async def test_listeners_are_told_after_the_commit_and_the_answer_comes_with_it(
    place: Place,
) -> None:
    async with ground_in(place) as ground:
        loop = asyncio.get_running_loop()
        seen: list[list[int]] = []
        looks: list[asyncio.Task[None]] = []

        async def look() -> None:
            seen.append(await seqs(ground.database))

        ground.listeners.append(lambda _entries: looks.append(loop.create_task(look())))
        await ground.append(event())
        await asyncio.gather(*looks)

    assert seen == [[1]]


# --- several processes

# Appends events in groups of differing sizes; each key is also that of the other processes.
SENDER = """
import asyncio, sys
from pathlib import Path
import orjson
from tests.appending import began, event, ground_in, logged

async def main(place, name, groups):
    async with ground_in(Path(place) if place.startswith("/") else place) as ground:
        async def send(n):
            own = [event(data=[name, n]) for _ in range(n % 3)]
            shared = event(dedupe=f"shared {n}", change=logged(f"{n % 4}", n, f"line {n}"))
            return await ground.append(*own, shared)
        answers = await asyncio.gather(*(send(n) for n in range(groups)))
        sys.stdout.buffer.write(orjson.dumps([
            [(one.seq, one.id, one.is_duplicate) for one in answer] for answer in answers
        ]))

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


async def test_processes_that_append_at_once_make_one_journal(place: Place) -> None:
    groups, seen = 40, list[int]()
    async with ground_in(place) as ground:
        senders = [
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", SENDER, str(place), name, str(groups)),
                stdout=asyncio.subprocess.PIPE,
            )
            for name in ("one", "other", "third")
        ]
        working = asyncio.gather(*(sender.communicate() for sender in senders))
        is_done = False
        while not is_done:
            # Whoever has seen a number has seen all below it: a later look finds none in between.
            is_done = working.done()
            seen += await seqs(ground.database, after=seen[-1] if seen else 0)
            await asyncio.wait({working}, timeout=0.02)
        answers = [orjson.loads(out) for out, _ in await working]
        found = await rows(ground.database, "SELECT seq, id FROM events")
        lines = await rows(
            ground.database, "SELECT deployment_pk, line, text FROM log_lines ORDER BY 1, 2"
        )

    kept = {row["seq"]: row["id"] for row in found}
    receipts = [tuple(one) for answer in answers for group in answer for one in group]
    fresh = {seq: event_id for seq, event_id, is_duplicate in receipts if not is_duplicate}
    assert seen == sorted(kept) == list(range(1, len(kept) + 1))
    assert fresh == kept
    assert all(kept[seq] == event_id for seq, event_id, _ in receipts)
    assert sorted(row["text"] for row in lines) == sorted(f"line {n}" for n in range(groups))
    assert [row["line"] for row in lines] == 4 * list(range(1, groups // 4 + 1))


# --- the same delivery again


async def test_a_repeat_gets_the_first_receipt(place: Place) -> None:
    first = event(dedupe="k")
    async with ground_in(place) as ground:
        batch = await ground.append(first, event(), event(dedupe="k"))
        later = await ground.append(event(dedupe="k"))
    async with ground_in(place) as ground:
        reopened = await ground.append(event(dedupe="k"), event(dedupe="other"))

        assert await seqs(ground.database) == [1, 2, 3]
    repeat = Receipt(1, first.id, is_duplicate=True)
    assert batch == [
        Receipt(1, first.id, is_duplicate=False),
        Receipt(2, batch[1].id, is_duplicate=False),
        repeat,
    ]
    assert later == [repeat]
    assert reopened[0] == repeat
    assert reopened[1].seq == 3
    assert ground.counted("tocsin_journal_events_total") == 1


async def test_fifty_at_once_are_one(place: Place) -> None:
    gate = Gate()
    limits = Limits(batch_max_events=7)
    async with ground_in(place, limits) as ground:
        first = await held(ground.journal, gate)
        repeats = [asyncio.create_task(ground.append(event(dedupe="k"))) for _ in range(50)]
        await asyncio.sleep(0)
        gate.open()
        await first
        receipts = [(await task)[0] for task in repeats]

        assert await seqs(ground.database) == [1, 2]
    assert [receipt.is_duplicate for receipt in receipts] == [False] + [True] * 49
    assert {(receipt.seq, receipt.id) for receipt in receipts} == {(2, receipts[0].id)}


async def test_a_repeat_is_told_to_nobody_and_changes_nothing(place: Place) -> None:
    told: list[int] = []
    async with ground_in(place) as ground:
        ground.listeners.append(lambda entries: told.append(len(entries)))
        await ground.append(event(dedupe="k", change=logged("1", 0, "one")))
        await ground.append(event(dedupe="k", change=logged("1", 0, "one")))
        await ground.append(event(dedupe="k"), event())

        lines = await rows(ground.database, "SELECT line FROM log_lines")
    assert [row["line"] for row in lines] == [1]
    assert told == [1, 1]


async def test_a_stop_between_commit_and_answer_doubles_nothing(place: Place) -> None:
    # As the process would be killed: what the writer did is never told to the caller.
    async with ground_in(place) as ground:
        ground.journal._settle = lambda *_args: None  # type: ignore[method-assign] # the stop
        unanswered = asyncio.create_task(ground.append(event(dedupe="k", change=began("1", 0))))
        await asyncio.sleep(0)
        await ground.database.write(lambda _conn: None)
        assert not unanswered.done()
        unanswered.cancel()
    async with ground_in(place) as ground:
        (receipt,) = await ground.append(event(dedupe="k", change=began("1", 0)))

        assert await seqs(ground.database) == [1]
    assert receipt.is_duplicate
    assert receipt.seq == 1


# --- together or not at all


async def test_what_is_written_also_is_in_the_same_transaction(place: Place) -> None:
    def also(conn: Connection) -> None:
        seen = conn.exec_driver_sql("SELECT max(seq) FROM events").scalar_one()
        conn.execute(text("INSERT INTO cursors VALUES ('me', :seen, 0)"), {"seen": seen})

    async with ground_in(place) as ground:
        await ground.journal.append([event(), event()], also=also)

        kept = await rows(ground.database, "SELECT stage, seq FROM cursors")
    assert kept == [{"stage": "me", "seq": 2}]


async def test_what_is_refused_leaves_neither_event_nor_anything_else(place: Place) -> None:
    def also(conn: Connection) -> None:
        conn.exec_driver_sql("INSERT INTO cursors VALUES ('me', 1, 0)")
        refuse(conn)

    async with ground_in(place) as ground:
        with pytest.raises(Rejected):
            await ground.journal.append(
                [event(dedupe="k", change=logged("1", 0, "a line"))], also=also
            )
        left = {
            table: await rows(ground.database, f"SELECT * FROM {table}")  # noqa: S608 - ours
            for table in (
                "events",
                "deliveries_seen",
                "deployments",
                "runs",
                "log_lines",
                "cursors",
            )
        }
        (receipt,) = await ground.append(event(dedupe="k"))

    assert not any(left.values()), left
    assert receipt.seq == 1
    assert not receipt.is_duplicate


UNSTORABLE: list[Callable[[], Any]] = [
    lambda: event("odd", data={"n": {1, 2}}),
    lambda: event("odd", project="\ud800"),
    lambda: event("odd", dedupe="\ud800"),
    lambda: event("odd", change=logged("1", 0, "\ud800")),
]


@pytest.mark.parametrize("make", UNSTORABLE)
async def test_one_that_cannot_be_stored_does_not_harm_its_neighbours(
    place: Place, make: Callable[[], Any]
) -> None:
    gate = Gate()
    async with ground_in(place) as ground:
        first = await held(ground.journal, gate)
        tasks = [
            asyncio.create_task(ground.append(one))
            for one in (
                event(change=logged("1", 0, "a")),
                make(),
                event(change=logged("1", 1, "b")),
            )
        ]
        refused = asyncio.create_task(ground.journal.append([event("refused")], also=refuse))
        await asyncio.sleep(0)
        gate.open()
        await first
        good, odd, also_good = await asyncio.gather(*tasks, return_exceptions=True)
        with pytest.raises(Rejected):
            await refused
        after_all = await ground.append(event(change=logged("1", 2, "c")))

        kept = await rows(ground.database, "SELECT type FROM events ORDER BY seq")
        lines = await rows(ground.database, "SELECT line, text FROM log_lines ORDER BY line")
    assert isinstance(odd, Exception)
    assert not isinstance(good, BaseException)
    assert not isinstance(also_good, BaseException)
    assert [one.seq for one in (*good, *also_good, *after_all)] == [2, 3, 4]
    assert [row["type"] for row in kept] == ["first", "note", "note", "note"]
    assert [(row["line"], row["text"]) for row in lines] == [(1, "a"), (2, "b"), (3, "c")]


async def test_after_a_rollback_nothing_remembered_is_trusted(place: Place) -> None:
    # The other process gives the very number that the rolled back event had.
    async with ground_in(place) as ground, ground_in(place) as other:
        await ground.append(event(change=logged("1", 0, "a")))
        with pytest.raises(Rejected):
            await ground.journal.append([event(change=logged("1", 1, "lost"))], also=refuse)
        await change(other.database, [event()], lambda _conn: None)
        await ground.append(event(change=logged("1", 2, "b")))

        lines = await rows(ground.database, "SELECT line, text FROM log_lines ORDER BY line")
    assert [(row["line"], row["text"]) for row in lines] == [(1, "a"), (2, "b")]


@pytest.mark.parametrize("is_closed_meanwhile", [False, True])
async def test_everybody_is_answered_and_nobody_waits_in_the_end(
    place: Place, is_closed_meanwhile: bool
) -> None:
    async with ground_in(place, Limits(batch_max_events=7)) as ground:

        async def sender(number: int) -> int:
            for _ in range(number % 11):
                await asyncio.sleep(0)
            also = refuse if number % 5 == 0 else None
            size = number % 4
            await ground.journal.append([event() for _ in range(size)], also=also)
            return size

        senders = [asyncio.create_task(sender(number)) for number in range(200)]
        if is_closed_meanwhile:
            await asyncio.wait(senders, return_when=asyncio.FIRST_COMPLETED)
            await ground.database.close()
        answers = await asyncio.gather(*senders, return_exceptions=True)
        waiting = ground.journal.waiting_events
    async with ground_in(place) as again:
        kept = len(await seqs(again.database))

    stored = sum(answer for answer in answers if isinstance(answer, int))
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(one, Rejected | StoreDown) for one in refused)
    assert waiting == 0
    assert kept == stored == ground.counted("tocsin_journal_events_total")


# --- when it cannot be stored now


async def test_too_much_waiting_sends_callers_away(place: Place) -> None:
    gate = Gate()
    async with ground_in(place, Limits(queue_max_events=4)) as ground:
        first = await held(ground.journal, gate)
        waiting = [asyncio.create_task(ground.append(event())) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(StoreDown) as refused:
            await ground.append(event())
        gate.open()
        await asyncio.gather(first, *waiting)
        (receipt,) = await ground.append(event())

    assert refused.value.retry_after_s >= 1
    assert receipt.seq == 5


async def test_a_batch_larger_than_the_queue_is_taken_when_nothing_waits(place: Place) -> None:
    # It could never be stored otherwise, however often its sender tries.
    async with ground_in(place, Limits(queue_max_events=3)) as ground:
        receipts = await ground.append(*(event() for _ in range(5)))

    assert [receipt.seq for receipt in receipts] == [1, 2, 3, 4, 5]


async def test_a_caller_who_has_gone_does_not_hold_up_the_others(place: Place) -> None:
    gate = Gate()
    async with ground_in(place) as ground:
        first = await held(ground.journal, gate)
        gone = asyncio.create_task(ground.append(event("gone")))
        stays = asyncio.create_task(ground.append(event("stays")))
        await asyncio.sleep(0)
        gone.cancel()
        gate.open()
        await first
        receipts = await stays

        kept = await rows(ground.database, "SELECT type FROM events ORDER BY seq")
    assert gone.cancelled()
    assert [row["type"] for row in kept] == ["first", "gone", "stays"]
    assert receipts[0].seq == 3


async def test_closing_finishes_what_is_in_hand_and_takes_no_more(place: Place) -> None:
    async with ground_in(place) as ground:
        in_hand = asyncio.create_task(ground.append(event()))
        await asyncio.sleep(0)
    with pytest.raises(StoreDown) as refused:
        await ground.append(event())
    (receipt,) = await in_hand

    assert refused.value.reason is Reason.STOPPING
    async with ground_in(place) as again:
        assert await seqs(again.database) == [receipt.seq]


async def test_whoever_waits_while_it_closes_is_told(place: Place) -> None:
    gate = Gate()
    async with ground_in(place) as ground:
        first = await held(ground.journal, gate)
        waiting = [asyncio.create_task(ground.append(event())) for _ in range(5)]
        await asyncio.sleep(0)
        gate.open()
    answers = await asyncio.gather(first, *waiting, return_exceptions=True)

    stored = [answer for answer in answers if not isinstance(answer, BaseException)]
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(one, StoreDown) for one in refused)
    async with ground_in(place) as again:
        assert len(await seqs(again.database)) == len(stored)


async def test_a_full_disk_is_told_and_got_over(tmp_path: Path) -> None:
    # The limit belongs to the connection, of which the writer has a new one after each fault.
    def pages(conn: Connection) -> int:
        return int(conn.exec_driver_sql("PRAGMA page_count").scalar_one())

    def full(conn: Connection) -> None:
        conn.exec_driver_sql(f"PRAGMA max_page_count={pages(conn)}")

    async with ground_in(tmp_path) as ground:
        await ground.append(event(change=logged("1", 0, "a")))
        await ground.database.write(full)
        large = {"text": "x" * 1_000_000}
        group = [
            asyncio.create_task(ground.append(event(data=large, change=logged("1", n, "lost"))))
            for n in range(3)
        ]
        refused = await asyncio.gather(*group, return_exceptions=True)
        kept = await seqs(ground.database)
        (receipt,) = await ground.append(event(data=large, change=logged("1", 9, "b")))

        lines = await rows(ground.database, "SELECT line, text FROM log_lines ORDER BY line")
        assert await seqs(ground.database) == list(range(1, receipt.seq + 1))
    down = [one for one in refused if isinstance(one, BaseException)]
    assert isinstance(down[0], StoreDown)
    assert down[0].reason is Reason.STORE_FULL
    assert kept[0] == 1
    assert [row["line"] for row in lines] == list(range(1, len(lines) + 1))
    assert len(lines) == receipt.seq
    assert lines[-1]["text"] == "b"


def remove_all(conn: Connection) -> str:
    for table in ("deployments", "runs", "steps", "log_lines"):
        conn.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - ours
    return "removed"


@pytest.mark.parametrize("is_by_another", [False, True])
async def test_removing_forgets_what_was_folded(place: Place, is_by_another: bool) -> None:
    async with ground_in(place) as ground, ground_in(place) as other:
        await ground.append(event(change=logged("1", 0, "a")))
        answer = await (other if is_by_another else ground).journal.remove(remove_all)
        await ground.append(event(change=logged("1", 1, "b")))

        lines = await rows(ground.database, "SELECT line, text FROM log_lines")
    assert answer == "removed"
    assert lines == [{"line": 1, "text": "b"}]
