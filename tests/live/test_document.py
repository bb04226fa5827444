"""The AsyncAPI document is there for anybody, and for reading only."""

from typing import Any

import orjson
import pytest

from tocsin.live.document import PATH, AsyncApi


async def asked(method: str) -> tuple[dict[str, Any], bytes]:
    """The answer's beginning and its body."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    await AsyncApi("1.2.3")({"method": method, "path": PATH}, receive, send)
    begin, end = sent
    return begin, end["body"]


async def test_it_is_of_the_version_that_runs() -> None:
    begin, body = await asked("GET")

    assert begin["status"] == 200
    assert orjson.loads(body)["info"]["version"] == "1.2.3"


async def test_it_cannot_be_changed() -> None:
    begin, _ = await asked("POST")

    assert begin["status"] == 405
    assert (b"allow", b"GET, HEAD") in begin["headers"]


@pytest.mark.parametrize(("path", "expected"), [(PATH, True), ("/asyncapi", False)])
def test_it_takes_its_own_address(path: str, expected: bool) -> None:
    assert AsyncApi("1").takes("GET", path) is expected
