"""The OpenAPI document is true: schemathesis calls what it describes and checks the answers."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.conftest import Launch
from tests.system.reading import RECEIVER, Reader, receipt_of, sample
from tests.system.server import Server, clean_environment
from tests.system.sse import STREAM
from tests.system.wire import Connection, connected

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "unsupported_method",
    "allow_header_conformance",
)
HOOKS = "tests.system.openapi_hooks"
ROOT = Path(__file__).parent.parent.parent

# The phase called coverage makes dozens of calls by itself.
EXAMPLES = 3
SOAK_EXAMPLES = 1000

# Every address that the documents and the clients of Tocsin use.
ROUTES = {
    ("post", RECEIVER),
    ("get", "/api/v1/deployments"),
    ("get", "/api/v1/deployments/{id}"),
    ("get", "/api/v1/deployments/{id}/steps"),
    ("get", "/api/v1/deployments/{id}/usual"),
    ("get", "/api/v1/deployments/{id}/logs"),
    ("get", "/api/v1/deployments/{id}/logs/outline"),
    ("get", "/api/v1/deployments/{id}/logs/search"),
    ("get", "/api/v1/projects"),
    ("get", "/api/v1/events"),
    ("post", "/api/v1/events"),
    ("get", "/api/v1/events/{id}"),
    ("get", STREAM),
    ("get", "/api/v1/metrics/deployments"),
    ("post", "/api/v1/session"),
    ("get", "/api/v1/session"),
    ("delete", "/api/v1/session"),
    ("put", "/api/v1/session/password"),
    ("get", "/api/v1/system"),
    ("get", "/api/v1/settings"),
    ("get", "/api/v1/people"),
    ("post", "/api/v1/avatar/status_update"),
    ("get", "/api/v1/avatar/test_webhook"),
    ("post", "/api/v1/avatar/test_webhook"),
    ("get", "/api/v1/trainings"),
    ("post", "/api/v1/trainings"),
    ("get", "/api/v1/trainings/{id}"),
    ("get", "/api/v1/files/{id}"),
    ("get", "/api/v1/tokens"),
    ("get", "/api/v1/release/callbacks"),
    ("get", "/api/v1/release/projects/{id}/callbacks"),
    ("post", "/api/v1/release/projects/{id}/callbacks"),
    ("put", "/api/v1/release/callbacks/{id}"),
    ("delete", "/api/v1/release/callbacks/{id}"),
    ("post", "/api/v1/release/callbacks/{id}/test"),
    ("get", "/api/v1/release/callbacks/history"),
    ("get", "/api/v1/release/tasks/{id}/callbacks"),
    ("get", "/api/v1/release/callbacks/{id}/history"),
    ("post", "/api/v1/release/events"),
}


async def test_the_document_names_every_route(reader: Reader) -> None:
    document = await reader.get("/openapi.json")

    told = {
        (method, "/".join("{id}" if part.startswith("{") else part for part in path.split("/")))
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert told >= ROUTES, ROUTES - told
    body = document["paths"][RECEIVER]["post"]["requestBody"]["content"]
    assert "application/json" in body


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_every_answer_is_as_described(launch: Launch, tmp_path: Path, is_soak: bool) -> None:
    server = launch({"TOCSIN_AUTH__LOCAL_ROLE": "admin"})
    async with connected(server.port) as sender:
        await some_deployments(sender)
    done = run_schemathesis(server, tmp_path, SOAK_EXAMPLES if is_soak else EXAMPLES)

    assert done.returncode == 0, shortened(done.stdout) + done.stderr
    assert "Traceback" not in server.log()


def run_schemathesis(
    server: Server, folder: Path, examples: int
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json"),
            *("--checks", ",".join(CHECKS), "--max-examples", str(examples)),
            *("--phases", "examples,coverage,fuzzing", "--continue-on-failure"),
            # It never ends; tests/system/test_stream.py looks at it.
            *("--exclude-path", STREAM, "--no-color", "--request-timeout", "10"),
        ],
        cwd=folder,
        env=clean_environment(folder, {"SCHEMATHESIS_HOOKS": HOOKS, "PYTHONPATH": str(ROOT)}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=880,
        check=False,
    )


def shortened(report: str) -> str:
    """Without the long runs of one escaped character in which it shows addresses."""
    return re.sub(r"(?:%[0-9A-F]{2}){20,}", "…", report)


async def some_deployments(sender: Connection) -> None:
    """Answers that are not empty have more to be checked."""
    for name in ("step_started", "step_completed", "log_batch", "metrics_update", "test"):
        receipt_of(await sender.post(RECEIVER, sample(name)))
    for project in ("one", "two"):
        receipt_of(await sender.post(RECEIVER, sample("deployment_completed", project=project)))
