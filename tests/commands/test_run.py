"""`tocsin run` knows its deployment, its secrets and its command before anything starts."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from tocsin.commands import Invocation, run
from tocsin.running.brief import Brief

GITLAB = {"GITLAB_CI": "true", "CI_PROJECT_PATH": "axi/shop", "CI_PIPELINE_ID": "987"}
HERE = ("-p", "shop", "-d", "42", "--step", "Build")


@pytest.fixture
def briefs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Brief, float]]:
    """What would have been run."""
    got: list[tuple[Brief, float]] = []

    def note(brief: Brief, _environ: Mapping[str, str], wait_s: float) -> int:
        got.append((brief, wait_s))
        return 7

    monkeypatch.setattr(run, "run_command", note)
    return got


def call(*args: str, environ: Mapping[str, str] | None = None) -> Result:
    app = typer.Typer()
    app.callback()(lambda: None)
    run.add_to(app)
    invocation = Invocation(environ or {}, dict)
    return CliRunner().invoke(app, ["run", *args], obj=invocation, env=dict(environ or {}))


def test_the_command_is_all_that_follows_and_its_code_is_ours(briefs: Any) -> None:
    result = call(*HERE, "--url", "http://x", "--", "make", "--step", "-j4", "--", "all")

    [(brief, wait_s)] = briefs
    assert (result.exit_code, wait_s) == (7, 5)
    assert brief.command == ["make", "--step", "-j4", "--", "all"]
    assert (brief.url, brief.token, brief.step) == ("http://x", "", "Build")
    assert (brief.job.project, brief.job.deployment_id) == ("shop", "42")


def test_the_dashes_before_the_command_may_be_left_out(briefs: Any) -> None:
    call(*HERE, "make", "-j4", "--wait", "3")

    assert briefs[0][0].command == ["make", "-j4", "--wait", "3"]


def test_a_ci_tells_the_deployment_and_an_option_overrides_it(briefs: Any) -> None:
    call("--step", "s", "--", "make", environ=GITLAB)
    call("--step", "s", "-d", "9", "--", "make", environ=GITLAB)

    jobs = [brief.job for brief, _ in briefs]
    assert [(job.project, job.deployment_id) for job in jobs] == [
        ("axi/shop", "987"),
        ("axi/shop", "9"),
    ]


def test_address_and_token_come_from_the_environment(briefs: Any) -> None:
    call(*HERE, "make", environ={"TOCSIN_URL": "http://y", "TOCSIN_TOKEN": "tsn_1"})

    assert (briefs[0][0].url, briefs[0][0].token) == ("http://y", "tsn_1")


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (["--step", "s", "--", "make"], "--project and --deployment"),
        (["--step", "s", "-p", "shop", "--", "make"], "give --deployment"),
        (["-p", "shop", "-d", "42", "--", "make"], "--step"),
        (list(HERE), "COMMAND"),
        ([*HERE, "--mask-file", "/no/such/file", "make"], "--mask-file"),
        ([*HERE, "--wait", "-1", "make"], "--wait"),
    ],
)
def test_what_is_missing_or_wrong_is_told_before_anything_runs(
    args: list[str], word: str, briefs: Any
) -> None:
    result = call(*args)

    assert result.exit_code == 2
    # It stands in a box, in colour.
    assert word in re.sub(r"\x1b\[[0-9;]*m|[│\s]+", " ", result.output)
    assert briefs == []


def test_secrets_come_from_options_variables_and_files(
    briefs: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"line one\nline \xff two\n")
    environ = {"DB_A": "aaaa", "DB_B": "bbbb", "OTHER": "cccc"}
    options = ["--mask", "dddd", "--mask-env", "DB_*", "--mask-env", "NONE"]

    call(*HERE, *options, "--mask-file", str(file), "make", environ=environ)

    secrets = ["dddd", "aaaa", "bbbb", "line one\nline \udcff two\n"]
    assert briefs[0][0].secrets == secrets
    assert "NONE: there is no such variable" in capfd.readouterr().err


def test_a_secret_too_short_to_be_masked_is_told(
    briefs: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    call(*HERE, "--mask", "abc", "--mask", "", "make")

    assert len(briefs) == 1
    assert (
        capfd.readouterr().err == "tocsin: a secret of 3 characters is not masked; 4 are needed\n"
    )


def test_help_has_examples() -> None:
    assert "$ tocsin run --step Build" in call("--help").stdout
