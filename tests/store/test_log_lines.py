"""A deployment's log: filtered, counted and paged."""

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.journal import Told, at, message, told_in
from tocsin.model.filters import LineFilter
from tocsin.model.times import rfc3339, to_us
from tocsin.store import deployments, keyset, log_lines
from tocsin.store.log_lines import Outline
from tocsin.store.tables.deployments import log_lines as table


@pytest.fixture
async def told(tmp_path: Path, database_url: str) -> AsyncGenerator[Told, None]:
    async with told_in(tmp_path, database_url) as told:
        yield told


@pytest.fixture
async def pk(told: Told) -> int:
    """A log of six lines, a second each, beside another deployment's."""
    logs = [
        {"message": text, "level": level, "step": name, "timestamp": rfc3339(at(seconds))}
        for seconds, (text, level, name) in enumerate(
            [
                ("cloning", "info", "clone"),
                ("\x1b[32mbuilding\x1b[0m", "info", "build"),
                ("50% done", "debug", "build"),
                ("Error: disk", "error", "build"),
                ("Ошибка: диск", "error", "test"),
                ("giving up", "warning", ""),
            ]
        )
    ]
    await told.tell(message("log_entry", "2", message="another's"))
    await told.tell(message("log_batch", logs=logs))
    async with told.database.read() as conn:
        return (await deployments.with_id(conn, "1"))[0].pk


@pytest.mark.parametrize(
    ("wanted", "lines"),
    [
        ({}, "123456"),
        ({"from_line": 3}, "3456"),
        ({"to_line": 2}, "12"),
        ({"from_line": 3, "to_line": 4}, "34"),
        ({"from_line": 5, "to_line": 4}, ""),
        ({"from_line": 2**63 - 1}, ""),
        ({"steps": ("build",)}, "234"),
        ({"steps": ("clone", "")}, "16"),
        ({"levels": ("error", "warning")}, "456"),
        ({"text": "error"}, "4"),
        ({"text": "ошибка"}, "5"),
        ({"text": "%"}, "3"),
        ({"text": "\x1b[32m"}, "2"),
        ({"from_at": to_us(at(2)), "to_at": to_us(at(4))}, "34"),
        ({"levels": ("error",), "steps": ("build",), "from_line": 2}, "4"),
    ],
)
async def test_lines_that_fit_are_paged_and_counted(
    told: Told, pk: int, wanted: Mapping[str, Any], lines: str
) -> None:
    found: list[int] = []
    async with told.database.read() as conn:
        total = await log_lines.count(conn, pk, LineFilter(**wanted))
        is_more = True
        while is_more:
            after = found[-1] if found else 0
            page = await log_lines.page(conn, pk, LineFilter(**wanted), 2, after)
            found += [line.line for line in page.items]
            is_more = page.is_more

    assert "".join(map(str, found)) == lines
    assert total == len(lines)


@pytest.mark.parametrize(
    ("wanted", "lines", "every"),
    [
        ({"steps": ("build",)}, "234", 1),
        ({"steps": ("build",)}, "234", 2),
        ({"steps": ("build",)}, "234", 3),
        ({"steps": ("build",)}, "234", 1_000),
        ({"levels": ("error", "warning")}, "456", 2),
        ({"levels": ("info",)}, "12", 2),
        ({"steps": ("none",)}, "", 1),
        ({"from_at": to_us(at(2)), "to_at": to_us(at(4))}, "34", 1),
    ],
)
async def test_the_outline_marks_lines_by_how_many_fit_before_them(
    told: Told,
    pk: int,
    monkeypatch: pytest.MonkeyPatch,
    wanted: Mapping[str, Any],
    lines: str,
    every: int,
) -> None:
    monkeypatch.setattr(log_lines, "MARKED_LINES", every)
    async with told.database.read() as conn:
        found = await log_lines.outline(conn, pk, LineFilter(**wanted))

    fitting = [int(line) for line in lines]
    assert found == Outline(
        len(fitting),
        fitting[0] if fitting else None,
        fitting[-1] if fitting else None,
        fitting[::every],
    )


async def test_an_outline_of_all_lines_needs_no_marks(told: Told, pk: int) -> None:
    async with told.database.read() as conn:
        whole = await log_lines.outline(conn, pk, LineFilter())
        none = await log_lines.outline(conn, 77, LineFilter())

    assert whole == Outline(6, 1, 6, ())
    assert none == Outline(0, None, None, ())


async def test_lines_tell_when_their_events_were_received(told: Told, pk: int) -> None:
    await told.tell(message("log_entry", message="late"), received_at=at(60))
    async with told.database.read() as conn:
        page = await log_lines.page(conn, pk, LineFilter(from_line=6), 10)
        found = await log_lines.received_at(conn, page.items)
        none = await log_lines.received_at(conn, ())

    assert found == {2: to_us(at(0)), 3: to_us(at(60))}
    assert none == {}


async def test_a_line_keeps_all_it_came_with(told: Told, pk: int) -> None:
    async with told.database.read() as conn:
        page = await log_lines.page(conn, pk, LineFilter(), 2)
        last = await log_lines.last_line(conn, pk)
        none = await log_lines.last_line(conn, 77)

    line = page.items[1]
    assert line == (2, to_us(at(1)), "info", "build", "\x1b[32mbuilding\x1b[0m", 2)
    assert (last, none) == (6, 0)


async def test_lines_removed_from_the_begin_are_not_counted(told: Told, pk: int) -> None:
    gone = table.delete().where(table.c.deployment_pk == pk, table.c.line <= 2)
    await told.database.write(lambda conn: conn.execute(gone))

    async with told.database.read() as conn:
        totals = [
            await log_lines.count(conn, pk, LineFilter(from_line=line)) for line in (None, 1, 4)
        ]

    assert totals == [4, 4, 3]


@pytest.mark.parametrize(
    ("limit", "lines"), [(0, ""), (1, "6"), (4, "3456"), (6, "123456"), (99, "123456")]
)
@pytest.mark.parametrize("page_chars", [10, 10_000])
async def test_the_newest_lines_are_given_the_oldest_of_them_first(
    told: Told, pk: int, monkeypatch: pytest.MonkeyPatch, limit: int, lines: str, page_chars: int
) -> None:
    monkeypatch.setattr(keyset, "PAGE_CHARS", page_chars)
    async with told.database.read() as conn:
        found = await log_lines.newest(conn, pk, limit)
        none = await log_lines.newest(conn, 77, limit)

    assert "".join(str(line.line) for line in found) == lines
    assert none == []


async def test_a_page_of_long_lines_ends_early(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyset, "PAGE_CHARS", 100)
    await told.tell(*(message("log_entry", message="x" * 90) for _ in range(3)))
    async with told.database.read() as conn:
        (summary,) = await deployments.with_id(conn, "1")
        page = await log_lines.page(conn, summary.pk, LineFilter(), 10)

    assert [line.line for line in page.items] == [1]
    assert page.is_more
