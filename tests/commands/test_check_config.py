"""`tocsin check-config`: what is in force and where it comes from."""

import json
from pathlib import Path

import pytest

from tocsin.cli import run


def test_the_table_has_every_setting_with_its_origin(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["check-config"], {"TOCSIN_AUTH__LOCAL_ROLE": "none"})

    assert ended.value.code == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["auth.local_role", "none", "TOCSIN_AUTH__LOCAL_ROLE"] in rows
    assert ["live.max_connections", "1000", "default"] in rows
    assert ["secret_key", "–", "default"] in rows


def test_json_has_the_changed_ones_with_secrets_masked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "tocsin.toml"
    config.write_text("secret_key = 'hunter2'\n[sources.deployment]\nsecret = 'hunter3'\n")

    with pytest.raises(SystemExit) as ended:
        run(
            ["check-config", "--json", "--changed", "--config", str(config), "--listen", "[::]:1"],
            {"TOCSIN_TOKEN": "of the client"},
        )

    assert ended.value.code == 0
    assert json.loads(capsys.readouterr().out) == {
        "settings": [
            {
                "key": "secret_key",
                "value": "••••",
                "origin": str(config),
                "is_secret": True,
            },
            {"key": "listen", "value": ["[::]:1"], "origin": "--listen", "is_secret": False},
            {
                "key": "sources.deployment.secret",
                "value": "••••",
                "origin": str(config),
                "is_secret": True,
            },
        ]
    }


def test_a_long_value_is_shown_whole(capsys: pytest.CaptureFixture[str]) -> None:
    origins = ",".join(f"https://machine-{number}.example.org" for number in range(20))

    with pytest.raises(SystemExit):
        run(["check-config", "--changed"], {"TOCSIN_AUTH__ALLOWED_ORIGINS": origins})

    shown = capsys.readouterr().out
    assert "…" not in shown
    assert "machine-19" in shown
