"""What was asked for adds up as the server counts it, and is told again on each line."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tocsin.client.live.messages import Offset
from tocsin.client.live.subscription import BROADCASTS, Subscription, Wish
from tocsin.live.ws.client_messages import Subscribe, Unsubscribe
from tocsin.live.ws.server_messages import DEFAULT_TYPES
from tocsin.live.ws.subscription import Subscription as ServerSubscription

SINCE = Offset("e", 7)
TOLD_SINCE = {"since": {"epoch": "e", "seq": 7}}


def test_who_asks_for_nothing_says_nothing_and_goes_on_after_its_place() -> None:
    assert Subscription().opening(None) == []
    assert Subscription().opening(SINCE) == [TOLD_SINCE]


def test_the_first_wish_narrows_later_ones_add_nothing_twice() -> None:
    subscription = (
        Subscription()
        .plus(Wish(event_types=["alert"], projects=["shop"]))
        .plus(Wish(event_types=["alert", "posco_event"], projects=["shop", "blog"]))
        .plus(Wish(deployment_ids=["1"]))
    )

    assert subscription.opening(None) == [
        {
            "event_types": ["alert", "posco_event"],
            "projects": ["shop", "blog"],
            "deployment_ids": ["1"],
        }
    ]


def test_a_filter_takes_the_place_of_the_former_one() -> None:
    subscription = (
        Subscription()
        .plus(Wish(alert_levels=["error"], log_levels=["INFO"]))
        .plus(Wish(alert_levels=["critical"]))
        .plus(Wish(log_levels=[]))
    )

    assert subscription.opening(None) == [
        {"filters": {"alert_levels": ["critical"], "log_levels": []}}
    ]


def test_to_end_types_before_any_wish_means_all_but_those() -> None:
    left = Subscription().minus(Wish(event_types=["log_update"])).total.event_types

    assert left == tuple(one for one in BROADCASTS if one != "log_update")


def test_to_end_all_types_is_told_on_a_new_line_too() -> None:
    subscription = Subscription().plus(Wish(event_types=["alert"]))

    ended = subscription.minus(Wish(event_types=["alert"]))

    assert ended.opening(SINCE) == [{"event_types": [], **TOLD_SINCE}]


def test_who_takes_back_all_names_gets_no_deployment_not_all_of_them() -> None:
    names = Wish(projects=["shop"], deployment_ids=["1"])
    subscription = Subscription().plus(names).minus(names)

    assert subscription.opening(None) == [{"projects": ["(no project)"]}]
    assert subscription.plus(Wish(projects=["blog"])).opening(None) == [{"projects": ["blog"]}]


def test_many_names_are_told_in_as_many_messages_as_a_server_takes() -> None:
    projects = [f"p{number}" for number in range(250)]
    wish = Wish(event_types=["alert"], projects=projects, deployment_ids=["1"])

    told = Subscription().plus(wish).opening(SINCE)

    assert [len(data["projects"]) for data in told] == [100, 100, 50]
    assert [name for data in told for name in data["projects"]] == projects
    assert [sorted(data) for data in told] == [
        ["deployment_ids", "event_types", "projects"],
        ["projects"],
        ["projects", "since"],
    ]
    for data in told:
        data.pop("since", None)
        read_subscribe(data)


@pytest.mark.parametrize(
    ("types", "kind", "wanted"),
    [
        (["alert"], "alert", True),
        (["alert"], "status_update", False),
        (["alert"], "pong", True),
        (["alert"], "connection_status", True),
        (None, "status_update", True),
    ],
)
def test_answers_are_wanted_whatever_is_subscribed(
    types: list[str] | None, kind: str, wanted: bool
) -> None:
    assert Subscription().plus(Wish(event_types=types)).wants(kind) is wanted


def test_the_types_by_default_are_the_servers() -> None:
    assert set(BROADCASTS) == DEFAULT_TYPES


names = st.none() | st.lists(st.sampled_from(["a", "b", "c"]), max_size=2)
types = st.none() | st.lists(st.sampled_from([*BROADCASTS, "deployment_event"]), max_size=3)
levels = st.none() | st.lists(st.sampled_from(["error", "info"]), max_size=2)
wishes = st.builds(Wish, types, names, names, names, levels, names)


@given(st.lists(st.tuples(st.booleans(), wishes), max_size=6))
def test_a_new_line_gets_what_the_old_one_got(steps: list[tuple[bool, Wish]]) -> None:
    """What is told in one message means to the server what was told in many."""
    ours, theirs = Subscription(), ServerSubscription()
    for is_more, wish in steps:
        for kind, part in [("subscribe", wish)] if is_more else ours.ending(wish):
            if kind == "subscribe":
                theirs = theirs.subscribe(read_subscribe(part.data()))
            else:
                theirs = theirs.unsubscribe(read_unsubscribe(part.data()))
        ours = ours.plus(wish) if is_more else ours.minus(wish)

    again = ServerSubscription()
    for data in ours.opening(None):
        again = again.subscribe(read_subscribe(data))

    assert again.types == theirs.types
    assert again.filters == theirs.filters
    assert again.names_all_deployments == theirs.names_all_deployments
    assert (again.projects or set()) - {"(no project)"} == (theirs.projects or set())
    assert (again.deployment_ids or set()) == (theirs.deployment_ids or set())


def read_subscribe(data: dict[str, Any]) -> Subscribe:
    return TypeAdapter(Subscribe).validate_python(data)


def read_unsubscribe(data: dict[str, Any]) -> Unsubscribe:
    return TypeAdapter(Unsubscribe).validate_python(data)
