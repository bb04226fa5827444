"""The library for CEL: all of it that is used, and no terminal."""

import subprocess
import sys

from tocsin.model.cel_engine import cel

LOADED = "import sys, tocsin.model.cel_engine; print(*sys.modules)"


def test_it_works_expressions_out() -> None:
    program = cel.compile("size(names) > 1")

    assert program.execute({"names": ["a", "b"]}) is True


def test_no_terminal_is_loaded() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    )

    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "cel" in loaded
    assert loaded.isdisjoint({"prompt_toolkit", "pygments", "rich", "typer"})
