"""What several of these tests need: a server that keeps what it is sent."""

from collections.abc import Iterator

import pytest

from tests.running.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened
