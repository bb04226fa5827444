"""The deployment that `tocsin demo` plays: a shop goes live, with one upload that fails at first.

Pure: the acts below are data, `story` makes messages and the pauses before them out of
these. The same seed gives the same story.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from tocsin.client import messages
from tocsin.client.messages import Line, Message, Where
from tocsin.model.times import EPOCH, rfc3339

_RED, _GREEN, _YELLOW, _CYAN = "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m"
_BOLD, _DIM, _END = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_OK = f"{_GREEN}✓{_END}"


@dataclass(frozen=True, slots=True)
class Say:
    """After `pause_s`, log lines: one as an entry of its own, several as one batch."""

    pause_s: float
    texts: tuple[str, ...]
    level: str = "info"


@dataclass(frozen=True, slots=True)
class Act:
    """One attempt of a step: how it begins, what it says, how it ends after `last_s` more."""

    name: str
    opening: str
    says: tuple[Say, ...]
    last_s: float
    closing: str
    ends_as: str = "completed"
    retry_after_s: float = 0.0  # above 0: told to be another attempt, so long before it begins


@dataclass(frozen=True, slots=True)
class Beat:
    """Wait `pause_s`, then send `message`."""

    pause_s: float
    message: Message


ACTS = (
    Act(
        "Checkout",
        "Fetching axi-demo/shop",
        (
            Say(0.5, (f"{_DIM}git fetch --depth=1 origin {{commit}}{_END}",)),
            Say(0.8, (f"HEAD is now at {_YELLOW}{{commit}}{_END} Show delivery times",)),
        ),
        0.4,
        "Source is there",
    ),
    Act(
        "Install dependencies",
        "npm ci",
        (
            Say(1.2, ("npm warn deprecated inflight@1.0.6: this module leaks memory",), "warning"),
            Say(
                1.9,
                (
                    "added {packages} packages, and audited {packages} packages in 4s",
                    "94 packages are looking for funding",
                    f"{_GREEN}found 0 vulnerabilities{_END}",
                ),
            ),
        ),
        0.6,
        "{packages} packages installed",
    ),
    Act(
        "Run tests",
        "vitest run",
        (
            Say(
                1.4,
                (
                    f" {_OK} src/cart/price.test.ts {_DIM}(31 tests){_END} 212ms",
                    f" {_OK} src/cart/coupon.test.ts {_DIM}(18 tests){_END} 96ms",
                ),
            ),
            Say(
                1.6,
                (
                    f" {_OK} src/order/delivery.test.ts {_DIM}(44 tests){_END} 640ms",
                    f" {_OK} src/order/refund.test.ts {_DIM}(12 tests){_END} 118ms",
                    f" {_OK} src/i18n/中文.test.ts {_DIM}(9 tests){_END} 41ms",
                ),
            ),
            Say(1.5, ("src/search/index.test.ts took 1310ms, which is slow",), "warning"),
            Say(
                0.9,
                (
                    f" Test Files  {_BOLD}{_GREEN}{{files}} passed{_END}",
                    f"      Tests  {_BOLD}{_GREEN}{{tests}} passed{_END}",
                ),
            ),
        ),
        0.4,
        "{tests} tests passed",
    ),
    Act(
        "Build",
        "vite build",
        (
            Say(0.6, (f"{_CYAN}vite v8.3.0{_END} building for production...",)),
            Say(2.0, (f"{_OK} {{modules}} modules transformed.",)),
            Say(
                1.2,
                (
                    f"dist/index.html                {_DIM}  0.61 kB{_END}",
                    f"dist/assets/{_CYAN}index-D4k2mQ.css{_END}    {_DIM} 48.20 kB{_END}",
                    f"dist/assets/{_CYAN}index-Bx91fa.js{_END}     {_DIM}152.07 kB{_END}",
                ),
            ),
        ),
        0.5,
        "Bundle is 200.88 kB",
    ),
    Act(
        "Upload",
        "rsync dist/ to web-1",
        (
            Say(0.7, ("sending incremental file list",)),
            Say(
                1.5,
                (f"{_RED}rsync: connection reset by peer (104), 61% sent{_END}",),
                "error",
            ),
        ),
        0.3,
        "rsync error: unexplained error (code 255)",
        ends_as="failed",
    ),
    Act(
        "Upload",
        "Second of 3 attempts",
        (
            Say(0.6, ("resuming at 61%",)),
            Say(1.4, (f"{_GREEN}sent 1,204,881 bytes  received 512 bytes{_END}",)),
        ),
        0.4,
        "All files are on web-1",
        retry_after_s=2.2,
    ),
    Act(
        "Restart service",
        "systemctl restart shop",
        (Say(1.2, ("shop.service: started, process {pid}",)),),
        0.5,
        "Service runs",
    ),
    Act(
        "Health check",
        "GET https://shop.example/healthz until it is well",
        (
            Say(0.9, (f"{_YELLOW}503{_END} starting, database pool 2/10",), "warning"),
            Say(1.3, (f"{_YELLOW}503{_END} starting, database pool 9/10",), "warning"),
            Say(1.3, (f"{_GREEN}200{_END} in {{millis}} ms",)),
        ),
        0.4,
        "Healthy",
    ),
)


def step_names() -> tuple[str, ...]:
    """The steps in order, each once."""
    return tuple(dict.fromkeys(act.name for act in ACTS))


def length_s(seed: int) -> float:
    """How long the story of `seed` takes in all."""
    return sum(beat.pause_s for beat in story("", "", EPOCH, seed))


def story(project: str, deployment_id: str, started_at: datetime, seed: int) -> Iterator[Beat]:
    """All beats of one deployment that begins at `started_at`, in order."""
    return _Telling(project, deployment_id, started_at, seed).beats()


class _Telling:
    """One telling of the story; keeps what time it is in it."""

    def __init__(self, project: str, deployment_id: str, started_at: datetime, seed: int) -> None:
        self._chance = Random(seed)  # noqa: S311 - a story, not a secret
        self._started_at = self._now = started_at
        self._pause_s = 0.0
        self._stream_id = f"deployment_{deployment_id}_{started_at:%Y%m%d%H%M%S}"
        workflow_id = str(self._chance.randrange(10**8, 10**9))
        self._where = Where(project, deployment_id, "deploy-project", workflow_id)
        self._facts = {
            "commit": f"{self._chance.randrange(16**7):07x}",
            "packages": self._chance.randrange(700, 1200),
            "files": self._chance.randrange(17, 24),
            "tests": self._chance.randrange(180, 260),
            "modules": self._chance.randrange(900, 1800),
            "pid": self._chance.randrange(2000, 30000),
            "millis": self._chance.randrange(9, 40),
        }

    def beats(self) -> Iterator[Beat]:
        for act in ACTS:
            self._wait(0.3)
            if act.retry_after_s:
                logs = f"Trying again in {act.retry_after_s:.0f} seconds"
                yield self._beat(self._step(act, "step_updated", "retrying", logs, 0))
                self._wait(act.retry_after_s)
            yield from self._attempt(act)
        self._wait(0.5)
        taken_s = self._since(self._started_at)
        figures = {
            "total_duration": taken_s,
            "start_time": rfc3339(self._started_at),
            "end_time": rfc3339(self._now),
            "status": "success",
            "steps_count": len(step_names()),
            "successful_steps": len(step_names()),
            "failed_steps": 0,
        }
        yield self._beat(messages.metrics(self._where, figures, self._now))
        last = messages.completed(
            self._where,
            "success",
            self._now,
            started_at=self._started_at,
            duration_s=taken_s,
            logs=f"Deployed in {taken_s:.0f} seconds",
        )
        yield self._beat(last)

    def _attempt(self, act: Act) -> Iterator[Beat]:
        begun_at = self._now
        yield self._beat(self._step(act, "step_started", "started", act.opening, 0))
        for say in act.says:
            self._wait(say.pause_s)
            yield self._beat(self._say(act, say))
        self._wait(act.last_s)
        taken_s = self._since(begun_at)
        yield self._beat(self._step(act, "step_completed", act.ends_as, act.closing, taken_s))

    def _step(self, act: Act, kind: str, status: str, logs: str, taken_s: float) -> Message:
        return messages.step(
            self._where,
            act.name,
            status,
            self._now,
            kind=kind,
            duration_s=taken_s,
            logs=logs.format(**self._facts),
        )

    def _say(self, act: Act, say: Say) -> Message:
        lines = [Line(text.format(**self._facts), self._now, say.level) for text in say.texts]
        if len(lines) > 1:
            return messages.log_batch(self._where, lines, step_name=act.name)
        return messages.log_entry(
            self._where,
            lines[0],
            step_name=act.name,
            stream_id=self._stream_id,
            source="workflow",
        )

    def _wait(self, seconds: float) -> None:
        pause_s = round(seconds * self._chance.uniform(0.92, 1.08), 3)
        self._pause_s += pause_s
        self._now += timedelta(seconds=pause_s)

    def _beat(self, message: Message) -> Beat:
        pause_s, self._pause_s = self._pause_s, 0.0
        return Beat(pause_s, message)

    def _since(self, then: datetime) -> float:
        return round((self._now - then).total_seconds(), 1)
