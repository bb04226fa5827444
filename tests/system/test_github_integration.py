"""The workflow and the action of integrations/github, run as a runner runs them."""

import http.server
import json
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.docs.pages import page
from tests.system.reading import Json, Reader
from tests.system.runner import (
    EXPRESSION,
    INTEGRATIONS,
    Contexts,
    integration,
    read_all,
    run_step,
)
from tests.system.server import Server, free_port

ACTION, WORKFLOW = "step/action.yml", "websocket-notification.yml"
PATH = "/api/webhooks/deployment"
# Anything that a shell, jq, JSON, curl's own configuration or GitHub's log could take for its own.
HOSTILE = (
    "quotes \" ' ` and a back\\slash",
    "first\nsecond\r\n\tthird",
    "${{ secrets.TOCSIN_TOKEN }} $(touch owned) `touch owned` ${HOME} $((1+1)); touch owned #",
    '", "status": "success", "x": "',
    "::warning::no\n::set-output name=a::b",
    "-x --config @/etc/passwd {1,2}[1-9] %0A\\n",
    "部署验证 배포 Развёртывание 🚀 e\u0301",
)


def contexts(server: Server, **inputs: str) -> Contexts:
    """What expressions can name, in a repository where Tocsin is set up."""
    return {
        "github": {"repository": "shop-team/shop", "run_id": "4242"},
        "inputs": inputs,
        "secrets": {"TOCSIN_URL": server.url},
    }


def notify(server: Server, folder: Path, *, path: str = os.environ["PATH"], **inputs: str) -> str:
    """Use the action, with its inputs named as in Python."""
    given = {name.replace("_", "-"): text for name, text in inputs.items()}
    read = integration(ACTION)
    known = contexts(server)
    defaults = {
        name: EXPRESSION.sub(lambda match: known["github"][match[1].partition(".")[2]], text)
        for name, text in read.defaults.items()
    }
    [step] = read.steps
    whole = {**known, "inputs": {**defaults, "url": server.url, **given}}
    return run_step(step, whole, folder, path=path)


def run_workflow(
    server: Server, folder: Path, event_name: str, event: Json | None = None, **inputs: str
) -> str:
    [step] = integration(WORKFLOW).steps
    known = contexts(server, **inputs)
    return run_step(step, known, folder, event_name=event_name, event=event)


def has_run_what_it_was_told(folder: Path) -> bool:
    """Whether a text of the tests was taken for a command."""
    return any(folder.rglob("owned"))


# --- as it is written


@pytest.mark.parametrize("place", [ACTION, WORKFLOW])
def test_actionlint_finds_nothing(place: str) -> None:
    assert not integration(place).faults


def test_actionlint_finds_nothing_in_the_examples_of_the_page() -> None:
    examples = page("docs/github.md").blocks("yaml")

    assert examples
    assert [one.faults for one in read_all(*examples)] == [[] for _ in examples]


def test_actionlint_looks() -> None:
    [bad] = read_all("on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: '${{ x }}'}]}}\n")

    assert bad.faults


@pytest.mark.parametrize("place", [ACTION, WORKFLOW])
def test_no_expression_stands_in_a_script(place: str) -> None:
    assert all("${{" not in step["run"] for step in integration(place).steps)


def test_what_both_scripts_have_is_alike() -> None:
    [action], [workflow] = integration(ACTION).steps, integration(WORKFLOW).steps
    shared, end, _ = action["run"].partition('if [ -z "$TOCSIN_URL" ]')

    assert end
    assert workflow["run"].startswith(shared)


def test_the_workflow_is_started_as_the_guide_says() -> None:
    triggers = integration(WORKFLOW).parsed["on"]

    assert triggers["workflow_run"]["workflows"] == ["deploy-project", "main-deployment"]
    assert list(triggers["workflow_dispatch"]["inputs"]) == [
        "project",
        "deployment_id",
        "step_name",
        "step_status",
        "logs",
        "duration",
    ]
    assert integration(WORKFLOW).parsed["permissions"] == {}


# --- the action


async def test_a_step_is_begun_and_ended(server: Server, reader: Reader, tmp_path: Path) -> None:
    step = {"deployment_id": "a-1", "project": "shop", "step_name": "Build"}
    begun = notify(server, tmp_path, **step, step_status="started", logs="compiling")
    notify(server, tmp_path, **step, step_status="failure", duration="12")

    [shown] = await reader.steps("a-1")

    assert begun == "Tocsin was told.\n"
    assert (shown["status"], shown["conclusion"]) == ("failed", "failure")
    assert shown["duration"] == 12
    assert [line["text"] for line in await reader.lines("a-1")] == ["compiling"]


async def test_what_is_left_out_is_the_workflow_run(
    server: Server, reader: Reader, tmp_path: Path
) -> None:
    notify(server, tmp_path, step_name="Build")

    deployment = await reader.deployment("4242")

    assert deployment["project"] == "shop-team/shop"
    assert deployment["workflow_name"] == "deploy"


@pytest.mark.parametrize("number", range(len(HOSTILE)))
async def test_any_text_arrives_as_it_was(
    number: int, server: Server, reader: Reader, tmp_path: Path
) -> None:
    text, deployment_id = HOSTILE[number], f"hostile-{number}"
    notify(
        server,
        tmp_path,
        deployment_id=deployment_id,
        project=f"project {text}",
        step_name=f"step {text}",
        step_status=f"status {text}",
        logs=text,
        duration=text,
    )

    [event] = await reader.events(subject=deployment_id)

    sent = event["data"]
    assert (sent["project"], sent["step_name"]) == (f"project {text}", f"step {text}")
    assert (sent["step_status"], sent["logs"]) == (f"status {text}", text)
    assert not has_run_what_it_was_told(tmp_path)


async def test_the_step_is_named_by_its_first_200_characters(
    server: Server, reader: Reader, tmp_path: Path
) -> None:
    notify(server, tmp_path, deployment_id="long", project="shop", step_name="部" * 300)

    [step] = await reader.steps("long")

    assert step["name"] == "部" * 200


@pytest.mark.parametrize("end", ["", "/", PATH, f"/project-dashboard{PATH}", f"{PATH}/"])
async def test_the_address_may_be_the_receivers_or_the_servers(
    end: str, server: Server, tmp_path: Path
) -> None:
    told = notify(server, tmp_path, url=server.url + end, step_name="Build", deployment_id="url")

    assert told == "Tocsin was told.\n"


def test_a_token_is_shown_and_never_said(server: Server, tmp_path: Path) -> None:
    token = server.run("token", "create", "--role", "sender", "--name", "ci").stdout.strip()

    # A secret pasted with its line end.
    good = notify(server, tmp_path, step_name="Build", token=f"{token}\n")
    bad = notify(server, tmp_path, step_name="Build", token=f'{token}"x')

    assert good == "Tocsin was told.\n"
    assert bad.startswith("::warning title=Tocsin::Tocsin was not told (HTTP 401).")
    assert token not in bad


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}", "", "file:///etc/passwd"])
def test_a_build_goes_on_without_tocsin(url: str, server: Server, tmp_path: Path) -> None:
    told = notify(server, tmp_path, url=url.format(port=free_port()), step_name="Build")

    assert told.startswith("::warning title=Tocsin::")
    assert told.count("\n") == 1


def test_a_runner_without_the_tools_is_told_so(server: Server, tmp_path: Path) -> None:
    told = notify(server, tmp_path, path=str(tmp_path), step_name="Build")

    assert told == (
        "::warning title=Tocsin::This runner has no curl or no jq: Tocsin was not told.\n"
    )


async def test_a_log_of_100_kilobytes_arrives_whole(
    server: Server, reader: Reader, tmp_path: Path
) -> None:
    log = "\n".join(f"line {number:05}" for number in range(9_000))
    notify(server, tmp_path, step_name="Build", deployment_id="large", logs=log)

    lines = await reader.lines("large")

    assert "\n".join(line["text"] for line in lines) == log


class Hesitant(http.server.BaseHTTPRequestHandler):
    """Takes a message at the second try."""

    keys: ClassVar[list[str | None]] = []

    def do_POST(self) -> None:
        self.keys.append(self.headers["Idempotency-Key"])
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(503 if len(self.keys) == 1 else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words: Any) -> None:
        pass


@contextmanager
def hesitant_server() -> Generator[str, None, None]:
    with http.server.HTTPServer(("127.0.0.1", 0), Hesitant) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{made.server_port}"
        finally:
            made.shutdown()
            thread.join()


def test_it_is_tried_again_with_the_same_key(server: Server, tmp_path: Path) -> None:
    with hesitant_server() as url:
        told = notify(server, tmp_path, url=url, step_name="Build")

    first, second = Hesitant.keys
    assert told == "Tocsin was told.\n"
    assert first
    assert first == second


# --- the workflow


def workflow_run(action: str, run_id: int, **changed: Any) -> Json:
    run = {
        "id": run_id,
        "name": "deploy-project",
        "run_attempt": 1,
        "workflow_id": 77,
        "head_branch": "release/$(touch owned)`touch owned`",
        "head_sha": "3f" * 20,
        "status": action,
        "conclusion": None,
        "html_url": f"https://github.com/shop-team/shop/actions/runs/{run_id}",
        "run_started_at": "2024-01-01T12:00:00Z",
        "updated_at": "2024-01-01T12:00:00Z",
        **changed,
    }
    return {"action": action, "workflow_run": run}


COMPLETED = {"conclusion": "failure", "updated_at": "2024-01-01T12:00:45Z"}


async def test_a_workflow_run_is_told_from_beginning_to_end(
    server: Server, reader: Reader, tmp_path: Path
) -> None:
    for event in (
        workflow_run("requested", 501),
        workflow_run("in_progress", 501),
        workflow_run("completed", 501, **COMPLETED),
    ):
        run_workflow(server, tmp_path, "workflow_run", event)
        # As when somebody runs the notification again.
        run_workflow(server, tmp_path, "workflow_run", event)

    deployment = await reader.deployment("501")

    assert (deployment["project"], deployment["status"]) == ("shop-team/shop", "failed")
    assert deployment["branch"] == "release/$(touch owned)`touch owned`"
    assert (deployment["workflow_name"], deployment["workflow_id"]) == ("deploy-project", "77")
    assert deployment["duration"] == 45
    [run] = deployment["runs"]
    [step] = run["steps"]
    assert (step["name"], step["conclusion"]) == ("deploy-project", "failure")
    assert len(step["attempts"]) == 1
    assert len(await reader.events(subject="501")) == 4
    assert not has_run_what_it_was_told(tmp_path)


async def test_a_run_of_which_little_is_known_is_told_too(
    server: Server, reader: Reader, tmp_path: Path
) -> None:
    unknown = dict.fromkeys(("name", "head_branch", "run_started_at", "updated_at"))
    run_workflow(server, tmp_path, "workflow_run", workflow_run("completed", 502, **unknown))

    types = [event["type"] for event in await reader.events(subject="502")]

    assert types == ["step_completed", "deployment_completed"]


async def test_a_step_is_reported_by_hand(server: Server, reader: Reader, tmp_path: Path) -> None:
    run_workflow(
        server,
        tmp_path,
        "workflow_dispatch",
        project="axi-star-cloud",
        deployment_id="123456789",
        step_name="手动步骤",
        step_status="completed",
        logs="手动触发的步骤通知",
        duration="30",
    )

    [event] = await reader.events(subject="123456789")
    [step] = await reader.steps("123456789")

    assert event["type"] == "step_manual"
    assert (step["name"], step["status"], step["duration"]) == ("手动步骤", "completed", 30)
    assert [line["text"] for line in await reader.lines("123456789")] == ["手动触发的步骤通知"]


async def test_another_workflow_reports_a_step(
    server: Server, reader: Reader, tmp_path: Path
) -> None:
    run_workflow(
        server,
        tmp_path,
        "push",
        deployment_id="called",
        step_name="Build",
        step_status="started",
    )

    [event] = await reader.events(subject="called")

    assert (event["type"], event["project"]) == ("step_started", "shop-team/shop")


def test_a_repository_where_tocsin_is_not_set_up_is_told_so(server: Server, tmp_path: Path) -> None:
    [step] = integration(WORKFLOW).steps
    known = {**contexts(server), "secrets": {}}

    told = run_step(step, known, tmp_path, event_name="workflow_run", event={})

    assert told == (
        "::warning title=Tocsin::The secret TOCSIN_URL is not set: Tocsin was not told.\n"
    )


def test_every_file_is_one_to_copy() -> None:
    found = sorted(path.relative_to(INTEGRATIONS) for path in INTEGRATIONS.rglob("*.yml"))

    assert [path.as_posix() for path in found] == [ACTION, WORKFLOW]
    assert json.dumps(integration(WORKFLOW).parsed["name"]) == '"websocket-notification"'
