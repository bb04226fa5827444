"""`tocsin rotate-key`: nothing is lost, wherever it stops."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tocsin.cli import run
from tocsin.commands import rotate_key
from tocsin.store import secrets
from tocsin.store.beside import opened
from tocsin.store.key import KEY_FILE, NEXT_KEY_FILE, SecretKey, Vault, load_keys

Tocsin = Callable[..., tuple[object, str, str]]
OLD = SecretKey.new()


@pytest.fixture
def tocsin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Tocsin:
    def call(environ: Mapping[str, str] | None = None) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as ended:
            run(["rotate-key", "--data-dir", str(tmp_path)], environ or {})
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return call


def keep(folder: Path, setting: str = "") -> None:
    """Keep a secret as a server would, started with `setting` as its key."""

    async def work() -> None:
        vault = Vault(load_keys(setting, folder, may_make=True))
        now = datetime.now(UTC)
        async with opened("", folder) as database:
            await database.write(lambda conn: secrets.check_key(conn, vault, now))
            await database.write(lambda conn: secrets.put(conn, vault, "slack", "hunter2", now))

    asyncio.run(work())


def kept(folder: Path, setting: str = "") -> str | None:
    async def work() -> str | None:
        vault = Vault(load_keys(setting, folder, may_make=True))
        async with opened("", folder) as database, database.read() as conn:
            return await secrets.read(conn, vault, "slack")

    return asyncio.run(work())


def test_a_key_in_a_file_takes_the_place_of_the_old_one(tocsin: Tocsin, tmp_path: Path) -> None:
    keep(tmp_path)
    before = (tmp_path / KEY_FILE).read_text()

    code, out, err = tocsin()

    assert (code, out) == (0, "")
    assert "1 secrets" in err
    assert (tmp_path / KEY_FILE).read_text() != before
    assert not (tmp_path / NEXT_KEY_FILE).exists()
    assert kept(tmp_path) == "hunter2"


def test_a_key_that_is_set_is_printed_alone(tocsin: Tocsin, tmp_path: Path) -> None:
    keep(tmp_path, OLD.text)

    code, out, err = tocsin({"TOCSIN_SECRET_KEY": OLD.text})

    assert code == 0
    assert "Set secret_key" in err
    assert kept(tmp_path, out.strip()) == "hunter2"
    assert not (tmp_path / KEY_FILE).exists()


def test_a_wrong_key_changes_nothing_and_prints_none(tocsin: Tocsin, tmp_path: Path) -> None:
    keep(tmp_path, OLD.text)

    code, out, err = tocsin({"TOCSIN_SECRET_KEY": SecretKey.new().text})

    assert (code, out) == (2, "")
    assert "sealed with another key" in err
    assert kept(tmp_path, OLD.text) == "hunter2"


@pytest.mark.parametrize("step", ["change", "end_rotation"])
def test_what_an_interrupted_rotation_left_is_finished_by_the_next(
    tocsin: Tocsin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    keep(tmp_path)

    def stop(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(rotate_key, step, stop)
        with pytest.raises((SystemExit, KeyboardInterrupt)):
            run(["rotate-key", "--data-dir", str(tmp_path)], {})
    between = kept(tmp_path)
    left = (tmp_path / NEXT_KEY_FILE).read_text()
    code, _, _ = tocsin()

    assert between == "hunter2"
    assert code == 0
    assert (tmp_path / KEY_FILE).read_text() == left
    assert kept(tmp_path) == "hunter2"
