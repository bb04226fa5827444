"""Deadlines in slots: none is lost, none is early, none later than one slot."""

from hypothesis import given
from hypothesis import strategies as st

from tocsin.live.wheel import Wheel

TIMES = st.integers(0, 10_000).map(lambda ms: ms / 1000)


@given(st.lists(TIMES), st.sampled_from([0.1, 0.25, 1.0]), st.lists(TIMES, max_size=20))
def test_everything_comes_up_once_at_its_time_or_one_slot_later(
    deadlines: list[float], resolution_s: float, looks: list[float]
) -> None:
    wheel: Wheel[tuple[int, float]] = Wheel(resolution_s)
    for one in enumerate(deadlines):
        wheel.add(one, one[1])

    taken: list[tuple[int, float]] = []
    for now in [*sorted(looks), 20.0]:
        new = wheel.take(now)
        left = set(enumerate(deadlines)) - {*taken, *new}
        # Adding up tenths is not exact.
        assert all(deadline <= now + 1e-9 for _, deadline in new)
        assert all(deadline + resolution_s > now - 1e-9 for _, deadline in left)
        taken += new

    assert sorted(taken) == list(enumerate(deadlines))
    assert wheel.next_at is None


def test_the_next_time_is_that_of_the_earliest_slot() -> None:
    wheel: Wheel[str] = Wheel(0.5)
    wheel.add("late", 7.2)
    wheel.add("soon", 1.1)
    wheel.add("soon too", 1.4)

    assert wheel.next_at == 1.5
    assert wheel.take(1.4) == []
    assert wheel.take(1.5) == ["soon", "soon too"]
    assert wheel.next_at == 7.5


def test_what_comes_up_may_be_put_back() -> None:
    wheel: Wheel[str] = Wheel(1.0)
    wheel.add("again", 1.0)

    for now in (1.0, 2.0, 3.0):
        assert wheel.take(now) == ["again"]
        wheel.add("again", now + 1)
