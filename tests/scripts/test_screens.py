"""The screens are built anew just when something they are made of has changed."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "screens.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("screens", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A clone whose screens are built."""
    for name in ("ui/src/main.ts", "ui/test/x.test.ts", "clients/js/src/index.ts"):
        file = tmp_path / name
        file.parent.mkdir(parents=True)
        file.write_text(name)
    (tmp_path / "ui/package-lock.json").write_text("{}")
    return tmp_path


@pytest.mark.parametrize(
    "name", ["ui/src/main.ts", "ui/src/new.ts", "ui/package-lock.json", "clients/js/src/index.ts"]
)
def test_a_change_of_a_source_is_seen(script: ModuleType, root: Path, name: str) -> None:
    before = script.digest_of(root)
    (root / name).write_text("something else")

    assert script.digest_of(root) != before


def test_a_file_that_moves_is_a_change(script: ModuleType, root: Path) -> None:
    before = script.digest_of(root)
    (root / "ui/src/main.ts").rename(root / "ui/src/start.ts")

    assert script.digest_of(root) != before


@pytest.mark.parametrize("name", ["ui/test/x.test.ts", "ui/node_modules/vue/index.js"])
def test_tests_and_packages_are_no_sources(script: ModuleType, root: Path, name: str) -> None:
    before = script.digest_of(root)
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text("something else")

    assert script.digest_of(root) == before


def test_what_is_built_already_is_left_alone(
    script: ModuleType, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = root / script.BUILT
    built.mkdir(parents=True)
    (built / script.STAMP).write_text(script.digest_of(root))
    # Whatever would be run fails the test.
    monkeypatch.setattr(script, "npm", None)

    assert script.build_screens(root) is False
