"""Answers on the wire: JSON, and problem details that say what went wrong."""

from typing import Any

import orjson
import pytest

from tocsin.edge.answers import (
    MAX_DETAIL_CHARS,
    MAX_FAULTS,
    MAX_NAME_CHARS,
    problem,
    send_bytes,
    send_json,
    send_problem,
)
from tocsin.errors import ConfigError, FieldFault, Reason, Rejected, StoreDown, TocsinError

FAULT = FieldFault("steps.0.name", "expected a text")


class Wire:
    """What was sent, put together."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    async def send(self, message: Any) -> None:
        self.messages.append(message)

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.messages[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.messages[1:])


async def test_an_answer_says_how_long_and_what_it_is() -> None:
    wire = Wire()

    await send_bytes(wire.send, 202, "ü".encode(), b"text/plain", [(b"x-more", b"1")])

    assert wire.messages[0]["status"] == 202
    assert wire.headers == {
        b"content-type": b"text/plain",
        b"content-length": b"2",
        b"x-more": b"1",
    }
    assert wire.body == "ü".encode()


async def test_json_is_utf8() -> None:
    wire = Wire()

    await send_json(wire.send, 200, {"name": "배포"})

    assert wire.headers[b"content-type"] == b"application/json"
    assert wire.body == '{"name":"배포"}'.encode()


@pytest.mark.parametrize(
    ("error", "status", "retry_after"),
    [
        (Rejected(422, Reason.BAD_FIELD, "no", fields=[FAULT]), 422, None),
        (Rejected(429, Reason.RATE_LIMITED, "no", retry_after_s=7), 429, b"7"),
        (Rejected(401, Reason.NOT_SIGNED_IN, "no"), 401, None),
        (StoreDown("no"), 503, b"5"),
        (StoreDown("no", reason=Reason.STORE_FULL, retry_after_s=60), 503, b"60"),
        (ConfigError(["no"]), 500, None),
    ],
)
async def test_an_error_is_answered_as_problem_details(
    error: TocsinError, status: int, retry_after: bytes | None
) -> None:
    wire = Wire()

    await send_problem(wire.send, error)

    told = orjson.loads(wire.body)
    assert wire.messages[0]["status"] == told["status"] == status
    assert wire.headers[b"content-type"] == b"application/problem+json"
    assert wire.headers.get(b"retry-after") == retry_after
    assert told["type"] == "about:blank"
    assert told["detail"] == "no"
    assert told["title"]
    assert told["reason"] == error.reason
    faults = [{"field": FAULT.field, "message": FAULT.message}]
    assert told.get("errors") == (faults if status == 422 else None)


def test_a_problem_without_fields_has_no_list_of_them() -> None:
    assert problem(404, Reason.NOT_FOUND, "There is no such thing.") == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no such thing.",
        "reason": "not_found",
    }


def test_a_refusal_is_no_larger_than_anybody_reads() -> None:
    faults = [FieldFault("a" * 10_000, "b" * 10_000)] * 10_000

    told = problem(422, Reason.BAD_FIELD, "c" * 10_000, faults)

    assert len(told["errors"]) == MAX_FAULTS
    assert len(told["detail"]) == MAX_DETAIL_CHARS
    assert {len(one["field"]) for one in told["errors"]} == {MAX_NAME_CHARS}
    assert {len(one["message"]) for one in told["errors"]} == {MAX_DETAIL_CHARS}
