"""Ids of events are UUIDs that sort by the time at which they were made."""

import time
import uuid

from tocsin.model.event import new_event_id


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
