"""The rate of messages: so many a second, and an end to who goes on and on."""

from hypothesis import given
from hypothesis import strategies as st

from tocsin.live.ws.message_rate import MAX_REFUSED, MessageRate, Verdict


def test_so_many_are_taken_at_once_and_the_next_is_told() -> None:
    rate = MessageRate(10, 0.0)

    assert [rate.take(0.0) for _ in range(10)] == [Verdict.TAKE] * 10
    assert rate.take(0.0) is Verdict.REFUSE_AND_TELL


def test_one_is_told_once_a_second_only() -> None:
    rate = MessageRate(1, 0.0)
    rate.take(0.0)

    verdicts = [rate.take(at / 100) for at in range(1, 90)]

    assert verdicts.count(Verdict.REFUSE_AND_TELL) == 1


def test_after_a_pause_as_many_are_taken_again() -> None:
    rate = MessageRate(10, 0.0)
    for _ in range(30):
        rate.take(0.0)

    assert [rate.take(1.0) for _ in range(10)] == [Verdict.TAKE] * 10


def test_who_never_pauses_is_closed() -> None:
    rate = MessageRate(10, 0.0)

    verdicts = [rate.take(0.0) for _ in range(10 + MAX_REFUSED)]

    assert verdicts[-1] is Verdict.CLOSE
    assert verdicts.count(Verdict.CLOSE) == 1


def test_who_pauses_now_and_then_is_not() -> None:
    rate = MessageRate(10, 0.0)

    verdicts = [rate.take(second) for second in range(20) for _ in range(60)]

    assert Verdict.CLOSE not in verdicts


@given(st.lists(st.floats(0, 0.5), max_size=200))
def test_never_more_than_the_rate_are_taken(pauses: list[float]) -> None:
    rate, now, taken = MessageRate(10, 0.0), 0.0, 0
    for pause in pauses:
        now += pause
        taken += rate.take(now) is Verdict.TAKE

    assert taken <= 10 + now * 10 + 1e-6
