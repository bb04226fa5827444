"""That tests/ mirrors src/tocsin one to one: a test is found without looking for it."""

from collections.abc import Mapping
from pathlib import Path

TESTS = Path(__file__).parent
SOURCE = TESTS.parent / "src" / "tocsin"

# Tests that look at the whole and not at one file.
OF_THE_WHOLE = frozenset({"test_architecture.py", "test_layout.py", "notify/test_conformance.py"})
# And those of the scripts around it.
FOLDERS_OF_THE_WHOLE = frozenset({"system", "docs", "scripts", "kit"})

# Files that have no test of their own, and why.
UNTESTED: Mapping[str, str] = {
    "__main__.py": "one call of cli.py",
    "errors.py": "data: the tree of errors",
    "clock.py": "the machine's own clock",
    "model/callback_desk.py": "data: what the desk of callbacks is asked and answers",
    "web/callbacks/desk.py": "a protocol; mypy holds the desk itself against it",
}
UNTESTED_FOLDERS: Mapping[str, str] = {
    "store/tables": "data: the schema; the contract suite and `alembic check` read it",
    "notify/wording/words": "data: texts, which its test_words.py holds together",
    "store/migrations": "run as a whole by tests/store/test_migrate.py",
}


def test_every_test_stands_where_its_file_stands() -> None:
    lost = [
        f"tests/{path}: there is no src/tocsin/{_tested_by(path)}"
        for path in _below(TESTS, "test_*.py")
        if not _is_of_the_whole(path)
        and not (SOURCE / _tested_by(path)).exists()
        and not _tests_a_package(path)
    ]

    assert not lost, "\n" + "\n".join(lost)


def test_every_file_with_logic_has_its_test() -> None:
    bare = [
        f"src/tocsin/{path}: there is no tests/{path.with_name('test_' + path.name)}"
        for path in _below(SOURCE, "*.py")
        if path.name != "__init__.py"
        and not _is_excused(path)
        and not (TESTS / path.with_name("test_" + path.name)).exists()
    ]

    assert not bare, "\n" + "\n".join(bare)


def test_every_excuse_is_needed() -> None:
    gone = [place for place in (*UNTESTED, *UNTESTED_FOLDERS) if not (SOURCE / place).exists()]
    tested = [
        place
        for place in map(Path, UNTESTED)
        if (TESTS / place.with_name("test_" + place.name)).exists()
    ]

    assert not gone
    assert not tested


def _below(folder: Path, pattern: str) -> list[Path]:
    return [path.relative_to(folder) for path in sorted(folder.rglob(pattern))]


def _tested_by(test: Path) -> Path:
    return test.with_name(test.name.removeprefix("test_"))


def _tests_a_package(test: Path) -> bool:
    """tests/commands/test_commands.py looks at src/tocsin/commands/__init__.py."""
    return test.stem == f"test_{test.parent.name}" and (SOURCE / test.parent).is_dir()


def _is_of_the_whole(test: Path) -> bool:
    return test.as_posix() in OF_THE_WHOLE or test.parts[0] in FOLDERS_OF_THE_WHOLE


def _is_excused(path: Path) -> bool:
    return path.as_posix() in UNTESTED or any(
        path.is_relative_to(folder) for folder in UNTESTED_FOLDERS
    )
