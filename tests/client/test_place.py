"""A place goes on where it was, and knows what a new connection missed."""

import pytest

from tocsin.client.place import Back, Opened, Place, read_offset


def test_a_place_without_a_seq_has_no_offset() -> None:
    assert Place().offset is None
    assert Place().after("e", 3).offset == "e:3"


@pytest.mark.parametrize(
    ("epoch", "seq", "is_repeat"),
    [("e", 3, True), ("e", 2, True), ("e", 4, False), ("f", 1, False)],
)
def test_a_number_that_was_here_before_is_a_repeat(epoch: str, seq: int, is_repeat: bool) -> None:
    assert Place().after("e", 3).is_repeat(epoch, seq) is is_repeat


@pytest.mark.parametrize(
    ("place", "opened", "expected"),
    [
        # From now on: where it opened is the place, so that a loss before the first event is none.
        (Place("now"), Opened("e", 7, None), "e:7"),
        # From the start, or recovered: older events are still to come.
        (Place("start"), Opened("e", 7, None), None),
        (Place("now", "e", 3), Opened("e", 7, True), "e:3"),
        (Place("now", "e", 3), Opened("e", 7, None), "e:3"),
        # Not recovered: what was is gone.
        (Place("now", "e", 3), Opened("e", 7, False), "e:7"),
        (Place("now", "e", 3), Opened("f", 1, False), "f:1"),
        (Place("start"), Opened("e", 7, False), "e:7"),
    ],
)
def test_an_opened_connection_moves_the_place(
    place: Place, opened: Opened, expected: str | None
) -> None:
    assert place.opened(opened).offset == expected


@pytest.mark.parametrize(
    ("place", "opened", "missed"),
    [
        (Place("now", "e", 3), Opened("e", 7, True), 0),
        (Place("start"), Opened("e", 7, None), 0),
        (Place("now", "e", 3), Opened("e", 7, False), 4),
        (Place("now", "e", 3), Opened("f", 7, False), None),
        (Place("now", "e", 9), Opened("e", 7, False), None),
        (Place("5"), Opened("e", 7, False), None),
    ],
)
def test_a_connection_that_is_back_tells_what_was_missed(
    place: Place, opened: Opened, missed: int | None
) -> None:
    assert place.back(opened) == Back(missed)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("e:3", ("e", 3)),
        ("a:b:3", ("a:b", 3)),
        ("3", None),
        ("e:", None),
        ("e:x", None),
        ("e:³", None),
        ("e:" + "9" * 5000, None),
        ("", None),
    ],
)
def test_an_offset_is_an_epoch_and_a_seq(text: str, expected: tuple[str, int] | None) -> None:
    assert read_offset(text) == expected
