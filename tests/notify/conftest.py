"""The stage's tools, for who tests a part of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.appending import settings_with
from tests.notify.working import Working, working


@pytest.fixture
async def at_work(tmp_path: Path) -> AsyncIterator[Working]:
    async with working(tmp_path, settings_with().notify) as found:
        yield found
