"""Calls sort by their time, whichever instance took them."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.inbound_call import new_call_id
from tocsin.testing.clock import START

_times = st.timedeltas(timedelta(0), timedelta(days=30_000))


@given(_times, _times)
def test_ids_sort_as_the_calls_came(one: timedelta, other: timedelta) -> None:
    first, second = sorted((one, other))

    if first < second:
        assert new_call_id(START + first) < new_call_id(START + second)


def test_two_calls_at_one_instant_have_two_ids() -> None:
    assert len({new_call_id(START) for _ in range(1_000)}) == 1_000
