"""`tocsin token`: the text alone on standard output, once; and what was done is an event."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tocsin.cli import run
from tocsin.model.tokens import digest_of, is_token

Tocsin = Callable[..., tuple[object, str, str]]


@pytest.fixture
def tocsin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Tocsin:
    """Runs a command on a folder of the test's own; gives code, output and complaints."""

    def call(*args: str) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as ended:
            run([*args, "--data-dir", str(tmp_path)], {})
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return call


def rows(folder: Path, query: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(folder / "tocsin.db")) as database:
        return list(database.execute(query))


def test_the_token_stands_alone_on_standard_output(tocsin: Tocsin, tmp_path: Path) -> None:
    code, out, err = tocsin("token", "create", "--role", "sender", "--name", "ci")

    assert (code, err) == (0, "")
    assert out.endswith("\n")
    assert is_token(out[:-1])
    assert rows(tmp_path, "SELECT hash, role FROM tokens") == [(digest_of(out[:-1]), "sender")]


def test_what_is_done_is_an_event_without_the_token(tocsin: Tocsin, tmp_path: Path) -> None:
    _, out, _ = tocsin("token", "create", "--role", "viewer", "--name", "wall")
    tocsin("token", "revoke", "wall")

    told = [json.loads(data) for (data,) in rows(tmp_path, "SELECT data FROM events")]
    assert [(data["what"], data["name"]) for data in told] == [
        ("token.created", "wall"),
        ("token.revoked", "wall"),
    ]
    assert all("command line" in data["by"] for data in told)
    assert out.strip() not in str(told)


def test_tokens_are_listed_with_their_state(tocsin: Tocsin) -> None:
    tocsin("token", "create", "--role", "viewer", "--name", "wall", "--expires-days", "2")
    tocsin("token", "create", "--role", "sender", "--name", "ci")
    tocsin("token", "revoke", "ci")

    _, listed, _ = tocsin("token", "list", "--json")
    _, table, _ = tocsin("token", "list")

    found = {row["name"]: row for row in map(json.loads, listed.splitlines())}
    assert found["ci"]["revoked_at"] is not None
    assert found["wall"]["expires_at"] is not None
    assert "revoked" in table
    assert "until" in table


def test_a_token_is_revoked_by_its_id_too(tocsin: Tocsin) -> None:
    tocsin("token", "create", "--role", "sender", "--name", "ci")
    _, listed, _ = tocsin("token", "list", "--json")

    code, out, err = tocsin("token", "revoke", json.loads(listed)["id"])

    assert (code, out) == (0, "")
    assert "ci is revoked" in err


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("create", "--role", "boss", "--name", "x"), 2, "--role"),
        (("create", "--role", "viewer", "--name", " x"), 2, "visible characters"),
        (("create", "--role", "viewer", "--name", "taken"), 1, "already has this name"),
        (("create", "--role", "viewer", "--name", "x", "--expires-days", "0"), 2, "expires-days"),
        (("create", "--role", "viewer"), 2, "--name"),
        (("revoke", "nothing"), 1, "No token in use"),
    ],
)
def test_a_fault_ends_with_its_code_and_prints_no_token(
    tocsin: Tocsin, args: tuple[str, ...], code: int, words: str
) -> None:
    tocsin("token", "create", "--role", "viewer", "--name", "taken")

    ended, out, err = tocsin("token", *args)

    assert (ended, out) == (code, "")
    assert words in err
