"""Subscriptions: what a client gets after any sequence of subscribing and unsubscribing."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.live.ws.client_messages import Filters, Subscribe, Unsubscribe
from tocsin.live.ws.dialect import Journaled
from tocsin.live.ws.server_messages import (
    DEFAULT_TYPES,
    EVENT_TYPES,
    Alert,
    AlertLevel,
    EventType,
    LogEntry,
    LogUpdate,
    ServiceEvent,
    StatusUpdate,
    SubscribedFilters,
)
from tocsin.live.ws.subscription import MAX_NAMED, Subscription, TooManyNamed
from tocsin.model.event import Event

AT = datetime(2026, 1, 1, tzinfo=UTC)
NEW = Subscription()
TYPES = st.lists(st.sampled_from(EVENT_TYPES), max_size=4).map(tuple)
NAMED = st.none() | st.lists(st.sampled_from("abc"), max_size=3).map(tuple)
SAID = st.builds(
    Subscribe, event_types=st.none() | TYPES, projects=NAMED, deployment_ids=NAMED
) | st.builds(Unsubscribe, event_types=st.none() | TYPES, projects=NAMED, deployment_ids=NAMED)


def after(*said: Subscribe | Unsubscribe) -> Subscription:
    found = NEW
    for one in said:
        is_more = isinstance(one, Subscribe)
        found = found.subscribe(one) if is_more else found.unsubscribe(one)  # type: ignore[arg-type]
    return found


def event(project: str, deployment_id: str) -> Event:
    return Event(1, "e", "deployment", "note", project, deployment_id, AT, AT, {}, None, None)


def wants(subscription: Subscription, project: str, deployment_id: str) -> bool:
    return any(one.matches(event(project, deployment_id)) for one in subscription.selection)


def is_told_of_deliveries(subscription: Subscription) -> bool:
    sent = replace(event("shop", "d-1"), source="tocsin", type="delivery.sent")
    return any(one.matches(sent) for one in subscription.selection)


def alert(level: AlertLevel = "warning") -> Alert:
    return Alert(level, "title", "message", "performance", "monitor", (), {})


def service(service_id: str) -> ServiceEvent:
    return ServiceEvent(service_id, "name", "started", "running", "message", {})


def lines(*levels: str) -> LogUpdate:
    entries = tuple(LogEntry("t", level, "a", "text") for level in levels)
    return LogUpdate("a.log", entries, len(entries))


def test_who_never_subscribed_gets_all_seven_types() -> None:
    assert NEW.types == DEFAULT_TYPES
    assert len(NEW.types) == 7
    assert NEW.deployment_type == "posco_event"
    assert wants(NEW, "shop", "1")


def test_the_first_subscribe_narrows_and_later_ones_add() -> None:
    first = after(Subscribe(event_types=("alert",)))
    second = first.subscribe(Subscribe(event_types=("log_update",)))

    assert first.types == {"alert"}
    assert second.types == {"alert", "log_update"}


def test_unsubscribing_first_leaves_all_but_that() -> None:
    only = after(Unsubscribe(event_types=("log_update",)))

    assert only.types == DEFAULT_TYPES - {"log_update"}
    assert only.subscribe(Subscribe(event_types=("alert",))).types == {"alert"}


def test_subscribing_without_types_leaves_them_as_they_are() -> None:
    assert after(Subscribe(projects=("a",))).types == DEFAULT_TYPES
    narrowed = after(Subscribe(projects=("a",)), Subscribe(event_types=("posco_event",)))
    assert narrowed.types == {"posco_event"}


@pytest.mark.parametrize(
    ("types", "kind"),
    [
        (("posco_event",), "posco_event"),
        (("deployment_event",), "deployment_event"),
        (("posco_event", "deployment_event"), "deployment_event"),
        (("alert",), None),
        ((), None),
    ],
)
def test_deployments_come_under_one_name(types: tuple[EventType, ...], kind: str | None) -> None:
    found = after(Subscribe(event_types=types))

    assert found.deployment_type == kind
    assert wants(found, "shop", "1") is (kind is not None)


def test_deployments_and_projects_that_are_named_add_up() -> None:
    found = after(Subscribe(projects=("a",)), Subscribe(deployment_ids=("7",)))

    assert wants(found, "a", "1")
    assert wants(found, "b", "7")
    assert not wants(found, "b", "1")
    assert not found.names_all_deployments


def test_naming_projects_does_not_narrow_what_became_of_deliveries() -> None:
    named = after(Subscribe(projects=("a",)))
    only = after(Subscribe(event_types=("webhook_event",), projects=("a",)))

    for one in (named, only):
        assert is_told_of_deliveries(one)
        assert one.journaled.has_webhooks
    assert not wants(only, "a", "1")
    assert not is_told_of_deliveries(named.unsubscribe(Unsubscribe(event_types=("webhook_event",))))


def test_without_the_last_one_named_no_deployment_is_left() -> None:
    found = after(Subscribe(projects=("a",)), Unsubscribe(projects=("a",)))

    assert not wants(found, "a", "1")
    assert not wants(found, "b", "1")
    assert not found.names_all_deployments


def test_naming_too_many_is_refused() -> None:
    found = NEW
    for start in range(0, MAX_NAMED, 100):
        names = tuple(f"p{number}" for number in range(start, start + 100))
        found = found.subscribe(Subscribe(projects=names))

    with pytest.raises(TooManyNamed):
        found.subscribe(Subscribe(deployment_ids=("one more",)))


def test_equal_wishes_are_one_selection() -> None:
    first = after(Subscribe(projects=("a", "b")), Subscribe(deployment_ids=("2", "1")))
    second = after(Subscribe(deployment_ids=("1", "2"), projects=("b", "a")))

    assert first == second
    assert first.selection == second.selection
    assert hash(first) == hash(second)


def test_services_are_filtered() -> None:
    found = after(Subscribe(filters=Filters(service_ids=("news",))))

    assert found.fitting(service("news")) is not None
    assert found.fitting(service("pages")) is None
    assert found.fitting(alert()) is not None


def test_alerts_are_filtered() -> None:
    found = after(Subscribe(filters=Filters(alert_levels=("error", "critical"))))

    assert found.fitting(alert("error")) is not None
    assert found.fitting(alert("info")) is None


def test_log_lines_are_filtered_one_by_one() -> None:
    found = after(Subscribe(filters=Filters(log_levels=("WARN", "error"))))

    assert found.fitting(lines("INFO", "WARNING", "ERROR")) == lines("WARNING", "ERROR")
    assert found.fitting(lines("INFO")) is None
    only = lines("ERROR")
    assert found.fitting(only) is only


def test_a_filter_takes_the_place_of_the_former_and_an_empty_one_lifts_it() -> None:
    found = after(
        Subscribe(filters=Filters(alert_levels=("error",), service_ids=("a",))),
        Subscribe(filters=Filters(alert_levels=("info",))),
    )

    assert found.filters == SubscribedFilters(("a",), ("info",), None)
    assert found.subscribe(Subscribe(filters=Filters(alert_levels=()))).alert_levels is None


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (StatusUpdate(1, 2, 3, "connected", 4, 5), "status_update"),
        (service("a"), "service_event"),
        (alert(), "alert"),
        (lines("INFO"), "log_update"),
    ],
)
def test_what_is_not_subscribed_to_is_not_given(data: Any, kind: EventType) -> None:
    only, all_but = Subscribe(event_types=(kind,)), Unsubscribe(event_types=(kind,))

    found = [one.fitting(data) for one in (NEW, after(only), after(all_but))]
    assert found == [data, data, None]


@given(st.lists(SAID, max_size=8))
def test_the_law_of_subscribing(said: list[Subscribe | Unsubscribe]) -> None:
    found = after(*said)

    named = DEFAULT_TYPES
    has_subscribed = False
    for one in said:
        types = frozenset(one.event_types or ())
        if isinstance(one, Unsubscribe):
            named -= types
        elif one.event_types is not None:
            named = named | types if has_subscribed else types
            has_subscribed = True
    assert found.types == named
    assert set(found.in_order()) == named
    assert found.deployment_type in {None, "posco_event", "deployment_event"}
    assert (found.selection == frozenset()) >= (found.journaled == Journaled(None, False))
    assert found.journaled == (found.deployment_type, "webhook_event" in named)
    assert is_told_of_deliveries(found) or "webhook_event" not in named
