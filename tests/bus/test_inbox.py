"""Messages move from list to list whole, in order, and are lost nowhere on the way."""

import asyncio
from contextlib import suppress
from functools import partial

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.bus.waiting import until
from tests.redis_server import RedisServer
from tocsin.bus import inbox
from tocsin.bus.connection import Connection
from tocsin.bus.inbox import InboxLists, Lengths
from tocsin.settings.schema import InboxSettings

LIST = "deployment_notifications"
SETTINGS = InboxSettings(list=LIST, batch_max_messages=3, dead_max_messages=2)


def owner(connection: Connection, name: str = "a") -> InboxLists:
    return InboxLists(connection, SETTINGS, name)


def push(redis: RedisServer, *texts: str | bytes) -> None:
    for text in texts:
        redis.say("LPUSH", LIST, text)


def is_gone(redis: RedisServer, name: str) -> None:
    """No sign of life of this owner is left, as some time after its end."""
    redis.say("DEL", f"{LIST}:alive:{name}")


async def texts(lists: InboxLists) -> list[bytes]:
    return [one.text for one in (await lists.take()).messages]


async def test_the_oldest_come_first(redis: RedisServer, connection: Connection) -> None:
    push(redis, "1", "2", "3", "4")
    lists = owner(connection)

    first = await texts(lists)
    await lists.done()
    assert first == [b"1", b"2", b"3"]
    assert await texts(lists) == [b"4"]


async def test_what_is_taken_is_given_again_until_it_is_done(
    redis: RedisServer, connection: Connection
) -> None:
    push(redis, "1", "2")
    lists = owner(connection)
    first = await lists.take()
    push(redis, "3")
    again = await lists.take()

    assert again == first
    assert len({one.id for one in first.messages}) == 2
    assert await lists.lengths() == Lengths(waiting=1, taken=2, dead=0)


async def test_every_byte_goes_through(redis: RedisServer, connection: Connection) -> None:
    push(redis, b'{"a": "\n\x00\xff"}\n\n', b"")

    assert await texts(owner(connection)) == [b'{"a": "\n\x00\xff"}\n\n', b""]


async def test_what_is_large_is_taken_alone(
    redis: RedisServer, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "MAX_BYTES", 10)
    push(redis, "x" * 20, "1", "2")

    assert await texts(owner(connection)) == [b"x" * 20]


async def test_two_owners_share_what_there_is(redis: RedisServer, connection: Connection) -> None:
    push(redis, *map(str, range(6)))
    a, b = owner(connection), owner(connection, "b")

    taken = [*await texts(a), *await texts(b)]
    assert taken == [b"%d" % n for n in range(6)]


async def test_what_a_gone_owner_had_goes_to_the_next_with_its_ids(
    redis: RedisServer, connection: Connection
) -> None:
    push(redis, "1", "2", "3", "4")
    left = await owner(connection).take()
    is_gone(redis, "a")
    b = owner(connection, "b")

    taken = await b.take()
    assert taken.left_by == "a"
    assert taken.messages == left.messages
    await b.done()
    assert await texts(b) == [b"4"]


async def test_what_a_living_owner_has_stays_with_it(
    redis: RedisServer, connection: Connection
) -> None:
    push(redis, "1", "2", "3")
    a = owner(connection)
    await a.take()
    await a.stay_alive()

    assert await texts(owner(connection, "b")) == []


async def test_who_leaves_in_order_is_not_waited_for(
    redis: RedisServer, connection: Connection
) -> None:
    push(redis, "1")
    a = owner(connection)
    await a.take()
    await a.leave()

    assert await texts(owner(connection, "b")) == [b"1"]


async def test_signs_of_life_end_by_themselves(
    redis: RedisServer, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "GONE_AFTER_S", 0.05)
    push(redis, "1")
    await owner(connection).take()
    b = owner(connection, "b")
    while not (taken := await b.take()).messages:  # noqa: ASYNC110 - until Redis' own clock says
        await asyncio.sleep(0.01)

    assert taken.left_by == "a"


async def test_one_that_was_only_thought_gone_does_no_harm(
    redis: RedisServer, connection: Connection
) -> None:
    push(redis, "1")
    a, b = owner(connection), owner(connection, "b")
    await a.take()
    is_gone(redis, "a")
    await b.take()
    await a.done()
    push(redis, "2")

    assert await texts(a) == [b"2"]
    assert await texts(b) == [b"1"]


async def test_it_is_told_when_something_comes(redis: RedisServer, connection: Connection) -> None:
    lists = owner(connection)
    waiting = asyncio.create_task(lists.wait())

    def blocked() -> bool:
        return b"blocked_clients:1" in redis.say("INFO", "clients")

    await until(blocked)
    push(redis, "1")
    await waiting

    assert await texts(lists) == [b"1"]


async def test_waiting_leaves_everything_as_it_is(
    redis: RedisServer, connection: Connection
) -> None:
    push(redis, "1", "2")
    lists = owner(connection)
    await lists.wait()
    await lists.wait()

    assert await texts(lists) == [b"1", b"2"]


async def test_what_is_buried_is_kept_with_what_is_known_of_it(
    redis: RedisServer, connection: Connection
) -> None:
    push(redis, "1", "{\xff")
    lists = owner(connection)
    taken = (await lists.take()).messages
    await lists.bury(taken[1], {"reason": "unreadable"})

    assert await lists.lengths() == Lengths(waiting=0, taken=1, dead=1)
    kept = redis.say("LINDEX", f"{LIST}:dead", "0").split(b"\r\n")[1]
    assert orjson.loads(kept) == {"reason": "unreadable", "id": taken[1].id, "text": "{ÿ"}
    assert (await lists.take()).messages == taken[:1]


async def test_one_is_buried_once_and_only_the_newest_are_kept(
    redis: RedisServer, connection: Connection
) -> None:
    push(redis, "1", "2", "3")
    lists = owner(connection)
    for one in (await lists.take()).messages:
        await lists.bury(one, {})
        await lists.bury(one, {})

    assert await lists.lengths() == Lengths(waiting=0, taken=0, dead=2)
    assert b'"text":"3"' in redis.say("LINDEX", f"{LIST}:dead", "0")


STEPS = st.lists(
    st.tuples(st.sampled_from(["push", "take", "done", "crash", "lost"]), st.integers(0, 2)),
    max_size=40,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_whatever_happens_each_message_is_dealt_with_and_by_its_id_once(
    redis: RedisServer, figures: object, steps: list[tuple[str, int]]
) -> None:
    asyncio.run(_trial(redis, figures, steps))


async def _trial(redis: RedisServer, figures: object, steps: list[tuple[str, int]]) -> None:
    redis.flush()
    connection = Connection(redis.url, figures)  # type: ignore[arg-type]  # the fixture's
    runs = [0, 0, 0]
    pushed = 0
    # As the journal: by the id of a message, the first that is stored counts.
    stored: dict[str, bytes] = {}

    def lists(which: int) -> InboxLists:
        return owner(connection, f"{which}:{runs[which]}")

    async def deal(which: int, *, is_done: bool) -> None:
        for one in (await lists(which).take()).messages:
            assert stored.setdefault(one.id, one.text) == one.text
        if is_done:
            await lists(which).done()

    for what, which in steps:
        if what == "push":
            pushed += 1
            push(redis, str(pushed))
        elif what == "lost":
            # Its answer is lost on the way, and with it what was in it.
            await lists(which).take()
        elif what == "crash":
            is_gone(redis, f"{which}:{runs[which]}")
            runs[which] += 1
        else:
            await deal(which, is_done=what == "done")
    for which in range(3):
        is_gone(redis, f"{which}:{runs[which]}")
    runs[0] += 1
    with suppress(TimeoutError):
        while (await lists(0).lengths()).waiting or (await lists(0).take()).messages:
            await deal(0, is_done=True)
    await connection.close()

    assert sorted(stored.values(), key=int) == [b"%d" % n for n in range(1, pushed + 1)]
    left = partial(redis.say, "KEYS", "*processing*")
    assert left() == b"*0\r\n"
