"""`tocsin backup`: a file that is whole, or none."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.appending import append, begin_in, database_in, event
from tocsin.cli import run

Tocsin = Callable[..., tuple[object, str, str]]


@pytest.fixture
def tocsin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Tocsin:
    def call(*args: str, environ: Mapping[str, str] | None = None) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as ended:
            run(["backup", *args, "--data-dir", str(tmp_path / "data")], environ or {})
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return call


def test_it_says_what_is_in_the_file(tocsin: Tocsin, tmp_path: Path) -> None:
    async def fill() -> None:
        async with database_in(tmp_path / "data") as database:
            await append(database, event(), event())

    asyncio.run(fill())
    file = tmp_path / "backup.db"

    code, out, err = tocsin(str(file))

    assert (code, err) == (0, "")
    assert out == f"{file}: {file.stat().st_size} bytes, up to seq 2, checked\n"


def test_files_of_trainings_are_put_beside_it(tocsin: Tocsin, tmp_path: Path) -> None:
    begin_in(tmp_path / "data")
    kept = tmp_path / "data" / "files" / "1a" / "weights"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"weights")
    kept.with_name("weights#1").write_bytes(b"wei")
    file = tmp_path / "backup.db"

    code, out, err = tocsin(str(file))

    copied = tmp_path / "backup.db.files"
    assert (code, err) == (0, "")
    assert out.splitlines()[1] == f"{copied}: 1 files"
    found = {
        one.relative_to(copied): one.read_bytes() for one in copied.rglob("*") if one.is_file()
    }
    assert found == {Path("1a/weights"): b"weights"}
    assert copied.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_is_there_is_not_touched(tocsin: Tocsin, tmp_path: Path) -> None:
    begin_in(tmp_path / "data")
    (tmp_path / "data" / "files").mkdir()
    (tmp_path / "backup.db.files").mkdir()

    code, out, err = tocsin(str(tmp_path / "backup.db"))

    assert (code, out) == (2, "")
    assert "backup.db.files is there already" in err
    assert not (tmp_path / "backup.db").exists()


def test_without_a_database_there_is_nothing_to_back_up(tocsin: Tocsin, tmp_path: Path) -> None:
    code, out, err = tocsin(str(tmp_path / "backup.db"))

    assert (code, out) == (2, "")
    assert "there is no file" in err
    assert not (tmp_path / "data").exists()


def test_postgresql_is_left_to_its_own_tool(tocsin: Tocsin, tmp_path: Path) -> None:
    environ = {"TOCSIN_DATABASE_URL": "postgresql://u:hunter2@db/x"}

    code, _, err = tocsin(str(tmp_path / "backup.db"), environ=environ)

    assert code == 2
    assert "pg_dump" in err
    assert "hunter2" not in err
