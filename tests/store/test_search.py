"""A text is found literally, in upper or lower case."""

from pathlib import Path

import pytest
from sqlalchemy import literal, select

from tests.journal import told_in
from tocsin.store.search import contains


@pytest.mark.parametrize(
    ("text", "said", "is_found"),
    [
        ("Error: disk full", "error", True),
        ("Error: disk full", "DISK", True),
        ("Error: disk full", "disc", False),
        ("100 of 200", "0%2", False),
        ("100%2", "0%2", True),
        ("step one", "step_one", False),
        ("step_one", "STEP_ONE", True),
        ("a/b", "/", True),
        ("ab", "/", False),
        ("部署完成", "完成", True),
        ("Ошибка сборки", "ошибка", True),
        ("ОШИБКА СБОРКИ", "ошибка", True),
        ("ошибка", "Ошибка", True),
        ("a�b", "\x00", True),
        ("ab", "\x00", False),
        ("'; DROP TABLE events; --", "'; drop", True),
    ],
)
async def test_a_text_is_found_literally(
    tmp_path: Path, database_url: str, text: str, said: str, is_found: bool
) -> None:
    async with told_in(tmp_path, database_url) as told, told.database.read() as conn:
        found = (await conn.execute(select(contains(literal(text), said)))).scalar_one()

    assert bool(found) is is_found
