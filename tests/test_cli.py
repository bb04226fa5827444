"""The command line as a whole: every command explains itself, and faults are told in a line."""

import gc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pytest
import typer

from tocsin import commands
from tocsin.cli import build, run
from tocsin.discover import discover

COMMANDS = sorted(discover(commands, required=("add_to",)))


@dataclass(frozen=True, slots=True)
class Ended:
    code: object
    out: str
    err: str


Tocsin = Callable[..., Ended]


@pytest.fixture
def tocsin(capsys: pytest.CaptureFixture[str]) -> Tocsin:
    def call(*args: str, environ: Mapping[str, str] | None = None) -> Ended:
        with pytest.raises(SystemExit) as ended:
            run(args, environ or {})
        said = capsys.readouterr()
        return Ended(ended.value.code, said.out, said.err)

    return call


def words(command: object, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """What to type for each command, those of groups with the group's name before them."""
    children = getattr(command, "commands", None)
    if children is None:
        yield before
        return
    for name, child in children.items():
        yield from words(child, (*before, name))


TYPED = sorted(words(typer.main.get_command(build())))


def test_each_file_of_the_folder_is_a_command() -> None:
    assert sorted({first.replace("-", "_") for first, *_ in TYPED}) == COMMANDS


@pytest.mark.parametrize("typed", TYPED, ids=" ".join)
def test_every_command_explains_itself_with_examples(
    tocsin: Tocsin, typed: tuple[str, ...]
) -> None:
    ended = tocsin(*typed, "--help")

    assert ended.code == 0
    usage, _, help_text = ended.out.partition("Usage:")[2].partition("\n")
    assert usage.split()[: len(typed) + 1] == ["tocsin", *typed]
    assert f"tocsin {' '.join(typed)}" in help_text


def test_a_command_is_loaded_without_the_others() -> None:
    alone = [*words(typer.main.get_command(build(["check-config", "--json"])))]

    assert alone == [("check-config",)]


def test_the_collector_rests_until_the_command_is_loaded_and_never_looks_at_that() -> None:
    gc.disable()
    try:
        build(["version"])

        assert gc.isenabled()
        assert gc.get_freeze_count()
    finally:
        gc.unfreeze()
        gc.enable()


def test_the_bare_command_shows_what_there_is(tocsin: Tocsin) -> None:
    ended = tocsin()

    assert "serve" in ended.out + ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("args", [("nothing-like-it",), ("version", "--loud"), ("serve", "x")])
def test_a_wrong_command_line_ends_with_2(tocsin: Tocsin, args: tuple[str, ...]) -> None:
    ended = tocsin(*args)

    assert ended.code == 2
    assert "Traceback" not in ended.err


def test_each_problem_of_the_settings_is_a_line_and_ends_with_2(tocsin: Tocsin) -> None:
    long_name = "TOCSIN_" + "X" * 200
    ended = tocsin("check-config", environ={long_name: "hunter2", "TOCSIN_LISTEN": "[b]x[/b]"})

    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.splitlines() == [
        "tocsin: TOCSIN_LISTEN: expected a JSON list",
        f"tocsin: {long_name}: there is no such setting",
    ]


def test_a_command_started_without_the_program_is_a_mistake_of_ours() -> None:
    with pytest.raises(RuntimeError, match=r"run by tocsin\.cli"):
        commands.invocation(typer.Context(typer.main.get_command(build())))
