"""What Socket.IO clients may write to follow something, in each spelling."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.live.subscribing import (
    MAX_ID_CHARS,
    BadRequest,
    Request,
    is_request,
    read_request,
)
from tocsin.model.rooms import Room, RoomKind

SHOP = Room(RoomKind.PROJECT, "shop")
ONE = Room(RoomKind.DEPLOYMENT, "1")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "project", "deployment_id", "since_seq", "x"]), inner, max_size=3
        )
    ),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("verb", "between", "kind"),
    list(itertools.product(("subscribe", "unsubscribe"), "_:", RoomKind)),
)
def test_every_spelling_of_a_request_is_understood(verb: str, between: str, kind: RoomKind) -> None:
    name = f"{verb}{between}{kind.value}"

    assert is_request(name)
    assert read_request(name, ["x"]) == Request(Room(kind, "x"), verb == "unsubscribe")


@pytest.mark.parametrize(
    "name",
    [
        "subscribe",
        "subscribe-project",
        "subscribe_Project",
        "subscribe_projects",
        " subscribe_project",
        "subscribe_project\n",
        "resubscribe_project",
        "heartbeat",
        "",
    ],
)
def test_other_names_are_none(name: str) -> None:
    assert not is_request(name)
    with pytest.raises(BadRequest):
        read_request(name, ["shop"])


@pytest.mark.parametrize(
    ("name", "args", "room", "since_seq"),
    [
        ("subscribe_project", ["shop"], SHOP, None),
        ("subscribe_project", [" shop "], SHOP, None),
        ("subscribe_project", [{"project": "shop"}], SHOP, None),
        ("subscribe_project", [{"projectId": "shop"}], SHOP, None),
        ("subscribe_project", [{"project_id": "shop"}], SHOP, None),
        ("subscribe_project", [{"id": "shop", "since_seq": 5}], SHOP, 5),
        ("subscribe_project", [{"project": "", "id": "shop"}], SHOP, None),
        ("subscribe_project", ["shop", {"since_seq": 5}], SHOP, 5),
        ("subscribe_project", ["shop", None], SHOP, None),
        ("subscribe_project", ["shop", 5], SHOP, None),
        ("subscribe_deployment", ["1"], ONE, None),
        ("subscribe_deployment", [1], ONE, None),
        ("subscribe_deployment", [{"deployment_id": 1}], ONE, None),
        ("subscribe_deployment", [{"deploymentId": "1", "sinceSeq": 0}], ONE, 0),
        ("subscribe_deployment", [{"deployment": "1"}], ONE, None),
        ("subscribe_deployment", [{"id": "1", "since_seq": "12"}], ONE, 12),
        ("subscribe_deployment", [{"id": "1", "since_seq": 2**63 - 1}], ONE, 2**63 - 1),
        ("subscribe_deployment", [{"id": "1", "since_seq": None}], ONE, None),
        ("subscribe_project", ["0"], Room(RoomKind.PROJECT, "0"), None),
        ("subscribe_project", [0], Room(RoomKind.PROJECT, "0"), None),
        ("subscribe_project", ["字" * MAX_ID_CHARS], Room(RoomKind.PROJECT, "字" * 200), None),
    ],
)
def test_the_argument_says_which_and_since_when(
    name: str, args: list[Any], room: Room, since_seq: int | None
) -> None:
    assert read_request(name, args) == Request(room, is_leaving=False, since_seq=since_seq)


def test_it_may_say_of_which_journal_the_seq_is() -> None:
    request = read_request("subscribe_project", [{"id": "shop", "since_seq": 5, "epoch": "0f"}])

    assert request == Request(SHOP, is_leaving=False, since_seq=5, epoch="0f")


@pytest.mark.parametrize(
    "args",
    [
        [{"id": "shop", "epoch": 1}],
        [],
        [None],
        [""],
        ["  "],
        [True],
        [1.5],
        [["shop"]],
        [{}],
        [{"project": ["shop"]}],
        [{"name": "shop"}],
        [b"shop"],
        ["x" * (MAX_ID_CHARS + 1)],
        [10**MAX_ID_CHARS],
        [{"id": "shop", "since_seq": -1}],
        [{"id": "shop", "since_seq": 2**63}],
        [{"id": "shop", "since_seq": "9" * 5000}],
        [{"id": "shop", "since_seq": "-1"}],
        [{"id": "shop", "since_seq": "٣"}],
        [{"id": "shop", "since_seq": 1.0}],
        [{"id": "shop", "since_seq": True}],
        [{"id": "shop", "since_seq": {}}],
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(args: list[Any]) -> None:
    with pytest.raises(BadRequest, match="expected"):
        read_request("subscribe_project", args)


@given(st.sampled_from(["subscribe_project", "unsubscribe:deployment"]), st.lists(JSON, max_size=3))
def test_whatever_comes_is_read_or_refused(name: str, args: list[Any]) -> None:
    try:
        request = read_request(name, args)
    except BadRequest:
        return

    assert 0 < len(request.room.id) <= MAX_ID_CHARS
    assert request.since_seq is None or 0 <= request.since_seq < 2**63
