"""Pages read off an index: merged by value, in order, and not larger than memory bears."""

from pathlib import Path

import pytest
from sqlalchemy import literal, select, union_all

from tests.journal import event, told_in
from tocsin.store.keyset import PAGE_CHARS, Order, first_keys, keys_within
from tocsin.store.tables.journal import events


@pytest.mark.parametrize(
    ("is_ascending", "types", "limit", "seqs"),
    [
        (True, None, 3, [1, 2, 3]),
        (False, None, 3, [9, 8, 7]),
        (True, ["a"], 2, [1, 4]),
        (True, ["a", "b", "a"], 4, [1, 2, 4, 5]),
        (False, ["b", "c"], 9, [9, 8, 6, 5, 3, 2]),
        (False, ["none"], 9, []),
    ],
)
async def test_keys_come_in_order_whatever_values_are_asked_for(
    tmp_path: Path,
    database_url: str,
    is_ascending: bool,
    types: list[str] | None,
    limit: int,
    seqs: list[int],
) -> None:
    driver = None if types is None else (events.c.type, types)
    statement = first_keys(Order(events.c.seq, is_ascending), driver, [], limit)

    async with told_in(tmp_path, database_url) as told:
        await told.append([event(kind) for kind in "abcabcabc"])
        async with told.database.read() as conn:
            found = (await conn.execute(statement)).scalars().all()

    assert found == seqs


async def test_a_page_ends_before_it_grows_too_large(tmp_path: Path, database_url: str) -> None:
    sizes = [PAGE_CHARS * 2, 1, PAGE_CHARS - 1, 1, 1]
    rows = union_all(
        *(select(literal(key), literal(size)) for key, size in enumerate(sizes))
    ).subquery()

    async with told_in(tmp_path, database_url) as told, told.database.read() as conn:
        first = await keys_within(conn, select(rows).where(rows.c[0] >= 0), 10)
        second = await keys_within(conn, select(rows).where(rows.c[0] >= 1), 10)
        third = await keys_within(conn, select(rows).where(rows.c[0] >= 3), 10)
        short = await keys_within(conn, select(rows).where(rows.c[0] >= 1), 1)

    assert (first.items, first.is_more) == ([0], True)
    assert (second.items, second.is_more) == ([1, 2], True)
    assert (third.items, third.is_more) == ([3, 4], False)
    assert (short.items, short.is_more) == ([1], True)
