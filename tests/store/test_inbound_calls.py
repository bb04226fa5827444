"""The last calls of each set-up are kept, as many refused ones as others, and all are counted."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select

from tocsin.model.inbound_call import (
    Counts,
    KeptCall,
    KeptRequest,
    Outcome,
    SetUpKey,
    StoredEvent,
    new_call_id,
)
from tocsin.store import inbound_calls
from tocsin.store.database import Database
from tocsin.store.tables.sources import inbound_calls as table
from tocsin.testing.clock import START

GITHUB, TEAM = ("github", ""), ("github", "team-a")
STORED, REJECTED, ANSWERED = Outcome.STORED, Outcome.REJECTED, Outcome.ANSWERED
REQUEST = KeptRequest("POST", "/hooks/github", {"a": "b"}, {"q": "日"}, "{}", None, False)


def call(
    number: int = 0, outcome: Outcome = STORED, set_up: SetUpKey = GITHUB, instance: str = "i-1"
) -> KeptCall:
    return KeptCall(
        id=new_call_id(START + timedelta(seconds=number)),
        set_up=set_up,
        at=START + timedelta(seconds=number),
        outcome=outcome,
        reason="bad_signature" if outcome is REJECTED else None,
        message=None,
        status=200,
        address="192.0.2.7",
        size_bytes=number,
        instance=instance,
        events=[StoredEvent("e", number, "push")],
        request=REQUEST,
    )


async def record(
    database: Database,
    calls: Sequence[KeptCall] = (),
    counts: dict[SetUpKey, Counts] | None = None,
    keep: int = 3,
) -> None:
    await database.write(lambda conn: inbound_calls.record(conn, calls, counts or {}, keep))


async def numbers(
    database: Database,
    outcome: Outcome | None = None,
    limit: int = 50,
    before: str | None = None,
    set_up: SetUpKey = GITHUB,
) -> list[int]:
    async with database.read() as conn:
        found = await inbound_calls.page(conn, set_up, outcome, limit, before)
    assert all(one.request is None for one in found)
    return [one.size_bytes for one in found]


async def test_a_call_is_read_as_it_was(database: Database) -> None:
    kept = call(7)
    await record(database, [kept])

    async with database.read() as conn:
        found = await inbound_calls.one(conn, GITHUB, kept.id)
        elsewhere = await inbound_calls.one(conn, TEAM, kept.id)

    assert found == kept
    assert elsewhere is None


async def test_the_last_of_each_sort_and_set_up_are_kept(database: Database) -> None:
    await record(database, [call(0), call(1, ANSWERED)])
    for number in range(2, 8):
        await record(database, [call(number, REJECTED), call(number, REJECTED, TEAM)])
    await record(database, [call(8), call(9)])

    # As many refused ones as others.
    assert await numbers(database) == [9, 8, 7, 6, 5, 1]
    assert await numbers(database, set_up=TEAM) == [7, 6, 5]


async def test_the_newest_come_first_in_pages_and_by_outcome(database: Database) -> None:
    outcomes = [STORED, REJECTED, ANSWERED, STORED]
    calls = [call(number, outcome) for number, outcome in enumerate(outcomes)]
    await record(database, calls)

    assert await numbers(database) == [3, 2, 1, 0]
    assert await numbers(database, limit=2, before=calls[3].id) == [2, 1]
    assert await numbers(database, outcome=STORED) == [3, 0]
    assert await numbers(database, outcome=ANSWERED) == [2]
    assert await numbers(database, outcome=REJECTED, before=calls[1].id) == []


async def test_with_fewer_to_keep_the_older_ones_go(database: Database) -> None:
    await record(database, [call(number) for number in range(3)], keep=3)
    await record(database, [call(3)], keep=1)

    async with database.read() as conn:
        left = (await conn.execute(select(func.count()).select_from(table))).scalar()
    assert left == 1


async def test_counts_are_added_whoever_counts(database: Database) -> None:
    later = START + timedelta(seconds=5)
    await record(database, counts={GITHUB: Counts(2, 1, START, START, "unreadable")})
    await record(
        database, counts={GITHUB: Counts(3, 0, later), TEAM: Counts(0, 1, None, later, "x")}
    )

    async with database.read() as conn:
        counted = await inbound_calls.counted(conn)

    assert counted == {
        GITHUB: Counts(5, 1, later, START, "unreadable"),
        TEAM: Counts(0, 1, None, later, "x"),
    }
