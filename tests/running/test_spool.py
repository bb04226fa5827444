"""The spool keeps all pieces in order while there is room, then the newest, and tells the gap."""

import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.running import spool as of_spool
from tocsin.running.frames import Frame, FrameReader, Kind
from tocsin.running.spool import Spool

PUTS = st.lists(
    st.tuples(
        st.sampled_from([Kind.OUT, Kind.ERR]), st.floats(0, 1), st.binary(min_size=1, max_size=9)
    )
)


def all_of(spool: Spool) -> list[Frame]:
    """What is in a closed spool."""
    reader = FrameReader()
    frames: list[Frame] = []
    while (taken := spool.take()) is not None:
        frames += reader.feed(taken)
    spool.clean_up()
    return frames


@pytest.fixture
def small_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_spool, "_MAX_MEMORY_BYTES", 1000)
    monkeypatch.setattr(of_spool, "_MAX_FRAME_BYTES", 100)


@given(PUTS)
def test_each_stream_comes_out_as_it_went_in(puts: list[tuple[Kind, float, bytes]]) -> None:
    spool = Spool()
    for kind, at, data in puts:
        spool.put(kind, at, data)
    spool.close()

    frames = all_of(spool)
    for stream in (Kind.OUT, Kind.ERR):
        given_ = b"".join(data for kind, _, data in puts if kind is stream)
        assert b"".join(frame.data for frame in frames if frame.kind is stream) == given_
    assert spool.lines == sum(data.count(b"\n") for _, _, data in puts)


def test_pieces_close_in_time_become_one_frame() -> None:
    spool = Spool()
    for at in (1.0, 1.01, 1.03, 1.04):
        spool.put(Kind.OUT, at, b"x\n")
    spool.close()

    assert [(frame.at, frame.data) for frame in all_of(spool)] == [
        (1.0, b"x\nx\n"),
        (1.03, b"x\nx\n"),
    ]


def test_what_memory_does_not_hold_goes_through_the_file(small_memory: None) -> None:
    spool = Spool()
    for number in range(1000):
        spool.put(Kind.OUT, number, b"%04d\n" % number)
    spool.close()

    data = b"".join(frame.data for frame in all_of(spool))
    assert data == b"".join(b"%04d\n" % number for number in range(1000))


def test_the_newest_are_kept_and_the_gap_is_told(small_memory: None) -> None:
    spool = Spool(max_bytes=5000)
    for number in range(1000):
        spool.put(Kind.OUT, number, b"%04d\n" % number)
    spool.close()

    first, *others = all_of(spool)
    kept = b"".join(frame.data for frame in others)
    assert first.kind is Kind.GAP
    assert kept.endswith(b"0999\n")
    assert first.lines + kept.count(b"\n") == 1000
    assert 4000 < len(b"".join(frame.packed() for frame in others)) < 7000


def test_without_a_place_for_the_file_memory_is_all(small_memory: None) -> None:
    spool = Spool(folder=Path("/no/such/folder"))
    for number in range(1000):
        spool.put(Kind.OUT, number, b"%04d\n" % number)
    spool.close()

    first, *others = all_of(spool)
    kept = sum(frame.data.count(b"\n") for frame in others)
    assert first.kind is Kind.GAP
    assert (first.lines + kept, kept > 0) == (1000, True)


def test_who_takes_waits_until_something_is_put_in() -> None:
    spool = Spool()
    later = threading.Timer(0.05, spool.put, (Kind.OUT, 1.0, b"x"))
    later.start()

    [frame] = FrameReader().feed(spool.take() or b"")

    later.join()
    spool.clean_up()
    assert frame.data == b"x"


def test_pieces_gather_while_there_are_few_and_more_may_come(small_memory: None) -> None:
    spool = Spool()
    begun = time.monotonic()
    spool.gather()
    waited_s = time.monotonic() - begun
    for number in range(1000):
        spool.put(Kind.OUT, number, b"%04d\n" % number)
    begun = time.monotonic()
    for _ in range(1000):
        spool.gather()

    assert waited_s > 0.03
    assert time.monotonic() - begun < 1
    spool.clean_up()


def test_nothing_goes_in_after_the_close() -> None:
    spool = Spool()
    spool.close()
    spool.put(Kind.OUT, 1.0, b"x\n")

    assert (all_of(spool), spool.lines) == ([], 0)


def test_the_file_has_no_name(tmp_path: Path, small_memory: None) -> None:
    spool = Spool(folder=tmp_path)
    for number in range(1000):
        spool.put(Kind.OUT, number, b"%04d\n" % number)

    assert list(tmp_path.iterdir()) == []
    spool.clean_up()
