"""What comes over the wire is read into openings and events, or told as wrong."""

import json
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tocsin.client.errors import NotTocsin, Unreachable
from tocsin.client.place import Opened, Place
from tocsin.client.transport import Filters, StreamEvent, sse_wire

OPENED = b'event: stream.opened\ndata: {"epoch": "e", "seq": 3, "recovered": null}\n\n'


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def saying(body: bytes, kind: str = "text/event-stream") -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, headers={"Content-Type": kind})

    return answer


ONE_PROJECT = Filters(project="p")


async def read(
    answer: Handler, place: Place | None = None, filters: Filters = ONE_PROJECT
) -> list[Opened | StreamEvent]:
    app = web.Application()
    app.router.add_get("/api/v1/events/stream", answer)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        wire = sse_wire(session, str(server.make_url("")).rstrip("/"), filters)
        async with aclosing(wire(place or Place())) as items:
            return [item async for item in items]


async def test_an_event_keeps_its_very_text() -> None:
    raw = '{"seq": 4,  "data": "\\u001b[31m 部署"}'
    answer = saying(OPENED + f"id: e:4\nevent: x\ndata: {raw}\n\n".encode())

    items = await read(answer)

    assert items == [Opened("e", 3, None), StreamEvent("e", 4, "x", json.loads(raw), raw)]


async def test_an_event_of_several_lines_becomes_one_line() -> None:
    answer = saying(b'id: e:4\nevent: x\ndata: {"seq":\ndata: 4}\n\n')

    (item,) = await read(answer)

    assert isinstance(item, StreamEvent)
    assert item.raw == '{"seq":4}'


async def test_messages_of_the_stream_itself_are_no_events() -> None:
    answer = saying(OPENED + b"id: e:3\nevent: stream.closing\ndata: {}\n\n")

    assert await read(answer) == [Opened("e", 3, None)]


@pytest.mark.parametrize(
    ("place", "query", "offset"),
    [
        (Place("start"), "project=p&from=start", None),
        (Place("now", "e", 3), "project=p", "e:3"),
    ],
)
async def test_the_place_is_asked_for_and_nothing_compressed(
    place: Place, query: str, offset: str | None
) -> None:
    asked: list[web.Request] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request)
        return await saying(OPENED)(request)

    await read(answer, place)

    assert asked[0].query_string == query
    assert asked[0].headers.get("Last-Event-ID") == offset
    assert asked[0].headers["Accept-Encoding"] == "identity"
    assert asked[0].headers["Accept"] == "text/event-stream"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html>", "text/html"),
        (b"event: stream.opened\ndata: {}\n\n", "text/event-stream"),
        (b"event: stream.opened\ndata: 3\n\n", "text/event-stream"),
        (b"id: e:1\ndata: {broken\n\n", "text/event-stream"),
        (b"id: e:1\ndata: []\n\n", "text/event-stream"),
    ],
)
async def test_what_is_no_event_stream_is_told(body: bytes, kind: str) -> None:
    answer = saying(body, kind)

    with pytest.raises(NotTocsin):
        await read(answer)


@pytest.mark.parametrize(
    ("types", "query", "seqs"),
    [
        ((), "", [4, 5, 6]),
        (("a",), "type=a", [4]),
        (("a", "c"), "", [4, 6]),
        (("a", "c*"), "", [4, 6]),
    ],
)
async def test_several_types_are_picked_out_here(
    types: tuple[str, ...], query: str, seqs: list[int]
) -> None:
    filters = Filters(types=types)
    events = [StreamEvent("e", seq, kind, {}, "{}") for seq, kind in ((4, "a"), (5, "b"), (6, "c"))]

    assert "&".join(f"{name}={value}" for name, value in filters.query()) == query
    assert [event.seq for event in events if filters.wants(event)] == seqs


async def test_an_event_that_is_not_wanted_is_left_out() -> None:
    body = b"".join(b"id: e:%d\nevent: %c\ndata: {}\n\n" % (n, 96 + n) for n in range(1, 4))
    filters = Filters(project="p", types=("a", "c"))

    items = await read(saying(OPENED + body), filters=filters)

    assert [item.seq for item in items] == [3, 1, 3]


async def test_a_broken_connection_is_told() -> None:
    async def break_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(OPENED)
        assert request.transport is not None
        request.transport.abort()
        return response

    with pytest.raises(Unreachable):
        await read(break_off)
