"""Which deliveries an event makes, and when each may go."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.notify.deliveries import after, callback, event
from tests.notify.working import target_of
from tocsin.model.callback import Callback, Grouping, QuietHours
from tocsin.model.delivery import Delivery, DeliveryKind, DeliveryState
from tocsin.model.event import Event
from tocsin.notify.delivery.planner import Groups, deliveries_of, goes_at, group_of, new_delivery
from tocsin.notify.known import Target, make_target
from tocsin.testing.clock import START

URL = {"url": "https://hooks.example.com/a"}
OTHER = {"url": "https://hooks.example.com/b"}
GROUPING = Grouping(("event_type",), wait_s=30, interval_s=300)
# Where it is eight in the morning at the tests' begin.
QUIET = QuietHours("Asia/Shanghai", time(7), time(9), but=("deployment_completed",))


def targets_of(of: Callback) -> list[Target]:
    return [make_target(of, row) for row in of.channels]


def planned(
    of: Callback, *events: Event, now: datetime = START, groups: Groups | None = None
) -> list[Delivery]:
    known: Groups = {} if groups is None else groups
    return [one for told in events for one in deliveries_of(told, targets_of(of), known, now)]


def test_an_event_makes_a_delivery_for_each_channel() -> None:
    found = planned(callback(("custom", URL), ("webhook", OTHER)), event(7))

    assert [(one.channel_id, one.channel_type) for one in found] == [
        ("ch-1", "custom"),
        ("ch-2", "custom"),
    ]
    first = found[0]
    assert first.destination != found[1].destination
    assert (first.state, first.kind) == (DeliveryState.WAITING, DeliveryKind.EVENT)
    assert (first.event_seq, first.event_id, first.project) == (7, "e-7", "shop")
    assert (first.subject, first.task_id, first.order_key) == ("d-1", "d-1", "shop\nd-1")
    assert (first.next_at, first.created_at, first.group_key) == (START, START, None)
    assert first.id != found[1].id


@pytest.mark.parametrize(
    ("changed", "is_told"),
    [
        ({}, True),
        ({"project": "*"}, True),
        ({"project": "other"}, False),
        ({"events": ("step_*",)}, True),
        ({"events": ("canary_*",)}, False),
        ({"condition": "event.subject == 'd-1'"}, True),
        ({"condition": "event.subject == 'd-2'"}, False),
        ({"from_seq": 6}, True),
        ({"from_seq": 7}, False),
        ({"from_seq": 8}, False),
    ],
)
def test_who_is_told_of_an_event(changed: dict[str, object], is_told: bool) -> None:
    of = callback(("custom", URL), **changed)  # type: ignore[arg-type] # any of its fields

    assert bool(planned(of, event(7))) is is_told


def test_nobody_is_told_of_deliveries() -> None:
    told = event(type="delivery.sent", source="tocsin")

    assert planned(callback(("custom", URL), project="*"), told) == []


def test_a_task_of_a_standard_message_is_what_it_is_about() -> None:
    (found,) = planned(
        callback(("custom", URL)), event(subject="", data={"task": {"id": "task-9"}})
    )

    assert (found.subject, found.task_id, found.order_key) == ("", "task-9", "shop\ntask-9")


def test_what_is_grouped_waits_for_its_group() -> None:
    groups: Groups = {}
    of = callback(("custom", URL), grouping=GROUPING)

    first, second = planned(of, event(1), event(2), groups=groups)
    (other,) = planned(of, event(3, type="deployment_completed"), groups=groups)
    (later,) = planned(of, event(4), now=after(31), groups=groups)

    assert first.next_at == second.next_at == after(30)
    assert first.group_key == second.group_key != other.group_key
    assert later.next_at == after(330)


def test_groups_of_two_channels_are_two() -> None:
    of = callback(("custom", URL), ("custom", OTHER), grouping=GROUPING)

    one, other = planned(of, event(1))

    assert one.group_key != other.group_key
    assert group_of(event(1), targets_of(of)[0]) == one.group_key


def test_quiet_hours_hold_up_all_but_what_they_let_through_as_one_group() -> None:
    of = callback(("custom", URL), quiet_hours=QUIET)

    first, second = planned(of, event(1), event(2, type="alert.firing"))
    (urgent,) = planned(of, event(3, type="deployment_completed"))

    assert first.next_at == second.next_at == after(3600)
    assert first.group_key == second.group_key
    assert first.group_key is not None
    assert (urgent.next_at, urgent.group_key) == (START, None)


def test_a_group_within_quiet_hours_goes_at_their_end_and_stays_a_group() -> None:
    of = callback(("custom", URL), quiet_hours=QUIET, grouping=GROUPING)

    (held,) = planned(of, event(1))
    (plain,) = planned(callback(("custom", URL), grouping=GROUPING), event(1))

    assert held.next_at == after(3600)
    assert held.group_key == plain.group_key


def test_a_group_that_would_go_within_quiet_hours_goes_at_their_end() -> None:
    of = callback(("custom", URL), quiet_hours=QUIET, grouping=GROUPING)
    before = START - timedelta(hours=1, seconds=5)

    first, second = planned(of, event(1), event(2), now=before)
    (urgent,) = planned(of, event(3, type="deployment_completed"), now=before)

    assert first.next_at == second.next_at == after(3600)
    assert urgent.next_at == before + timedelta(seconds=30)


def test_a_group_that_goes_after_the_quiet_hours_is_not_held() -> None:
    of = callback(("custom", URL), quiet_hours=QUIET, grouping=GROUPING)

    (found,) = planned(of, event(1), now=after(3590))

    assert found.next_at == after(3620)


@pytest.mark.parametrize(
    ("newest_s", "now_s", "goes_s"),
    [
        # The first of a group waits for others.
        (None, 0, 30),
        # One that is to go takes along what comes.
        (30, 10, 30),
        (30, 29.9, 30),
        # After one went, the next waits for the interval, and not less than for its own.
        (30, 30, 330),
        (30, 31, 330),
        (30, 299, 330),
        (30, 320, 350),
        (30, 10_000, 10_030),
    ],
)
def test_when_one_of_a_group_goes(newest_s: float | None, now_s: float, goes_s: float) -> None:
    newest = None if newest_s is None else after(newest_s)

    assert goes_at(GROUPING, newest, after(now_s)) == after(goes_s)


@given(st.lists(st.floats(0, 1_000), max_size=30), st.floats(0, 60), st.floats(0, 600))
def test_groups_are_an_interval_apart_and_nothing_waits_longer_than_both(
    gaps: list[float], wait_s: float, interval_s: float
) -> None:
    grouping, newest, now_s = Grouping(("subject",), wait_s, interval_s), None, 0.0
    for gap in gaps:
        now_s += gap
        at = goes_at(grouping, newest, after(now_s))

        assert after(now_s) <= at
        assert (at - after(now_s)).total_seconds() <= max(wait_s, interval_s) + 0.001
        if newest is not None and at != newest:
            assert (at - newest).total_seconds() >= interval_s - 0.001
        newest = at


def test_a_delivery_by_hand_goes_at_once() -> None:
    made = new_delivery(event(), target_of("custom", **URL), START, kind=DeliveryKind.TEST)

    assert (made.kind, made.next_at, made.group_key) == (DeliveryKind.TEST, START, None)
    assert made.shard == int(made.destination[:8], 16) % 8


def test_who_makes_a_delivery_once_more_makes_the_same() -> None:
    made = callback(("custom", URL), ("webhook", OTHER))
    first, again = (planned(made, event(), event(2), now=after(at)) for at in (0, 60))

    assert [one.id for one in first] == [one.id for one in again]
    assert len({one.id for one in first}) == 4
    assert new_delivery(event(), targets_of(made)[0], START).id != first[0].id
