"""A log is searched in slices: none too long, and together without a gap."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.journal import Told, message, told_in
from tocsin.model.filters import LineFilter
from tocsin.model.line_pattern import LinePattern
from tocsin.store import deployments, keyset, log_search
from tocsin.store.log_search import Found
from tocsin.testing.clock import HandClock


@pytest.fixture
async def told(tmp_path: Path, database_url: str) -> AsyncGenerator[Told, None]:
    async with told_in(tmp_path, database_url) as told:
        yield told


async def pk_of(told: Told) -> int:
    async with told.database.read() as conn:
        return (await deployments.with_id(conn, "1"))[0].pk


async def log_of(told: Told, *texts: str) -> int:
    """A log with these lines beside another one; gives its deployment."""
    await told.tell(message("log_entry", "2", message="x"), message("log_batch", logs=[*texts]))
    return await pk_of(told)


async def slices(told: Told, pk: int, q: str, wanted: LineFilter | None = None) -> list[Found]:
    """All slices of a search, each beginning where the one before ended."""
    pattern, clock = LinePattern(q, is_regex=True, is_case_sensitive=True), HandClock()
    found: list[Found] = []
    while not found or not found[-1].is_complete:
        after = found[-1].scanned_to if found else 0
        one = await log_search.search(
            told.database, pk, wanted or LineFilter(), pattern, after, clock
        )
        assert one.is_complete or one.scanned_to > after
        found.append(one)
    return found


def matches(found: list[Found]) -> list[int]:
    return [line for one in found for line in one.matches]


@pytest.mark.parametrize(
    ("first_lines", "max_matches", "short_bytes", "page_chars"),
    [
        (100, 100, 1_000, 10_000),
        (2, 100, 1_000, 10_000),
        (100, 3, 1_000, 10_000),
        (7, 1, 1_000, 10_000),
        (100, 100, 3, 10_000),
        (7, 3, 3, 12),
        (100, 100, 0, 1),
    ],
)
async def test_slices_together_find_each_line_once(
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
    first_lines: int,
    max_matches: int,
    short_bytes: int,
    page_chars: int,
) -> None:
    monkeypatch.setattr(log_search, "FIRST_LINES", first_lines)
    monkeypatch.setattr(log_search, "MAX_MATCHES", max_matches)
    monkeypatch.setattr(log_search, "SHORT_BYTES", short_bytes)
    monkeypatch.setattr(keyset, "PAGE_CHARS", page_chars)
    pk = await log_of(told, *("x" * (number % 5) for number in range(20)))

    found = await slices(told, pk, "xxx")

    assert matches(found) == [number + 1 for number in range(20) if number % 5 >= 3]
    assert all(len(one.matches) <= max_matches for one in found)


async def test_a_slice_ends_with_its_time(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_search, "FIRST_LINES", 2)
    monkeypatch.setattr(log_search, "MOST_LINES", 4)
    monkeypatch.setattr(log_search, "SLICE_S", 0.0)
    pk = await log_of(told, *"aaaaaaaaaa")

    found = await slices(told, pk, "b")

    assert [one.scanned_to for one in found] == [2, 4, 6, 8, 10]


async def test_only_lines_that_are_wanted_are_looked_at(told: Told) -> None:
    lines = [
        {"message": f"x {level} {name}", "level": level, "step": name}
        for level in ("info", "error")
        for name in ("build", "test")
    ]
    await told.tell(message("log_batch", logs=lines))
    pk = await pk_of(told)

    async def found(wanted: LineFilter) -> list[int]:
        return matches(await slices(told, pk, "x", wanted))

    assert await found(LineFilter(levels=("error",))) == [3, 4]
    assert await found(LineFilter(steps=("test",))) == [2, 4]
    assert await found(LineFilter(steps=("test",), levels=("info",))) == [2]
    assert await found(LineFilter(steps=("none",))) == []


async def test_lines_are_looked_at_as_a_reader_sees_them(told: Told) -> None:
    coloured = "\x1b[32m✓\x1b[0m compiled \x1b[1mmain.ts\x1b[0m"
    link = "\x1b]8;;https://hidden.example\x07manual\x1b]8;;\x07"
    pk = await log_of(told, "plain", coloured, link, "10 %\rdone")

    async def found(q: str) -> list[int]:
        return matches(await slices(told, pk, q))

    assert await found("^✓ compiled main.ts$") == [2]
    assert await found("^manual$") == [3]
    assert await found("hidden|32m") == []
    assert await found("^done$") == [4]


async def test_a_log_without_lines_is_searched_at_once(told: Told) -> None:
    (found,) = await slices(told, 77, "x")

    assert found == Found([], 0, 0)


async def test_a_place_behind_the_end_is_the_end(told: Told) -> None:
    pk = await log_of(told, "x")
    pattern = LinePattern("x", is_regex=False, is_case_sensitive=False)

    found = await log_search.search(told.database, pk, LineFilter(), pattern, 9, HandClock())

    assert found == Found([], 1, 1)
