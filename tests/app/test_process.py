"""What the server does to its process."""

import resource
from collections.abc import Generator

import pytest

from tocsin.app.process import raise_file_limit


@pytest.fixture
def hard() -> Generator[int, None, None]:
    """The hard limit; the soft one is below it for the test."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, before[0]), before[1]))
    yield before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_soft_limit_of_open_files_is_raised_to_the_hard_one(hard: int) -> None:
    raise_file_limit()

    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
