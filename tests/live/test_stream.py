"""The event stream: what a client gets has no gap and no repeat, whatever happens to it."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.appending import event
from tests.live.hubs import down, until
from tests.live.streaming import Client, Live, live_in
from tocsin.live import catching_up, outbox, ring, rooms
from tocsin.live.past import Past
from tocsin.live.revoked import ASK_EVERY_S
from tocsin.live.rooms import MAX_UNSENT_BYTES
from tocsin.live.stream import PATH, EventStream
from tocsin.model.access import Role
from tocsin.store.facts import raise_pruned_through

LAST = "last"


# --- where it begins


async def test_it_begins_now_unless_it_is_asked_for_more(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live:
        await live.ground.append(event(), event())
        now, start, third = live.client(), live.client("from=start"), live.client("from=1")
        for client in (now, start, third):
            await client.until_open()
        await live.ground.append(event())
        for client in (now, start, third):
            await client.until_seq(3)

    assert [client.seqs for client in (now, start, third)] == [[3], [1, 2, 3], [2, 3]]
    assert [client.opened["recovered"] for client in (now, start, third)] == [None] * 3
    assert now.opened == {"epoch": live.ground.epoch, "seq": 2, "recovered": None}
    assert now.last_id == f"{live.ground.epoch}:3"


@pytest.mark.parametrize("how", ["header", "query"])
async def test_a_client_goes_on_behind_its_last_event(tmp_path: Path, how: str) -> None:
    async with live_in(tmp_path) as live:
        await live.ground.append(*(event() for _ in range(4)))
        said = f"{live.ground.epoch}:2"
        client = (
            live.client(headers={"last-event-id": said})
            if how == "header"
            else live.client(f"last_event_id={said}")
        )
        await client.until_seq(4)

        assert live.counted("recoveries_total", recovered="yes") == 1
    assert client.seqs == [3, 4]
    assert client.opened["recovered"] is True


async def test_a_client_goes_on_after_a_restart(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live:
        client = await live.client().until_open()
        await live.ground.append(event())
        await client.until_seq(1)
        await client.leave()
        await live.ground.append(event(), event())
    async with live_in(tmp_path) as live:
        await live.ground.append(event())
        again = live.client(headers={"last-event-id": client.last_id})
        await again.until_seq(4)
        await live.ground.append(event())
        await again.until_seq(5)

    assert again.seqs == [2, 3, 4, 5]


async def test_what_is_committed_while_a_page_is_read_is_not_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ring, "MAX_ENTRIES", 1)
    read = Past.piece
    async with live_in(tmp_path) as live:
        await live.ground.append(event(), event(), event())

        async def read_slowly(self: Past, *args: Any, **how: Any) -> Any:
            found = await read(self, *args, **how)
            monkeypatch.setattr(Past, "piece", read)
            await live.ground.append(event(), event(), event())
            return found

        monkeypatch.setattr(Past, "piece", read_slowly)
        client = live.client("from=0")
        await client.until_seq(6)

    assert client.seqs == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("said", ["another:2", "EPOCH:1", "EPOCH:99", "nonsense", "x" * 9000])
async def test_a_client_that_cannot_go_on_is_told_so_and_gets_what_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setattr(ring, "MAX_ENTRIES", 1)
    async with live_in(tmp_path) as live:
        await live.ground.append(*(event() for _ in range(4)))
        await live.ground.database.write(lambda conn: raise_pruned_through(conn, 2))
        offset = said.replace("EPOCH", live.ground.epoch)
        client = await live.client(headers={"last-event-id": offset}).until_open()
        await live.ground.append(event())
        await client.until_seq(5)

        assert live.counted("recoveries_total", recovered="no") == 1
    assert client.opened["recovered"] is False
    assert client.opened["seq"] == 4
    assert client.seqs == [5]


async def test_a_journal_whose_events_are_all_gone_is_one_to_go_on_from(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live:
        await live.ground.database.write(lambda conn: raise_pruned_through(conn, 7))
        client = live.client(headers={"last-event-id": f"{live.ground.epoch}:7"})
        await client.until_open()
        await live.ground.append(event())
        await client.until_seq(8)

    assert client.opened["recovered"] is True


# --- what it gives


async def test_it_gives_what_fits_any_of_the_values(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live:
        await live.ground.append(event("a"), event("b"), event("c"), event("b", project="web"))
        client = live.client("from=start&type=a&type=b&project=shop")
        await client.until_seq(2)
        await live.ground.append(event("c"), event("b"), event("a", project="web"), event("a"))
        await client.until_seq(8)

    assert client.seqs == [1, 2, 6, 8]


async def test_a_burst_goes_in_one_write_and_in_order(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live:
        client = await live.client().until_open()
        await live.ground.append(*(event() for _ in range(100)))
        await client.until_seq(100)

    assert client.seqs == list(range(1, 101))
    assert len([chunk for chunk in client.chunks if chunk]) == 2
    assert live.counted("events_sent_total") == 100


async def test_a_client_that_takes_nothing_is_closed_and_goes_on_when_it_comes_back(
    tmp_path: Path,
) -> None:
    async with live_in(tmp_path) as live:
        slow, other = await live.client().until_open(), await live.client().until_open()
        slow.stop_taking()
        await live.ground.append(event())
        await slow.until_blocked()
        for _ in range(12):
            await live.ground.append(event(data="x" * 100_000))
        # The stream ends before what the client lacks, so that it knows where to go on.
        slow.go_on_taking()
        await slow.task
        back = live.client(headers={"last-event-id": slow.last_id})
        for client in (back, other):
            await client.until_seq(13)

        closed = live.counted("closed_total", cause="too_slow")
    assert slow.chunks[-1] == 0, "ended, not cut"
    assert slow.seqs + back.seqs == other.seqs == list(range(1, 14))
    assert closed == 1


async def test_what_was_missed_is_not_handed_over_at_once(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live:
        for _ in range(5):
            await live.ground.append(*(event(data="x" * 100_000) for _ in range(10)))
        late = await live.client("from=start").until_seq(50)

    assert late.seqs == list(range(1, 51))
    assert max(late.chunks) < MAX_UNSENT_BYTES / 2


async def test_an_event_larger_than_what_a_client_may_hold_is_given_whole(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live:
        client = await live.client().until_open()
        await live.ground.append(event(), event(data="x" * MAX_UNSENT_BYTES), event())
        await client.until_seq(3)

    assert client.seqs == [1, 2, 3]


# --- that it goes on, and that it ends


async def test_a_quiet_stream_gives_signs_of_life(tmp_path: Path) -> None:
    async with live_in(tmp_path, LIVE__HEARTBEAT_S="0.01") as live:
        client = await live.client().until_open()
        await client.until_heartbeats(2)
        await live.ground.append(event())
        await client.until_seq(1)

    assert client.body.count(b": heartbeat\n\n") >= 2


async def test_what_is_for_others_is_no_sign_of_life(tmp_path: Path) -> None:
    # A proxy ends what it sees nothing of, however busy the journal is.
    async with live_in(tmp_path, LIVE__HEARTBEAT_S="0.05") as live:
        client = await live.client("type=mine").until_open()
        beating = asyncio.create_task(client.until_heartbeats(1))
        while not beating.done():
            await live.ground.append(event("theirs"))

    assert client.seqs == []


async def test_all_streams_end_when_they_are_told_to_and_no_more_begin(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live:
        clients = [await live.client().until_open() for _ in range(3)]
        await live.admission.drain()
        await asyncio.gather(*(client.task for client in clients))
        late = live.client()
        await late.task

    assert [client.status for client in clients] == [200] * 3
    assert late.status == 503


async def test_without_the_store_a_stream_is_refused_or_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ring, "MAX_ENTRIES", 1)
    monkeypatch.setattr(Past.piece, "__defaults__", (1,))
    async with live_in(tmp_path) as live:
        await live.ground.append(*(event(data="x" * 70_000) for _ in range(5)))
        stays = await live.client().until_open()
        slow = live.client("from=0")
        slow.stop_taking()
        await slow.until_blocked()
        await down(live.ground)
        slow.go_on_taking()
        await slow.task
        late = live.client("from=start")
        await late.task

        assert not stays.task.done()
    assert slow.status == 200
    assert slow.chunks[-1] == 0, "ended, not cut"
    assert live.counted("closed_total", cause="store_down") == 1
    assert late.status == 503


async def test_a_stream_ends_when_its_token_is_withdrawn(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live:
        token = await live.token(Role.VIEWER)
        client = live.client(f"token={token}", client=("203.0.113.9", 1))
        stays = await live.client().until_open()
        await client.until_open()
        asking = asyncio.create_task(live.revocations.step())
        await live.ground.database.write(
            lambda conn: conn.exec_driver_sql("UPDATE tokens SET revoked_at = 1")
        )
        await until(lambda: live.clock.sleepers > 0)
        live.clock.move(ASK_EVERY_S)
        await asking
        await client.task

        assert not stays.task.done()
    assert client.status == 200
    assert live.counted("closed_total", cause="revoked") == 1


async def test_a_client_that_leaves_makes_room(tmp_path: Path) -> None:
    async with live_in(tmp_path, LIVE__MAX_CONNECTIONS="2") as live:
        first, _ = await live.client().until_open(), await live.client().until_open()
        refused = live.client()
        await refused.task
        await first.leave()
        again = await live.client().until_open()

        open_now = live.counted("connections")
    assert refused.status == 503
    assert orjson.loads(refused.body)["reason"] == "too_many_connections"
    assert again.status == 200
    assert open_now == 2


async def test_no_more_than_there_is_room_for_get_in_at_once(tmp_path: Path) -> None:
    async with live_in(tmp_path, LIVE__MAX_CONNECTIONS="2") as live:
        clients = [live.client() for _ in range(6)]
        await asyncio.gather(*(client.until_answered() for client in clients))

    assert sorted(client.status for client in clients) == [200] * 2 + [503] * 4


# --- what is refused


@pytest.mark.parametrize(
    ("query", "scope", "status"),
    [
        ("", {"method": "POST"}, 405),
        ("", {"client": ("203.0.113.9", 1)}, 401),
        ("token=nonsense", {}, 401),
        ("from=yesterday", {}, 422),
        ("from=-1", {}, 422),
        ("from=" + "9" * 5000, {}, 422),
        ("since=yesterday", {}, 422),
    ],
)
async def test_what_cannot_be_is_refused_before_the_stream_begins(
    tmp_path: Path, query: str, scope: dict[str, Any], status: int
) -> None:
    async with live_in(tmp_path) as live:
        client = live.client(query, **scope)
        await client.task

    assert client.status == status
    assert orjson.loads(client.body)["status"] == status


@pytest.mark.parametrize(("role", "status"), [(Role.SENDER, 403), (Role.VIEWER, 200)])
async def test_a_token_must_be_one_that_may_read(tmp_path: Path, role: Role, status: int) -> None:
    async with live_in(tmp_path) as live:
        token = await live.token(role)
        client = live.client(f"token={token}", client=("203.0.113.9", 1))
        await client.until_answered()

    assert client.status == status


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", PATH, True),
        ("POST", PATH, True),
        ("GET", f"{PATH}/", False),
        ("GET", "/api/v1/events", False),
    ],
)
def test_it_takes_its_own_address(method: str, path: str, expected: bool) -> None:
    assert EventStream.takes(None, method, path) is expected  # type: ignore[arg-type] # needs none


# --- the law: a gapless suffix, without repeats

KINDS = ("a", "b", "c")
WHICH = st.integers(0, 3)
APPENDS = st.tuples(st.just("append"), st.lists(st.sampled_from(KINDS), min_size=1, max_size=6))
CONNECTS = st.tuples(
    st.just("connect"),
    st.tuples(st.sampled_from(["now", "start"]), st.sets(st.sampled_from(KINDS), max_size=2)),
)
HAPPENINGS = st.one_of(
    APPENDS,
    CONNECTS,
    st.tuples(st.sampled_from(["drop", "resume", "stall", "unstall"]), WHICH),
    st.tuples(st.just("turn"), st.integers(1, 20)),
)


@dataclass
class Reader:
    """Somebody who reads over several connections."""

    query: str
    kinds: set[str]
    start: int
    client: Client
    last_id: str = ""
    seqs: list[int] = field(default_factory=list)
    is_connected: bool = True

    async def drop(self) -> None:
        if self.is_connected:
            await self.client.leave()
            self.seqs += self.client.seqs
            self.last_id = self.client.last_id or self.last_id
            self.is_connected = False

    async def resume(self, live: Live) -> None:
        if self.client.task.done():
            # It was closed, as it was too slow.
            await self.drop()
        if not self.is_connected:
            self.client = live.client(self.query, headers={"last-event-id": self.last_id})
            await self.client.until_open()
            assert self.client.opened["recovered"] is True
            self.is_connected = True


@dataclass
class Trial:
    """A journal, its readers, and the type of each event in it."""

    live: Live
    readers: list[Reader] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)

    async def append(self, kinds: list[str]) -> None:
        self.kinds += kinds
        await self.live.ground.append(*(event(kind) for kind in kinds))

    async def connect(self, how: tuple[str, set[str]]) -> None:
        begin, kinds = how
        types = "".join(f"&type={kind}" for kind in sorted({*kinds, LAST})) if kinds else ""
        client = await self.live.client(f"from={begin}{types}").until_open()
        start = client.opened["seq"]
        assert start == (0 if begin == "start" else len(self.kinds))
        self.readers.append(Reader(types, kinds or set(KINDS), start, client))

    def one(self, which: int) -> Reader:
        return self.readers[which % len(self.readers)]

    async def drop(self, which: int) -> None:
        await self.one(which).drop()

    async def resume(self, which: int) -> None:
        await self.one(which).resume(self.live)

    async def stall(self, which: int) -> None:
        self.one(which).client.stop_taking()

    async def unstall(self, which: int) -> None:
        self.one(which).client.go_on_taking()

    async def turn(self, count: int) -> None:
        for _ in range(count):
            await asyncio.sleep(0)

    async def finish(self) -> None:
        """Everybody is there and gets the last event."""
        await self.append([LAST])
        for reader in self.readers:
            while len(self.kinds) not in (*reader.seqs, *reader.client.seqs):
                await reader.resume(self.live)
                reader.client.go_on_taking()
                has_it = asyncio.create_task(reader.client.until_seq(len(self.kinds)))
                ends = (has_it, reader.client.task)
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                has_it.cancel()
            await reader.drop()

    def expected(self, reader: Reader) -> list[int]:
        return [
            seq
            for seq, kind in enumerate(self.kinds, 1)
            if seq > reader.start and kind in {*reader.kinds, LAST}
        ]


@given(
    st.lists(APPENDS, max_size=2),
    st.lists(CONNECTS, min_size=1, max_size=3),
    st.lists(HAPPENINGS, max_size=12),
)
@settings(max_examples=15)
async def test_every_reader_gets_a_gapless_suffix_without_repeats(
    appended: list[tuple[str, Any]],
    connected: list[tuple[str, Any]],
    happenings: list[tuple[str, Any]],
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        # So little is remembered that nearly everything is read from the journal.
        patch.setattr(ring, "MAX_ENTRIES", 2)
        patch.setattr(Past.piece, "__defaults__", (2,))
        patch.setattr(catching_up, "MAX_JOINED_BYTES", 300)
        # And so little may be unsent that some are closed for it.
        patch.setattr(outbox, "HIGH_WATER_BYTES", 500)
        patch.setattr(rooms, "MAX_UNSENT_BYTES", 1_500)
        async with live_in(Path(folder)) as live:
            trial = Trial(live)
            for what, told in (*appended, *connected, *happenings):
                await getattr(trial, what)(told)
            await trial.finish()

    for reader in trial.readers:
        assert reader.seqs == trial.expected(reader)
