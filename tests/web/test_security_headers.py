"""Every answer tells browsers what not to do with it, and keeps what it says itself."""

from typing import Any

from tocsin.web.security_headers import HEADERS, SecurityHeaders


async def headers_of(own: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    said: list[Any] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": own})
        await send({"type": "http.response.body", "body": b"x"})

    async def receive() -> Any:
        return {}

    async def send(message: Any) -> None:
        said.append(message)

    await SecurityHeaders(app)({"type": "http"}, receive, send)
    assert said[1] == {"type": "http.response.body", "body": b"x"}
    return dict(said[0]["headers"])


async def test_an_answer_gets_all_of_them() -> None:
    assert await headers_of([]) == dict(HEADERS)


async def test_an_answers_own_headers_stay() -> None:
    headers = await headers_of([(b"Content-Security-Policy", b"own"), (b"cache-control", b"own")])

    assert headers[b"Content-Security-Policy"] == headers[b"cache-control"] == b"own"
    assert b"content-security-policy" not in headers
    assert headers[b"x-content-type-options"] == b"nosniff"
