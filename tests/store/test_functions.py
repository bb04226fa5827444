"""What the two databases call differently gives the same on both."""

from typing import Any

import pytest
from sqlalchemy import ColumnElement, literal, select

from tocsin.model.filters import type_fits
from tocsin.store.database import Database
from tocsin.store.functions import (
    AsBytes,
    Contains,
    JsonValues,
    Octets,
    fits_glob,
    text_pattern,
)
from tocsin.store.tables.metadata import Text


async def value_of(database: Database, element: ColumnElement[Any]) -> Any:
    async with database.read() as conn:
        return (await conn.execute(select(element))).scalar_one()


@pytest.mark.parametrize("text", ["", "a", "ä漢\U0001f514", "a\\b\\000'", "%s %b"])
async def test_a_text_is_as_long_as_its_bytes(database: Database, text: str) -> None:
    assert await value_of(database, Octets(literal(text))) == len(text.encode())
    assert bytes(await value_of(database, AsBytes(literal(text)))) == text.encode()


@pytest.mark.parametrize(
    ("json", "values"),
    [
        ("{}", set()),
        ('{"a": "x", "b": "\\u00e4 \\"q\\""}', {"x", 'ä "q"'}),
        ('{"a": "before\\u0000after", "b": "y"}', {"y"}),
    ],
)
async def test_the_values_of_an_object_are_rows(
    database: Database, json: str, values: set[str]
) -> None:
    each = JsonValues(literal(json)).table_valued("value").c.value
    async with database.read() as conn:
        found = set((await conn.execute(select(each))).scalars())

    assert {one for one in found if "before" not in one} == values


@pytest.mark.parametrize(
    ("column", "text", "is_found"),
    [
        ("Deploy", "EPL", True),
        ("ÄRGER", "ärger", False),
        ("100 %", "0 %", True),
        ("100", "0%", False),
        ("a_b", "A_B", True),
        ("axb", "a_b", False),
        ("a/b\\c", "/B\\", True),
    ],
)
async def test_only_letters_of_ascii_are_taken_alike(
    database: Database, column: str, text: str, is_found: bool
) -> None:
    found = await value_of(database, Contains(literal(column), text_pattern(text)))

    assert bool(found) is is_found


async def test_patterns_of_types_fit_as_they_do_in_python(database: Database) -> None:
    words = ["", "a", "A", "ab", "a.b", "a*b", "*", "a*", "*b", "a?", "[a]", "%", "_", "a/b", "ä*"]
    pairs = [(pattern, kind) for pattern in words for kind in words]
    columns = [fits_glob(literal(kind, Text), pattern) for pattern, kind in pairs]

    async with database.read() as conn:
        found = (await conn.execute(select(*columns))).one()

    expected = [type_fits(pattern, kind) for pattern, kind in pairs]
    assert [bool(one) for one in found] == expected
