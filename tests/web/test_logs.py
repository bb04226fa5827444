"""A deployment's log: read, downloaded, found one's way in, and searched."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.journal import Reading, ended, message, reading_in, step
from tocsin.store import log_lines, log_search
from tocsin.store.tables.journal import events
from tocsin.web import logs

LOGS = "/api/v1/deployments/1/logs"


@pytest.fixture
async def reading(tmp_path: Path) -> AsyncGenerator[Reading, None]:
    async with reading_in(tmp_path) as reading:
        yield reading


@pytest.fixture
async def two_runs(reading: Reading) -> Reading:
    """Two lines in the first run, one in the second."""
    await reading.told.tell(
        step("step_started", "build", 1, logs="one\n\x1b[31mtwo\x1b[0m"),
        ended(5, "failure"),
        step("step_started", "build", 9, logs="three", level="ERROR"),
    )
    return reading


async def test_lines_are_chosen_by_what_they_are(two_runs: Reading) -> None:
    async def get(query: str) -> list[str]:
        answer = await two_runs.get(f"{LOGS}?{query}")
        return [one["text"] for one in answer.json["items"]]

    missing = await two_runs.get(f"{LOGS}?run=3")

    assert await get("run=1") == ["one", "\x1b[31mtwo\x1b[0m"]
    assert await get("run=2") == ["three"]
    assert await get("level=error") == ["three"]
    assert await get("from_line=2&to_line=2") == ["\x1b[31mtwo\x1b[0m"]
    assert await get("q=THREE&step=build") == ["three"]
    assert missing.status == 404


async def test_lines_are_paged_with_their_total(two_runs: Reading) -> None:
    first = (await two_runs.get(f"{LOGS}?limit=2")).json
    more = f"{LOGS}?limit=2&cursor={first['next_cursor']}"
    second = (await two_runs.get(more)).json

    assert [one["line"] for one in first["items"] + second["items"]] == [1, 2, 3]
    assert (first["total"], second["total"], second["next_cursor"]) == (3, 3, None)


async def test_a_log_is_downloaded_as_a_text_with_its_colours(two_runs: Reading) -> None:
    asked = await two_runs.get(f"{LOGS}?format=text")
    accepted = await two_runs.get(LOGS, headers={"accept": "text/plain"})
    cut = await two_runs.get(f"{LOGS}?format=text&limit=2&from_line=2")
    decided = await two_runs.get(f"{LOGS}?format=json", headers={"accept": "text/plain"})

    assert asked.body == accepted.body == b"one\n\x1b[31mtwo\x1b[0m\nthree\n"
    assert asked.headers["content-type"] == "text/plain; charset=utf-8"
    assert asked.headers["content-disposition"].startswith("attachment;")
    assert cut.body == b"\x1b[31mtwo\x1b[0m\nthree\n"
    assert decided.headers["content-type"] == "application/json"


async def test_a_downloads_name_is_the_id_in_safe_characters(reading: Reading) -> None:
    name = 'a"\r\n部'
    await reading.told.tell(step("step_started", "build", 1, name))

    answer = await reading.get(f"/api/v1/deployments/{quote(name, safe='')}/logs?format=text")

    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"deployment.log\"; filename*=UTF-8''a%22%0D%0A%E9%83%A8.log"
    )
    assert answer.body == b""


async def test_a_long_log_is_sent_in_parts_and_ends_though_it_grows(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LINES_AT_ONCE", 10)
    lines = [f"line {number}" for number in range(95)]
    await reading.told.tell(message("log_batch", logs=lines))

    async def grow() -> None:
        while True:
            await reading.told.tell(message("log_entry", message="later"))

    growing = asyncio.create_task(grow())
    answer = await reading.get(f"{LOGS}?format=text")
    growing.cancel()

    assert answer.chunks >= 10
    got = answer.body.decode().splitlines()
    assert got[:95] == lines
    assert set(got[95:]) <= {"later"}


async def test_a_line_tells_when_it_was_received_while_its_event_is_kept(
    two_runs: Reading,
) -> None:
    gone = events.delete().where(events.c.seq == 1)
    await two_runs.told.database.write(lambda conn: conn.execute(gone))

    lines = (await two_runs.get(LOGS)).json["items"]

    assert [line["seq"] for line in lines] == [1, 1, 3]
    assert [line["received_at"] for line in lines] == [None, None, "2026-01-01T00:00:00.000Z"]


async def test_without_a_total_nothing_is_counted(two_runs: Reading) -> None:
    answer = await two_runs.get(f"{LOGS}?with_total=false&limit=1")

    assert answer.json["total"] is None
    assert answer.json["next_cursor"] is not None


async def test_a_text_without_colours_is_what_a_terminal_would_show(two_runs: Reading) -> None:
    await two_runs.told.tell(message("log_entry", message="10%\r100%"))

    plain = await two_runs.get(f"{LOGS}?format=text&colours=false")
    as_json = await two_runs.get(f"{LOGS}?colours=false&from_line=2")

    assert plain.body == b"one\ntwo\nthree\n100%\n"
    assert as_json.json["items"][0]["text"] == "\x1b[31mtwo\x1b[0m"


async def test_the_outline_leads_to_any_line_that_fits(
    two_runs: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_lines, "MARKED_LINES", 1)

    async def outline(query: str) -> Any:
        return (await two_runs.get(f"{LOGS}/outline?{query}")).json

    whole = {"total": 3, "first_line": 1, "last_line": 3, "every": 1, "marks": []}
    assert await outline("") == whole
    assert await outline("step=build") == {**whole, "marks": [1, 2, 3]}
    assert await outline("level=error") == {**whole, "total": 1, "first_line": 3, "marks": [3]}
    assert await outline("run=1") == {**whole, "total": 2, "last_line": 2, "marks": [1, 2]}
    assert await outline("step=none") == {
        **whole,
        "total": 0,
        "first_line": None,
        "last_line": None,
    }


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ("q=T", [2, 3]),
        ("q=T&case=true", []),
        ("q=t&case=true&after_line=2", [3]),
        ("q=^t.*e$&regex=true", [3]),
        ("q=^t", []),
        ("q=e&run=1", [1]),
        ("q=e&level=error&step=build", [3]),
        ("q=%00", []),
    ],
)
async def test_a_search_gives_the_numbers_of_the_lines(
    two_runs: Reading, query: str, lines: list[int]
) -> None:
    found = (await two_runs.get(f"{LOGS}/search?{query}")).json

    assert found == {"matches": lines, "scanned_to": 3, "last_line": 3, "is_complete": True}


async def test_a_search_goes_on_where_it_stopped(
    two_runs: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_search, "SLICE_S", 0.0)
    monkeypatch.setattr(log_search, "FIRST_LINES", 2)

    first = (await two_runs.get(f"{LOGS}/search?q=o")).json
    second = (await two_runs.get(f"{LOGS}/search?q=o&after_line={first['scanned_to']}")).json

    assert (first["matches"], first["scanned_to"], first["is_complete"]) == ([1, 2], 2, False)
    assert (second["matches"], second["scanned_to"], second["is_complete"]) == ([], 3, True)


@pytest.mark.parametrize(
    "query",
    ["", "q=", "q=(&regex=true", "q=a)|(b&regex=true", "q=(%3F=a)&regex=1", f"q={'x' * 1001}"],
)
async def test_what_cannot_be_looked_for_is_a_problem_that_names_q(
    two_runs: Reading, query: str
) -> None:
    answer = await two_runs.get(f"{LOGS}/search?{query}")

    assert answer.status == 422
    assert [fault["field"] for fault in answer.json["errors"]] == ["q"]
