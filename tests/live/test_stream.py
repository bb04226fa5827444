"""The event stream: what a client gets has no gap and no repeat, whatever happens to it."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
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
        self._comments = 0
        self._gone = asyncio.Event()
        self._takes = asyncio.Event()
        self._takes.set()
        self._changed = asyncio.Condition()
        self.task = asyncio.create_task(stream(self._scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        await self._takes.wait()
        async with self._changed:
            self.status = message.get("status", self.status)
            chunk = message.get("body", b"")
            self.body += chunk
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
    async with live_in(tmp_path) as live:
        await live.ground.append(event(), event())
        again = live.client(headers={"last-event-id": client.last_id})
        await again.until_seq(3)
        await live.ground.append(event())
        await again.until_seq(4)

    assert again.seqs == [2, 3, 4]


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
    chunks: list[int] = []
    async with live_in(tmp_path) as live:
        client = await live.client().until_open()
        client.stop_taking()
        for _ in range(5):
            await live.ground.append(*(event(data="x" * 100_000) for _ in range(10)))
        await live.recent.bell.wait(49, 5)
        send = client._send

        async def watched(message: Any) -> None:
            chunks.append(len(message.get("body", b"")))
            await send(message)

        again = Client.__new__(Client)
        again.__dict__.update(client.__dict__)
        client.go_on_taking()
        await client.until_seq(50)
        replay = live.client("from=start")
        replay._send = watched  # type: ignore[method-assign] # it only looks
        await replay.until_seq(50)

    assert client.seqs == list(range(1, 51))


# --- the law: a gapless suffix, without repeats

KINDS = ("a", "b", "c")
HAPPENINGS = st.one_of(
    st.tuples(st.just("append"), st.lists(st.sampled_from(KINDS), min_size=1, max_size=6)),
    st.tuples(st.just("connect"), st.tuples(st.sampled_from(["now", "start"]), st.sets(st.sampled_from(KINDS)))),
    st.tuples(st.just("drop"), st.integers(0, 9)),
    st.tuples(st.just("resume"), st.integers(0, 9)),
    st.tuples(st.just("stall"), st.integers(0, 9)),
    st.tuples(st.just("unstall"), st.integers(0, 9)),
    st.tuples(st.just("turn"), st.integers(0, 20)),
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

    async def drop(self, which: int) -> None:
        for reader in self.readers[which : which + 1]:
            await reader.drop()

    async def resume(self, which: int) -> None:
        for reader in self.readers[which : which + 1]:
            await reader.resume(self.live)

    async def stall(self, which: int) -> None:
        for reader in self.readers[which : which + 1]:
            reader.client.stop_taking()

    async def unstall(self, which: int) -> None:
        for reader in self.readers[which : which + 1]:
            reader.client.go_on_taking()

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


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """So little is remembered that nearly everything is read from the journal."""
    monkeypatch.setattr(recent_module, "MAX_EVENTS", 2)
    monkeypatch.setattr(recent_module, "PAGE", 3)
    monkeypatch.setattr(module, "PAGE", 2)


@given(st.lists(HAPPENINGS, max_size=15))
@settings(max_examples=25, suppress_health_check=[])
async def test_every_reader_gets_a_gapless_suffix_without_repeats(
    small_limits_of_session: None, happenings: list[tuple[str, Any]]
) -> None:
    with TemporaryDirectory() as folder:
        async with live_in(Path(folder)) as live:
            trial = Trial(live)
            for what, told in happenings:
                await getattr(trial, what)(told)
            await trial.finish()

    for reader in trial.readers:
        assert reader.seqs == trial.expected(reader)
