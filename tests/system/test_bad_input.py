"""Bad input gets its 4xx in the right envelope, leaves nothing and spoils no connection."""

import json
import shutil
import subprocess
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.system.reading import RECEIVER, Json, Reader, faults_of, receipt_of, sample
from tests.system.server import Server
from tests.system.wire import ClosedError, Connection, connected, encoded, head

LIMIT_BYTES = 25 * 1024 * 1024


@dataclass(frozen=True)
class Bad:
    """A call that is refused; `field` is the one that an error has to name."""

    name: str
    status: int
    body: bytes | str | Json | list[Any]
    field: str | None = None
    content_type: str | None = "application/json"


def nested(depth: int) -> str:
    """A message whose deepest value stands at this depth; the message itself is depth 1."""
    return '{"type":"x","project":"p","deep":' + "[" * (depth - 1) + "]" * (depth - 1) + "}"


def wrong(field: str, value: Any, name: str = "step_started") -> Bad:
    shown = type(value).__name__ if not isinstance(value, str) else f"text_of_{len(value)}"
    body = sample(name, deployment_id="bad") | {field: value}
    return Bad(f"{field}_is_{shown}", 400, body, field)


STEP = encoded(sample("step_started", deployment_id="bad"))
CASES = (
    Bad("empty", 400, b""),
    Bad("only_spaces", 400, b"  \n "),
    Bad("broken", 400, b'{"type": "step_started", "project": '),
    Bad("two_values", 400, b'{"type":"test"} {"type":"test"}'),
    Bad("single_quotes", 400, b"{'type': 'test'}"),
    Bad("not_a_number", 400, b'{"type":"test","project":"p","duration":NaN}'),
    Bad("an_array", 400, [sample("step_started", deployment_id="bad")]),
    Bad("text", 400, b'"step_started"'),
    Bad("a_number", 400, b"17"),
    Bad("null", 400, b"null"),
    Bad("bad_utf8", 400, b'{"type":"step_started","project":"\xff\xfe"}'),
    Bad("utf16", 400, STEP.decode().encode("utf-16")),
    Bad("too_deep", 400, nested(65)),
    Bad("far_too_deep", 400, "[" * 200_000),
    Bad("a_form", 415, b"type=test&project=p", content_type="application/x-www-form-urlencoded"),
    Bad("plain_text", 415, STEP, content_type="text/plain"),
    Bad("xml", 415, STEP, content_type="application/xml"),
    Bad("too_large", 413, b'{"type":"test","x":"' + b"a" * LIMIT_BYTES + b'"}'),
    wrong("project", ["axi-star-cloud"]),
    wrong("project", {"name": "axi-star-cloud"}),
    wrong("project", "p" * 201),
    wrong("project", "nul\0here"),
    wrong("deployment_id", {"run": 1}),
    wrong("deployment_id", [1]),
    wrong("deployment_id", "9" * 201),
    wrong("deployment_id", "nul\0here"),
    wrong("step_name", ["build"]),
    wrong("step_name", {}),
    wrong("step_name", "n" * 201),
    wrong("step_status", {"is": "started"}),
    wrong("type", ["step_started"]),
    wrong("type", {"is": "step_started"}),
    wrong("type", "t" * 201),
    wrong("duration", {"s": 1}),
    wrong("duration", [1]),
    wrong("workflow_name", ["deploy"]),
    wrong("workflow_id", {"id": 1}),
    wrong("status", ["success"], "deployment_completed"),
    wrong("metrics", [45], "metrics_update"),
    wrong("metrics", "45", "metrics_update"),
    wrong("logs", 2, "log_batch"),
    wrong("logs", {"message": "x"}, "log_batch"),
    Bad(
        "lone_surrogate_in_an_id",
        400,
        b'{"type":"step_started","project":"p","deployment_id":"a\\ud800b","step_name":"x"}',
        "deployment_id",
    ),
)


@pytest.fixture
async def keeper(reader: Reader) -> AsyncGenerator[None, None]:
    """Nothing of what happens in the test may be kept."""
    before = await reader.events()
    yield
    kept = (await reader.events())[len(before) :]
    assert kept == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_bad_input_is_refused_and_leaves_nothing(
    case: Bad, sender: Connection, keeper: None
) -> None:
    answer = await sender.post(RECEIVER, case.body, content_type=case.content_type)

    assert answer.status == case.status, answer.body
    assert answer.headers["content-type"].startswith("application/json")
    faults = faults_of(answer)
    if case.field is not None:
        assert case.field in [fault["field"] for fault in faults]
        assert all(fault["message"] for fault in faults)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_connection_stays_usable_after_bad_input(
    case: Bad, sender: Connection, reader: Reader
) -> None:
    await sender.post(RECEIVER, case.body, content_type=case.content_type)

    event_id, _ = receipt_of(await sender.post(RECEIVER, sample("test")))
    assert (await reader.get(f"/api/v1/events/{event_id}"))["type"] == "test"


@pytest.mark.parametrize("name", ["project", "deployment_id", "step_name", "metrics", "logs"])
async def test_a_wrong_sample_names_its_field(name: str, sender: Connection, keeper: None) -> None:
    answer = await sender.post(RECEIVER, sample(f"wrong_{name}"))

    assert answer.status == 400
    assert name in [fault["field"] for fault in faults_of(answer)]


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", None],
)
async def test_json_is_taken_by_each_of_its_names(
    content_type: str | None, sender: Connection
) -> None:
    answer = await sender.post(RECEIVER, sample("test"), content_type=content_type)

    # No content type at all is read as JSON or refused as none, but nothing else.
    assert answer.status == 200 or (content_type is None and answer.status == 415)


async def test_what_just_fits_is_taken(sender: Connection) -> None:
    frame = len(b'{"type":"test","project":"p","x":""}')
    body = b'{"type":"test","project":"p","x":"' + b"a" * (LIMIT_BYTES - frame) + b'"}'
    assert len(body) == LIMIT_BYTES
    receipt_of(await sender.post(RECEIVER, body))
    receipt_of(await sender.post(RECEIVER, nested(64)))
    receipt_of(await sender.post(RECEIVER, sample("step_started", deployment_id="9" * 200)))
    receipt_of(await sender.post(RECEIVER, sample("step_started", step_name="名" * 200)))


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "TRACE"])
async def test_another_method_is_told_what_is_allowed(
    method: str, sender: Connection, keeper: None
) -> None:
    answer = await sender.ask(method, RECEIVER)

    assert answer.status == 405
    assert "POST" in answer.headers["allow"]
    receipt_after = await sender.get("/health/live")
    assert receipt_after.status == 200


async def test_options_is_answered(sender: Connection) -> None:
    answer = await sender.ask("OPTIONS", RECEIVER)

    assert answer.status in {200, 204, 405}
    assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize(
    ("path", "envelope"),
    [
        ("/api/webhooks/nobody", "success"),
        ("/project-dashboard/api/webhooks/nobody", "success"),
        ("/api/v1/nothing", "type"),
        ("/project-dashboard/api/v1/nothing", "type"),
        ("/api/v1/deployments/nobody", "type"),
    ],
)
async def test_what_is_not_there_is_told_in_the_envelope_of_its_address(
    path: str, envelope: str, sender: Connection
) -> None:
    method = "GET" if "v1" in path else "POST"
    answer = await sender.ask(method, path, b"{}", [("Content-Type", "application/json")])

    assert answer.status == 404
    assert envelope in answer.json()
    if envelope == "type":
        assert answer.headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize("token", ["h2c", "h2c, websocket", "TLS/1.0", "unknown"])
async def test_an_offered_upgrade_loses_no_body(
    token: str, sender: Connection, reader: Reader
) -> None:
    """As `curl --http2` sends it: taken whole, or refused; never taken as an empty body."""
    upgrade = [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", token)]
    headers = [*upgrade, ("HTTP2-Settings", "AAMAAABkAAQCAAAAAAIAAAAA")]
    answer = await sender.post(RECEIVER, sample("log_entry", message=f"up {token}"), headers)

    if answer.status == 400:
        faults_of(answer)
        assert not [one for one in await reader.events() if token in str(one["data"])]
        return
    event_id, _ = receipt_of(answer)
    event = await reader.get(f"/api/v1/events/{event_id}")
    assert event["data"]["message"] == f"up {token}"


async def test_a_post_that_asks_for_a_websocket_gets_an_answer(
    server: Server, keeper: None
) -> None:
    async with connected(server.port) as sender:
        headers = [
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ]
        answer = await sender.ask("POST", RECEIVER, b"", headers)

        assert 400 <= answer.status < 500


async def test_who_waits_for_100_continue_gets_it(sender: Connection) -> None:
    body = encoded(sample("test"))
    headers = [("Content-Type", "application/json"), ("Expect", "100-continue")]
    await sender.send(head("POST", RECEIVER, body, headers))
    status, _ = await sender.head()
    assert status == 100

    await sender.send(body)
    receipt_of(await sender.answer())


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not here")
def test_curl_sends_a_large_body(server: Server) -> None:
    body = json.dumps(sample("log_entry", deployment_id="curl", message="长" * 1_500_000))
    told = subprocess.run(
        [
            *("curl", "-sS", "-m", "20", "-X", "POST", "-H", "Content-Type: application/json"),
            *("-H", "Expect: 100-continue", "--data-binary", "@-", server.url + RECEIVER),
        ],
        input=body,
        capture_output=True,
        encoding="utf-8",
        timeout=30,
        check=True,
    )

    assert json.loads(told.stdout)["success"] is True


async def test_a_chunked_body_is_taken(sender: Connection, reader: Reader) -> None:
    body = encoded(sample("log_entry", message="in pieces"))
    await sender.send(chunked_head())
    for start in range(0, len(body), 7):
        piece = body[start : start + 7]
        await sender.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    await sender.send(b"0\r\n\r\n")

    event_id, _ = receipt_of(await sender.answer())
    event = await reader.get(f"/api/v1/events/{event_id}")
    assert event["data"]["message"] == "in pieces"


async def test_a_chunked_body_over_the_limit_is_refused(server: Server, keeper: None) -> None:
    async with connected(server.port) as sender:
        await sender.send(chunked_head())
        piece = b"a" * 65_536
        try:
            for _ in range(LIMIT_BYTES // len(piece) + 2):
                await sender.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            await sender.send(b"0\r\n\r\n")
        except ClosedError:
            # It need not be read to its end, once it is too long.
            pass
        answer = await sender.answer()

        assert answer.status == 413
        faults_of(answer)


async def test_a_length_over_the_limit_is_refused_at_once(server: Server, keeper: None) -> None:
    async with connected(server.port) as sender:
        lines = f"POST {RECEIVER} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        await sender.send(f"{lines}Content-Length: 1000000000000\r\n\r\n".encode())
        answer = await sender.answer()

        assert answer.status == 413


@pytest.mark.parametrize("sent", [0, 1, 20, 300_000])
async def test_a_body_that_breaks_off_leaves_nothing(
    sent: int, server: Server, keeper: None
) -> None:
    body = encoded(sample("log_entry", message="a" * 400_000))
    for _ in range(20):
        broken = await Connection.open(server.port)
        headers = [("Content-Type", "application/json")]
        await broken.send(head("POST", RECEIVER, body, headers) + body[:sent])
        broken.abort()

    async with connected(server.port) as sender:
        assert (await sender.get("/health/ready")).status == 200


async def test_a_slow_body_holds_nobody_up(server: Server, sender: Connection) -> None:
    body = encoded(sample("log_entry", message="at its leisure"))
    async with connected(server.port) as slow:
        await slow.send(head("POST", RECEIVER, body, [("Content-Type", "application/json")]))
        for start in range(0, len(body), 20):
            await slow.send(body[start : start + 20])
            receipt_of(await sender.post(RECEIVER, sample("test")))

        receipt_of(await slow.answer())


async def test_calls_in_one_piece_are_answered_in_their_order(sender: Connection) -> None:
    body = encoded(sample("test"))
    call = head("POST", RECEIVER, body, [("Content-Type", "application/json")]) + body
    broken = head("POST", RECEIVER, b"{", [("Content-Type", "application/json")]) + b"{"
    await sender.send(call + broken + call)

    answers = [await sender.answer() for _ in range(3)]
    assert [one.status for one in answers] == [200, 400, 200]
    assert receipt_of(answers[0])[1] < receipt_of(answers[2])[1]


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\r\n\r\n\x00\x00\r\n\r\n",
        b"POST /api/webhooks/deployment HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /hooks/deployment HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
    ],
    ids=["tls", "version", "zeros", "negative_length", "two_lengths", "long_address"],
)
async def test_what_is_no_http_ends_its_own_connection_only(
    raw: bytes, server: Server, keeper: None
) -> None:
    async with connected(server.port) as odd, connected(server.port) as other:
        try:
            await odd.send(raw)
            answer = await odd.answer()
            assert 400 <= answer.status < 500
        except ClosedError:
            pass
        assert (await other.get("/health/live")).status == 200


def chunked_head() -> bytes:
    lines = f"POST {RECEIVER} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    return f"{lines}Transfer-Encoding: chunked\r\n\r\n".encode()
