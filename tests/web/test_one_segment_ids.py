"""An id is one segment of the path, whatever characters it has."""

from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.web.one_segment_ids import OneSegmentIds, path_of

DEPLOYMENTS = "/api/v1/deployments/"


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("1", "1"),
        ("a%2Fb", "a%2Fb"),
        ("a/b", "a%2Fb"),
        ("a/b/logs", "a%2Fb/logs"),
        ("a%2Flogs", "a%2Flogs"),
        ("a%2Flogs/logs", "a%2Flogs/logs"),
        ("logs", "logs"),
        ("logs/steps", "logs/steps"),
        ("/logs", "%2Flogs"),
        ("a/", "a%2F"),
        ("..", ".."),
        ("%2E%2E", ".."),
        ("100%25", "100%25"),
        ("%E9%83%A8", "%E9%83%A8"),
        ("%FF", "%FF"),
        ("a%0Ab", "a%0Ab"),
    ],
)
def test_the_id_is_encoded_whole(raw: str, path: str) -> None:
    assert path_of((DEPLOYMENTS + raw).encode()) == DEPLOYMENTS + path


@pytest.mark.parametrize("raw", ["/api/v1/deployments", DEPLOYMENTS, "/health", "/api/v1/projects"])
def test_an_address_without_id_is_left_alone(raw: str) -> None:
    assert path_of(raw.encode()) is None


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.sampled_from(["", "/steps", "/logs"]))
def test_any_id_comes_out_as_it_was_put_in(name: str, ending: str) -> None:
    path = path_of(f"{DEPLOYMENTS}{quote(name, safe='')}{ending}".encode())

    assert path is not None
    segment, *rest = path.removeprefix(DEPLOYMENTS).split("/")
    assert unquote(segment) == name
    assert rest == ([ending[1:]] if ending else [])


async def test_a_server_that_gives_no_raw_path_is_borne() -> None:
    seen: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["path"])

    async def nothing(*_: Any) -> Any:
        return None

    middleware = OneSegmentIds(app)
    await middleware({"type": "http", "path": "/api/v1/events/步 骤"}, nothing, nothing)
    await middleware({"type": "lifespan"} | {"path": "x"}, nothing, nothing)

    assert seen == ["/api/v1/events/%E6%AD%A5%20%E9%AA%A4", "x"]
