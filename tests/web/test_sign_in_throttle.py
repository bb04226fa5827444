"""Guessing: some tries are free, then each waits longer; the memory it takes is bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import Rejected
from tocsin.testing.clock import HandClock
from tocsin.web import sign_in_throttle
from tocsin.web.sign_in_throttle import (
    FREE_TRIES,
    FREE_TRIES_AN_ADDRESS,
    MAX_PAUSE_S,
    SignInThrottle,
)

HERE, THERE = "198.51.100.7", "203.0.113.9"


def tries(throttle: SignInThrottle, count: int, name: str = "mina", address: str = HERE) -> None:
    for _ in range(count):
        throttle.take(address, name)


def wait_for(throttle: SignInThrottle, address: str) -> int | None:
    """The seconds to wait before another try; None when it was taken."""
    try:
        throttle.take(address, "mina")
    except Rejected as refused:
        return refused.retry_after_s
    return None


def test_each_further_try_waits_twice_as_long() -> None:
    clock = HandClock()
    throttle = SignInThrottle(clock)
    tries(throttle, FREE_TRIES)

    waits: list[int] = []
    while not waits or waits[-1] < MAX_PAUSE_S:
        waits.append(wait_for(throttle, HERE) or 0)
        clock.move(waits[-1])
        throttle.take(HERE, "mina")

    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900]


def test_a_name_is_slowed_down_for_one_address_only() -> None:
    throttle = SignInThrottle(HandClock())
    tries(throttle, FREE_TRIES)

    throttle.take(THERE, "mina")
    throttle.take(HERE, "jun")
    with pytest.raises(Rejected):
        throttle.take(HERE, "MINA")


def test_many_names_from_one_address_are_slowed_down_too() -> None:
    throttle = SignInThrottle(HandClock())
    for number in range(FREE_TRIES_AN_ADDRESS):
        throttle.take(f"2001:db8::{number:x}", f"name {number}")

    with pytest.raises(Rejected):
        throttle.take("2001:db8::ffff", "another")


def test_who_is_in_is_forgiven_their_own_tries() -> None:
    throttle = SignInThrottle(HandClock())

    for _ in range(20):
        tries(throttle, FREE_TRIES)
        throttle.forgive(HERE, "mina")
    throttle.forgive(THERE, "mina")
    for number in range(FREE_TRIES_AN_ADDRESS):
        throttle.take(HERE, f"name {number}")

    with pytest.raises(Rejected):
        throttle.take(HERE, "mina")


def test_tries_are_forgotten_after_a_while() -> None:
    clock = HandClock()
    throttle = SignInThrottle(clock)
    tries(throttle, FREE_TRIES)

    clock.move(MAX_PAUSE_S)

    tries(throttle, FREE_TRIES)


def test_a_flood_of_names_takes_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in_throttle, "MAX_KEPT", 10)
    throttle = SignInThrottle(HandClock())

    for number in range(1000):
        throttle.take(f"198.51.{number // 200}.{number % 200}", "x" * 5000 + str(number))

    assert len(throttle._tries) <= 10
    assert all(len(name) < 200 for _, name in throttle._tries)


@given(st.lists(st.tuples(st.sampled_from([HERE, THERE]), st.integers(0, 5)), max_size=60))
def test_a_wait_is_never_longer_than_the_longest_pause(calls: list[tuple[str, int]]) -> None:
    clock = HandClock()
    throttle = SignInThrottle(clock)

    for address, pause_s in calls:
        clock.move(pause_s)
        wait_s = wait_for(throttle, address)

        assert wait_s is None or 1 <= wait_s <= MAX_PAUSE_S
