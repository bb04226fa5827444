"""What the image is built from and by, without an engine: its context, its wheel, its start."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATIC = "src/tocsin/web/static"
DOCKERFILE = re.sub(r"\\\n\s*", "", (ROOT / "docker" / "Dockerfile").read_text())


def ignored(path: str, rules: list[str]) -> bool:
    """Whether .dockerignore leaves `path` out: the last rule that fits it, or a folder of its."""
    verdict = False
    parents = ["/".join(path.split("/")[:end]) for end in range(1, path.count("/") + 2)]
    for rule in rules:
        pattern = rule.removeprefix("!")
        names = (
            [one.rpartition("/")[2] for one in parents] if pattern.startswith("**/") else parents
        )
        if any(fnmatch(one, pattern.removeprefix("**/")) for one in names):
            verdict = not rule.startswith("!")
    return verdict


def context() -> Iterator[str]:
    """The files of the project that the engine would be sent."""
    text = (ROOT / ".dockerignore").read_text()
    rules = [line for line in text.splitlines() if line and not line.startswith("#")]
    known = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    for path in known.stdout.split("\0"):
        if path and (ROOT / path).is_file() and not ignored(path, rules):
            yield path


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The context, as the first stage finds it in /build."""
    folder = tmp_path_factory.mktemp("context")
    for path in context():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, folder / path)
    return folder


@pytest.fixture(scope="module")
def package(copied: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the wheel holds, built by the Dockerfile's own words; the screens are built already."""
    shutil.copytree(ROOT / STATIC, copied / STATIC)
    (copied / STATIC / ".made-from").write_text(digest(copied))
    found = re.search(r"/tools/bin/(pip wheel [^&]*?) --wheel-dir /wheel \.", DOCKERFILE)
    assert found
    wheels = tmp_path_factory.mktemp("wheels")
    command = [sys.executable, "-m", *found[1].split(), "--quiet", "--wheel-dir", str(wheels), "."]
    subprocess.run(command, cwd=copied, check=True, timeout=100)
    (wheel,) = wheels.glob("*.whl")
    folder = tmp_path_factory.mktemp("package")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def digest(root: Path) -> str:
    """What scripts/screens.py knows the screens' sources by."""
    spec = importlib.util.spec_from_file_location("screens", ROOT / "scripts" / "screens.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return str(module.digest_of(root))


def test_the_context_is_small_and_holds_no_secret() -> None:
    sent = list(context())

    assert {path.partition("/")[0] for path in sent} == {
        "LICENSE",
        "README.md",
        "clients",
        "constraints.txt",
        "pyproject.toml",
        "scripts",
        "src",
        "ui",
    }
    assert [path for path in sent if path.startswith("scripts/")] == ["scripts/screens.py"]
    assert not [path for path in sent if path.endswith(".env")]


def test_the_context_has_all_that_the_screens_are_made_of(copied: Path) -> None:
    assert digest(copied) == digest(ROOT)


def test_the_wheel_brings_all_that_a_start_needs(package: Path) -> None:
    inside = package / "tocsin"

    assert (inside / "web" / "static" / "index.html").is_file()
    assert (inside / "settings" / "defaults.toml").is_file()
    assert list((inside / "store" / "migrations" / "versions").glob("0001_*.py"))


def test_the_image_starts_with_settings_that_tocsin_takes(package: Path) -> None:
    entry, words = (
        json.loads(found)
        for found in re.findall(r"^(?:ENTRYPOINT|CMD) (.*)", DOCKERFILE, re.MULTILINE)
    )
    told = dict(re.findall(r"\b(TOCSIN_\w+)=(\S+)", DOCKERFILE))

    assert (entry, words) == (["tocsin"], ["serve"])
    assert told["TOCSIN_LISTEN"].endswith(":8000")
    environment = {"PYTHONPATH": str(package), "COLUMNS": "200", **told}
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", "check-config"],
        cwd=package,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert "TOCSIN_LISTEN" in done.stdout


def test_it_runs_as_nobody_in_particular_and_tells_its_health() -> None:
    assert re.search(r"^USER 10001$", DOCKERFILE, re.MULTILINE)
    check = re.search(r"^HEALTHCHECK .*?CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert check
    assert json.loads(check[1])[-1] == "http://127.0.0.1:8000/health/ready"
