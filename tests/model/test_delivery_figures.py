"""Figures over deliveries, summed up from days and channels."""

from datetime import date

import pytest

from tocsin.model.delivery_figures import DeliveryFigures, Percentiles, Tally, Waiting
from tocsin.testing.clock import START

FIRST, SECOND, THIRD = (date(2026, 1, day) for day in (1, 2, 3))
GOOD = Tally(success=3, timed=3, duration_sum_ms=31, duration_max_ms=20)
BAD = Tally(success=1, failed=2, pending=4, retries=9, folded=1)


def test_a_sum_is_of_everything_that_was_counted() -> None:
    both = Tally.sum([GOOD, BAD])

    assert both == Tally(
        success=4,
        failed=2,
        pending=4,
        folded=1,
        retries=9,
        timed=3,
        duration_sum_ms=31,
        duration_max_ms=20,
    )
    assert (both.total, both.success_rate, both.duration_avg_ms) == (10, 0.6667, 10.3)


def test_of_nothing_there_is_no_share_and_no_time() -> None:
    none = Tally.sum([])

    assert (none.total, none.success_rate, none.duration_avg_ms) == (0, None, None)
    assert Tally(pending=1).success_rate is None


@pytest.mark.parametrize(
    ("times", "p50", "p95"),
    [
        ({}, None, None),
        ({7: 1}, 7, 7),
        ({1: 1, 2: 1}, 1, 2),
        ({10: 19, 900: 1}, 10, 10),
        ({10: 18, 900: 2}, 10, 900),
        (dict.fromkeys(range(100, 0, -1), 1), 50, 95),
    ],
)
def test_a_percentile_is_the_least_time_that_so_many_did_not_exceed(
    times: dict[int, int], p50: int | None, p95: int | None
) -> None:
    assert Percentiles.of(times) == Percentiles(p50, p95)


def test_figures_are_by_channel_and_by_every_day() -> None:
    figures = DeliveryFigures(
        cells={(FIRST, "slack"): GOOD, (THIRD, "slack"): BAD, (THIRD, "custom"): GOOD},
        percentiles={},
        waiting={"": Waiting(1, START), "email": Waiting(1, START)},
        reasons=[],
        paused=0,
    )

    assert figures.all == Tally.sum([GOOD, BAD, GOOD])
    assert figures.by_channel == {
        "custom": GOOD,
        "email": Tally(),
        "slack": Tally.sum([GOOD, BAD]),
    }
    assert figures.by_day(FIRST, THIRD) == {
        FIRST: GOOD,
        SECOND: Tally(),
        THIRD: Tally.sum([GOOD, BAD]),
    }
