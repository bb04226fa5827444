"""A message arrives once, is repeated with one key, and a refusal is told in words."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tocsin.client import (
    BadAddress,
    Busy,
    Client,
    Filters,
    NotTocsin,
    Pacing,
    Refused,
    Sent,
    Unreachable,
    Waiting,
    read_address,
)

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

GOOD = {"success": True, "message": "ok", "event_id": "e1", "seq": 7}


@dataclass
class Asked:
    """One call as it came."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes


@dataclass
class ScriptedServer:
    """Answers call after call with what stands in `script`; the last answer stays."""

    url: str = ""
    script: list[Answer] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        query = [(name, value) for name, value in request.query.items()]
        self.asked.append(Asked(request.method, request.path, query, headers, body))
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return await answer(request)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    scripted = ScriptedServer()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", scripted.handle)
    async with TestServer(app) as running:
        scripted.url = str(running.make_url("")).rstrip("/")
        yield scripted


@dataclass
class HandPacing:
    """Time that passes only by pauses, which end at once."""

    now_s: float = 0.0
    pauses_s: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.pauses_s.append(seconds)
        self.now_s += seconds
        await asyncio.sleep(0)

    @property
    def pacing(self) -> Pacing:
        return Pacing(self.sleep, lambda: self.now_s, lambda: 0.5)


@pytest.fixture
def hand() -> HandPacing:
    return HandPacing()


def answering(status: int, body: object = None, headers: dict[str, str] | None = None) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(body, status=status, headers=headers)

    return answer


async def hang_up(request: web.Request) -> web.Response:
    """Take the message, lose the answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def test_a_message_is_posted_and_its_receipt_read(server: ScriptedServer) -> None:
    server.script = [answering(200, GOOD)]

    async with Client(server.url + "/", "tok") as client:
        sent = await client.send({"type": "test", "project": "部署"})

    (asked,) = server.asked
    assert sent == Sent("e1", 7)
    assert (asked.method, asked.path) == ("POST", "/api/webhooks/deployment")
    assert json.loads(asked.body) == {"type": "test", "project": "部署"}
    assert asked.headers["authorization"] == "Bearer tok"
    assert asked.headers["content-type"] == "application/json"


async def test_a_prefix_in_the_address_is_kept(server: ScriptedServer) -> None:
    server.script = [answering(200, GOOD)]

    async with Client(server.url + "/project-dashboard/") as client:
        await client.send({})

    assert server.asked[0].path == "/project-dashboard/api/webhooks/deployment"


@pytest.mark.parametrize(
    "failure",
    [hang_up, answering(429), answering(502), answering(503), answering(504)],
    ids=["lost answer", "429", "502", "503", "504"],
)
async def test_a_repeat_carries_the_same_key(
    failure: Answer, server: ScriptedServer, hand: HandPacing
) -> None:
    server.script = [failure, failure, answering(200, GOOD)]

    async with Client(server.url, pacing=hand.pacing) as client:
        sent = await client.send({"type": "test"})

    keys = {asked.headers["idempotency-key"] for asked in server.asked}
    assert sent.seq == 7
    assert len(server.asked) == 3
    assert len(keys) == 1
    assert len({asked.body for asked in server.asked}) == 1


async def test_two_messages_have_two_keys(server: ScriptedServer) -> None:
    server.script = [answering(200, GOOD)]

    async with Client(server.url) as client:
        await client.send({})
        await client.send({})
        await client.send({}, "mine")

    first, second, third = (asked.headers["idempotency-key"] for asked in server.asked)
    assert first != second
    assert third == "mine"


async def test_a_retry_after_is_waited_for(server: ScriptedServer, hand: HandPacing) -> None:
    server.script = [answering(503, headers={"Retry-After": "7"}), answering(200, GOOD)]

    async with Client(server.url, pacing=hand.pacing) as client:
        await client.send({})

    assert hand.pauses_s == [7 + 0.25 * 0.5]


async def test_a_server_that_asks_for_more_than_the_patience_is_given_up_at_once(
    server: ScriptedServer, hand: HandPacing
) -> None:
    server.script = [answering(429, {"detail": "slow"}, {"Retry-After": "3600"})]

    async with Client(server.url, pacing=hand.pacing) as client:
        with pytest.raises(Busy, match="slow") as caught:
            await client.send({})

    assert caught.value.retry_after_s == 3600
    assert hand.pauses_s == []


async def test_the_pauses_end_with_the_patience(server: ScriptedServer, hand: HandPacing) -> None:
    server.script = [answering(503)]
    waits: list[Waiting] = []

    async with Client(server.url, patience_s=20, on_wait=waits.append, pacing=hand.pacing) as c:
        with pytest.raises(Busy):
            await c.send({})

    assert sum(hand.pauses_s) <= 20
    assert len(server.asked) == len(waits) + 1 > 4


async def test_without_patience_there_is_one_try(unused_tcp_port: int, hand: HandPacing) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"

    async with Client(url, patience_s=0, pacing=hand.pacing) as client:
        with pytest.raises(Unreachable, match="refused") as caught:
            await client.send({})

    assert url in str(caught.value)
    assert hand.pauses_s == []


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (
            400,
            {
                "success": False,
                "message": "bad",
                "errors": [{"field": "project", "message": "is too long"}, "junk", {"field": 3}],
            },
            "bad (project: is too long)",
        ),
        (422, {"title": "T", "detail": "D", "errors": [{"message": "D"}]}, "D"),
        (401, {"title": "not signed in"}, "not signed in"),
        (403, {"detail": 3}, "403 Forbidden"),
        (500, ["x"], "500 Internal Server Error"),
    ],
)
async def test_a_refusal_is_told_in_the_servers_words_and_not_repeated(
    status: int, body: object, expected: str, server: ScriptedServer, hand: HandPacing
) -> None:
    server.script = [answering(status, body)]

    async with Client(server.url, pacing=hand.pacing) as client:
        with pytest.raises(Refused) as caught:
            await client.send({})

    assert (caught.value.status, str(caught.value)) == (status, expected)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        answering(200, {"hello": "world"}),
        answering(200, ["x"]),
        answering(301, headers={"Location": "https://other.example/"}),
    ],
    ids=["other object", "list", "redirect"],
)
async def test_another_kind_of_server_is_told_apart(answer: Answer, server: ScriptedServer) -> None:
    server.script = [answer]

    async with Client(server.url) as client:
        with pytest.raises(NotTocsin, match="answers"):
            await client.send({})


async def test_a_cloud_event_is_posted_in_structured_form(server: ScriptedServer) -> None:
    server.script = [answering(200, {"event_id": "x", "seq": 9})]

    async with Client(server.url) as client:
        sent = await client.publish({"id": "x", "type": "a.b"})

    assert sent == Sent("x", 9)
    assert server.asked[0].path == "/api/v1/events"
    assert server.asked[0].headers["content-type"] == "application/cloudevents+json"
    assert server.asked[0].headers["idempotency-key"] == "x"


async def test_broken_text_does_not_end_the_call(server: ScriptedServer) -> None:
    server.script = [answering(200, GOOD)]

    async with Client(server.url) as client:
        await client.send({"message": "a\ud800b"})

    assert json.loads(server.asked[0].body) == {"message": "a?b"}


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:8000", "ftp://x", "http://", "http://[::1", "http://x:99999", "http://x?a=1"],
)
def test_what_is_no_address_is_told_at_once(url: str) -> None:
    with pytest.raises(BadAddress, match="no address"):
        read_address(url)


def opened(**said: object) -> bytes:
    return f"event: stream.opened\ndata: {json.dumps(said)}\n\n".encode()


def event(seq: int, epoch: str = "e") -> bytes:
    body = json.dumps({"seq": seq, "type": "test"})
    return f"id: {epoch}:{seq}\nevent: test\ndata: {body}\n\n".encode()


def streaming(*pieces: bytes) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
        return response

    return answer


async def test_events_go_on_after_a_loss_without_gap_or_repeat(
    server: ScriptedServer, hand: HandPacing
) -> None:
    server.script = [
        streaming(opened(epoch="e", seq=3, recovered=None), event(4), event(5)),
        answering(502),
        streaming(opened(epoch="e", seq=6, recovered=True), event(5), b": heartbeat\n\n", event(6)),
        streaming(opened(epoch="e", seq=6, recovered=True)),
    ]
    seen: list[int] = []

    async with Client(server.url, pacing=hand.pacing) as client, asyncio.timeout(5):
        wanted = Filters(project="p", types=("test",))
        async with aclosing(client.events(wanted, start="start")) as events:
            async for one in events:
                seen.append(one.seq)
                if one.seq == 6:
                    break

    first, _, last = server.asked
    assert seen == [4, 5, 6]
    assert first.path == "/api/v1/events/stream"
    assert first.query == [("project", "p"), ("type", "test"), ("from", "start")]
    assert "last-event-id" not in first.headers
    assert last.headers["last-event-id"] == "e:5"
    assert ("from", "start") not in last.query


async def test_a_given_offset_is_shown_at_once(server: ScriptedServer) -> None:
    server.script = [streaming(opened(epoch="e", seq=9, recovered=True), event(9))]

    async with (
        Client(server.url) as client,
        aclosing(client.events(last_event_id="e:8")) as events,
    ):
        one = await anext(events)

    assert (one.seq, one.offset) == (9, "e:9")
    assert server.asked[0].headers["last-event-id"] == "e:8"


async def test_a_wrong_offset_is_told(server: ScriptedServer) -> None:
    async with Client(server.url) as client:
        with pytest.raises(ValueError, match="no offset"):
            await anext(client.events(last_event_id="8"))


async def test_a_refused_stream_is_not_repeated(server: ScriptedServer, hand: HandPacing) -> None:
    server.script = [answering(401, {"detail": "sign in"})]

    async with Client(server.url, pacing=hand.pacing) as client:
        with pytest.raises(Refused, match="sign in"):
            await anext(client.events())

    assert len(server.asked) == 1
