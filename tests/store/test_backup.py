"""A backup: whole and checked while the server writes on, and never in another file's place."""

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from tests.appending import event, ground_in, rows, seqs
from tocsin.errors import ConfigError, StoreDown
from tocsin.store import backup as module
from tocsin.store.address import address_of
from tocsin.store.backup import back_up
from tocsin.store.facts import read_facts


def silent(_done: int, _total: int) -> None:
    """Nobody looks at the progress."""


def drafts(folder: Path) -> list[Path]:
    return list(folder.glob(".*"))


async def test_it_is_the_journal_as_it_was_when_it_began_whatever_is_written_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PORTION_PAGES", 10)
    file = tmp_path / "restored" / "tocsin.db"
    file.parent.mkdir()
    url, told = address_of("", tmp_path), list[tuple[int, int]]()
    async with ground_in(tmp_path) as ground:
        await ground.append(*(event(data="x" * 5_000) for _ in range(100)))

        def write(done: int, total: int) -> None:
            told.append((done, total))
            with closing(sqlite3.connect(tmp_path / "tocsin.db")) as other, other:
                other.execute("UPDATE events SET type = 'later' WHERE seq = ?", (len(told),))

        newest = back_up(url, file, write)
        epoch = ground.epoch
    async with ground_in(file.parent) as restored:
        async with restored.database.read() as conn:
            known = await read_facts(conn)
        types = {row["type"] for row in await rows(restored.database, "SELECT type FROM events")}

        assert await seqs(restored.database) == list(range(1, 101))
        assert await rows(restored.database, "PRAGMA auto_vacuum") == [{"auto_vacuum": 2}]
    assert newest == 100
    assert len(told) > 10
    assert told[-1][0] == told[-1][1]
    assert types == {"note"}
    assert known.epoch != epoch
    assert known.former_epochs == {epoch: 100}


async def test_only_its_owner_can_read_it_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    async with ground_in(tmp_path):
        pass
    folder = tmp_path / "backups"
    folder.mkdir()

    before = os.umask(0)
    try:
        back_up(address_of("", tmp_path), folder / "one.db", silent)
    finally:
        os.umask(before)

    (file,) = folder.iterdir()
    assert file.name == "one.db"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_the_journal_itself_stays_as_it_is(tmp_path: Path) -> None:
    async with ground_in(tmp_path) as ground:
        back_up(address_of("", tmp_path), tmp_path / "one.db", silent)
        async with ground.database.read() as conn:
            known = await read_facts(conn)
    async with ground_in(tmp_path) as again:
        assert again.epoch == known.epoch == ground.epoch


async def test_a_file_that_is_there_is_not_touched(tmp_path: Path) -> None:
    async with ground_in(tmp_path):
        pass
    file = tmp_path / "diary"
    file.write_text("mine")

    with pytest.raises(ConfigError):
        back_up(address_of("", tmp_path), file, silent)

    assert file.read_text() == "mine"


async def test_nor_one_that_comes_meanwhile(tmp_path: Path) -> None:
    async with ground_in(tmp_path):
        pass
    file = tmp_path / "diary"

    with pytest.raises(ConfigError) as refused:
        back_up(address_of("", tmp_path), file, lambda _done, _total: file.touch())

    assert str(file) in refused.value.problems[0]
    assert file.read_bytes() == b""
    assert drafts(tmp_path) == []


async def test_a_damaged_database_is_told_and_gives_no_backup(tmp_path: Path) -> None:
    async with ground_in(tmp_path) as ground:
        await ground.append(*(event(data="x" * 5_000) for _ in range(100)))
    file = tmp_path / "tocsin.db"
    content = bytearray(file.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 8_192] = b"\xff" * 8_192
    file.write_bytes(content)

    with pytest.raises(StoreDown):
        back_up(address_of("", tmp_path), tmp_path / "backup.db", silent)

    assert not (tmp_path / "backup.db").exists()


def test_a_place_where_no_file_can_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "tocsin.db").touch()
    file = tmp_path / "none" / "backup.db"

    with pytest.raises(ConfigError) as refused:
        back_up(address_of("", tmp_path), file, silent)

    assert str(file) in refused.value.problems[0]
