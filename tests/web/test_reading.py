"""Reading routes: for viewers and higher roles, and answered as plain JSON."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.journal import REMOTE, Reading, reading_in
from tocsin.model.access import Role
from tocsin.web.reading import json_response

ROUTES = (
    "/api/v1/deployments",
    "/api/v1/deployments/1",
    "/api/v1/deployments/1/steps",
    "/api/v1/deployments/1/logs",
    "/api/v1/projects",
    "/api/v1/events",
    "/api/v1/events/1",
    "/api/v1/metrics/deployments",
)


@pytest.fixture
async def reading(tmp_path: Path) -> AsyncGenerator[Reading, None]:
    async with reading_in(tmp_path) as reading:
        yield reading


@pytest.mark.parametrize("route", ROUTES)
async def test_only_who_may_read_reads(reading: Reading, route: str) -> None:
    sender, viewer = await reading.token(Role.SENDER), await reading.token(Role.VIEWER)

    nobody = await reading.get(route, peer=REMOTE)
    refused = await reading.get(route, peer=REMOTE, headers=sender)
    good = await reading.get(route, peer=REMOTE, headers=viewer)
    local = await reading.get(route)

    assert (nobody.status, nobody.json["reason"]) == (401, "not_signed_in")
    assert (refused.status, refused.json["reason"]) == (403, "not_allowed")
    assert good.status in (200, 404)
    assert local.status == good.status


async def test_who_may_not_read_is_not_told_what_is_wrong_with_the_query(reading: Reading) -> None:
    answer = await reading.get("/api/v1/deployments?limit=x", peer=REMOTE)

    assert answer.status == 401


def test_json_is_written_without_escapes() -> None:
    response = json_response({"text": "部署"})

    assert response.body == '{"text":"部署"}'.encode()
    assert response.headers["content-type"] == "application/json"
