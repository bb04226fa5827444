"""Keep a stage's loop going: the one place where a broad except stands.

A step that fails is logged once, counted, and tried again after a growing pause;
cancellation goes through.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from prometheus_client import CollectorRegistry, Counter

from tocsin.clock import Clock
from tocsin.errors import TocsinError

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StageRecord:
    """How the steps of a stage's loop went, since the start; `last_ok_at` is when one last did."""

    failures: int = 0
    last_ok_at: datetime | None = None


class Supervisor:
    """Runs the loops of the stages."""

    def __init__(self, clock: Clock, registry: CollectorRegistry) -> None:
        self._clock = clock
        self._stages: dict[str, StageRecord] = {}
        self._failures = Counter(
            "tocsin_stage_failures",
            "Steps of a stage's loop that failed and are tried again.",
            ("stage", "reason"),
            registry=registry,
        )

    @property
    def stages(self) -> Mapping[str, StageRecord]:
        """Every stage by its name, in the order in which they began."""
        return self._stages

    async def keep_going(self, stage: str, step: Callable[[], Awaitable[None]]) -> None:
        """Do `step` again and again until cancelled; it waits for its work itself."""
        failures = 0
        record = self._stages[stage] = StageRecord()
        while True:
            try:
                await step()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                reason = error.reason.value if isinstance(error, TocsinError) else "bug"
                self._failures.labels(stage, reason).inc()
                record = replace(record, failures=record.failures + 1)
                self._stages[stage] = record
                pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**failures)
                failures = min(failures + 1, 10)
                if isinstance(error, TocsinError):
                    # One that is foreseen, and may last: its traceback would say nothing.
                    log.error("stage_failed", stage=stage, reason=reason, cause=str(error))
                else:
                    log.exception("stage_failed", stage=stage, reason=reason)
                await self._clock.sleep(pause_s * random.uniform(0.5, 1))  # noqa: S311 - jitter
            else:
                failures = 0
                record = replace(record, last_ok_at=self._clock.now())
                self._stages[stage] = record
