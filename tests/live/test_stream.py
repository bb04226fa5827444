"""The event stream: what a client gets has no gap and no repeat, whatever happens to it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.appending import Ground, event, ground_in, settings_with
from tocsin.edge.callers import Callers
from tocsin.live import recent as recent_module
from tocsin.live import stream as module
from tocsin.live.recent import Recent
from tocsin.live.stream import PATH, EventStream
from tocsin.model.access import Role
from tocsin.model.event import new_event_id
from tocsin.model.tokens import Token, digest_of, new_token
from tocsin.store import events as stored
from tocsin.store import tokens
from tocsin.store.access import StoredCredentials
from tocsin.store.facts import raise_pruned_through
from tocsin.testing.clock import START, HandClock

LAST = "last"


class Client:
    """A client of the stream, called over ASGI; what it is sent is cut into messages."""

    def __init__(
        self,
        stream: EventStream,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        **scope: Any,
    ) -> None:
        sent = {"host": "127.0.0.1:8000", **(headers or {})}
        self._scope = {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "path": PATH,
            "client": ("127.0.0.1", 1234),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            **scope,
        }
        self.status = 0
        self.body = b""
        self.seqs: list[int] = []
        self.last_id = ""
        self.opened: dict[str, Any] = {}
        self.chunks: list[int] = []
        self._comments = 0
        self._gone = asyncio.Event()
        self._takes = asyncio.Event()
        self._takes.set()
        self._blocked = asyncio.Event()
        self._changed = asyncio.Condition()
        self.task = asyncio.create_task(stream(self._scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if not self._takes.is_set():
            self._blocked.set()
            await self._takes.wait()
        async with self._changed:
            self.status = message.get("status", self.status)
            chunk = message.get("body", b"")
            self.body += chunk
            self.chunks.append(len(chunk))
            if self.status == 200:
                self._read(chunk)
            self._changed.notify_all()

    def _read(self, chunk: bytes) -> None:
        for block in chunk.split(b"\n\n"):
            if block.startswith(b":"):
                self._comments += 1
            elif block:
                self._read_message(dict(line.split(b": ", 1) for line in block.split(b"\n")))

    def _read_message(self, fields: Mapping[bytes, bytes]) -> None:
        self.last_id = fields[b"id"].decode()
        data = orjson.loads(fields[b"data"])
        if fields[b"event"] == b"stream.opened":
            self.opened = data
        else:
            self.seqs.append(data["seq"])
            assert self.last_id.endswith(f":{data['seq']}")

    async def until_answered(self) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self.status)

    async def until_open(self) -> "Client":
        async with self._changed:
            await self._changed.wait_for(lambda: self.opened)
        return self

    async def until_seq(self, seq: int) -> "Client":
        async with self._changed:
            await self._changed.wait_for(lambda: seq in self.seqs)
        return self

    async def until_heartbeats(self, count: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._comments >= count)

    def stop_taking(self) -> None:
        """As a client whose line is full."""
        self._takes.clear()

    async def until_blocked(self) -> None:
        await self._blocked.wait()

    def go_on_taking(self) -> None:
        self._takes.set()

    async def leave(self) -> None:
        self._gone.set()
        self._takes.set()
        await self.task


@dataclass(frozen=True)
class Live:
    """A journal whose events are streamed."""

    ground: Ground
    recent: Recent
    stream: EventStream
    clients: list[Client] = field(default_factory=list)

    def client(self, query: str = "", **more: Any) -> Client:
        client = Client(self.stream, query, **more)
        self.clients.append(client)
        return client

    async def token(self, role: Role) -> str:
        text = new_token()
        token = Token(new_event_id(), role.word, role, START, "me")
        await self.ground.database.write(lambda conn: tokens.add(conn, token, digest_of(text)))
        return text

    def counted(self, recovered: str) -> float | None:
        labels = {"dialect": "sse", "recovered": recovered}
        return self.ground.registry.get_sample_value("tocsin_live_recoveries_total", labels)


async def follow(recent: Recent) -> None:
    while True:
        await recent.step()


@asynccontextmanager
async def live_in(folder: Path, **environ: str) -> AsyncIterator[Live]:
    said = settings_with(**environ)
    async with ground_in(folder) as ground:
        async with ground.database.read() as conn:
            newest = await stored.newest_seq(conn)
        recent = Recent(ground.database, ground.bell, ground.epoch, newest)
        callers = Callers(StoredCredentials(ground.database, HandClock()), said.auth, said.http)
        stream = EventStream(ground.database, recent, callers, said.live, ground.registry)
        live = Live(ground, recent, stream)
        following = asyncio.create_task(follow(recent))
        try:
            yield live
        finally:
            for client in live.clients:
                await client.leave()
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


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

        assert live.counted("yes") == 1
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


async def test_what_is_dropped_while_a_page_is_read_is_not_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent_module, "MAX_EVENTS", 1)
    read = stored.page
    async with live_in(tmp_path) as live:
        await live.ground.append(event(), event(), event())

        async def read_slowly(*args: Any, **how: Any) -> Any:
            found = await read(*args, **how)
            monkeypatch.undo()
            monkeypatch.setattr(recent_module, "MAX_EVENTS", 1)
            await live.ground.append(event(), event(), event())
            await live.recent.bell.wait(5, 5)
            return found

        await live.recent.bell.wait(2, 5)
        monkeypatch.setattr(stored, "page", read_slowly)
        client = live.client("from=start")
        await client.until_seq(6)

    assert client.seqs == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("said", ["another:2", "EPOCH:1", "EPOCH:99", "nonsense", "x" * 9000])
async def test_a_client_that_cannot_go_on_is_told_so_and_gets_what_is_new(
    tmp_path: Path, said: str
) -> None:
    async with live_in(tmp_path) as live:
        await live.ground.append(*(event() for _ in range(4)))
        await live.ground.database.write(lambda conn: raise_pruned_through(conn, 2))
        offset = said.replace("EPOCH", live.ground.epoch)
        client = await live.client(headers={"last-event-id": offset}).until_open()
        await live.ground.append(event())
        await client.until_seq(5)

        assert live.counted("no") == 1
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
    labels = {"dialect": "sse"}
    sent = live.ground.registry.get_sample_value("tocsin_live_events_sent_total", labels)
    assert sent == 100


async def test_a_slow_client_is_not_handed_everything_at_once(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live:
        slow = await live.client().until_open()
        slow.stop_taking()
        for _ in range(5):
            await live.ground.append(*(event(data="x" * 100_000) for _ in range(10)))
        await live.recent.bell.wait(49, 5)
        slow.go_on_taking()
        late = live.client("from=start")
        for client in (slow, late):
            await client.until_seq(50)

    for client in (slow, late):
        assert client.seqs == list(range(1, 51))
        assert max(client.chunks) <= module.PORTION_BYTES


async def test_an_event_larger_than_a_portion_is_given_whole(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live:
        client = await live.client().until_open()
        await live.ground.append(event(), event(data="x" * module.PORTION_BYTES), event())
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
        live.stream.stop()
        await asyncio.gather(*(client.task for client in clients))
        late = live.client()
        await late.task

    assert [client.status for client in clients] == [200] * 3
    assert late.status == 503


async def test_without_the_store_a_stream_is_refused_or_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent_module, "MAX_EVENTS", 1)
    async with live_in(tmp_path) as live:
        slow = await live.client().until_open()
        slow.stop_taking()
        await live.ground.append(event())
        await slow.until_blocked()
        await live.ground.append(*(event() for _ in range(5)))
        await live.recent.bell.wait(5, 5)
        await live.ground.database.write(lambda conn: conn.exec_driver_sql("DROP TABLE events"))
        slow.go_on_taking()
        await slow.task
        late = live.client()
        await late.task

    assert slow.status == 200
    assert slow.chunks[-1] == 0, "ended, not cut"
    assert late.status == 503


async def test_a_client_that_leaves_makes_room(tmp_path: Path) -> None:
    async with live_in(tmp_path, LIVE__MAX_CONNECTIONS="2") as live:
        first, _ = await live.client().until_open(), await live.client().until_open()
        refused = live.client()
        await refused.task
        await first.leave()
        again = await live.client().until_open()

        labels = {"dialect": "sse"}
        open_now = live.ground.registry.get_sample_value("tocsin_live_connections", labels)
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
            await reader.resume(self.live)
            reader.client.go_on_taking()
            await reader.client.until_seq(len(self.kinds))
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
@settings(max_examples=40)
async def test_every_reader_gets_a_gapless_suffix_without_repeats(
    appended: list[tuple[str, Any]],
    connected: list[tuple[str, Any]],
    happenings: list[tuple[str, Any]],
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        # So little is remembered that nearly everything is read from the journal.
        patch.setattr(recent_module, "MAX_EVENTS", 2)
        patch.setattr(recent_module, "PAGE", 3)
        patch.setattr(module, "PAGE", 2)
        async with live_in(Path(folder)) as live:
            trial = Trial(live)
            for what, told in (*appended, *connected, *happenings):
                await getattr(trial, what)(told)
            await trial.finish()

    for reader in trial.readers:
        assert reader.seqs == trial.expected(reader)
