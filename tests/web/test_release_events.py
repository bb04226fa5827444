"""`POST /api/v1/release/events`: other release systems tell what they do."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.appending import rows
from tests.call import called
from tests.web.callbacks.house import CallbackHouse, callback_house, faults
from tocsin.model.access import Role

MESSAGE = {
    "event_type": "canary_started",
    "project": {"id": "my-app", "name": "My app"},
    "version": {"id": "v1", "name": "v1.2.3"},
    "task": {"id": "task-1", "type": "deploy", "strategy": "canary", "status": "running"},
    "deployment": {"total_count": "100", "canary_count": 10, "hosts": ["h1"]},
    "timestamp": "2026-01-06T20:00:00Z",
    "duration": "30s",
    "environment": "production",
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[CallbackHouse, None]:
    async with callback_house(tmp_path) as house:
        yield house


async def stored(house: CallbackHouse) -> list[Any]:
    columns = "seq, id, type, project, subject, data"
    return await rows(house.told.database, f"SELECT {columns} FROM events ORDER BY seq")  # noqa: S608


async def test_a_standard_message_becomes_an_event(house: CallbackHouse) -> None:
    answer = await house.data("POST", "/events", MESSAGE, role=Role.SENDER)

    (event,) = await stored(house)
    assert answer == {"event_id": event["id"], "seq": event["seq"], "duplicate": False}
    assert (event["type"], event["project"], event["subject"]) == (
        "canary_started",
        "my-app",
        "task-1",
    )
    assert orjson.loads(event["data"])["version"]["name"] == "v1.2.3"


async def test_the_same_key_again_is_the_same_message(house: CallbackHouse) -> None:
    key = {"idempotency-key": "k-1"}
    first = await house.data("POST", "/events", MESSAGE, headers=key)
    again = await house.data("POST", "/events", MESSAGE, headers=key)
    other = await house.data("POST", "/events", MESSAGE)

    assert again == {**first, "duplicate": True}
    assert other["seq"] != first["seq"]
    assert len(await stored(house)) == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "event_type"),
        ({"event_type": ""}, "event_type"),
        ({**MESSAGE, "deployment": {"total_count": "many"}}, "deployment.total_count"),
        ({**MESSAGE, "duration": "soon"}, "duration"),
    ],
)
async def test_a_wrong_message_is_refused(house: CallbackHouse, body: Any, field: str) -> None:
    refused = await house.call("POST", "/events", body)

    assert list(faults(refused)) == [field]
    assert await stored(house) == []


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff", b"[" * 100_000, b"null"])
async def test_what_is_no_object_cannot_be_read(house: CallbackHouse, body: bytes) -> None:
    refused = await house.call("POST", "/events", body)

    assert (refused.status, refused.json["code"]) == (400, 3400)


async def test_senders_and_callers_from_this_machine_may_tell(house: CallbackHouse) -> None:
    remote = await house.call("POST", "/events", MESSAGE, role=Role.NOBODY)
    body = orjson.dumps(MESSAGE)
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    path = "/api/release/events"
    local = await called(house.app, "POST", path, body, headers=headers)
    unknown = {**headers, "x-tocsin-token": "tsn_unknown"}
    wrong = await called(house.app, "POST", path, body, headers=unknown)

    assert (remote.status, remote.json["code"]) == (401, 3401)
    assert (local.status, local.json["code"]) == (200, 0)
    assert (wrong.status, wrong.json["code"]) == (401, 3401)
