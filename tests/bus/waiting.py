"""Wait for what nobody tells."""

import asyncio
from collections.abc import Callable


async def until(is_so: Callable[[], bool]) -> None:
    """Return once it is so; the test's own time limit is the end of it."""
    while not is_so():  # noqa: ASYNC110 - of whatever nobody tells
        await asyncio.sleep(0.001)
