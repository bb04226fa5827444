"""`/api/v1/events`: pages, filters, and the form of CloudEvents."""

from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.journal import Reading, event, reading_in

BATCH = {"accept": "application/cloudevents-batch+json"}
SINGLE = {"accept": "application/cloudevents+json"}


@pytest.fixture
async def reading(tmp_path: Path) -> AsyncGenerator[Reading, None]:
    async with reading_in(tmp_path) as reading:
        yield reading


async def seqs(reading: Reading, query: str) -> list[int]:
    """Over all pages."""
    found: list[int] = []
    cursor = ""
    while True:
        page = (await reading.get(f"/api/v1/events?{query}{cursor}")).json
        found += [one["seq"] for one in page["items"]]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def test_events_are_listed_and_filtered(reading: Reading) -> None:
    await reading.told.append(
        [event("step_started"), event("step_ended", subject="1"), event("note", project="x")]
    )

    assert await seqs(reading, "limit=1") == [3, 2, 1]
    assert await seqs(reading, "limit=2&order=asc") == [1, 2, 3]
    assert await seqs(reading, "order=asc&after_seq=1&limit=1") == [2, 3]
    assert await seqs(reading, "after_seq=1") == [3, 2]
    assert await seqs(reading, "type=step_*") == [2, 1]
    assert await seqs(reading, "type=note&type=step_ended") == [3, 2]
    assert await seqs(reading, "project=x&type=*") == [3]
    assert await seqs(reading, "subject=1&source=test") == [2]
    assert await seqs(reading, "source=else") == []
    assert await seqs(reading, "type=%00&project=%FF") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("after_seq=9223372036854775808", "after_seq"),
        ("after_seq=" + "9" * 400, "after_seq"),
        ("after_seq=x", "after_seq"),
        ("cursor=%00", "cursor"),
        ("cursor=AAAA", "cursor"),
        ("order=up", "order"),
        ("until=noon", "until"),
    ],
)
async def test_a_wrong_query_names_the_field(reading: Reading, query: str, field: str) -> None:
    answer = await reading.get(f"/api/v1/events?{query}")

    assert answer.status == 422
    assert [fault["field"] for fault in answer.json["errors"]] == [field]


async def test_events_are_given_as_cloudevents_to_who_asks(reading: Reading) -> None:
    await reading.told.append([event(), event(attributes={"source": "/ci", "id": "7"}, id="7")])

    page = await reading.get("/api/v1/events?limit=1&type=note", headers=BATCH)
    link = page.headers["link"]
    rest = await reading.get(f"/api/v1/events{link[1 : link.index('>')]}", headers=BATCH)
    usual = await reading.get("/api/v1/events", headers={"accept": "*/*"})

    assert page.headers["content-type"] == "application/cloudevents-batch+json"
    assert page.headers["vary"] == "Accept"
    assert [(one["specversion"], one["source"], one["sequence"]) for one in page.json] == [
        ("1.0", "/ci", "2")
    ]
    assert 'rel="next"' in link
    assert [one["sequence"] for one in rest.json] == ["1"]
    assert "link" not in rest.headers
    assert set(usual.json) == {"items", "next_cursor"}


@pytest.mark.parametrize("name", ["e-1", "a/b", "步骤", "..", "stream/1"])
async def test_an_event_is_shown_by_its_id(reading: Reading, name: str) -> None:
    await reading.told.append([event(id=name, data={"text": "\x1b[31m部署"})])
    address = f"/api/v1/events/{quote(name, safe='')}"

    usual = await reading.get(address)
    cloudevent = await reading.get(address, headers=SINGLE)

    assert (usual.status, usual.json["id"]) == (200, name)
    assert usual.json["data"] == cloudevent.json["data"] == {"text": "\x1b[31m部署"}
    assert cloudevent.headers["content-type"] == "application/cloudevents+json"


async def test_an_event_that_is_not_there_is_not_found(reading: Reading) -> None:
    missing = await reading.get("/api/v1/events/none")
    misspelt = await reading.get("/api/v1/events/none?a=1")

    assert (missing.status, missing.json["reason"]) == (404, "not_found")
    assert misspelt.status == 422
