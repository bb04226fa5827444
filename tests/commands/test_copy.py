"""`tocsin copy`: says what it does, and nothing that is secret."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import make_url

from tests.appending import append, database_in, event
from tocsin.cli import run
from tocsin.commands import copy as command
from tocsin.store import copying, facts, secrets
from tocsin.store.copying import Copied, Sum
from tocsin.store.key import KEY_FILE, SecretKey, Vault, load_keys
from tocsin.store.leases import take
from tocsin.testing.clock import START

Tocsin = Callable[..., tuple[object, str, str]]


@pytest.fixture
def tocsin(capsys: pytest.CaptureFixture[str]) -> Tocsin:
    def call(*args: str, environ: Mapping[str, str] | None = None) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as ended:
            run(["copy", *args], environ or {})
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return call


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The file of a journal with three events and a secret, its key beside it."""

    async def fill() -> None:
        vault = Vault(load_keys("", tmp_path, may_make=True))
        async with database_in(tmp_path) as database:
            await database.write(facts.ensure_epoch)
            await database.write(lambda conn: secrets.check_key(conn, vault, START))
            await database.write(lambda conn: secrets.put(conn, vault, "slack", "hunter2", START))
            await append(database, event(), event(), event())

    asyncio.run(fill())
    return tmp_path / "tocsin.db"


def rows_of(out: str) -> dict[str, list[str]]:
    """What is told of each table, by its name."""
    return {line.split()[0]: line.split()[1:] for line in out.splitlines()[1:]}


@pytest.mark.parametrize("is_server", [False, True])
def test_counts_and_hashes_are_told_and_a_repeat_changes_nothing(
    tocsin: Tocsin, source: Path, tmp_path: Path, is_server: bool, request: pytest.FixtureRequest
) -> None:
    target = str(tmp_path / "another.db")
    if is_server:
        target = request.getfixturevalue("postgres_url")

    first_code, first, _ = tocsin(str(source), target)
    second_code, second, _ = tocsin(f"sqlite:///{source}", target)

    assert (first_code, second_code) == (0, 0)
    assert rows_of(first)["events"][:2] == ["3", "3"]
    assert rows_of(second)["events"][:2] == ["3", "0"]
    assert {line[-1] for line in rows_of(first).values()} == {"equal"}
    assert [line[2] for line in rows_of(first).values()] == [
        line[2] for line in rows_of(second).values()
    ]


def test_the_key_is_named_and_never_shown(tocsin: Tocsin, source: Path, tmp_path: Path) -> None:
    key = SecretKey.of((tmp_path / KEY_FILE).read_text(), "here")

    code, out, err = tocsin(str(source), str(tmp_path / "another.db"))

    assert code == 0
    assert key.id in err
    assert str(tmp_path / KEY_FILE) in err
    assert key.text not in out + err


def test_a_key_that_is_set_is_tried_before_anything_is_copied(
    tocsin: Tocsin, source: Path, tmp_path: Path
) -> None:
    right = {"TOCSIN_SECRET_KEY_FILE": str(tmp_path / KEY_FILE)}
    wrong = {"TOCSIN_SECRET_KEY": SecretKey.new().text}

    refused, out, err = tocsin(str(source), str(tmp_path / "another.db"), environ=wrong)
    taken, _, said = tocsin(str(source), str(tmp_path / "another.db"), environ=right)

    assert (refused, out) == (2, "")
    assert "sealed with another key" in err
    assert taken == 0
    assert "opens all stored secrets" in said


def test_no_password_is_shown(
    tocsin: Tocsin, source: Path, postgres_url: str, tmp_path: Path
) -> None:
    url = make_url(postgres_url).set(password="hunter3")
    shown = url.update_query_dict({"sslpassword": "hunter4"}).render_as_string(hide_password=False)

    codes = [tocsin(str(source), shown), tocsin(shown, str(tmp_path / "back.db"))]

    for code, out, err in codes:
        assert code == 0
        assert "hunter3" not in out + err
        assert "hunter4" not in out + err
        assert "postgresql" in err


def test_a_server_at_work_on_the_source_is_told(
    tocsin: Tocsin, source: Path, tmp_path: Path
) -> None:
    async def work() -> None:
        async with database_in(tmp_path) as database:
            now = START.replace(year=2126)
            await database.write(lambda conn: take(conn, ["watch"], "host-a 17", now))

    asyncio.run(work())

    code, _, err = tocsin(str(source), str(tmp_path / "another.db"))

    assert code == 0
    assert "in use by host-a" in err


def test_a_difference_is_an_error(
    tocsin: Tocsin, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    different = Copied("events", Sum(3, "a" * 64), Sum(2, "b" * 64), 3)
    monkeypatch.setattr(copying, "copy", lambda *_args: [different])

    code, out, err = tocsin(str(source), str(tmp_path / "another.db"))

    assert code == 1
    assert rows_of(out)["events"] == ["3", "3", "a" * 12, "TO:", "2,", "b" * 12]
    assert "not equal" in err


@pytest.mark.parametrize(
    ("from_", "to", "said"),
    [
        ("{folder}/none.db", "{folder}/b.db", "FROM: there is no file"),
        ("mysql://u:hunter2@db/x", "{folder}/b.db", "FROM: expected sqlite:///FILE"),
        ("{folder}/tocsin.db", "postgresql://u:hunter2@db:no/x", "TO: not an address"),
        ("{folder}/tocsin.db", "{folder}/tocsin.db", "TO: is the same database"),
        ("{folder}/tocsin.db", "sqlite:///{folder}/tocsin.db", "TO: is the same database"),
        ("{folder}/tocsin.db", "{folder}/../{folder.name}/tocsin.db", "TO: is the same database"),
    ],
)
def test_what_cannot_be_copied_is_refused_with_the_name_of_the_argument(
    tocsin: Tocsin, source: Path, tmp_path: Path, from_: str, to: str, said: str
) -> None:
    code, out, err = tocsin(from_.format(folder=tmp_path), to.format(folder=tmp_path))

    assert (code, out) == (2, "")
    assert said in err
    assert "hunter2" not in err


def test_the_bars_are_of_the_tables(capsys: pytest.CaptureFixture[str]) -> None:
    with command._progress(Console(stderr=True, force_terminal=True, width=80)) as tell:
        tell("events", 3, 9)
        tell("events", 9, 9)

    assert "9/9" in capsys.readouterr().err
