"""The live stream: in order, filtered, and gone on with where it was left."""

import asyncio
from contextlib import AbstractAsyncContextManager, AsyncExitStack

import pytest

from tests.system.conftest import Launch
from tests.system.load import Load
from tests.system.reading import RECEIVER, Reader, reading, receipt_of, sample
from tests.system.server import Server
from tests.system.sse import STREAM, Message, Stream, streaming
from tests.system.wire import Connection, connected


async def test_what_is_sent_comes_in_order(server: Server, sender: Connection) -> None:
    async with streaming(server.port, project="s-1") as stream:
        assert stream.opened["recovered"] is None
        assert isinstance(stream.opened["epoch"], str)
        receipts = [await send(sender, "s-1", f"line {number}") for number in range(50)]

        events = await stream.events(50)
        assert [(one.json()["id"], one.json()["seq"]) for one in events] == receipts
        assert [one.json()["data"]["message"] for one in events] == [
            f"line {number}" for number in range(50)
        ]
        assert {one.kind for one in events} == {"log_entry"}
        assert [one.id for one in events] == [
            f"{stream.opened['epoch']}:{seq}" for _, seq in receipts
        ]


async def test_an_event_reads_alike_in_the_stream_and_in_the_list(
    server: Server, sender: Connection, reader: Reader
) -> None:
    async with streaming(server.port, project="s-2") as stream:
        event_id, _ = await send(sender, "s-2", "日志 with\nnew line and \x1b[31mred\x1b[0m")

        assert (await stream.event()).json() == await reader.get(f"/api/v1/events/{event_id}")


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"project": "s-3"}, [1, 2, 3, 4]),
        ({"project": "s-3", "type": "step_started"}, [2, 4]),
        ({"project": "s-3", "subject": "s-3-other"}, [3, 4]),
        ({"project": "s-3", "subject": "s-3-other", "type": "log_entry"}, [3]),
        ({"project": "s-3", "source": "deployment"}, [1, 2, 3, 4]),
    ],
)
async def test_a_filter_lets_only_its_own_through(
    query: dict[str, str], wanted: list[int], server: Server, sender: Connection
) -> None:
    messages = [
        sample("log_entry", project="s-3-not"),
        sample("log_entry", project="s-3", deployment_id="s-3-one"),
        sample("step_started", project="s-3", deployment_id="s-3-one"),
        sample("log_entry", project="s-3", deployment_id="s-3-other"),
        sample("step_started", project="s-3", deployment_id="s-3-other"),
    ]
    end = sample("test", project="s-3")
    async with streaming(server.port, **query) as stream, streaming(server.port) as every:
        receipts = [receipt_of(await sender.post(RECEIVER, one)) for one in [*messages, end]]
        while (await every.event()).json()["seq"] < receipts[-1][1]:
            continue

        got = [(await stream.event()).json()["seq"] for _ in wanted]
        assert got == [receipts[number][1] for number in wanted]


async def test_it_begins_where_it_is_asked_to(server: Server, sender: Connection) -> None:
    receipts = [await send(sender, "s-4", f"line {number}") for number in range(10)]

    async with streaming(server.port, project="s-4", **{"from": "start"}) as stream:
        seqs = [one.json()["seq"] for one in await stream.events(10)]
        assert seqs == [seq for _, seq in receipts]
    async with streaming(server.port, project="s-4", **{"from": receipts[6][1]}) as stream:
        seqs = [one.json()["seq"] for one in await stream.events(3)]
        assert seqs == [seq for _, seq in receipts[7:]]
    async with streaming(server.port, project="s-4", **{"from": "now"}) as stream:
        _, seq = await send(sender, "s-4", "new")
        assert (await stream.event()).json()["seq"] == seq


@pytest.mark.parametrize("way", ["header", "query"])
async def test_it_goes_on_without_gap_or_repeat(
    way: str, server: Server, sender: Connection
) -> None:
    project = f"s-5-{way}"
    async with streaming(server.port, project=project) as stream:
        receipts = [await send(sender, project, f"line {number}") for number in range(5)]
        await stream.events(3)
        last_id = stream.last_id
    receipts += [await send(sender, project, f"line {number}") for number in range(5, 10)]

    async with resumed(server, last_id, way, project) as stream:
        assert stream.opened["recovered"] is True
        receipts.append(await send(sender, project, "live again"))
        seqs = [one.json()["seq"] for one in await stream.events(8)]
        assert seqs == [seq for _, seq in receipts[3:]]


@pytest.mark.parametrize(
    "offset", ["00000000000000000000000000000000:1", "{epoch}:999999999", "garbage", "{epoch}:x"]
)
async def test_what_cannot_be_gone_on_with_is_told(
    offset: str, server: Server, sender: Connection
) -> None:
    async with streaming(server.port) as stream:
        epoch = stream.opened["epoch"]
    last_id = offset.format(epoch=epoch)
    async with resumed(server, last_id, "header", "s-6") as stream:
        assert stream.opened["recovered"] is False
        assert stream.opened["epoch"] == epoch
        _, seq = await send(sender, "s-6", f"after {offset}")

        assert (await stream.event()).json()["seq"] == seq


async def test_it_survives_kills_without_gap_or_repeat(launch: Launch, soak_times: int) -> None:
    server = launch()
    seqs: list[int] = []
    last_id = ""
    loads = []
    for number in range(min(soak_times, 10)):
        load = Load(f"s-7-{number}", server.port)
        loads.append(load)
        async with resumed(server, last_id, "header", "axi-star-cloud") as stream:
            assert stream.opened["recovered"] is (True if last_id else None)
            listening = asyncio.create_task(read_to_the_end(stream))
            pouring = asyncio.create_task(load.pour(8))
            await load.until(300)
            server.kill()
            await pouring
            seqs += [message.json()["seq"] for message in await listening]
            last_id = stream.last_id
        await asyncio.to_thread(server.start)

    async with reading(server.port) as reader:
        kept = [event["seq"] for event in await reader.events(project="axi-star-cloud")]
    async with resumed(server, last_id, "header", "axi-star-cloud") as stream:
        missing = len(kept) - len(seqs)
        seqs += [message.json()["seq"] for message in await stream.events(missing)]
    assert seqs == kept
    assert len(kept) >= sum(len(load.receipts) for load in loads)


async def test_a_quiet_stream_shows_that_it_lives(launch: Launch) -> None:
    server = launch({"TOCSIN_LIVE__HEARTBEAT_S": "1"})
    async with streaming(server.port, project="nobody") as stream:
        for _ in range(2):
            # The default is 15 s.
            comment = await stream.next(limit_s=10)
            assert (comment.kind, comment.data) == ("", "heartbeat")


async def test_two_hundred_streams_get_all(server: Server) -> None:
    async with AsyncExitStack() as stack:
        streams = [
            await stack.enter_async_context(streaming(server.port, project="s-8"))
            for _ in range(200)
        ]
        sender = await stack.enter_async_context(connected(server.port))
        sending = asyncio.create_task(send_many(sender, "s-8", 100))
        got = await asyncio.gather(*(stream.events(100) for stream in streams))

        wanted = [seq for _, seq in await sending]
        assert all([one.json()["seq"] for one in events] == wanted for events in got)


async def test_a_stream_that_nobody_reads_holds_nobody_up(
    server: Server, sender: Connection
) -> None:
    async with streaming(server.port), streaming(server.port, project="s-9") as quick:
        for number in range(60):
            message = sample("log_entry", project="s-9", message="x" * 200_000)
            _, seq = receipt_of(await sender.post(RECEIVER, message))
            assert (await quick.event()).json()["seq"] == seq, number


@pytest.mark.parametrize("query", ["from=never", "from=-1", "limit=x&from=", "from=1e9"])
async def test_a_wrong_question_is_told(query: str, server: Server) -> None:
    async with connected(server.port) as sender:
        answer = await sender.ask("GET", f"{STREAM}?{query}")

        assert answer.status in {400, 422}
        assert answer.headers["content-type"].startswith("application/problem+json")


async def test_head_and_post_of_the_stream_end(server: Server) -> None:
    for method in ("HEAD", "POST"):
        async with connected(server.port) as sender:
            answer = await sender.ask(method, STREAM)
            assert answer.status in {200, 405}


def resumed(
    server: Server, last_id: str, way: str, project: str
) -> AbstractAsyncContextManager[Stream]:
    if not last_id:
        return streaming(server.port, project=project)
    if way == "header":
        return streaming(server.port, [("Last-Event-ID", last_id)], project=project)
    return streaming(server.port, project=project, last_event_id=last_id)


async def send(sender: Connection, project: str, text: str) -> tuple[str, int]:
    message = sample("log_entry", project=project, message=text)
    return receipt_of(await sender.post(RECEIVER, message))


async def send_many(sender: Connection, project: str, count: int) -> list[tuple[str, int]]:
    return [await send(sender, project, f"line {number}") for number in range(count)]


async def read_to_the_end(stream: Stream) -> list[Message]:
    """All events until the server is gone."""
    found = []
    try:
        while True:
            found.append(await stream.event())
    except (EOFError, OSError):
        return found
