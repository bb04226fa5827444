"""What the code has, the pages name; what the pages name, the code has."""

import ast
import re
import tomllib
from collections.abc import AsyncGenerator, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
import typer
from prometheus_client.parser import text_string_to_metric_families
from pydantic import TypeAdapter

from scripts.docs import PAGES as MADE
from tests.docs.pages import PAGES, ROOT, Page, first_cells, page
from tocsin.app.building import Tocsin
from tocsin.app.building import build as build_server
from tocsin.cli import build as build_program
from tocsin.clock import SystemClock
from tocsin.errors import Reason
from tocsin.ingest.source import find_sources
from tocsin.model.access import Role
from tocsin.notify.channel import find_channels
from tocsin.settings import load
from tocsin.settings.names import dotted
from tocsin.settings.shape import NAMED, Section, find, shape_of

SOURCE = ROOT / "src" / "tocsin"
KINDS = {name: kind.Options for name, kind in find_sources().items()}

# What events of Tocsin's own, and the words for what was changed, may begin with.
NOUNS = (
    "alert|callback|delivery|deployment|destination|instance|person|release|secret_key|service|setting"
    "|source|template|token|training"
)


@pytest.mark.parametrize("place", MADE)
def test_the_page_is_the_one_that_is_made_from_code(place: str) -> None:
    assert page(f"docs/{place}").text == MADE[place](), "run `make docs`"


# --- a server, asked without a socket


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Tocsin, None]:
    loaded = load(environ={}, kinds=KINDS, flags={"data_dir": tmp_path})
    async with build_server(loaded, SystemClock()) as built:
        yield built


async def answer(server: Tocsin, path: str) -> bytes:
    """The body of the answer to a GET from this machine."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1")],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }
    body = b""

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        nonlocal body
        if message["type"] == "http.response.start":
            assert message["status"] == 200
        body += message.get("body", b"")

    await server.front(scope, receive, send)
    return body


async def test_every_route_is_in_the_contracts_and_the_other_way_round(server: Tocsin) -> None:
    described = orjson.loads(await answer(server, "/openapi.json"))["paths"]
    has = {f"{method.upper()} {path}" for path, methods in described.items() for method in methods}
    has -= {route for route in has if route.startswith("HEAD ")}
    named = set(routes_named(page("docs/contracts.md").section("Addresses")))

    # The description does not describe itself, nor what is made for browsers.
    beside = {"GET /openapi.json", "GET /"}
    assert named == has | beside


def routes_named(text: str) -> Iterator[str]:
    """`GET /a`, or with several methods for one address: `GET`, `POST /a`."""
    for row in text.splitlines():
        waiting = []
        for said in re.findall(r"`([^`]+)`", row.split(" | ")[0]):
            method, _, path = said.partition(" ")
            waiting.append(method)
            if path:
                yield from (f"{one} {path}" for one in waiting)
                waiting = []


async def test_every_metric_is_in_operations_and_the_other_way_round(server: Tocsin) -> None:
    text = (await answer(server, "/metrics")).decode()
    has = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in text_string_to_metric_families(text)
        # Beside a counter stands when it was made.
        if not family.name.endswith("_created")
    }
    named = first_cells(page("docs/operations.md").section("Metrics"))

    assert sorted(named) == sorted(has)


# --- settings and commands


@pytest.mark.parametrize("of", PAGES, ids=lambda one: one.place)
def test_every_setting_that_is_named_exists(of: Page) -> None:
    root = shape_of(KINDS)
    sections = [name for name, node in root.children.items() if isinstance(node, Section)]
    pattern = re.compile(rf"(?:{'|'.join(sections)})(?:\.[a-z_]+)+")
    named = {word for word in of.words if pattern.fullmatch(word)}
    # The source that contributing.md shows how to write; loops and a file are named alike.
    named -= {"sources.forge.secret", "logs.py", "watch.stalled", "watch.running_long"}
    named -= {"notify.known", "notify.feed", "notify.spread"}

    assert [word for word in named if find(root, tuple(word.split("."))) is None] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_option_of_a_kind_is_on_its_page(kind: str) -> None:
    section = find(shape_of(KINDS), ("sources", kind))

    assert isinstance(section, Section)
    # Further set-ups are told of once, for all kinds.
    for name in section.children.keys() - {NAMED}:
        assert dotted(("sources", kind, name)) in page("docs/kinds.md").words


@pytest.mark.parametrize("kind", find_channels())
def test_every_option_of_a_channel_is_on_its_page(kind: str) -> None:
    section = page("docs/kinds.md").section(f"Channel `{kind}`")
    schema = TypeAdapter(find_channels()[kind].Options).json_schema()

    assert set(schema["properties"]) <= set(first_cells(section))


def program() -> Iterator[tuple[str, Any]]:
    """Each command with what to type for it."""
    waiting: list[tuple[str, Any]] = [("tocsin", typer.main.get_command(build_program()))]
    while waiting:
        words, command = waiting.pop()
        children: Mapping[str, Any] = getattr(command, "commands", {})
        waiting += [(f"{words} {name}", child) for name, child in children.items()]
        if not children:
            yield words, command


PROGRAM = dict(program())


@pytest.mark.parametrize("words", PROGRAM)
def test_every_command_and_flag_is_in_commands(words: str) -> None:
    section = page("docs/commands.md").section(f"`{words}`")
    flags = {flag for one in PROGRAM[words].params for flag in one.opts if flag != "--help"}

    missing = {flag for flag in flags - {"-h"} if f"`{flag}`" not in section}
    assert {flag for flag in missing if flag.startswith("-")} == set()


@pytest.mark.parametrize("of", PAGES, ids=lambda one: one.place)
def test_every_command_that_is_named_exists(of: Page) -> None:
    starts = {" ".join(words.split()[1 : 1 + count]) for words in PROGRAM for count in (1, 2)}
    groups = {words.split()[1] for words in PROGRAM if len(words.split()) == 3}
    code = "\n".join([*of.words, *of.blocks("sh"), *of.blocks("console")])
    named = re.findall(r"(?:^|[\s/$(])tocsin ([a-z][a-z-]+)(?: ([a-z]+))?", code, re.MULTILINE)

    gone = [
        f"{first} {second}".strip()
        for first, second in named
        if (f"{first} {second}" if first in groups and second else first) not in starts
    ]
    assert gone == []


# --- event types, reasons, log lines


def literals() -> set[str]:
    """Every text that stands as such in the server's code."""
    return {
        node.value
        for path in SOURCE.rglob("*.py")
        if "client" not in path.relative_to(SOURCE).parts
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_event_type_of_our_own_is_on_its_page_and_the_other_way_round() -> None:
    pattern = re.compile(rf"(?:{NOUNS})\.[a-z_]+")
    # Not `tocsin tail --type deployment.stalled`, but the word alone.
    named = {word for word in page("docs/events.md").words if pattern.fullmatch(word)}

    assert named == {text for text in literals() if pattern.fullmatch(text)}


def test_every_event_type_of_our_own_tells_its_fields() -> None:
    of = page("docs/events.md")

    for title in re.findall(r"^## `(.+)`$", of.text, re.MULTILINE):
        section = of.section(f"`{title}`")
        assert "| Field |" in section or "The field is the same" in section, title


def test_every_reason_is_in_the_contracts() -> None:
    named = first_cells(page("docs/contracts.md").section("Reasons"))

    assert sorted(named) == sorted(reason.value for reason in Reason)


def test_every_role_is_in_the_contracts() -> None:
    words = page("docs/contracts.md").words

    assert {role.word for role in Role} <= words


def test_every_log_action_is_in_operations_and_the_other_way_round() -> None:
    levels = {"debug", "info", "warning", "error", "exception", "critical"}
    has = {
        node.args[0].value
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in levels
        and ast.unparse(node.func.value) in ("log", "self._log")
        and isinstance(node.args[0], ast.Constant)
    }
    named = first_cells(page("docs/operations.md").section("Logs"))

    # The one that stands for what libraries say is made in logs.py.
    assert set(named) == {*has, "library"}


# --- architecture


def test_every_dependency_has_its_line_in_architecture() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    has = {re.split(r"[^\w.-]", line)[0] for line in project["dependencies"]}
    named = first_cells(page("docs/architecture.md").section("Dependencies"))

    assert sorted(named) == sorted(has)


def test_every_folder_with_code_is_in_architecture() -> None:
    has = {f"{path.name}/" for path in SOURCE.iterdir() if (path / "__init__.py").exists()}
    has |= {path.name for path in SOURCE.glob("*.py") if not path.name.startswith("__")}

    assert has - page("docs/architecture.md").words == set()


@pytest.mark.parametrize("of", PAGES, ids=lambda one: one.place)
def test_every_file_that_is_named_exists(of: Page) -> None:
    named = {word for word in of.words if re.fullmatch(r"[\w./-]+/[\w.-]*\.(py|toml|md|sh)", word)}
    # What is only shown how to write, and the files of a machine.
    named -= {word for word in named if "forge" in word or word.startswith("/")}

    places = (ROOT, SOURCE)
    assert [one for one in named if not any((place / one).exists() for place in places)] == []


def test_every_word_of_the_glossary_is_used_in_the_code() -> None:
    code = "\n".join(path.read_text("utf-8").lower() for path in SOURCE.rglob("*.py"))
    words = re.findall(r"\*\*(.+?)\*\*", page("docs/glossary.md").text)

    assert [word for word in words if not is_used(word.lower(), code)] == []
    assert len(words) == len(set(words))


def is_used(word: str, code: str) -> bool:
    return any(form in code for form in (word, word.replace(" ", "_"), word.replace(" ", "")))
