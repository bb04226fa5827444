"""What a Socket.IO client gets for its subscriptions: everything, once, in order."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event as sql_event
from sqlalchemy import text

from tests.live.following import Page, rooms_of, world_in
from tests.live.serving import (
    Client,
    Polls,
    Serving,
    Talk,
    line,
    message,
    serving_in,
    until,
)
from tocsin.live.closing import CloseCode
from tocsin.live.engineio.packet import Encoding
from tocsin.model.rooms import MAX_ROOMS, Room, RoomKind
from tocsin.store.facts import mark_as_backup

PYTHON = "Python/3.11 aiohttp/3.14.5"
ROOMS = rooms_of(("a", "b"), ("1", "2"))


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Serving]:
    async with serving_in(tmp_path) as live:
        yield live


@pytest.fixture
async def talk(live: Serving) -> AsyncIterator[Talk]:
    async with live.client() as talk:
        yield talk


async def said(talk: Talk) -> list[str]:
    """The texts of the log lines its client has been given by now."""
    await talk.settle()
    return texts(talk.client)


def texts(client: Client) -> list[str]:
    return [one["payload"]["message"] for one in client.named("event")]


# --- rooms


@pytest.mark.parametrize("between", ["_", ":"])
async def test_a_project_and_a_deployment_are_followed_and_left(
    live: Serving, talk: Talk, between: str
) -> None:
    project = await talk.ask(f"subscribe{between}project", "shop")
    of_it = {"type": "project", "id": "shop", "timestamp": "2026-01-01T00:00:00.000Z"}
    from_there = {"seq": 0, "epoch": live.hub.epoch}
    assert project == {"ok": True, **of_it, **from_there}
    assert talk.client.named("subscription:confirmed") == [{**of_it, **from_there}]
    await talk.ask(f"subscribe{between}deployment", {"deploymentId": "9"})
    await live.tell(line("shop 1"), line("blog 9", "9", "blog"), line("blog 1", "1", "blog"))
    assert await said(talk) == ["shop 1", "blog 9"]

    await talk.ask(f"unsubscribe{between}project", {"project": "shop"})
    await live.tell(line("shop 1"), line("blog 9 again", "9", "blog"))
    assert await said(talk) == ["shop 1", "blog 9", "blog 9 again"]
    assert await talk.ask(f"unsubscribe{between}deployment", 9) == {
        "ok": True,
        "type": "deployment",
        "id": "9",
        "timestamp": "2026-01-01T00:00:00.000Z",
    }
    await live.tell(line("blog 9", "9", "blog"))
    assert len(await said(talk)) == 3
    assert of_it in talk.client.named("unsubscription:confirmed")


async def test_who_follows_nothing_gets_nothing(live: Serving, talk: Talk) -> None:
    await live.tell(line("a"))

    assert await said(talk) == []


async def test_an_event_in_two_rooms_comes_once(live: Serving, talk: Talk) -> None:
    await talk.ask("subscribe_project", "shop")
    await talk.ask("subscribe_deployment", "1")
    await talk.ask("subscribe_project", "shop")
    await live.tell(line("both"), line("project", "2"), line("deployment", "1", "blog"))
    assert await said(talk) == ["both", "project", "deployment"]

    await talk.ask("unsubscribe_project", "shop")
    await live.tell(line("still"), line("no more", "2"))
    assert await said(talk) == ["both", "project", "deployment", "still"]


async def test_what_was_pending_goes_before_the_confirmation(live: Serving, talk: Talk) -> None:
    await talk.ask("subscribe_project", "shop")
    await live.tell(line("a"))
    await talk.emit("unsubscribe_project", "shop")
    await talk.until("unsubscription:confirmed")

    assert texts(talk.client) == ["a"]


async def test_more_rooms_than_the_most_are_refused(live: Serving, talk: Talk) -> None:
    for number in range(MAX_ROOMS):
        await talk.emit("subscribe_project", f"p-{number}")
    refused = await talk.ask("subscribe_deployment", "1")
    known = await talk.ask("subscribe_project", "p-0")
    await live.tell(line("a", project=f"p-{MAX_ROOMS - 1}"))

    assert refused == {"ok": False, "error": f"expected at most {MAX_ROOMS} subscriptions"}
    assert talk.client.named("error") == [{"message": refused["error"]}]
    assert known["ok"]
    assert await said(talk) == ["a"]
    await talk.ask("unsubscribe_project", "p-0")
    assert (await talk.ask("subscribe_deployment", "1"))["ok"]


# --- the snapshot


async def test_a_deployment_begins_with_its_snapshot(live: Serving, talk: Talk) -> None:
    await live.tell(message("step_started", step_name="build"), line("one"), line("elsewhere", "2"))
    confirmed = await talk.ask("subscribe_deployment", "1")
    await live.tell(line("two"))
    await talk.settle()

    (name, shown, *_), (second, *_), *rest = (args for args in talk.client.got)
    assert (name, second) == ("subscription:confirmed", "snapshot")
    assert shown["seq"] == confirmed["seq"] == 3
    (snapshot,) = talk.client.named("snapshot")
    assert (snapshot["logs"], snapshot["status"], snapshot["seq"]) == (["one"], "running", 2)
    assert [args[0] for args in rest if args[0] != "unsubscription:confirmed"] == ["event"]
    assert texts(talk.client) == ["two"]


async def test_one_of_each_project_that_has_the_id(live: Serving, talk: Talk) -> None:
    await live.tell(line("a", project="shop"), line("b", project="blog"))
    await talk.ask("subscribe_deployment", "1")

    assert [one["project"] for one in talk.client.named("snapshot")] == ["blog", "shop"]
    # An offset says that everything before it is there: only the last of them may say so.
    offsets = [args[2] for args in talk.client.got if len(args) > 2]
    assert len(offsets) == 1
    assert len(talk.client.got[-1]) == 3


async def test_nothing_is_lost_or_doubled_between_snapshot_and_events(live: Serving) -> None:
    """Clients subscribe at any moment while lines pour in."""
    count = 100

    async def pour() -> None:
        for number in range(count):
            await live.tell(line(str(number)), line("x", "2", "blog"))

    async def follow(after: int) -> None:
        async with live.client() as talk:
            await until(lambda: live.hub.position >= after)
            await talk.emit("subscribe_project", "blog")
            await talk.emit("subscribe_deployment", "1")
            await talk.until("snapshot")
            await pouring
            await talk.settle()
            (snapshot,) = talk.client.named("snapshot")
            events = [one for one in talk.client.named("event") if one["projectId"] == "shop"]
            shown = [*snapshot["logs"], *(one["payload"]["message"] for one in events)]
            assert shown == [str(number) for number in range(count)]
            assert talk.client.seqs == sorted(set(talk.client.seqs))

    pouring = asyncio.create_task(pour())
    await asyncio.gather(*(follow(after) for after in range(0, 2 * count, 40)))


async def test_as_many_subscribe_at_once_few_transactions_store_it(live: Serving) -> None:
    async with live.socket() as one, live.socket() as two, live.socket() as three:
        talks = (one, two, three)
        for talk in talks:
            await talk.enter()
        commits: list[object] = []
        sql_event.listen(live.database._engine, "commit", commits.append)
        gate = live.database.write(lambda conn: conn.execute(text("SELECT 1")))
        await asyncio.gather(gate, *(talk.ask("subscribe_project", "shop") for talk in talks))

    assert len(commits) <= 4


# --- since_seq


async def test_what_was_missed_comes_before_the_confirmation_and_without_an_offset(
    live: Serving, talk: Talk
) -> None:
    await live.tell(*(line(str(number)) for number in range(6)), line("x", project="blog"))
    answer = await talk.ask("subscribe_project", {"project": "shop", "since_seq": 2})
    await live.tell(line("6"))

    assert answer["recovered"] is True
    assert answer["seq"] == 7
    assert await said(talk) == ["2", "3", "4", "5", "6"]
    *missed, confirmed, live_event = talk.client.got[:6]
    assert [len(args) for args in missed] == [2, 2, 2, 2]
    assert confirmed[0] == "subscription:confirmed"
    assert confirmed[1]["recovered"] is True
    assert [len(args) for args in (confirmed, live_event)] == [3, 3]


async def test_who_missed_nothing_is_told_so(live: Serving, talk: Talk) -> None:
    await live.tell(line("a"))
    answer = await talk.ask("subscribe_deployment", {"id": "1", "since_seq": 1})

    assert answer["recovered"] is True
    assert talk.client.named("snapshot") == []
    assert await said(talk) == []


@pytest.mark.parametrize("since_seq", [99, 2**63 - 1])
async def test_a_seq_that_is_not_of_this_journal_is_not_gone_on_from(
    live: Serving, talk: Talk, since_seq: int
) -> None:
    await live.tell(line("a"))
    project = await talk.ask("subscribe_project", {"id": "shop", "since_seq": since_seq})
    one = await talk.ask("subscribe_deployment", {"id": "1", "since_seq": since_seq})

    assert (project["recovered"], one["recovered"]) == (False, False)
    assert [snapshot["logs"] for snapshot in talk.client.named("snapshot")] == [["a"]]
    await live.tell(line("b"))
    assert await said(talk) == ["b"]


async def test_a_seq_of_another_journal_is_told_by_its_epoch(live: Serving, talk: Talk) -> None:
    await live.tell(line("a"), line("b"))
    other = {"id": "shop", "since_seq": 1, "epoch": "another"}
    this = {"id": "1", "since_seq": 1, "epoch": live.hub.epoch}
    answers = [
        await talk.ask("subscribe_project", other),
        await talk.ask("subscribe_deployment", this),
    ]

    assert [answer["recovered"] for answer in answers] == [False, True]
    assert await said(talk) == ["b"]


async def test_a_seq_of_before_a_backup_was_put_back_counts_as_far_as_that_reaches(
    tmp_path: Path,
) -> None:
    async with serving_in(tmp_path) as live:
        before = live.hub.epoch
        await live.tell(line("a"), line("b"))
        await live.database.write(mark_as_backup)
    async with serving_in(tmp_path) as live, live.client() as talk:
        await live.tell(line("c"))
        answers = [
            await talk.ask("subscribe_project", {"id": "shop", "since_seq": seq, "epoch": before})
            for seq in (3, 1)
        ]

        assert [answer["recovered"] for answer in answers] == [False, True]
        assert await said(talk) == ["b", "c"]


async def test_two_rooms_with_the_same_events_bring_what_was_missed_once(
    live: Serving, talk: Talk
) -> None:
    await live.tell(*(line(str(number)) for number in range(4)), line("9", "9", "blog"))
    await talk.ask("subscribe_project", {"id": "shop", "since_seq": 1})
    await talk.ask("subscribe_deployment", {"id": "1", "since_seq": 1})
    await talk.ask("subscribe_deployment", {"id": "9", "since_seq": 1})

    assert await said(talk) == ["1", "2", "3", "9"]


async def test_what_another_room_came_too_late_for_is_given_all_the_same(
    live: Serving, talk: Talk
) -> None:
    await live.tell(*(line(str(number)) for number in range(4)))
    # This room has none of them, though they are of its project.
    await talk.ask("subscribe_project", "shop")
    await live.tell(line("4"))
    await talk.ask("subscribe_deployment", {"id": "1", "since_seq": 1})
    await live.tell(line("5"))

    assert sorted(await said(talk)) == ["1", "2", "3", "4", "5"]


async def test_one_that_comes_back_is_given_what_it_missed_page_by_page(live: Serving) -> None:
    count = 3000
    body = [line(str(number)) for number in range(count)]
    for begin in range(0, count, 500):
        await asyncio.gather(*(live.tell(one) for one in body[begin : begin + 500]))
    async with live.client() as talk:
        answer = await talk.ask("subscribe_project", {"id": "shop", "since_seq": 0})
        await live.tell(line("last"))
        await talk.settle()

        assert answer["recovered"] is True
        assert talk.client.seqs == list(range(1, count + 2))


# --- long-polling, and the way to a WebSocket


async def test_by_long_polling_too(live: Serving) -> None:
    async with live.polling() as polls:
        await polls.enter()
        await polls.post(polls.client.event_packet("subscribe_project", "shop"))
        await until_got(polls, "subscription:confirmed")
        await live.tell(line("a"), line("b"))
        while len(texts(polls.client)) < 2:
            await polls.get()

        assert texts(polls.client) == ["a", "b"]
        assert polls.client.offset == f"{live.hub.epoch}:2"


async def until_got(polls: Polls, name: str) -> None:
    while not polls.client.named(name):
        await polls.get()


@pytest.mark.parametrize("turns", range(0, 40, 4))
async def test_going_over_to_a_websocket_in_the_midst_of_it_keeps_the_order(
    live: Serving, turns: int
) -> None:
    """The subscription, too, is in the midst of being answered: clients send it at once."""
    count = 60
    await live.tell(line("before"))

    async def pour() -> None:
        for number in range(count):
            await live.tell(line(str(number)))

    async with live.polling() as polls:
        await polls.enter()
        pouring = asyncio.create_task(pour())
        query = f"&sid={polls.sid}"
        async with live.socket(polls.client, query=query, probes=True) as talk:
            await polls.post(polls.client.event_packet("subscribe_project", "shop"))
            await talk.socket.send("2probe")
            assert await talk.socket.recv() == "3probe"
            subscribing = polls.client.event_packet("subscribe_deployment", "1")
            await polls.post(subscribing)
            await polls.get()
            for _ in range(turns):
                await asyncio.sleep(0)
            await talk.socket.send("5")
            while len(polls.client.named("subscription:confirmed")) < 2:
                await talk.hear()
            await pouring
            await talk.settle()

    (snapshot,) = polls.client.named("snapshot")
    got = texts(polls.client)
    assert polls.client.seqs == sorted(set(polls.client.seqs))
    assert got[-1] == str(count - 1)
    names = [args[0] for args in polls.client.got]
    after = [args[1] for args in polls.client.got[names.index("snapshot") :] if args[0] == "event"]
    lines = [*snapshot["logs"], *(one["payload"]["message"] for one in after)]
    assert lines == ["before", *map(str, range(count))]


# --- answers that are lost


async def lost_answer(page: Page, room: Room, since: int | None = None) -> None:
    """Have the server answer a subscription, and lose the connection before that is read."""
    page.ask(room, is_leaving=False, since=since)
    line = page.line
    assert line is not None
    await until(lambda: not line.is_busy)
    page.lose()
    # A page that asks for a thing once, as those of the guide do.
    page.asks.clear()
    await page.connect()


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("has_been_given_something", [True, False])
async def test_a_confirmation_that_was_lost_is_given_again(
    tmp_path: Path, room: Room, has_been_given_something: bool
) -> None:
    async with world_in(tmp_path) as world:
        page = Page(world, "websocket")
        await page.connect()
        if has_been_given_something:
            page.ask(Room(RoomKind.PROJECT, "a"), is_leaving=False)
            await page.settle()
        await world.tell("a", "1")
        pid = page.pid
        await page.settle()
        await lost_answer(page, room)
        assert page.pid == pid
        await page.settle()

        # For a deployment its snapshot, too, which the page holds against what was told.
        assert room in page.follows
        assert not page.awaits_snapshot
        await world.tell("a", "1")
        await page.settle()
        page.check()


async def test_one_lost_in_the_midst_of_what_was_missed_begins_anew(tmp_path: Path) -> None:
    # How much of it came nobody knows, so that either choice could be wrong.
    async with world_in(tmp_path) as world:
        page = Page(world, "websocket")
        await page.connect()
        for _ in range(3):
            await world.tell("a", "1")
        pid = page.pid
        await lost_answer(page, Room(RoomKind.PROJECT, "a"), since=1)

        assert page.pid != pid


# --- the law

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("tell"), st.sampled_from("ab"), st.sampled_from("12")),
        st.tuples(st.just("subscribe"), st.sampled_from(ROOMS), st.none() | st.integers(0, 9)),
        st.tuples(st.just("unsubscribe"), st.sampled_from(ROOMS)),
        st.tuples(st.just("turn"), st.integers(1, 30)),
        st.tuples(st.just("read"), st.integers(1, 5)),
        st.tuples(st.sampled_from(["lose", "come back", "settle", "upgrade", "restart", "kill"])),
    ),
    max_size=25,
)


ENCODINGS = st.sampled_from(["websocket", "polling"])


@settings(max_examples=15)
@given(STEPS, ENCODINGS)
def test_whatever_is_asked_for_lost_and_recovered_each_event_comes_once_in_order(
    steps: list[tuple[Any, ...]], encoding: Encoding
) -> None:
    asyncio.run(live_through(steps, encoding))


@pytest.mark.soak
@settings(max_examples=5_000)
@given(STEPS, ENCODINGS)
def test_whatever_is_asked_for_over_thousands_of_lives(
    steps: list[tuple[Any, ...]], encoding: Encoding
) -> None:
    asyncio.run(live_through(steps, encoding))


async def live_through(steps: list[tuple[Any, ...]], encoding: Encoding) -> None:
    """A client's life, at the end of which nothing is missing."""
    with TemporaryDirectory() as folder:
        async with world_in(Path(folder)) as world:
            page = Page(world, encoding)
            await page.connect()
            for name, *args in steps:
                await do(page, name, *args)
            await page.settle()
            page.check()


async def do(page: Page, name: str, *args: Any) -> None:
    """One step of a client's life."""
    world = page.world
    if name == "tell":
        await world.tell(*args)
    elif name == "subscribe":
        room, since = args
        page.ask(room, is_leaving=False, since=since and min(since, len(world.told)))
    elif name == "unsubscribe":
        page.ask(args[0], is_leaving=True)
    elif name == "turn":
        for _ in range(args[0]):
            await asyncio.sleep(0)
    elif name == "read":
        page.read(*args)
    elif name == "lose":
        page.lose()
    elif name == "come back":
        await page.connect()
    elif name == "settle":
        await page.settle()
        page.check()
    elif name == "upgrade" and page.line is not None:
        page.line.upgrade()
    elif name in {"restart", "kill"}:
        if name == "restart":
            page.lose()
        elif page.line is not None:
            await page.line.kill()
            page.line = None
        await world.kill()


# --- when the store fails


async def test_when_the_snapshot_cannot_be_read_the_client_comes_back(
    live: Serving, talk: Talk
) -> None:
    await live.tell(line("a"))
    statement = text("ALTER TABLE log_lines RENAME TO log_lines_away")
    await live.database.write(lambda conn: conn.execute(statement))
    await talk.emit("subscribe_deployment", "1")

    code, reason = await talk.until_closed()
    assert (code, reason) == (CloseCode.STORE_DOWN, "store_down")


async def test_when_the_sessions_cannot_be_stored_it_is_served_all_the_same(
    live: Serving, talk: Talk
) -> None:
    statement = text("ALTER TABLE live_sessions RENAME TO live_sessions_away")
    await live.database.write(lambda conn: conn.execute(statement))
    assert (await talk.ask("subscribe_project", "shop"))["ok"]
    await live.tell(line("a"))

    assert await said(talk) == ["a"]


# --- clients whose handlers count their arguments


async def test_such_a_client_gets_the_same_without_offsets(live: Serving) -> None:
    await live.tell(line("a"), line("b"))
    async with live.client(agent=PYTHON) as talk:
        await talk.ask("subscribe_deployment", {"id": "1", "since_seq": 1})
        await talk.ask("subscribe_deployment", "2")
        await live.tell(line("c"))

        assert await said(talk) == ["b", "c"]
        assert {len(args) for args in talk.client.got} == {2}
    row = await _stored(live)
    assert row == []


async def _stored(live: Serving) -> list[Any]:
    async with live.database.read() as conn:
        return list(await conn.execute(text("SELECT digest FROM live_sessions")))
