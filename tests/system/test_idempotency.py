"""The same delivery twice is stored once and answered alike."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.system.conftest import Launch
from tests.system.reading import RECEIVER, Reader, receipt_of, sample
from tests.system.server import Server
from tests.system.wire import Connection, connected

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


async def test_the_same_key_gives_the_same_receipt(sender: Connection, reader: Reader) -> None:
    key = [("Idempotency-Key", "i-1")]
    message = sample("log_entry", deployment_id="i-1")
    first = receipt_of(await sender.post(RECEIVER, message, key))
    again = receipt_of(await sender.post(RECEIVER, message, key))

    assert first == again
    assert len(await reader.events(subject="i-1")) == 1
    assert len(await reader.lines("i-1")) == 1


async def test_another_key_is_another_delivery(sender: Connection, reader: Reader) -> None:
    message = sample("log_entry", deployment_id="i-2")
    for key in ("i-2-a", "i-2-b"):
        receipt_of(await sender.post(RECEIVER, message, [("Idempotency-Key", key)]))

    assert len(await reader.lines("i-2")) == 2


async def test_a_refused_call_uses_up_no_key(sender: Connection, reader: Reader) -> None:
    key = [("Idempotency-Key", "i-3")]
    refused = await sender.post(RECEIVER, b"{", key)
    assert refused.status == 400

    receipt_of(await sender.post(RECEIVER, sample("log_entry", deployment_id="i-3"), key))
    assert len(await reader.lines("i-3")) == 1


@pytest.mark.parametrize("turn", range(5))
async def test_fifty_at_once_are_stored_once(turn: int, server: Server, reader: Reader) -> None:
    deployment_id = f"i-4-{turn}"
    message = sample("log_entry", deployment_id=deployment_id)
    async with AsyncExitStack() as stack:
        senders = [await stack.enter_async_context(connected(server.port)) for _ in range(50)]
        key = [("Idempotency-Key", deployment_id)]
        answers = await asyncio.gather(*(one.post(RECEIVER, message, key) for one in senders))

    assert len({receipt_of(answer) for answer in answers}) == 1
    assert len(await reader.events(subject=deployment_id)) == 1
    assert len(await reader.lines(deployment_id)) == 1


async def test_a_key_is_known_after_a_restart(launch: Launch) -> None:
    server = launch()
    key = [("Idempotency-Key", "i-5")]
    message = sample("log_entry", deployment_id="i-5")
    async with connected(server.port) as sender:
        first = receipt_of(await sender.post(RECEIVER, message, key))
    server.kill()
    server.start()

    async with connected(server.port) as sender:
        assert receipt_of(await sender.post(RECEIVER, message, key)) == first
        assert len(await Reader(sender).lines("i-5")) == 1
    assert server.stop() in {0, 143, -15}
    server.start()
    async with connected(server.port) as sender:
        assert receipt_of(await sender.post(RECEIVER, message, key)) == first


async def test_an_empty_key_is_none(sender: Connection, reader: Reader) -> None:
    for _ in range(2):
        message = sample("log_entry", deployment_id="i-6")
        receipt_of(await sender.post(RECEIVER, message, [("Idempotency-Key", "")]))

    assert len(await reader.lines("i-6")) == 2


async def test_a_key_without_end_is_refused(sender: Connection) -> None:
    message = sample("log_entry", deployment_id="i-7")
    answer = await sender.post(RECEIVER, message, [("Idempotency-Key", "x" * 20_000)])

    assert answer.status in {400, 431}


async def test_a_cloud_event_is_told_by_source_and_id(sender: Connection, reader: Reader) -> None:
    first = await publish(sender, cloud_event("c-1"))
    again = await publish(sender, cloud_event("c-1"))
    other = await publish(sender, cloud_event("c-1", source="/another"))

    assert (first["event_id"], first["seq"]) == (again["event_id"], again["seq"])
    assert other["seq"] != first["seq"]
    event = await reader.get(f"/api/v1/events/{first['event_id']}")
    assert event["type"] == "backup.completed"
    assert event["subject"] == "host-1"
    assert event["data"] == {"size_bytes": 7}


async def test_a_batch_is_stored_as_a_whole(sender: Connection, reader: Reader) -> None:
    batch = [cloud_event(f"c-2-{number}", type="batch.counted") for number in range(20)]
    answer = await sender.post("/api/v1/events", batch, content_type=BATCH)

    assert answer.status == 200
    items = answer.json()["items"]
    seqs = [item["seq"] for item in items]
    assert len(seqs) == 20
    assert seqs == sorted(set(seqs))
    bad = [cloud_event("c-2-x"), {"specversion": "1.0"}]
    refused = await sender.post("/api/v1/events", bad, content_type=BATCH)
    assert 400 <= refused.status < 500
    assert refused.headers["content-type"].startswith("application/problem+json")
    found = await reader.all("/api/v1/events", type="batch.counted")
    assert len(found) == 20


async def test_a_cloud_event_may_come_in_headers(sender: Connection, reader: Reader) -> None:
    event = cloud_event("c-3")
    headers = [(f"ce-{name}", text) for name, text in event.items() if isinstance(text, str)]
    headers = [(name, text) for name, text in headers if name != "ce-datacontenttype"]
    answer = await sender.post("/api/v1/events", b'{"size_bytes": 7}', headers)

    assert answer.status == 200
    read = await reader.get(f"/api/v1/events/{answer.json()['event_id']}")
    assert read["data"] == {"size_bytes": 7}
    assert read["type"] == "backup.completed"


async def test_events_can_be_had_as_cloud_events(sender: Connection) -> None:
    await publish(sender, cloud_event("c-4", type="form.asked"))
    answer = await sender.get("/api/v1/events", [("Accept", BATCH)], type="form.asked")

    assert answer.status == 200
    assert answer.headers["content-type"].startswith(BATCH)
    [event] = answer.json()
    assert (event["specversion"], event["id"], event["type"]) == ("1.0", "c-4", "form.asked")
    assert event["source"] == "/backup"
    assert event["time"] == "2024-01-01T12:00:00.000Z" or event["time"].startswith("2024-01-01")
    assert event["data"] == {"size_bytes": 7}


def cloud_event(event_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": "/backup",
        "type": "backup.completed",
        "subject": "host-1",
        "time": "2024-01-01T12:00:00Z",
        "datacontenttype": "application/json",
        "data": {"size_bytes": 7},
        **changes,
    }


async def publish(sender: Connection, event: dict[str, Any]) -> dict[str, Any]:
    answer = await sender.post("/api/v1/events", event, content_type=STRUCTURED)
    assert answer.status == 200, answer.body
    told: dict[str, Any] = answer.json()
    return told
