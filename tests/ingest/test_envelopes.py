"""Every source's senders are answered in their own shape, well and badly."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from tocsin.edge.calls import Message
from tocsin.errors import FieldFault, Reason, Rejected
from tocsin.ingest.envelopes import answer_of, send_answer, send_refusal
from tocsin.ingest.source import Envelope
from tocsin.model.event import NewEvent, Receipt

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
EVENTS = [NewEvent(one, "any", "noon", "shop", "job-7", NOON, NOON, {}) for one in ("a", "b")]
RECEIPTS = [Receipt(1, "a", is_duplicate=False), Receipt(2, "b", is_duplicate=False)]
FIRST = {"event_id": "a", "seq": 1}
REFUSAL = Rejected(
    422, Reason.BAD_FIELD, "a: too long", fields=(FieldFault("a", "too long"),), retry_after_s=3
)


@pytest.mark.parametrize(
    ("envelope", "stored", "answer"),
    [
        (Envelope.WEBHOOK, 1, {"success": True, "message": "noon stored", **FIRST}),
        (Envelope.WEBHOOK, 0, {"success": True, "message": "nothing to store"}),
        (Envelope.OBJECT, 1, {**FIRST, "items": [FIRST]}),
        (Envelope.OBJECT, 2, {"items": [FIRST, {"event_id": "b", "seq": 2}]}),
        (Envelope.OBJECT, 0, {"items": []}),
        (Envelope.AVATAR, 1, {"status": "received", "request_id": "job-7", **FIRST}),
        (Envelope.AVATAR, 0, {"status": "received"}),
        (Envelope.EMPTY, 1, {}),
    ],
)
def test_what_is_stored_is_told_in_the_shape_of_the_sender(
    envelope: Envelope, stored: int, answer: dict[str, Any]
) -> None:
    assert answer_of(envelope, EVENTS[:stored], RECEIPTS[:stored]) == answer


@pytest.mark.parametrize(
    ("envelope", "parts"),
    [
        (Envelope.WEBHOOK, {"success", "message", "errors"}),
        (Envelope.OBJECT, {"type", "title", "status", "detail", "reason", "errors"}),
        (Envelope.AVATAR, {"detail", "status_code"}),
        (Envelope.EMPTY, {"type", "title", "status", "detail", "reason", "errors"}),
    ],
)
async def test_a_refusal_is_told_in_the_shape_of_the_sender(
    envelope: Envelope, parts: set[str]
) -> None:
    said: list[Message] = []

    async def send(part: Message) -> None:
        said.append(part)

    await send_refusal(send, envelope, REFUSAL)

    start, body = said
    assert start["status"] == 422
    assert (b"retry-after", b"3") in start["headers"]
    assert set(orjson.loads(body["body"])) == parts
    assert b"a: too long" in body["body"]


@pytest.mark.parametrize(
    ("answer", "body"),
    [({"challenge": "c"}, b'{"challenge":"c"}'), ({}, b"")],
    ids=["some", "none"],
)
async def test_nothing_to_say_is_no_body(answer: dict[str, str], body: bytes) -> None:
    said: list[Message] = []

    async def send(part: Message) -> None:
        said.append(part)

    await send_answer(send, answer)

    assert [part["status"] for part in said[:1]] == [200]
    assert said[1]["body"] == body
