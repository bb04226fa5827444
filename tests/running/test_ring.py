"""The ring keeps the newest records, whole and in order, and counts what it lost."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.running.ring import Ring

STEPS = st.lists(st.one_of(st.none(), st.binary(min_size=1, max_size=60)), max_size=60)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path / "ring", os.O_RDWR | os.O_CREAT, 0o600)
    yield fd
    os.close(fd)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, size=st.integers(60, 150))
def test_the_newest_records_stay_whole_and_in_order(
    file: int, steps: list[bytes | None], size: int
) -> None:
    """None takes a record out, bytes put one in."""
    os.truncate(file, 0)
    ring = Ring(file, size)
    kept: list[bytes] = []
    for step in steps:
        lost_before = ring.lost_lines
        if step is None:
            assert ring.get() == (kept.pop(0) if kept else None)
            continue
        ring.put(step, 1)
        kept.append(step)
        lost = ring.lost_lines - lost_before
        del kept[:lost]
        assert len(ring) == len(kept)
        assert sum(map(len, kept)) <= size

    assert [ring.get() for _ in kept] == kept
    assert ring.get() is None
    assert os.fstat(file).st_size <= size


def test_a_record_that_fits_beside_the_others_pushes_none_out(file: int) -> None:
    ring = Ring(file, 100)
    for number in range(10):
        ring.put(b"%010d" % number, 1)

    assert ring.lost_lines == 0
    assert len(ring) == 10


def test_an_empty_ring_begins_at_the_start_of_its_file_again(file: int) -> None:
    ring = Ring(file, 100)
    for number in range(20):
        ring.put(b"%010d" % number, 1)
        ring.get()

    assert os.fstat(file).st_size == 10


def test_a_record_larger_than_the_ring_is_lost(file: int) -> None:
    ring = Ring(file, 10)

    ring.put(b"x" * 11, 7)

    assert (len(ring), ring.lost_lines) == (0, 7)


def test_what_a_broken_disk_does_not_take_or_give_is_lost(file: int) -> None:
    ring = Ring(file, 100)
    ring.put(b"x" * 10, 3)
    os.truncate(file, 5)
    broken = Ring(-1, 100)
    broken.put(b"x", 4)

    assert ring.get() is None
    assert (ring.lost_lines, broken.lost_lines) == (3, 4)
