"""Finding kinds: the folder is the list, and a broken file stops the start with its name."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tocsin.discover import discover
from tocsin.errors import ConfigError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    package = tmp_path / "zoo_of_kinds"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    yield package
    for name in [name for name in sys.modules if name.split(".")[0] == "zoo_of_kinds"]:
        del sys.modules[name]


def zoo() -> ModuleType:
    importlib.invalidate_caches()
    return importlib.import_module("zoo_of_kinds")


def test_each_module_and_package_is_a_kind_in_order_of_its_name(folder: Path) -> None:
    (folder / "newt.py").write_text("legs = 4")
    (folder / "bee").mkdir()
    (folder / "bee" / "__init__.py").write_text("legs = 6")
    (folder / "_shared.py").write_text("raise RuntimeError")
    (folder / "notes.txt").write_text("")

    found = discover(zoo(), required=("legs",))

    assert [(name, kind.legs) for name, kind in found.items()] == [("bee", 6), ("newt", 4)]


def test_every_broken_file_is_named(folder: Path) -> None:
    (folder / "ant.py").write_text("import there_is_no_such_module")
    (folder / "bat.py").write_text("legs = = 2")
    (folder / "cat.py").write_text("legs = 4")
    (folder / "dog").mkdir()
    (folder / "dog" / "__init__.py").write_text("")

    with pytest.raises(ConfigError) as caught:
        discover(zoo(), required=("legs", "name"))

    ant, bat, cat, dog = caught.value.problems
    assert ant == (
        f"{folder / 'ant.py'}: cannot be imported: "
        "ModuleNotFoundError: No module named 'there_is_no_such_module'"
    )
    assert bat.startswith(f"{folder / 'bat.py'}: cannot be imported: SyntaxError")
    assert cat == f"{folder / 'cat.py'}: has no name"
    assert dog == f"{folder / 'dog'}: has no legs, name"


def test_one_kind_alone_is_found_beside_broken_ones(folder: Path) -> None:
    (folder / "ant.py").write_text("import there_is_no_such_module")
    (folder / "bee.py").write_text("legs = 6")

    assert list(discover(zoo(), ("legs",), only="bee")) == ["bee"]
    assert discover(zoo(), ("legs",), only="cat") == {}
