"""The loops of the stages under their names, which begin with that of the stage."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from tocsin.settings import is_run

Step: TypeAlias = Callable[[], Awaitable[None]]
Loops: TypeAlias = tuple[tuple[str, Step], ...]


def run_here(stages: tuple[str, ...], loops: Loops) -> Loops:
    """Those of `loops` that belong to one of `stages`, or to none."""
    return tuple((name, step) for name, step in loops if is_run(name, stages))
