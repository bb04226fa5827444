"""What the pages say to type works: it is typed here, against a real server."""

import http.client
import json
import shlex
import subprocess
import sys
import time
import tomllib
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.docs.pages import PAGES, page
from tests.system.server import Server
from tocsin.errors import Rejected
from tocsin.ingest.body import BodyLimits
from tocsin.ingest.signature import hmac_sha256_hex
from tocsin.ingest.source import InboundCall, Verdict, find_sources
from tocsin.settings import load

README = page("README.md")
OPERATIONS = page("docs/operations.md")

# The addresses in the examples; the server that the tests start has its own port.
ADDRESSES = ("http://127.0.0.1:8000", "https://tocsin.example.org")

SHOWN_LIMIT_S = 30


@pytest.fixture
def server(tmp_path: Path) -> Generator[Server, None, None]:
    """A server in a folder that looks like a clone after `make run`."""
    made = Server(tmp_path)
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name, words in (("tocsin", "-m tocsin"), ("python", "")):
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n')
        program.chmod(0o755)
    try:
        yield made.start()
    finally:
        made.clean_up()


def typed(server: Server, *scripts: str) -> str:
    """What a person sees who types the scripts one after the other in the clone."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(scripts)],
        cwd=server.folder,
        env=server.client_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def meant_for(server: Server, script: str) -> str:
    for address in ADDRESSES:
        script = script.replace(address, server.url)
    # With -f curl fails when the server refuses.
    return script.replace("curl -s ", "curl -sSf ")


def read(server: Server, path: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == http.HTTPStatus.OK, path
        return json.loads(answer.read())
    finally:
        connection.close()


@pytest.mark.system
def test_what_the_readme_types_does_what_it_says(server: Server) -> None:
    making, playing, report, asking, following, *rest = README.blocks("sh")
    assert making == "make run\n"
    # Those that go on until they are ended.
    rest = [one for one in rest if "make run" not in one and "tocsin fake" not in one]
    # At the pace of a person who watches it takes half a minute.
    played = f"{playing.strip()} --fast"

    with shown_meanwhile(server, following) as seen:
        scripts = [played, report, asking, *rest]
        out = typed(server, *(meant_for(server, script) for script in scripts))
        wait_for("部署验证", seen)

    first = read(server, "/api/v1/deployments/123456789")
    assert first["project"] == "axi-star-cloud"
    assert first["status"] == "running"
    assert '"success":true' in out
    shop = read(server, "/api/v1/deployments/42")
    assert (shop["project"], shop["status"], shop["lines"]) == ("shop", "success", 1)
    projects = read(server, "/api/v1/projects")["items"]
    assert {one["project"] for one in projects} == {"axi-star-cloud", "demo-shop", "shop"}


@contextmanager
def shown_meanwhile(server: Server, script: str) -> Generator[Path, None, None]:
    """Run a command that goes on by itself; gives the file of what it has shown."""
    seen = server.folder / "seen.txt"
    with seen.open("wb") as out:
        process = subprocess.Popen(
            ["bash", "-c", f"exec {script}"],
            cwd=server.folder,
            env=server.client_environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    try:
        yield seen
    finally:
        process.terminate()
        process.wait(10)


def wait_for(word: str, seen: Path) -> None:
    until = time.monotonic() + SHOWN_LIMIT_S
    while word not in seen.read_text("utf-8", "replace"):
        assert time.monotonic() < until, seen.read_text("utf-8", "replace")
        time.sleep(0.05)


@pytest.mark.system
def test_a_backup_is_whole_and_can_be_put_back(server: Server) -> None:
    server.run("send", "step", "shop", "1", "Build")
    [shown] = [one for one in OPERATIONS.blocks("console") if one.startswith("$ tocsin backup")]

    here = {"/backups/tocsin-$(date +%F)": "backup", "/var/lib/tocsin": str(server.data_dir)}
    for there, instead in here.items():
        shown = shown.replace(there, instead)
    made = server.run(*shlex.split(shown.removeprefix("$ tocsin ")))
    server.stop()
    for name in ("tocsin.db", "tocsin.db-wal", "tocsin.db-shm"):
        (server.data_dir / name).unlink(missing_ok=True)
    (server.folder / "backup.db").rename(server.data_dir / "tocsin.db")
    server.start()

    assert made.returncode == 0, made.stderr
    assert read(server, "/api/v1/deployments/1")["project"] == "shop"


@pytest.mark.parametrize("of", PAGES, ids=lambda one: one.place)
def test_every_settings_example_is_good(of: Any, tmp_path: Path) -> None:
    kinds = {name: kind.Options for name, kind in find_sources().items()}
    for number, text in enumerate(of.blocks("toml")):
        file = tmp_path / f"{number}.toml"
        file.write_text(text, "utf-8")

        assert tomllib.loads(text)
        load(environ={}, kinds=kinds, config=file)


# --- the source that contributing.md shows


@pytest.fixture
def forge(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    [text] = page("docs/contributing.md").blocks("python")
    module = ModuleType("forge")
    # A dataclass looks its module up by name.
    monkeypatch.setitem(sys.modules, "forge", module)
    exec(compile(text, "docs/contributing.md", "exec"), module.__dict__)  # noqa: S102 - ours
    return module


def call(body: bytes, **headers: str) -> InboundCall:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return InboundCall(named, {}, body, "", datetime(2026, 1, 1, tzinfo=UTC), BodyLimits())


def test_the_source_to_begin_with_checks_signatures(forge: ModuleType) -> None:
    options, secrets = forge.Options(), ("new", "s")
    right = hmac_sha256_hex("s", b"{}")

    assert forge.verify(call(b"{}"), options, secrets) is Verdict.NOT_SIGNED
    assert forge.verify(call(b"{}", x_forge_signature=right), options, secrets) is Verdict.VERIFIED
    with pytest.raises(Rejected):
        forge.verify(call(b"[]", x_forge_signature=right), options, secrets)


def test_the_source_to_begin_with_reads_an_event(forge: ModuleType) -> None:
    [event] = forge.read(call(b'{"a": 1}', x_forge_delivery="7"), forge.Options())

    assert event.source == "forge"
    assert event.data == {"a": 1}
    assert "7" in event.dedupe
