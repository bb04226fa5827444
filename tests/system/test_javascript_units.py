"""The unit tests that are written in JavaScript: those of the client and those of the screens."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.system.node import NODE

NPM = NODE.parent.parent / "lib/node_modules/npm/bin/npm-cli.js"
ROOT = Path(__file__).parents[2]


@pytest.mark.alone
@pytest.mark.parametrize("folder", ["clients/js", "ui"])
def test_they_pass(folder: str) -> None:
    path = f"{NODE.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [NODE, NPM, "test"],
        cwd=ROOT / folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
