"""Who is told, when at the earliest, and together with what."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.notify.telling import ANY_DATA, AT, event
from tocsin.model.callback import Callback, Grouping, QuietHours
from tocsin.model.event import Event
from tocsin.notify.delivery.routes import (
    MAX_ID_CHARS,
    MAX_KEY_CHARS,
    group_key,
    hold_until,
    is_quiet,
    is_zone,
    order_key,
    subject_of,
    wanted,
)


def callback(project: str = "shop", *events: str, condition: str = "") -> Callback:
    return Callback(
        id="c1",
        project_id=project,
        name="",
        enabled=True,
        channels=(),
        events=events,
        condition=condition,
        created_at=AT,
        updated_at=AT,
    )


# --- who


@pytest.mark.parametrize(
    ("of", "told", "is_wanted"),
    [
        (callback(), event(), True),
        (callback("*"), event(project=""), True),
        (callback(), event(project="shop2"), False),
        (callback(), event(project=""), False),
        (callback("shop", "canary_*"), event("canary_started"), True),
        (callback("shop", "canary_*"), event("full_completed"), False),
        (callback("shop", "canary_*", "full_completed"), event("full_completed"), True),
        (callback("*", "training.*"), event("training.failed", project=""), True),
        (callback("*", "training.*"), event("trainingx"), False),
        (callback("*", "alert.firing"), event("alert.resolved"), False),
        (callback("shop", "*"), event("anything"), True),
        (callback("shop", "*"), event("delivery.failed", source="tocsin"), False),
        (callback("*", "delivery.failed"), event("delivery.failed", source="tocsin"), False),
        # A shop's own, which brings what was ordered.
        (callback("shop", "*"), event("delivery.failed", source="cloudevents"), True),
        (callback("*", "delivery.failed"), event("delivery.failed", source="release"), True),
        (callback("*", "destination.*"), event("destination.paused"), True),
        (callback(condition="event.data.n > 1"), event(data={"n": 2}), True),
        (callback(condition="event.data.n > 1"), event(data={"n": 1}), False),
        (callback("shop", "step_*", condition="event.data.n > 1"), event("x", {"n": 2}), False),
    ],
)
def test_a_callback_wants_what_fits_in_all(of: Callback, told: Event, *, is_wanted: bool) -> None:
    assert wanted(of, told) is is_wanted


@given(st.text(max_size=10), ANY_DATA)
def test_no_callback_is_told_of_tocsin_s_own_deliveries(verb: str, data: Any) -> None:
    assert not wanted(callback("*"), event(f"delivery.{verb}", data, source="tocsin"))


# --- when

SHANGHAI = QuietHours("Asia/Shanghai", time(22), time(8), but=("alert.*", "full_completed"))
NEW_YORK = QuietHours("America/New_York", time(23), time(2, 30))


@pytest.mark.parametrize(
    ("quiet", "event_type", "now", "until"),
    [
        (None, "a", "2026-01-06T20:00:00", None),
        # 22:00 to 08:00 at UTC+8 is 14:00 to 00:00.
        (SHANGHAI, "a", "2026-01-06T13:59:59.999999", None),
        (SHANGHAI, "a", "2026-01-06T14:00:00", "2026-01-07T00:00:00"),
        (SHANGHAI, "a", "2026-01-06T23:59:59.999999", "2026-01-07T00:00:00"),
        (SHANGHAI, "a", "2026-01-07T00:00:00", None),
        (SHANGHAI, "alert.firing", "2026-01-06T20:00:00", None),
        (SHANGHAI, "full_completed", "2026-01-06T20:00:00", None),
        # Within one day.
        (QuietHours("UTC", time(12), time(13)), "a", "2026-01-06T12:30:00", "2026-01-06T13:00:00"),
        (QuietHours("UTC", time(12), time(12)), "a", "2026-01-06T12:00:00", None),
        # 2026-03-08 the clocks there go from 02:00 at once to 03:00: 02:30 comes as 03:30.
        (NEW_YORK, "a", "2026-03-08T06:59:00", "2026-03-08T07:30:00"),
        (NEW_YORK, "a", "2026-03-08T07:00:00", None),
        # 2026-11-01 they go from 02:00 back to 01:00, so that the night is an hour longer.
        (NEW_YORK, "a", "2026-11-01T05:30:00", "2026-11-01T07:30:00"),
        (
            QuietHours("No/Where", time(12), time(13)),
            "a",
            "2026-01-06T12:30:00",
            "2026-01-06T13:00:00",
        ),
    ],
)
def test_an_event_is_held_until_the_quiet_hours_end(
    quiet: QuietHours | None, event_type: str, now: str, until: str | None
) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)

    held = hold_until(quiet, event_type, at)

    assert held == (until and datetime.fromisoformat(until).replace(tzinfo=UTC))


def test_an_hour_that_comes_twice_is_quiet_twice() -> None:
    quiet = QuietHours("America/New_York", time(1), time(1, 30))
    first, second = (datetime(2026, 11, 1, hour, 10, tzinfo=UTC) for hour in (5, 6))

    assert hold_until(quiet, "a", first) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert hold_until(quiet, "a", second) == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


# Half hours, changes by half an hour, in the south, at midnight, and over the date line.
ZONES = st.sampled_from(
    [
        *("UTC", "Asia/Shanghai", "Asia/Kolkata", "America/New_York", "Europe/Moscow"),
        *("Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Cairo", "Pacific/Apia"),
        *("Asia/Kathmandu", "Africa/Casablanca", "America/Havana", "Pacific/Chatham"),
    ]
)
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2037, 12, 31)).map(  # noqa: DTZ001
    lambda at: at.replace(tzinfo=UTC)
)
QUIET = st.builds(QuietHours, ZONES, st.times(), st.times())


@given(QUIET, INSTANTS)
def test_what_is_held_goes_later_and_not_within_quiet_hours(
    quiet: QuietHours, now: datetime
) -> None:
    until = hold_until(quiet, "a", now)

    assert (until is not None) is is_quiet(quiet, now)
    if until is not None:
        assert now < until <= now + timedelta(days=2)
        assert not is_quiet(quiet, until)


@st.composite
def near_a_change(draw: st.DrawFn) -> tuple[QuietHours, datetime]:
    """Quiet hours and an instant, both within hours of where a zone's clocks are changed."""
    quiet = draw(QUIET)
    zone, year = ZoneInfo(quiet.zone), draw(st.integers(1990, 2036))
    days = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(366)]
    offsets = [day.astimezone(zone).utcoffset() for day in days]
    changes = [
        day for day, one, next_ in zip(days, offsets, offsets[1:], strict=False) if one != next_
    ]
    day = draw(st.sampled_from(changes or days))
    return quiet, day + timedelta(seconds=draw(st.integers(-43_200, 129_600)))


@given(near_a_change())
def test_changes_of_the_clocks_make_no_exception(case: tuple[QuietHours, datetime]) -> None:
    quiet, now = case

    until = hold_until(quiet, "a", now)

    assert (until is not None) is is_quiet(quiet, now)
    if until is not None:
        assert until > now
        assert not is_quiet(quiet, until)


def test_a_day_that_a_zone_left_out_delays_by_a_day() -> None:
    quiet = QuietHours("Pacific/Apia", time(22), time(8))
    # There the day after 2011-12-29 was 2011-12-31.
    now = datetime(2011, 12, 29, 23, tzinfo=ZoneInfo("Pacific/Apia"))

    until = hold_until(quiet, "a", now)

    assert until is not None
    assert until.astimezone(ZoneInfo("Pacific/Apia")).isoformat() == "2011-12-31T08:00:00+14:00"


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("Asia/Shanghai", True),
        ("UTC", True),
        ("Asia/Nowhere", False),
        ("", False),
        ("../etc/passwd", False),
        ("/etc/passwd", False),
        ("a\x00b", False),
        ("Asia", False),
    ],
)
def test_a_zone_is_known_or_not(name: str, *, is_one: bool) -> None:
    assert is_zone(name) is is_one


# --- together with what


def test_a_group_is_what_is_alike_in_everything_that_is_named() -> None:
    grouping = Grouping(("project", "event_type", "data.labels.severity"), 30, 300)
    told = event("alert.firing", {"labels": {"severity": "critical", "instance": "db-1"}})
    alike = event("alert.firing", {"labels": {"severity": "critical"}}, subject="other")
    others = [
        event("alert.resolved", told.data),
        event("alert.firing", told.data, project="till"),
        event("alert.firing", {"labels": {"severity": "warning"}}),
        event("alert.firing", {"labels": "critical"}),
        event("alert.firing", "critical"),
    ]

    keys = {group_key(grouping, one) for one in [told, *others[:3]]}

    assert group_key(grouping, alike) == group_key(grouping, told)
    assert len(keys) == 4
    assert group_key(grouping, others[3]) == group_key(grouping, others[4])


def test_names_that_mean_nothing_tell_nothing_apart() -> None:
    grouping = Grouping(("colour",), 30, 300)

    assert group_key(grouping, event("a")) == group_key(grouping, event("b", project="x"))


@given(ANY_DATA, ANY_DATA)
def test_whatever_the_data_is_a_key_is_short_and_the_same_for_the_same(one: Any, two: Any) -> None:
    grouping = Grouping(("data.status", "data.project.name", "subject"), 30, 300)
    told = event(data=one)

    assert group_key(grouping, told) == group_key(grouping, event("other", one))
    assert len(group_key(grouping, told)) <= MAX_KEY_CHARS
    assert len(order_key(event(data=two, subject=""))) <= MAX_KEY_CHARS


@pytest.mark.parametrize(
    ("told", "key"),
    [
        (event(), "shop\n42"),
        (event(subject="", data={"task": {"id": "t-1"}}), "shop\nt-1"),
        (event(subject="", data={"task": {"id": 17}}), "shop\n17"),
        (event(subject="", data={"task": {"id": True}}), "shop"),
        (event(subject="", data={"task": {"id": ["a"]}}), "shop"),
        (event(subject="", data={"task": "t-1"}), "shop"),
        (event(subject="", data="text"), "shop"),
        (event(subject="a", data={"task": {"id": "t-1"}}), "shop\na"),
        (event(project="", subject=""), ""),
    ],
)
def test_the_order_is_kept_for_a_deployment_a_task_or_a_project(told: Event, key: str) -> None:
    assert order_key(told) == key


def test_the_id_of_a_task_is_as_long_as_a_subject_may_be() -> None:
    """Longer ones fit into no index, and would hold up all others for ever."""
    told = event(subject="", data={"task": {"id": "t" * 5_300}})

    assert subject_of(told) == "t" * MAX_ID_CHARS


NAME = st.text(st.characters(exclude_characters="\n\x00", codec="utf-8"), max_size=300)


@given(NAME, NAME, NAME, NAME)
def test_order_keys_are_alike_exactly_when_project_and_subject_are(
    project: str, subject: str, other_project: str, other_subject: str
) -> None:
    told = event(project=project, subject=subject)
    other = event(project=other_project, subject=other_subject)
    is_same = (project, subject) == (other_project, other_subject)

    assert (order_key(told) == order_key(other)) is is_same
    assert subject_of(told) == subject
