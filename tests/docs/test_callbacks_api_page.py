"""The calls on the page of the callbacks' API work as they stand there, against a real server."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import page
from tests.docs.test_examples import meant_for, read, typed
from tests.system.server import Server, clean_environment
from tocsin.model.callback import LANGUAGES
from tocsin.web.release_envelope import CODE_BASE, WRITING

API = page("docs/callbacks-api.md")
RECEIVER = "127.0.0.1:9200"
LIMIT_S = 30


@pytest.fixture
def receiver(tmp_path: Path) -> Generator[str, None, None]:
    """Where a receiver listens that stands for the one in the examples."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tocsin", "fake", "custom", "--listen", "127.0.0.1:0"],
        env={**clean_environment(tmp_path, {}), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://(127\.0\.0\.1:\d+)/", process.stdout.readline())
        assert found is not None
        yield found[1]
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture
def server(tmp_path: Path) -> Generator[Server, None, None]:
    settings = {
        "TOCSIN_AUTH__LOCAL_ROLE": "admin",
        "TOCSIN_NOTIFY__ALLOWED_NETWORKS": '["127.0.0.0/8"]',
    }
    made = Server(tmp_path, settings)
    try:
        yield made.start()
    finally:
        made.clean_up()


def answers(out: str) -> list[Any]:
    """Each answer in what curl has written one after the other; a table is none."""
    decoder, found, place = json.JSONDecoder(), [], out.find('{"code"')
    while place >= 0:
        answer, end = decoder.raw_decode(out, place)
        found.append(answer)
        place = out.find('{"code"', end)
    return found


@pytest.mark.system
def test_every_call_on_the_page_does_what_it_says(server: Server, receiver: str) -> None:
    known: dict[str, str] = {}
    for block in API.blocks("sh"):
        script = meant_for(server, block.replace(RECEIVER, receiver))
        if "$DELIVERY" in script:
            known["DELIVERY"] = delivered(server)
        names = "; ".join(f"{name}={value}" for name, value in known.items())
        said = answers(typed(server, names, script))
        assert said, block
        assert {(one["code"], one["msg"]) for one in said} == {(0, "ok")}, block
        for name, part in (("CALLBACK", "channels"), ("TEMPLATE", "body")):
            data = said[-1]["data"] or {}
            if part in data and "id" in data:
                known.setdefault(name, data["id"])

    tests = read(server, "/api/release/callbacks/history?kind=test")["data"]
    assert {one["status"] for one in tests["items"]} == {"success"}
    assert tests["total"] == 3
    assert read(server, "/api/release/callbacks")["data"]["total"] == 1


def delivered(server: Server) -> str:
    """The delivery of the event, once it has arrived."""
    until = time.monotonic() + LIMIT_S
    while True:
        items = read(server, "/api/release/tasks/task-1/callbacks?status=success")["data"]["items"]
        if items:
            return str(items[0]["id"])
        assert time.monotonic() < until
        time.sleep(0.05)


def test_every_code_has_its_line() -> None:
    section = "\n".join(row for row in API.section("Answers").splitlines() if row.startswith("|"))
    codes = {CODE_BASE + int(status) for status in (*WRITING, 405, 500)}

    assert {int(code) for code in re.findall(r"\b3\d{3}\b", section)} == codes


def test_every_language_is_named() -> None:
    assert set(LANGUAGES) <= API.words
