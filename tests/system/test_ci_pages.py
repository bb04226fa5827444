"""The pages on CIs: what they show runs as it stands there, and its deployment is the CI's."""

import asyncio
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import page
from tests.system.reading import Reader
from tests.system.runner import read_all
from tests.system.server import Server, clean_environment

# What the examples call; make fails when it is told so.
STUBS: Mapping[str, str] = {
    "make": 'echo "making $*"; exit "${MAKE_FAILS:-0}"',
    "deploy.sh": 'echo "deploying with $DEPLOY_KEY"',
    "tocsin": f'exec {shlex.quote(sys.executable)} -m tocsin "$@"',
}
KEY = "a-key-to-deploy"
JOB: Mapping[str, Mapping[str, str]] = {
    "github": {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": "axi/shop",
        "GITHUB_RUN_ID": "github-1",
    },
    "gitlab": {
        "GITLAB_CI": "true",
        "CI_PROJECT_PATH": "axi/shop",
        "CI_PIPELINE_ID": "gitlab-1",
    },
}


async def shell(
    script: str, server: Server, folder: Path, environ: Mapping[str, str], *options: str
) -> subprocess.CompletedProcess[str]:
    """Run a script as a job of a CI does, with stubs for what it calls."""
    for name, text in STUBS.items():
        stub = folder / name
        stub.write_text(f"#!/usr/bin/env bash\n{text}\n", "utf-8")
        stub.chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    said = {"TOCSIN_URL": server.url, "DEPLOY_KEY": KEY, **environ, "PATH": path}
    return await asyncio.to_thread(
        subprocess.run,
        ["bash", *options, "-c", script],
        cwd=folder,
        env=clean_environment(folder, said),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


async def check(reader: Reader, project: str, deployment: str, steps: set[str]) -> None:
    found = await reader.steps(deployment, project=project)
    assert {(step["name"], step["status"]) for step in found} == {(s, "completed") for s in steps}
    texts = {line["text"] for line in await reader.lines(deployment, project=project)}
    assert "deploying with ***" in texts


def test_actionlint_finds_nothing_in_the_workflow() -> None:
    [read] = read_all(*page("docs/ci/github.md").blocks("yaml"))

    assert not read.faults


async def test_the_workflow_for_github_shows_its_steps(
    server: Server, reader: Reader, tmp_path: Path
) -> None:
    [read] = read_all(*page("docs/ci/github.md").blocks("yaml"))
    for step in read.steps:
        script = step.get("run", "").replace("${{ job.status }}", "success")
        if "tocsin" not in script + step.get("shell", "") or "pip" in script:
            continue
        if "shell" in step:
            (tmp_path / "script.sh").write_text(script, "utf-8")
            script = step["shell"].replace("{0}", "script.sh")
        done = await shell(script, server, tmp_path, JOB["github"], "-e")
        assert done.returncode == 0, done.stderr

    await check(reader, "axi/shop", "github-1", {"Build", "Test", "Deploy"})
    assert (await reader.deployment("github-1", project="axi/shop"))["status"] == "success"


async def test_the_pipeline_for_gitlab_shows_its_jobs(
    server: Server, reader: Reader, tmp_path: Path
) -> None:
    [block] = page("docs/ci/gitlab.md").blocks("yaml")
    # An action's parser reads any YAML.
    [read] = read_all(block)
    jobs: Mapping[str, Any] = {
        name: job for name, job in read.parsed.items() if name in {"build", "test", "deploy"}
    }
    for name, job in jobs.items():
        environ = {**JOB["gitlab"], "CI_JOB_NAME": name}
        done = await shell("\n".join(job["script"]), server, tmp_path, environ, "-eo", "pipefail")
        assert done.returncode == 0, done.stderr

    await check(reader, "axi/shop", "gitlab-1", {"build", "test", "deploy"})


@pytest.mark.parametrize(("code", "status"), [(0, "success"), (2, "failed")])
async def test_the_script_for_a_shell_tells_how_it_ended(
    code: int, status: str, server: Server, reader: Reader, tmp_path: Path
) -> None:
    [script] = page("docs/ci/shell.md").blocks("bash")
    script = script.replace("project=shop", f"project=shop-{code}")
    done = await shell(script, server, tmp_path, {"MAKE_FAILS": str(code)})

    assert done.returncode == code, done.stderr
    [found] = await reader.all("/api/v1/deployments", project=f"shop-{code}")
    assert found["status"] == status
    if code == 0:
        await check(reader, "shop-0", found["id"], {"Build", "Test", "Deploy"})
