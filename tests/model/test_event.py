"""Ids of events are UUIDs that sort by the time at which they were made."""

import time
import uuid

from tocsin.model.event import new_event_id, steady_id
from tocsin.testing.clock import START


def test_an_id_is_a_uuid_of_version_7() -> None:
    text = new_event_id()
    one = uuid.UUID(text)

    assert str(one) == text
    assert one.version == 7
    assert one.variant == uuid.RFC_4122


def test_an_id_tells_the_millisecond_it_was_made_in() -> None:
    before = time.time_ns() // 1_000_000
    made = [uuid.UUID(new_event_id()).int >> 80 for _ in range(100)]
    after = time.time_ns() // 1_000_000

    assert all(before <= one <= after for one in made)


def test_no_id_comes_twice() -> None:
    made = [new_event_id() for _ in range(10_000)]

    assert len(set(made)) == len(made)


def test_every_bit_but_version_and_variant_is_random() -> None:
    random_bits = (1 << 76) - 1 ^ (0b11 << 62)
    ones = zeros = 0
    for _ in range(200):
        bits = uuid.UUID(new_event_id()).int & random_bits
        ones |= bits
        zeros |= ~bits & random_bits

    assert ones == zeros == random_bits


def test_a_steady_id_is_a_uuid_of_version_7_by_the_time_it_is_given() -> None:
    one = uuid.UUID(steady_id(START, "a", "b"))

    assert (one.version, one.variant) == (7, uuid.RFC_4122)
    assert one.int >> 80 == int(START.timestamp() * 1000)


def test_a_steady_id_is_the_same_for_the_same_alone() -> None:
    given = [("a", "b"), ("ab", ""), ("b", "a"), ("a",), *((f"{n}", "c") for n in range(1000))]

    made = [steady_id(START, *parts) for parts in given]

    assert made == [steady_id(START, *parts) for parts in given]
    assert len(set(made)) == len(given)
