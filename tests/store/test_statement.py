"""Statements compiled once: they take plain tuples and do what Core would do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Dialect, bindparam, select, update
from sqlalchemy.dialects.postgresql import dialect as postgresql

from tests.appending import rows
from tocsin.store.database import Database
from tocsin.store.statement import (
    CompiledRows,
    compile_for,
    compile_rows,
    in_list,
    insert_all,
    insert_new,
    json_list,
    upsert_all,
)
from tocsin.store.tables.journal import cursors


def inserting(dialect: Dialect) -> CompiledRows:
    return compile_rows(dialect, insert_all(cursors))


@pytest.mark.parametrize("count", [0, 1, 3, 4, 21, 64, 65, 300])
async def test_any_number_of_rows_goes_in_each_once(database: Database, count: int) -> None:
    made = [(f"{n:03}", n, n * 10) for n in range(count)]
    insert = inserting(database.dialect)

    await database.write(lambda conn: insert.run(conn, made))

    found = await rows(database, "SELECT stage, seq, moved_at FROM cursors ORDER BY stage")
    assert [tuple(row.values()) for row in found] == made


@pytest.mark.parametrize("count", [1, 6])
async def test_a_row_that_is_there_is_replaced_but_for_what_is_kept(
    database: Database, count: int
) -> None:
    upsert = compile_rows(database.dialect, upsert_all(cursors, kept=("moved_at",)))

    for seq in (1, 2):
        made = [(f"{n}", seq, seq) for n in range(count)]
        await write_rows(database, upsert, made)

    found = await rows(database, "SELECT stage, seq, moved_at FROM cursors ORDER BY stage")
    assert [tuple(row.values()) for row in found] == [(f"{n}", 2, 1) for n in range(count)]


@pytest.mark.parametrize("count", [1, 6])
async def test_a_row_that_is_there_is_passed_over(database: Database, count: int) -> None:
    insert = compile_rows(database.dialect, insert_new(cursors))
    await write_rows(database, insert, [("0", 1, 1)])

    await write_rows(database, insert, [(f"{n}", 2, 2) for n in range(count)])

    found = await rows(database, "SELECT stage, seq FROM cursors ORDER BY stage")
    assert [tuple(row.values()) for row in found] == [(f"{n}", 2 if n else 1) for n in range(count)]


async def write_rows(
    database: Database, statement: CompiledRows, made: list[tuple[str, int, int]]
) -> None:
    await database.write(lambda conn: statement.run(conn, made))


@pytest.mark.parametrize("values", [[], ["a"], ["a", "c", "nobody", "'; --", "ä"]])
async def test_a_list_of_any_length_is_one_parameter(database: Database, values: list[str]) -> None:
    there = ["a", "b", "c", "'; --", "ä"]
    statement = select(cursors.c.stage).where(in_list(cursors.c.stage, "stages"))
    fetch = compile_for(database.dialect, statement)

    await write_rows(database, inserting(database.dialect), [(name, 1, 1) for name in there])
    found = await database.write(lambda conn: fetch.fetch(conn, json_list(values)))

    assert {name for (name,) in found} == set(values) & set(there)


async def test_statements_are_part_of_the_transaction_they_are_run_in(database: Database) -> None:
    insert = inserting(database.dialect)
    fetch = compile_for(database.dialect, select(cursors.c.seq))
    seen: list[tuple[int]] = []

    def work(conn: Connection) -> None:
        insert.run(conn, [("a", 7, 1)])
        seen.extend(fetch.fetch(conn))
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(work)

    assert seen == [(7,)]
    assert await rows(database, "SELECT * FROM cursors") == []


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_a_list_is_json(values: list[str]) -> None:
    assert json_list(iter(values)) == json_list(values)


async def test_values_are_given_in_the_order_in_which_they_stand(database: Database) -> None:
    statement = update(cursors).where(cursors.c.stage == bindparam("who"))
    compiled = compile_for(database.dialect, statement.values(seq=bindparam("upto")))

    await write_rows(database, inserting(database.dialect), [("a", 1, 1), ("b", 1, 1)])
    await database.write(lambda conn: compiled.run(conn, 5, "b"))

    found = await rows(database, "SELECT stage, seq FROM cursors ORDER BY stage")
    assert [tuple(row.values()) for row in found] == [("a", 1), ("b", 5)]


def test_a_driver_that_wants_names_is_refused() -> None:
    dialect: Dialect = postgresql()  # type: ignore[no-untyped-call] # its makers left that out
    with pytest.raises(TypeError, match="positional"):
        compile_for(dialect, select(cursors).where(in_list(cursors.c.stage, "stages")))
