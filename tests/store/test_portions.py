"""Portions: what differs is written, together what belongs together, and no more at once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select

from tests.appending import Place
from tocsin.store import portions as module
from tocsin.store import postgres, sqlite
from tocsin.store.address import address_of, is_postgres
from tocsin.store.merge import Row
from tocsin.store.migrate import migrate
from tocsin.store.portions import Portions, key_places
from tocsin.store.tables.access import secrets
from tocsin.store.tables.deployments import steps
from tocsin.store.tables.journal import cursors


@pytest.fixture
async def engine(place: Place) -> AsyncIterator[Engine]:
    url = address_of("", place) if isinstance(place, Path) else address_of(place, Path())
    await migrate(url)
    engine = postgres.migrating_engine(url) if is_postgres(url) else sqlite.writing_engine(url)
    yield engine
    engine.dispose()


def row(number: int, moved_at: int = 0) -> Row:
    return (f"stage {number}", number, moved_at)


def stored(engine: Engine) -> list[Row]:
    with engine.connect() as conn:
        return sorted(tuple(one) for one in conn.execute(select(cursors)))


def test_the_key_is_found_wherever_it_stands() -> None:
    assert list(key_places(steps)) == [0, 1]


async def test_rows_are_added_changed_and_removed(engine: Engine) -> None:
    with engine.begin() as conn:
        names = [one.name for one in cursors.columns]
        there = [row(1), row(2), row(3)]
        conn.execute(insert(cursors), [dict(zip(names, one, strict=True)) for one in there])

    portions = Portions(cursors, engine)
    portions.add(row(1), row(1))
    portions.add(None, row(2))
    portions.add(row(3, 9), row(3))
    portions.add(row(4), None)
    before = stored(engine)
    portions.write()

    assert before == there
    assert stored(engine) == [row(1), row(3, 9), row(4)]
    assert portions.count == 3


async def test_one_is_written_when_it_is_full(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PORTION", 2)
    portions = Portions(cursors, engine)

    sizes = []
    for number in range(5):
        portions.add(row(number), None)
        sizes.append(len(stored(engine)))
    portions.write()
    portions.write()

    assert sizes == [0, 2, 2, 4, 4]
    assert len(stored(engine)) == 5


async def test_large_rows_fill_it_sooner(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PORTION_BYTES", 1_000)
    portions = Portions(secrets, engine)
    ciphertext = bytes(range(256)) * 4

    portions.add(("slack", "1", ciphertext, 5), None)

    with engine.connect() as conn:
        assert conn.execute(select(secrets.c.ciphertext)).scalar() == ciphertext
