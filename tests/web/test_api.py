"""The API as a whole: its description, how it fails, and what it tells browsers."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.journal import Reading, reading_in


@pytest.fixture
async def reading(tmp_path: Path) -> AsyncGenerator[Reading, None]:
    async with reading_in(tmp_path) as reading:
        yield reading


async def test_the_description_has_what_stands_in_front_too(reading: Reading) -> None:
    first = await reading.get("/openapi.json")
    document = (await reading.get("/openapi.json")).json

    assert first.json == document
    assert set(document["paths"]["/api/v1/events"]) == {"get", "post"}
    assert "/api/v1/deployments/{deployment_id}/logs" in document["paths"]
    assert list(document["paths"]) == sorted(document["paths"])
    assert document["info"] == document["info"] | {"title": "Tocsin", "version": "1.2.3"}


async def test_every_route_says_how_it_fails(reading: Reading) -> None:
    document = (await reading.get("/openapi.json")).json

    for path, item in document["paths"].items():
        if path.startswith("/api/v1/") and "get" in item:
            responses = item["get"]["responses"]
            assert {"200", "401", "403", "422", "503"} <= set(responses), path
            assert "application/problem+json" in responses["422"]["content"], path


async def test_there_are_no_pages_that_load_scripts_of_others(reading: Reading) -> None:
    for path in ("/docs", "/redoc"):
        assert (await reading.get(path)).status == 404


@pytest.mark.parametrize(
    ("method", "path", "status", "reason"),
    [
        ("GET", "/api/v1/none", 404, "not_found"),
        ("GET", "/api/v1/deployments/", 404, "not_found"),
        ("DELETE", "/api/v1/deployments", 405, "wrong_method"),
        ("POST", "/api/v1/deployments/1/logs", 405, "wrong_method"),
    ],
)
async def test_a_wrong_address_is_answered_as_a_problem(
    reading: Reading, method: str, path: str, status: int, reason: str
) -> None:
    answer = await reading.get(path, method=method)

    assert (answer.status, answer.json["reason"]) == (status, reason)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_answers_are_for_nobodys_cache_and_no_page(reading: Reading) -> None:
    answer = await reading.get("/api/v1/deployments")

    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_no_query_is_our_fault(reading: Reading) -> None:
    values = ["%00", "%FF", "%ED%A0%80", "9" * 30, "-1", "%", "[", "*" * 300, "%F0%9F%92%A9"]
    names = ["q", "project", "type", "since", "limit", "cursor", "after_seq", "from_line", "run"]
    for path in ("deployments", "deployments/1/logs", "events", "projects", "metrics/deployments"):
        for name in names:
            for value in values:
                answer = await reading.get(f"/api/v1/{path}?{name}={value}")

                assert answer.status in (200, 404, 422), (path, name, value, answer.body)
