"""An address gets its burst and its rate and not one call more, and recovers by waiting."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import Reason, Rejected
from tocsin.ingest.rate import MAX_ADDRESSES, RateLimit


def is_taken(limit: RateLimit, now_s: float, address: str = "192.0.2.1") -> bool:
    try:
        limit.check(address, now_s)
    except Rejected:
        return False
    return True


def taken(limit: RateLimit, calls: int, now_s: float, address: str = "192.0.2.1") -> int:
    return sum(is_taken(limit, now_s, address) for _ in range(calls))


def test_a_burst_is_taken_and_then_the_rate() -> None:
    limit = RateLimit(per_s=10, burst=25)

    assert taken(limit, 100, now_s=50) == 25
    assert taken(limit, 100, now_s=50.5) == 5
    assert taken(limit, 100, now_s=50.55) == 0
    assert taken(limit, 100, now_s=1000) == 25


def test_without_a_burst_of_its_own_a_second_is_the_burst() -> None:
    assert taken(RateLimit(per_s=10), 100, now_s=0) == 10


def test_no_rate_is_no_limit() -> None:
    assert taken(RateLimit(per_s=0), 10_000, now_s=0) == 10_000


def test_each_address_has_its_own_budget() -> None:
    limit = RateLimit(per_s=1)

    assert taken(limit, 5, now_s=0, address="192.0.2.1") == 1
    assert taken(limit, 5, now_s=0, address="192.0.2.2") == 1


def test_a_refusal_says_when_to_come_back() -> None:
    limit = RateLimit(per_s=1)
    limit.check("192.0.2.1", 7)

    with pytest.raises(Rejected) as refused:
        limit.check("192.0.2.1", 7)

    assert (refused.value.status, refused.value.reason) == (429, Reason.RATE_LIMITED)
    assert refused.value.retry_after_s == 1
    assert is_taken(limit, 7 + 1)


def test_refused_calls_cost_nothing() -> None:
    limit = RateLimit(per_s=1)
    taken(limit, 1_000, now_s=0)

    assert is_taken(limit, 1)


def test_the_memory_is_bounded_and_forgets_whom_it_has_not_seen_longest() -> None:
    limit = RateLimit(per_s=1)
    limit.check("quiet", 0)
    limit.check("busy", 0)
    for number in range(MAX_ADDRESSES - 1):
        limit.check(f"address {number}", 0)
        is_taken(limit, 0, "busy")

    assert len(limit._buckets) == MAX_ADDRESSES
    assert "quiet" not in limit._buckets
    assert not is_taken(limit, 0, "busy")


_pauses = st.lists(st.sampled_from([0.0, 0.0, 0.001, 0.05, 0.3, 1.0, 4.0]), max_size=80)


@given(st.integers(1, 30), st.integers(0, 40), _pauses)
def test_never_more_than_the_burst_and_the_rate_in_any_stretch_of_time(
    per_s: int, burst: int, pauses_s: Sequence[float]
) -> None:
    limit = RateLimit(per_s, burst)
    now_s = 1_000.0
    times_s: list[float] = []
    for pause_s in pauses_s:
        now_s += pause_s
        if is_taken(limit, now_s):
            times_s.append(now_s)

    for first, begin_s in enumerate(times_s):
        for last in range(first, len(times_s)):
            allowed = (burst or per_s) + (times_s[last] - begin_s) * per_s
            assert last - first + 1 <= allowed + 1e-6


@given(st.integers(1, 30), st.integers(0, 40), _pauses)
def test_whoever_waits_a_whole_burst_has_all_of_it_again(
    per_s: int, burst: int, pauses_s: Sequence[float]
) -> None:
    limit = RateLimit(per_s, burst)
    now_s = 0.0
    for pause_s in pauses_s:
        now_s += pause_s
        is_taken(limit, now_s)
    whole = burst or per_s

    assert taken(limit, whole + 5, now_s + whole / per_s + 0.001) == whole
