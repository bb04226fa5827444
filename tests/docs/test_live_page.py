"""Examples of following events live are run, each against a real server until it shows one."""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, page
from tests.system.node import FOLDER, NODE
from tests.system.server import Server

PAGES = (page("docs/live.md"), page("README.md"))
ADDRESS = "127.0.0.1:8000"
TEXT = "所有测试通过"
MESSAGE = {"type": "log_entry", "project": "shop", "deployment_id": "42", "message": TEXT}
SHOWN_LIMIT_S = 30.0
POST_EVERY_S = 0.25

EXAMPLES = {
    f"{of.place}, {language} {number}": (language, code)
    for of in PAGES
    for language in ("sh", "js", "python")
    for number, code in enumerate(of.blocks(language), 1)
    # What is typed in the README goes together and is typed in test_examples.py.
    if (of.place, language) != ("README.md", "sh")
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server, None, None]:
    made = Server(tmp_path_factory.mktemp("live"))
    try:
        yield made.start()
    finally:
        made.clean_up()


def command(language: str, code: str) -> Sequence[str | Path]:
    if language == "sh":
        return ["bash", "-c", f"exec {code}"]
    if language == "python":
        return [sys.executable, "-c", code]
    # The package as it lies here, which nobody has to build before.
    source = (ROOT / "clients" / "js" / "src" / "index.ts").as_uri()
    code = code.replace('"tocsin-client"', f'"{source}"')
    return [NODE, "--experimental-eventsource", "--input-type=module", "--eval", code]


@pytest.mark.system
@pytest.mark.parametrize("example", EXAMPLES)
def test_the_example_shows_what_is_posted(example: str, server: Server, tmp_path: Path) -> None:
    language, code = EXAMPLES[example]
    assert ADDRESS in code
    shown = tmp_path / "shown.txt"
    with shown.open("wb") as out:
        process = subprocess.Popen(
            command(language, code.replace(ADDRESS, f"127.0.0.1:{server.port}")),
            # Where the stock client's package is found.
            cwd=FOLDER,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    try:
        post_until_shown(server, process, shown)
    finally:
        process.terminate()
        process.wait(10)


def post_until_shown(server: Server, process: "subprocess.Popen[bytes]", shown: Path) -> None:
    """An example does not say when it is ready, so the message is posted again and again."""
    until_s = time.monotonic() + SHOWN_LIMIT_S
    while TEXT not in (seen := shown.read_text("utf-8", "replace")):
        assert process.poll() is None, seen
        assert time.monotonic() < until_s, seen
        post(server)
        time.sleep(POST_EVERY_S)


def post(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/api/webhooks/deployment", json.dumps(MESSAGE), headers)
        assert connection.getresponse().status == http.HTTPStatus.OK
    finally:
        connection.close()
