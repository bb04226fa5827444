"""`tocsin user`: people are let in, and get a new password; it is never an argument."""

import asyncio
import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tocsin.cli import run
from tocsin.store.passwords import Passwords

Tocsin = Callable[..., tuple[object, str, str]]


@pytest.fixture
def tocsin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Tocsin:
    """Runs a command with `typed` on standard input; gives code, output and complaints."""

    def call(*args: str, typed: str = "") -> tuple[object, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        with pytest.raises(SystemExit) as ended:
            run([*args, "--password-stdin", "--data-dir", str(tmp_path)], {})
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return call


def rows(folder: Path, query: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(folder / "tocsin.db")) as database:
        return list(database.execute(query))


def matches(folder: Path, password: str) -> bool:
    ((stored,),) = rows(folder, "SELECT password_hash FROM people")

    async def check() -> bool:
        return await Passwords().matches(stored, password)

    return asyncio.run(check())


def test_somebody_is_added_with_the_line_that_was_typed(tocsin: Tocsin, tmp_path: Path) -> None:
    code, out, err = tocsin("user", "add", "mina", "--role", "admin", typed="correct horse\r\nx\n")

    assert (code, out) == (0, "")
    assert "mina can sign in" in err
    assert rows(tmp_path, "SELECT name, role FROM people") == [("mina", "admin")]
    assert matches(tmp_path, "correct horse")


def test_a_password_is_asked_for_twice_without_showing_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def type_in(prompt: str = "", **_more: object) -> str:
        asked.append(prompt)
        return "correct horse"

    monkeypatch.setattr("getpass.getpass", type_in)

    with pytest.raises(SystemExit) as ended:
        run(["user", "add", "mina", "--role", "admin", "--data-dir", str(tmp_path)], {})

    assert ended.value.code == 0
    assert len(asked) == 2
    assert capsys.readouterr().out == ""
    assert matches(tmp_path, "correct horse")


def test_a_new_password_replaces_the_old_one_and_ends_sessions(
    tocsin: Tocsin, tmp_path: Path
) -> None:
    tocsin("user", "add", "mina", "--role", "admin", typed="correct horse\n")
    with closing(sqlite3.connect(tmp_path / "tocsin.db")) as database, database:
        database.execute(
            "INSERT INTO sessions (hash, person_id, name, csrf, created_at, expires_at, address) "
            "SELECT 'd', id, name, 'c', 0, 1, 'a' FROM people"
        )

    code, _, err = tocsin("user", "passwd", "MINA", typed="battery staple\n")

    assert code == 0
    assert "new password" in err
    assert matches(tmp_path, "battery staple")
    assert not matches(tmp_path, "correct horse")
    assert rows(tmp_path, "SELECT hash FROM sessions") == []
    told = [json.loads(data)["what"] for (data,) in rows(tmp_path, "SELECT data FROM events")]
    assert told == ["person.added", "person.password_changed"]


@pytest.mark.parametrize(
    ("args", "typed", "code", "words"),
    [
        (("add", "jun", "--role", "boss"), "correct horse\n", 2, "--role"),
        (("add", "jun ", "--role", "viewer"), "correct horse\n", 2, "visible characters"),
        (("add", "jun", "--role", "viewer"), "hunter2\n", 2, "at least 8"),
        (("add", "jun", "--role", "viewer"), "hunter2" * 40, 2, "at most 256"),
        (("add", "jun", "--role", "viewer"), "", 2, "at least 8"),
        (("add", "Mina", "--role", "viewer"), "correct horse\n", 1, "already has this name"),
        (("passwd", "nobody"), "correct horse\n", 1, "Nobody is called"),
    ],
)
def test_a_fault_ends_with_its_code_and_never_shows_the_password(
    tocsin: Tocsin, args: tuple[str, ...], typed: str, code: int, words: str
) -> None:
    tocsin("user", "add", "mina", "--role", "admin", typed="correct horse\n")

    ended, out, err = tocsin("user", *args, typed=typed)

    assert (ended, out) == (code, "")
    assert words in err
    assert "hunter2" not in err
