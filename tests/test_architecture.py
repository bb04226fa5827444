"""The plan of the code, as data, and that every file of src/tocsin keeps to it.

A fault is one line, `file:line: what is wrong and what to do`; a rule tells all of its faults
at once. The last tests show each rule a small file that breaks it.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT_FOLDER = Path(__file__).parent.parent
SOURCE = ROOT_FOLDER / "src" / "tocsin"

# The route of the data, from the top. A part imports from the rows below its own only: never
# up, never sideways.
ROWS: tuple[frozenset[str], ...] = (
    frozenset({"__main__"}),
    frozenset({"cli"}),
    frozenset({"commands"}),
    frozenset({"app"}),
    frozenset({"ingest", "live", "notify", "release", "watch", "report", "web"}),
    frozenset({"store", "bus", "edge"}),
    frozenset({"model", "settings", "discover"}),
    frozenset({"errors", "clock", "logs"}),
)

# What stands beside the rows: which parts it may import, and which files may import it.
BESIDE: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "client": (frozenset({"model", "errors"}), frozenset({"commands"})),
    "running": (frozenset({"client", "model"}), frozenset({"commands"})),
    "testing": (
        frozenset({"live", "edge", "model", "settings", "discover", "errors", "clock", "logs"}),
        frozenset({"commands.fake"}),
    ),
}

# The package's own file holds the version and imports nothing, so anybody may read it.
ROOT = ""

# Libraries that one part alone may touch, so that they can be replaced there.
ONLY_IN: Mapping[str, str] = {
    "sqlalchemy": "store",
    "alembic": "store",
    "sqlite3": "store",
    "aiosqlite": "store",
    "psycopg": "store",
    "obstore": "store",
    "redis": "bus",
    "cel": "model",
}

# Libraries that come with another one, which is the one that is declared.
COMES_WITH: Mapping[str, str] = {
    "pydantic_core": "pydantic",
    "starlette": "fastapi",
    "yarl": "aiohttp",
}

# Where a broad `except` may stand, and why it must.
BROAD_EXCEPTS: Mapping[str, str] = {
    "bus/supervisor.py": "the one place that keeps loops going",
    "discover.py": "a file put in by anybody may fail in any way; the start stops with its name",
    "edge/opening.py": "as for handlers in edge/websocket.py, before there is a socket",
    "notify/delivery/attempt.py": "a channel's fault ends one delivery, and no other channel's",
    "edge/websocket.py": "a handler's fault ends its socket, and leaves it in no list of uvicorn's",
    "store/writer.py": "whatever the work raised in the writer's thread is raised to its caller",
}

DRAWERS = frozenset({"utils", "util", "helpers", "common", "base", "manager", "core", "misc"})

MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 60

# Written by Alembic's rules: a schema change is one function, however long.
LONG_FUNCTIONS = ("store/migrations/versions/",)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class File:
    """One file of the package; `place` is its path below src/tocsin."""

    place: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.tree))

    @property
    def module(self) -> str:
        """The dotted name below `tocsin`; "" for the package's own file."""
        dotted = self.place.removesuffix(".py").replace("/", ".")
        return "" if dotted == "__init__" else dotted.removesuffix(".__init__")

    @property
    def part(self) -> str:
        return self.module.partition(".")[0]

    def fault(self, node: ast.AST, message: str) -> str:
        return f"src/tocsin/{self.place}:{getattr(node, 'lineno', 1)}: {message}"


@dataclass(frozen=True)
class Import:
    """One name that a file imports, in full: `tocsin.store.journal.Journal`."""

    node: ast.Import | ast.ImportFrom
    name: str

    @property
    def library(self) -> str:
        return self.name.partition(".")[0]

    @property
    def part(self) -> str | None:
        """The part of Tocsin it belongs to; None for other libraries."""
        if self.library != "tocsin":
            return None
        part = self.name.removeprefix("tocsin").removeprefix(".").partition(".")[0]
        return part if part in ALL_PARTS else ROOT


ALL_PARTS = frozenset().union(*ROWS) | set(BESIDE)


def imports(file: File) -> Iterator[Import]:
    package = ["tocsin", *file.place.split("/")[:-1]]
    for node in file.nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node, alias.name)
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            origin = ".".join(filter(None, (above, node.module)))
            for alias in node.names:
                yield Import(node, f"{origin}.{alias.name}")


# --- the rules: each takes a file and tells its faults


def only_down(file: File) -> Iterator[str]:
    if file.part not in ALL_PARTS | {ROOT}:
        yield file.fault(file.tree, f"{file.part} has no row in tests/test_architecture.py")
        return
    for found in imports(file):
        if found.part in {None, ROOT, file.part}:
            continue
        if objection := _objection(file, found):
            yield file.fault(
                found.node, f"{file.part or 'tocsin'} imports {found.name}: {objection}"
            )


def _objection(file: File, found: Import) -> str | None:
    part = found.part or ROOT
    if file.part in BESIDE:
        allowed, _ = BESIDE[file.part]
        return None if part in allowed else f"it may import {_listed(allowed)} only"
    if part in BESIDE:
        _, users = BESIDE[part]
        is_user = file.part in users or file.module in users
        return None if is_user else f"only {_listed(users)} may"
    if file.part == ROOT:
        return "the package's own file imports nothing"
    here, there = _row(file.part), _row(part)
    if there == here:
        return "both stand in one row; they meet in a row below"
    return None if there > here else "that is a row above"


def _row(part: str) -> int:
    return next(number for number, row in enumerate(ROWS) if part in row)


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))


def libraries_in_their_part(file: File) -> Iterator[str]:
    for found in imports(file):
        owner = ONLY_IN.get(found.library)
        if owner and file.part != owner:
            yield file.fault(found.node, f"only {owner}/ may import {found.library}")


def environment_in_the_command_line(file: File) -> Iterator[str]:
    if file.place == "cli.py":
        return
    for node in file.nodes:
        if _reads_environment(node):
            yield file.fault(node, "only cli.py reads the environment; let it be handed in")


def _reads_environment(node: ast.AST) -> bool:
    words = {"environ", "environb", "getenv", "getenvb", "putenv"}
    if isinstance(node, ast.ImportFrom):
        return node.module == "os" and any(alias.name in words for alias in node.names)
    return (
        isinstance(node, ast.Attribute)
        and node.attr in words
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    )


def imports_at_the_top(file: File) -> Iterator[str]:
    for function in _functions(file):
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield file.fault(node, f"import inside {function.name}(): it hides a circle")


def no_imports_for_types_only(file: File) -> Iterator[str]:
    for node in file.nodes:
        name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", None)
        if name == "TYPE_CHECKING":
            yield file.fault(node, "a type that cannot be imported lives on the wrong floor")


def no_wildcards(file: File) -> Iterator[str]:
    for node in file.nodes:
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            yield file.fault(node, f"name what is imported from {node.module}")


def no_drawers(file: File) -> Iterator[str]:
    for name in file.place.removesuffix(".py").split("/"):
        if name in DRAWERS:
            yield file.fault(file.tree, f"{name!r} says nothing; name it after what it holds")


def said_what_for(file: File) -> Iterator[str]:
    if not ast.get_docstring(file.tree):
        yield file.fault(file.tree, "the first line says in one sentence what the file is for")


def files_of_a_size(file: File) -> Iterator[str]:
    lines = len(file.text.splitlines())
    if lines > MAX_FILE_LINES:
        yield file.fault(file.tree, f"{lines} lines, {MAX_FILE_LINES} at most")


def functions_of_a_size(file: File) -> Iterator[str]:
    if file.place.startswith(LONG_FUNCTIONS):
        return
    for function in _functions(file):
        lines = _length(function)
        if ast.get_docstring(function, clean=False) is not None:
            lines -= _length(function.body[0])
        if lines > MAX_FUNCTION_LINES:
            message = f"{function.name}() has {lines} lines, {MAX_FUNCTION_LINES} at most"
            yield file.fault(function, message)


def no_broad_excepts(file: File) -> Iterator[str]:
    if file.place not in BROAD_EXCEPTS:
        for node in _broad_excepts(file):
            yield file.fault(node, "name the errors that are meant; the supervisor takes the rest")


def _broad_excepts(file: File) -> Iterator[ast.AST]:
    for node in file.nodes:
        if isinstance(node, ast.ExceptHandler):
            if node.type is None or _names_all(node.type):
                yield node
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func
            name = called.id if isinstance(called, ast.Name) else called
            if name == "suppress" and any(_names_all(argument) for argument in node.args):
                yield node


def _names_all(node: ast.expr) -> bool:
    named = node.elts if isinstance(node, ast.Tuple) else [node]
    return any(
        isinstance(one, ast.Name) and one.id in {"Exception", "BaseException"} for one in named
    )


def _functions(file: File) -> Iterator[Function]:
    return (node for node in file.nodes if isinstance(node, Function))


def _length(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


Rule = Callable[[File], Iterator[str]]

RULES: tuple[Rule, ...] = (
    only_down,
    libraries_in_their_part,
    environment_in_the_command_line,
    imports_at_the_top,
    no_imports_for_types_only,
    no_wildcards,
    no_drawers,
    said_what_for,
    files_of_a_size,
    functions_of_a_size,
    no_broad_excepts,
)


# --- the package keeps to them


@pytest.fixture(scope="module")
def package() -> list[File]:
    paths = sorted(SOURCE.rglob("*.py"))
    return [File(path.relative_to(SOURCE).as_posix(), path.read_text("utf-8")) for path in paths]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_file_keeps_the_rule(rule: Rule, package: list[File]) -> None:
    faults = [fault for file in package for fault in rule(file)]

    assert not faults, "\n" + "\n".join(faults)


def test_every_folder_with_code_is_a_package() -> None:
    folders = {path.parent for path in SOURCE.rglob("*.py")}
    bare = {
        folder.relative_to(SOURCE).as_posix()
        for folder in folders
        if not (folder / "__init__.py").exists()
    }

    # Alembic loads its files by path.
    assert not bare - {"store/migrations", "store/migrations/versions"}


def test_every_library_is_declared(package: list[File]) -> None:
    project = tomllib.loads((ROOT_FOLDER / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {re.split(r"[^\w.-]", line)[0].lower() for line in project["dependencies"]}
    makers = packages_distributions()

    faults = [
        file.fault(found.node, f"{found.library} is no dependency in pyproject.toml")
        for file in package
        for found in imports(file)
        if found.library not in {"tocsin", *sys.stdlib_module_names}
        and declared.isdisjoint(
            maker.lower().replace("_", "-")
            for maker in makers.get(COMES_WITH.get(found.library, found.library), ())
        )
    ]

    assert not faults, "\n" + "\n".join(faults)


def test_every_place_that_may_catch_all_still_does(package: list[File]) -> None:
    places = {file.place for file in package if any(_broad_excepts(file))}

    assert not set(BROAD_EXCEPTS) - places, "take it off BROAD_EXCEPTS"


# --- the rules see what they are for

BREACHES: tuple[tuple[Rule, str, str, str], ...] = (
    (only_down, "an import that goes up", "model/event.py", "from tocsin.store import journal"),
    (only_down, "an import that goes sideways", "store/journal.py", "import tocsin.bus.bell"),
    (only_down, "a stage that knows another", "web/events.py", "from tocsin import ingest"),
    (only_down, "a relative import that goes up", "store/journal.py", "from ..web import pages"),
    (only_down, "a client that knows the server", "client/client.py", "import tocsin.store"),
    (only_down, "a server that knows the client", "web/events.py", "import tocsin.client"),
    (only_down, "a server that uses fakes", "app.py", "import tocsin.testing.clock"),
    (only_down, "a command that uses fakes", "commands/tail.py", "import tocsin.testing.clock"),
    (only_down, "a row that imports its own row", "clock.py", "from tocsin.errors import Reason"),
    (only_down, "a part that has no row", "extras/thing.py", "import os"),
    (libraries_in_their_part, "SQL outside of store", "web/events.py", "import sqlalchemy as sa"),
    (environment_in_the_command_line, "an environment read", "app.py", "import os\nos.getenv('A')"),
    (environment_in_the_command_line, "an environment taken", "a.py", "from os import environ"),
    (imports_at_the_top, "a hidden import", "app.py", "async def f():\n    import json"),
    (no_imports_for_types_only, "an import for types", "app.py", "if typing.TYPE_CHECKING: ..."),
    (no_wildcards, "a wildcard", "app.py", "from tocsin.errors import *"),
    (no_drawers, "a drawer", "web/utils.py", ""),
    (no_drawers, "a folder that is a drawer", "common/times.py", ""),
    (said_what_for, "a file without a word", "app.py", "import json"),
    (files_of_a_size, "a file too long", "app.py", "x = 1\n" * 601),
    (functions_of_a_size, "a function too long", "app.py", "def f():\n" + "    x = 1\n" * 60),
    (no_broad_excepts, "a bare except", "app.py", "try: ...\nexcept: ..."),
    (no_broad_excepts, "a broad except", "app.py", "try: ...\nexcept (OSError, Exception): ..."),
    (no_broad_excepts, "a broad suppress", "app.py", "with contextlib.suppress(Exception): ..."),
)

KEPT: tuple[tuple[Rule, str, str, str], ...] = (
    (only_down, "an import that goes down", "web/events.py", "from tocsin.store import journal"),
    (only_down, "an import in the same part", "store/a.py", "from tocsin.store.b import c"),
    (only_down, "a command that knows the client", "commands/tail.py", "import tocsin.client"),
    (only_down, "the command for fakes", "commands/fake.py", "import tocsin.testing.clock"),
    (only_down, "a command line that knows commands", "cli.py", "from tocsin import commands"),
    (only_down, "a read of the version", "client/a.py", "from tocsin import __version__"),
    (
        functions_of_a_size,
        "a long explanation",
        "app.py",
        'def f():\n    """' + "Why.\n" * 80 + '    """\n    return 1',
    ),
)


@pytest.mark.parametrize(
    ("rule", "what", "place", "text"), BREACHES, ids=[case[1] for case in BREACHES]
)
def test_a_breach_is_seen(rule: Rule, what: str, place: str, text: str) -> None:
    assert list(rule(File(place, text))), what


@pytest.mark.parametrize(("rule", "what", "place", "text"), KEPT, ids=[case[1] for case in KEPT])
def test_what_is_allowed_is_let_be(rule: Rule, what: str, place: str, text: str) -> None:
    assert not list(rule(File(place, text))), what
