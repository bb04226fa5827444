"""`tocsin serve`: settings that cannot be stop it before anything is touched."""

from pathlib import Path

import pytest

from tocsin.cli import run


def test_a_stage_that_there_is_not_is_named_with_the_nearest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["serve", "--data-dir", str(tmp_path / "data"), "--stages", "live, wab"], {})

    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines() == [
        (
            "tocsin: stages: item 2: expected one of ingest, live, notify, watch, web "
            "(did you mean web?), got 'wab' (from --stages)"
        )
    ]


def test_wrong_settings_end_with_2_and_leave_no_folder_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data_dir = tmp_path / "data"

    with pytest.raises(SystemExit) as ended:
        run(
            ["serve", "--data-dir", str(data_dir), "--listen", "127.0.0.1", "--env-file", "nope"],
            {"TOCSIN_LOGS__LEVEL": "loud"},
        )

    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines() == [
        "tocsin: nope: cannot be read: No such file or directory",
        (
            "tocsin: listen: item 1: expected HOST:PORT such as 127.0.0.1:8000 or [::1]:8000, "
            "got '127.0.0.1' (from --listen)"
        ),
        (
            "tocsin: logs.level: expected 'debug', 'info', 'warning', 'error' or 'critical', "
            "got 'loud' (from TOCSIN_LOGS__LEVEL)"
        ),
    ]
    assert not data_dir.exists()
