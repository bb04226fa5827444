"""What waits to be sent in one HTTP answer."""

import asyncio

import pytest

from tocsin.live.outbox import HIGH_WATER_BYTES, Outbox


async def test_all_that_waits_is_taken_at_once_and_in_order() -> None:
    outbox = Outbox()
    outbox.write(b"one ")
    outbox.write(b"two")

    taken = await outbox.take()

    assert taken == b"one two"
    assert outbox.unsent_bytes() == 7
    outbox.sent(7)
    assert outbox.unsent_bytes() == 0


@pytest.mark.parametrize("end", [b"data", None])
async def test_a_taker_waits_until_there_is_something_or_it_is_closed(end: bytes | None) -> None:
    outbox = Outbox()
    taking = asyncio.create_task(outbox.take())
    await asyncio.sleep(0)
    assert not taking.done()

    if end is None:
        outbox.close(1006, "gone")
    else:
        outbox.write(end)
        outbox.write(b"!")

    assert await taking == (b"" if end is None else b"data!")


async def test_it_says_once_that_it_falls_behind_and_once_that_it_has_caught_up() -> None:
    outbox, told = Outbox(), list[bool]()
    outbox.write(b"." * HIGH_WATER_BYTES)
    outbox.on_pause = told.append
    for _ in range(2):
        outbox.write(b".")
    over = list(told)
    for _ in range(3):
        outbox.sent(1)

    assert over == [True]
    assert told == [True, False]


async def test_without_anybody_to_tell_it_goes_on() -> None:
    outbox = Outbox()
    outbox.write(b"." * (HIGH_WATER_BYTES + 1))
    outbox.sent(HIGH_WATER_BYTES)

    assert outbox.unsent_bytes() == 1


async def test_what_is_closed_takes_nothing_more_and_gives_up_what_waits() -> None:
    outbox = Outbox()
    outbox.write(b"lost")
    outbox.close(4008, "too_slow")
    outbox.close(1006, "gone")
    outbox.write(b"late")

    assert await outbox.take() == b""
    assert outbox.is_closed
    assert outbox.cause == "too_slow"


async def test_it_is_quiet_while_nothing_is_written() -> None:
    outbox = Outbox()
    seen = [outbox.is_quiet()]
    outbox.write(b"data")
    seen += [outbox.is_quiet(), outbox.is_quiet()]
    await outbox.take()
    seen.append(outbox.is_quiet())

    assert seen == [True, False, True, True]
