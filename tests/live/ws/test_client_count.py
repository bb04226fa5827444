"""Connections of a client: counted under what is known of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.live.ws.client_count import ClientCount, client_key


def test_a_client_is_who_signed_in_else_its_id_else_its_address() -> None:
    assert client_key("token:1", "d-1", "127.0.0.1") == "token:1"
    assert client_key("", "d-1", "127.0.0.1") == "client:d-1"
    assert client_key("", None, "127.0.0.1") == "address:127.0.0.1"


def test_an_id_cannot_pass_for_a_credential_or_an_address() -> None:
    keys = {client_key("", "token:1", "a"), client_key("", "address:a", "b"), "token:1"}

    assert len(keys | {client_key("", None, "a")}) == 4


def test_there_is_room_up_to_the_limit() -> None:
    count = ClientCount(2)
    count.add("a")
    assert count.has_room("a")
    count.add("a")

    assert not count.has_room("a")
    assert count.has_room("b")
    count.remove("a")
    assert count.has_room("a")


def test_who_becomes_known_is_counted_anew() -> None:
    count = ClientCount(1)
    count.add("address")

    assert count.move("address", "client")
    assert count.has_room("address")
    assert not count.has_room("client")


def test_who_becomes_known_as_one_with_too_many_is_told() -> None:
    count = ClientCount(1)
    count.add("client")
    count.add("address")

    assert not count.move("address", "client")
    count.remove("client")
    assert not count.has_room("client")


def test_staying_the_same_needs_no_room() -> None:
    count = ClientCount(1)
    count.add("a")

    assert count.move("a", "a")


@given(st.lists(st.sampled_from("abc")), st.data())
def test_what_all_have_let_go_is_forgotten(keys: list[str], data: st.DataObject) -> None:
    count = ClientCount(5)
    for key in keys:
        count.add(key)
    for key in data.draw(st.permutations(keys)):
        count.remove(key)

    assert not count._open


def test_letting_go_of_what_nobody_has_is_a_fault() -> None:
    with pytest.raises(KeyError):
        ClientCount(1).remove("a")
