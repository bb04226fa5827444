"""`tocsin migrate`: makes the database, and does nothing the second time."""

from pathlib import Path

import pytest

from tocsin.cli import run


def test_the_revision_is_printed_and_the_same_when_repeated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = []
    for _ in range(2):
        with pytest.raises(SystemExit) as ended:
            run(["migrate", "--data-dir", str(tmp_path / "data")], {})
        printed.append((ended.value.code, capsys.readouterr().out.strip()))

    assert printed[0] == printed[1]
    assert printed[0][0] == 0
    assert printed[0][1]
    assert (tmp_path / "data" / "tocsin.db").exists()


def test_another_kind_of_database_is_refused_without_its_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "mysql://u:hunter2@db/x"

    with pytest.raises(SystemExit) as ended:
        run(["migrate", "--data-dir", str(tmp_path)], {"TOCSIN_DATABASE_URL": url})

    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("tocsin: database_url: ")
    assert "hunter2" not in said
