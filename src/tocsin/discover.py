"""Find the kinds of a thing: each module in a folder is one, so no list has to be edited."""

import importlib
import pkgutil
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from tocsin.errors import ConfigError


def discover(
    package: ModuleType, required: Sequence[str], only: str | None = None
) -> dict[str, ModuleType]:
    """Each module of the package by its name, in order; names that start with "_" are left out.

    Every module must have all the `required` attributes. With `only` no other module than the
    one of that name is imported; the answer is empty when there is none.

    Raises:
        ConfigError: naming each file that cannot be imported or lacks something.
    """
    found: dict[str, ModuleType] = {}
    problems: list[str] = []
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda one: one.name):
        if module.name.startswith("_") or only not in {None, module.name}:
            continue
        file = _file(package, module.name)
        try:
            kind = importlib.import_module(f"{package.__name__}.{module.name}")
        except Exception as error:  # noqa: BLE001 - a file of anybody's may fail in any way
            problems.append(f"{file}: cannot be imported: {type(error).__name__}: {error}")
            continue
        missing = [name for name in required if not hasattr(kind, name)]
        if missing:
            problems.append(f"{file}: has no {', '.join(missing)}")
        found[module.name] = kind
    if problems:
        raise ConfigError(problems)
    return found


def _file(package: ModuleType, name: str) -> Path:
    folders = [Path(folder) for folder in package.__path__]
    candidates = [folder / f"{name}.py" for folder in folders]
    packages = [folder / name for folder in folders]
    return next((path for path in (*candidates, *packages) if path.exists()), candidates[0])
