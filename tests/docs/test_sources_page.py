"""The calls on the page of sources work with the settings on it, against a real server."""

import tomllib
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import page
from tests.docs.test_examples import meant_for, read, typed
from tests.system.server import Server
from tocsin.ingest.source import find_sources

SOURCES = page("docs/sources.md")

# They have pages of their own.
ELSEWHERE = {"deployment", "fal", "github"}


@pytest.fixture
def server(tmp_path: Path) -> Generator[Server, None, None]:
    config = tmp_path / "tocsin.toml"
    config.write_text("\n".join(SOURCES.blocks("toml")), "utf-8")
    made = Server(tmp_path, options=["--config", str(config)])
    try:
        yield made.start()
    finally:
        made.clean_up()


@pytest.mark.system
def test_every_call_on_the_page_is_stored_once(server: Server) -> None:
    scripts = [meant_for(server, script) for script in SOURCES.blocks("sh")]

    for script in (*scripts, *scripts):
        typed(server, script)

    items = read(server, "/api/v1/events?limit=1000")["items"]
    sources = [one["source"] for one in items if one["source"] != "tocsin"]
    assert set(sources) == set(find_sources()) - ELSEWHERE
    # The others name no delivery, or were signed anew, or ten minutes ended in between.
    for source in ("cloudevents", "gitea", "sentry", "standard", "stripe"):
        assert sources.count(source) == 1, source
    deployments = read(server, "/api/v1/deployments")["items"]
    assert {(one["id"], one["status"]) for one in deployments} == {
        ("31", "running"),
        ("42", "success"),
    }


def test_every_source_has_its_section_and_its_settings() -> None:
    settings: dict[str, Any] = tomllib.loads("\n".join(SOURCES.blocks("toml")))["sources"]
    signing = set(find_sources()) - ELSEWHERE - {"cloudevents"}

    assert set(settings) == signing
    assert all(f"/hooks/{name}" in SOURCES.text for name in signing)
