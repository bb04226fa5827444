"""Frames come out as they were put in, wherever the bytes between were cut."""

from hypothesis import given
from hypothesis import strategies as st

from tests.running.pieces import pieces
from tocsin.running.frames import Frame, FrameReader, Kind, gap

FRAMES = st.lists(
    st.builds(
        Frame,
        st.sampled_from([Kind.OUT, Kind.ERR]),
        st.floats(0, 2**32),
        st.binary(max_size=40),
    )
)


@given(FRAMES, st.data())
def test_frames_come_out_as_they_were(frames: list[Frame], data: st.DataObject) -> None:
    packed = b"".join(frame.packed() for frame in frames)
    reader = FrameReader()

    assert [f for piece in data.draw(pieces(packed)) for f in reader.feed(piece)] == frames


def test_a_gap_tells_how_many_lines_are_missing() -> None:
    [frame] = FrameReader().feed(gap(2**40, 1.0).packed())

    assert (frame.kind, frame.lines) == (Kind.GAP, 2**40)
