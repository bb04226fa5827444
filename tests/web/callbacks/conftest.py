"""The API of callbacks for each test, and another one to take things to."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.web.callbacks.house import CallbackHouse, callback_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[CallbackHouse, None]:
    async with callback_house(tmp_path) as house:
        yield house


@pytest.fixture
async def elsewhere(tmp_path: Path) -> AsyncGenerator[CallbackHouse, None]:
    async with callback_house(tmp_path / "elsewhere") as house:
        yield house
