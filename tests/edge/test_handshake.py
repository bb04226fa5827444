"""Answers to calls for a WebSocket, good and bad."""

from typing import Any

import orjson
import pytest

from tocsin.edge.calls import Scope
from tocsin.edge.handshake import acceptance, lasting_headers, refusal
from tocsin.errors import FieldFault, Reason, Rejected, StoreDown

# The call and the answer of RFC 6455, 1.3.
CALL = {
    b"host": b"server.example.com",
    b"upgrade": b"websocket",
    b"connection": b"keep-alive, Upgrade",
    b"sec-websocket-key": b"dGhlIHNhbXBsZSBub25jZQ==",
    b"sec-websocket-protocol": b"chat, superchat",
    b"sec-websocket-version": b"13",
    b"sec-websocket-extensions": b"permessage-deflate",
    b"origin": b"http://example.com",
}
ANSWER = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def scope(method: str = "GET", version: str = "1.1", **changes: bytes | None) -> Scope:
    named = {name.replace("_", "-").encode(): value for name, value in changes.items()}
    headers = [(name, value) for name, value in (CALL | named).items() if value is not None]
    return {"path": "/ws", "method": method, "http_version": version, "headers": headers}


def test_the_call_of_the_standard_is_answered_as_in_the_standard() -> None:
    lines = acceptance(scope()).split(b"\r\n")

    assert lines[0] == b"HTTP/1.1 101 Switching Protocols"
    assert b"Sec-WebSocket-Accept: " + ANSWER in lines
    assert lines[-2:] == [b"", b""]
    # Nothing that was offered is taken up: no compression, no subprotocol.
    assert not any(line.startswith((b"Sec-WebSocket-E", b"Sec-WebSocket-P")) for line in lines)


@pytest.mark.parametrize(
    "call",
    [scope(), scope(sec_websocket_extensions=b"x", connection=b"Upgrade, keep-alive")],
)
def test_the_servers_own_headers_stand_in_the_answer_once(call: Scope) -> None:
    more = [(b"date", b"Sun, 22 Nov 2026 12:00:00 GMT"), (b"x-tocsin-instance", b"api-1")]

    lines = acceptance(call, more).split(b"\r\n")

    assert b"x-tocsin-instance: api-1" in lines
    assert [line for line in lines if line.lower().startswith(b"date")] == [
        b"date: Sun, 22 Nov 2026 12:00:00 GMT"
    ]
    assert lines[-2:] == [b"", b""]


@pytest.mark.parametrize(
    ("call", "status"),
    [
        (scope(sec_websocket_key=None), 400),
        (scope(sec_websocket_key=b"short"), 400),
        (scope(sec_websocket_version=b"8"), 400),
        (scope(sec_websocket_version=None), 400),
        (scope(upgrade=b"h2c"), 426),
        (scope(connection=b"close"), 426),
        (scope("POST"), 405),
        (scope(version="1.0"), 505),
    ],
)
def test_a_call_that_opens_no_socket_says_why(call: Scope, status: int) -> None:
    with pytest.raises(Rejected) as refused:
        acceptance(call)

    assert refused.value.status == status
    assert refused.value.allow == ("GET" if status == 405 else "")
    assert refused.value.message.startswith("This opens no WebSocket: ")


def read(answer: bytes) -> tuple[bytes, dict[bytes, bytes], Any]:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    headers = {name: value for name, _, value in (line.partition(b": ") for line in lines)}
    assert int(headers[b"content-length"]) == len(body)
    assert headers[b"connection"] == b"close"
    assert headers[b"content-type"] == b"application/problem+json"
    return first, headers, orjson.loads(body)


def test_a_refusal_is_problem_details_with_what_may_be_done() -> None:
    error = Rejected(503, Reason.TOO_MANY_CONNECTIONS, "Too many.", retry_after_s=7)
    first, headers, problem = read(refusal(error, [(b"date", b"now")]))

    assert first == b"HTTP/1.1 503 Service Unavailable"
    assert headers[b"retry-after"] == b"7"
    assert headers[b"date"] == b"now"
    assert problem == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "Too many.",
        "reason": "too_many_connections",
    }


def test_a_refusal_names_the_field_the_version_and_the_method() -> None:
    fault = FieldFault("token", "unknown")
    bad = Rejected(400, Reason.BAD_FIELD, "token: unknown", fields=(fault,))
    wrong = Rejected(405, Reason.WRONG_METHOD, "No.", allow="GET")

    assert read(refusal(bad))[1][b"sec-websocket-version"] == b"13"
    assert read(refusal(bad))[2]["errors"] == [{"field": "token", "message": "unknown"}]
    assert read(refusal(wrong))[1][b"allow"] == b"GET"


def test_a_store_that_is_down_is_to_be_asked_again_and_a_failure_tells_nothing() -> None:
    assert read(refusal(StoreDown("Down.")))[1][b"retry-after"] == b"5"
    first, _, problem = read(refusal(None))

    assert first == b"HTTP/1.1 500 Internal Server Error"
    assert problem["detail"] == "Tocsin failed; the log says why."


def test_what_only_makes_a_connection_is_not_kept() -> None:
    kept = lasting_headers([*scope()["headers"], (b"cookie", b"a=b"), (b"user-agent", b"x")])

    assert [name for name, _ in kept] == [b"host", b"origin", b"cookie", b"user-agent"]
