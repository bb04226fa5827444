"""Counts of a fake slide, and tell how long to wait."""

import pytest

from tocsin.testing.rates import Counts, Rate, whole_s


def test_what_is_over_waits_until_the_oldest_has_left() -> None:
    counts = Counts(Rate(2, 10))

    waits = [counts.wait_s("a", now) for now in (0, 4, 5, 10, 11)]

    assert waits == [0, 0, 5, 0, 3]


def test_the_strictest_of_several_windows_decides() -> None:
    counts = Counts(Rate(1, 1), Rate(2, 60))

    waits = [counts.wait_s("a", now) for now in (0, 0.5, 1, 2)]

    assert waits == [0, 0.5, 0, 58]


def test_each_key_is_counted_for_itself() -> None:
    counts = Counts(Rate(1, 60))

    assert [counts.wait_s(key, 0) for key in ("a", "b", "a")] == [0, 0, 60]


def test_a_look_counts_nothing_and_several_cost_several() -> None:
    counts = Counts(Rate(3, 60))

    assert counts.peek_s("a", 0, 3) == 0
    assert counts.wait_s("a", 0, 2) == 0
    assert (counts.peek_s("a", 1, 2), counts.left("a", 1), counts.reset_s("a", 1)) == (59, 1, 59)


def test_more_than_ever_fits_waits_for_an_empty_window() -> None:
    counts = Counts(Rate(2, 10))
    counts.wait_s("a", 0)

    assert counts.wait_s("a", 1, 5) == 9


def test_without_a_rate_everything_fits() -> None:
    assert Counts().wait_s("a", 0, 1000) == 0


@pytest.mark.parametrize(("wait_s", "whole"), [(0.1, 1), (1, 1), (1.1, 2)])
def test_a_wait_in_whole_seconds_is_never_shorter(wait_s: float, whole: int) -> None:
    assert whole_s(wait_s) == whole
