"""What goes to a destination next: in order, at its pace, as one or folded."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.notify.deliveries import DESTINATION, after, delivery
from tocsin.model.delivery import Delivery, DeliveryKind, DeliveryState
from tocsin.notify.channel import Limits, Rate
from tocsin.notify.delivery.lane import MAX_FOLDED, Go, Lane, Wait
from tocsin.notify.delivery.policy import BREAK_AFTER, CLOSED, ORDER_FOR
from tocsin.notify.delivery.window import Pace, Window
from tocsin.testing.clock import START


def lane(*waiting: Delivery, account: Pace | None = None, **limits: Any) -> Lane:
    made = Limits(**{"max_size": 1, "concurrency": 1, **limits})
    one = Lane(DESTINATION, made, Window(made.rates), account)
    one.add(waiting)
    return one


def go(one: Lane, now: datetime = START) -> list[str]:
    """Begin what may go; the ids of it."""
    step = one.next(now)
    if isinstance(step, Wait):
        return []
    one.begin(step.deliveries)
    one.count(now)
    return [each.id for each in step.deliveries]


def arrive(one: Lane, number: int) -> None:
    one.end(one.under_way[f"d-{number:04}"]._replace(state=DeliveryState.DELIVERED))


def fail(one: Lane, number: int, again_at: datetime) -> None:
    known = one.under_way[f"d-{number:04}"]
    one.end(known._replace(tries=known.tries + 1, next_at=again_at))


def test_what_happened_first_goes_first() -> None:
    one = lane(delivery(2), delivery(1), delivery(3))

    assert go(one) == ["d-0001"]


def test_no_more_go_at_once_than_the_destination_takes() -> None:
    one = lane(delivery(1), delivery(2), delivery(3), concurrency=2)

    assert (go(one), go(one), go(one)) == (["d-0001"], ["d-0002"], [])


def test_of_one_order_key_one_is_under_way() -> None:
    one = lane(delivery(1, order_key="k"), delivery(2, order_key="k"), delivery(3), concurrency=3)

    assert (go(one), go(one), go(one)) == (["d-0001"], ["d-0003"], [])
    arrive(one, 1)
    assert go(one) == ["d-0002"]


def test_what_fails_holds_up_its_own_order_only() -> None:
    one = lane(delivery(1, order_key="k"), delivery(2, order_key="k"), delivery(3))
    go(one)
    fail(one, 1, after(5))

    assert go(one) == ["d-0003"]
    arrive(one, 3)
    assert one.next(START) == Wait(after(5))
    assert go(one, after(5)) == ["d-0001"]


def test_behind_what_fails_nothing_waits_for_longer_than_ten_minutes() -> None:
    one = lane(delivery(1, order_key="k"), delivery(2, order_key="k"))
    go(one)
    fail(one, 1, START + 2 * ORDER_FOR)

    assert go(one, START + ORDER_FOR - timedelta(seconds=1)) == []
    assert go(one, START + ORDER_FOR) == ["d-0002"]


def test_first_tries_go_before_retries() -> None:
    one = lane(delivery(1), delivery(2))
    go(one)
    fail(one, 1, START)

    assert go(one) == ["d-0002"]


def test_nothing_goes_before_its_time() -> None:
    one = lane(delivery(1, next_at=after(30)))

    assert one.next(START) == Wait(after(30))
    assert go(one, after(30)) == ["d-0001"]


def test_nothing_goes_to_a_destination_that_is_paused() -> None:
    one = lane(delivery(1))
    one.is_paused = True

    assert one.next(START) == Wait(None)


def test_what_its_platform_holds_up_waits_so_long() -> None:
    one = lane(delivery(1))
    one.held_until = after(60)

    assert one.next(START) == Wait(after(60))
    assert go(one, after(60)) == ["d-0001"]


def test_a_tripped_breaker_lets_one_through_when_its_time_is_over() -> None:
    one = lane(delivery(1), delivery(2), concurrency=8)
    for _ in range(BREAK_AFTER):
        one.breaker = one.breaker.failed(START, 0.0)
    assert one.breaker.open_until is not None

    assert one.next(START) == Wait(one.breaker.open_until)
    assert go(one, one.breaker.open_until) == ["d-0001"]
    assert go(one, one.breaker.open_until) == []
    one.breaker = CLOSED
    assert go(one, after(100)) == ["d-0002"]


def test_the_last_place_of_a_window_takes_all_that_waits() -> None:
    waiting = [delivery(number) for number in range(1, 8)]
    one = lane(*waiting, rates=(Rate(3, 60.0),), concurrency=8)

    assert [go(one), go(one)] == [["d-0001"], ["d-0002"]]
    assert go(one) == [f"d-{number:04}" for number in range(3, 8)]
    assert one.next(START) == Wait(None)


def test_what_cannot_be_folded_waits_for_room() -> None:
    one = lane(delivery(1), delivery(2), rates=(Rate(1, 60.0),), can_fold=False, concurrency=8)

    assert go(one) == ["d-0001"]
    assert one.next(START) == Wait(after(60))


def test_only_what_goes_by_the_same_channel_is_folded() -> None:
    one = lane(delivery(1), delivery(2, channel_id="ch-2"), delivery(3), rates=(Rate(1, 1.0),))

    assert go(one) == ["d-0001", "d-0003"]


def test_a_group_goes_out_together_when_its_time_has_come() -> None:
    one = lane(
        delivery(1, group_key="g", next_at=after(30)),
        delivery(2, group_key="g", next_at=after(30)),
        delivery(3),
        delivery(4, group_key="h", next_at=after(30)),
    )

    assert go(one) == ["d-0003"]
    arrive(one, 3)
    assert go(one, after(30)) == ["d-0001", "d-0002"]


def test_a_retry_goes_alone() -> None:
    one = lane(delivery(1), rates=(Rate(1, 1.0),))
    go(one)
    fail(one, 1, after(5))
    one.add([delivery(2, next_at=after(50)), delivery(3, next_at=after(50))])

    assert go(one, after(5)) == ["d-0001"]


def test_a_digest_that_fails_holds_up_all_of_its_lane() -> None:
    one = lane(delivery(1, kind=DeliveryKind.DIGEST), delivery(2))
    go(one)
    fail(one, 1, after(5))

    assert one.next(START) == Wait(after(5))
    assert go(one, after(5)) == ["d-0001"]


def test_a_digest_stands_for_a_bounded_number() -> None:
    waiting = [delivery(number) for number in range(1, MAX_FOLDED + 50)]
    one = lane(*waiting, rates=(Rate(1, 1.0),))

    assert len(go(one)) == MAX_FOLDED


def test_what_is_known_is_not_taken_up_twice() -> None:
    one = lane(delivery(1))
    go(one)
    one.add([delivery(1)])

    assert not one.waiting


@given(st.data())
@settings(max_examples=60)
def test_all_arrive_once_and_in_the_order_of_their_key(data: st.DataObject) -> None:
    keys = data.draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=12))
    waiting = [delivery(at, order_key=key) for at, key in enumerate(keys, 1)]
    one, now, arrived = lane(*waiting, rates=(Rate(4, 10.0),)), START, list[str]()
    for _ in range(400):
        step = one.next(now)
        if isinstance(step, Go):
            one.begin(step.deliveries)
            one.count(now)
            known = step.deliveries[0]
            if len(step.deliveries) == 1 and known.tries < 3 and data.draw(st.booleans()):
                pause = timedelta(seconds=data.draw(st.integers(1, 20)))
                one.end(known._replace(tries=known.tries + 1, next_at=now + pause))
                continue
            for each in step.deliveries:
                arrived.append(each.id)
                one.end(each._replace(state=DeliveryState.DELIVERED))
        elif step.until is not None:
            now = step.until
        else:
            break

    assert sorted(arrived) == [each.id for each in waiting]
    for key in "abc":
        of_key = [each.id for each in waiting if each.order_key == key]
        assert [name for name in arrived if name in of_key] == of_key


@pytest.mark.parametrize("some", [[], [delivery(1)]])
def test_an_end_that_nobody_began_is_harmless(some: Sequence[Delivery]) -> None:
    one = lane(*some)
    one.end(delivery(9, state=DeliveryState.DELIVERED))

    assert len(one.waiting) == len(some)


def test_what_was_answered_does_not_hide_a_change() -> None:
    one = lane(delivery(1), delivery(2), concurrency=2)
    go(one)
    go(one)
    assert one.next(START) == Wait(None)

    fail(one, 1, after(5))
    assert one.next(START) == Wait(after(5))
    one.add([delivery(3)])
    assert go(one) == ["d-0003"]
    arrive(one, 3)
    one.is_paused = True
    assert one.next(after(5)) == Wait(None)
    one.is_paused = False
    assert go(one, after(5)) == ["d-0001"]


def test_what_was_taken_back_does_not_go() -> None:
    one = lane(delivery(1), delivery(2))

    one.drop(delivery(1))

    assert go(one) == ["d-0002"]


def test_destinations_of_one_account_share_its_places() -> None:
    account = Pace(Window((Rate(2, 10.0),)))
    some = [lane(delivery(at), account=account, can_fold=False) for at in (1, 2, 3)]

    assert [go(one) for one in some] == [["d-0001"], ["d-0002"], []]
    assert some[2].next(START) == Wait(after(10))
    assert go(some[2], after(10)) == ["d-0003"]


def test_the_last_place_of_an_account_takes_all_that_waits_in_a_lane() -> None:
    account = Pace(Window((Rate(2, 10.0),)))
    waiting = [delivery(at) for at in range(1, 5)]
    one = lane(*waiting, account=account, rates=(Rate(9, 1.0),), concurrency=8)

    assert [go(one), go(one)] == [["d-0001"], ["d-0002", "d-0003", "d-0004"]]


def test_the_longer_wait_of_both_counts() -> None:
    account = Pace(Window((Rate(1, 5.0),)))
    one = lane(delivery(1), delivery(2), account=account, rates=(Rate(1, 20.0),), can_fold=False)
    go(one)
    arrive(one, 1)

    assert one.next(START) == Wait(after(20))


def test_what_was_answered_does_not_outlast_a_clock_that_is_set_back() -> None:
    one = lane(delivery(1), delivery(2), rates=(Rate(1, 60),), can_fold=False)
    ahead = after(3600)
    assert (go(one, ahead), go(one, ahead)) == (["d-0001"], [])
    arrive(one, 1)
    assert go(one, ahead) == []

    assert go(one, START) == []
    assert go(one, after(61)) == ["d-0002"]


def test_what_holds_an_account_up_holds_up_all_its_destinations() -> None:
    account = Pace(Window((Rate(9, 1.0),)))
    some = [lane(delivery(at), account=account) for at in (1, 2)]
    account.hold(after(30))

    assert [one.next(START) for one in some] == [Wait(after(30))] * 2
    assert [go(one, after(30)) for one in some] == [["d-0001"], ["d-0002"]]


OF_ACCOUNT, OWN = (Rate(4, 1.0), Rate(11, 10.0)), (Rate(2, 1.0), Rate(6, 20.0))


class Town:
    """Lanes of two accounts, asked as a shard asks them; what went and arrived is written down."""

    def __init__(self, *can_fold: bool) -> None:
        self.accounts = [Pace(Window(OF_ACCOUNT)), Pace(Window(OF_ACCOUNT))]
        self.lanes = [
            lane(account=self.accounts[at % 2], rates=OWN, can_fold=can)
            for at, can in enumerate(can_fold)
        ]
        self.sent: dict[int, list[datetime]] = {}
        self.arrived: list[str] = []

    def go_on(self, now: datetime, fails: Callable[[], bool]) -> None:
        for one in list(self.lanes):
            while isinstance(step := one.next(now), Go):
                assert one.account is not None
                assert (one.account.held_until or now) <= now
                one.begin(step.deliveries)
                one.count(now)
                for key in (id(one), id(one.account)):
                    self.sent.setdefault(key, []).append(now)
                is_failed = fails()
                for each in step.deliveries:
                    self.end(one, each, now if is_failed and len(step.deliveries) == 1 else None)

    def end(self, one: Lane, each: Delivery, failed_at: datetime | None) -> None:
        if failed_at is not None:
            again_at = failed_at + timedelta(seconds=3)
            one.end(each._replace(tries=each.tries + 1, next_at=again_at))
        else:
            self.arrived.append(each.id)
            one.end(each._replace(state=DeliveryState.DELIVERED))

    def most(self, key: object, rate: Rate) -> int:
        """So many went within a window at most."""
        span, times = timedelta(seconds=rate.per_s), self.sent.get(id(key), [])
        return max((sum(at - span < one <= at for one in times) for at in times), default=0)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_no_window_is_exceeded_and_all_arrive_whatever_happens(data: st.DataObject) -> None:
    town, now, made = Town(*data.draw(st.lists(st.booleans(), min_size=2, max_size=9))), START, 0
    for _ in range(data.draw(st.integers(1, 20))):
        for one in town.lanes:
            new = range(made, made := made + data.draw(st.integers(0, 3)))
            one.add(delivery(at) for at in new)
        if data.draw(st.integers(0, 5)) == 0:
            town.accounts[0].hold(now + timedelta(seconds=data.draw(st.integers(1, 5))))
        town.go_on(now, lambda: data.draw(st.booleans()))
        now += timedelta(seconds=data.draw(st.sampled_from([0.3, 1.0, 7.0])))
    for _ in range(300):
        town.go_on(now, lambda: False)
        now += timedelta(seconds=2)

    assert all(town.most(one, rate) <= rate.count for one in town.lanes for rate in OWN)
    assert all(town.most(one, rate) <= rate.count for one in town.accounts for rate in OF_ACCOUNT)
    assert len(town.arrived) == len(set(town.arrived)) == made
    assert not any(one.waiting or one.under_way for one in town.lanes)
