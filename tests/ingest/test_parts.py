"""What a payload has is taken, and what it has not is not told."""

from typing import Any

import pytest
from hypothesis import given

from tests.ingest.samples import ANY_JSON
from tocsin.ingest.parts import id_of, instant, kind_of, known, part, seconds, text, web_address

NOON = 1_704_110_400_000_000


@pytest.mark.parametrize(
    ("body", "names", "found"),
    [
        ({"a": {"b": {"c": 1}}}, ("a", "b"), {"c": 1}),
        ({"a": {"b": 1}}, ("a", "b"), {}),
        ({"a": [1]}, ("a",), {}),
        ({}, ("a", "b"), {}),
        ({"a": 1}, (), {"a": 1}),
    ],
)
def test_a_part_is_an_object_or_empty(
    body: dict[str, Any], names: tuple[str, ...], found: dict[str, Any]
) -> None:
    assert part(body, *names) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (" a ", "a"),
        ("x" * 300, "x" * 200),
        ("x" * 199 + " y", "x" * 199),
        ("\0a", "�a"),
        (7, ""),
        (None, ""),
    ],
)
def test_a_text_is_cut_rather_than_refused(value: object, found: str) -> None:
    assert text(value) == found


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"event": "d", "type": "a"}, "a"),
        ({"event": "d", "event_type": "b"}, "b"),
        ({"event": "d", "eventType": "c"}, "c"),
        ({"event": "d", "type": " "}, "d"),
        ({"event": {"id": 1}}, "message"),
        ({}, "message"),
    ],
)
def test_the_type_of_a_message_stands_under_several_names(body: dict[str, Any], found: str) -> None:
    assert kind_of(body) == found


@pytest.mark.parametrize(
    ("value", "found"), [(7, "7"), ("7", "7"), (True, ""), (1.5, ""), ([], ""), (None, "")]
)
def test_an_id_may_be_a_number(value: object, found: str) -> None:
    assert id_of({"id": value}) == found
    assert id_of({"other": value}, "other") == found


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("2024-01-01T12:00:00Z", NOON),
        ("2024-01-01 12:00:00 UTC", NOON),
        ("2024-01-01 14:00:00 +0200", NOON),
        ("2024-01-01 14:00:00.5 +0200", NOON + 500_000),
        (1_704_110_400, NOON),
        ("0001-01-01T00:00:00Z", None),
        ("1970-01-01T00:00:00Z", None),
        ("1970-01-01T08:00:00+08:00", None),
        ("yesterday", None),
        (None, None),
        ([], None),
    ],
)
def test_an_instant_is_read_as_ruby_and_go_write_it(said: object, found: int | None) -> None:
    assert instant({"at": said}, "at") == found


def test_how_long_something_took_is_known_when_its_begin_is() -> None:
    assert seconds(NOON, NOON + 1_500_000) == 1.5
    assert seconds(None, NOON) == -1


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("https://example.org/", "https://example.org/"),
        ("http://example.org/", "http://example.org/"),
        ("javascript:alert(1)", ""),
        ("https://" + "x" * 300, ""),
        (None, ""),
    ],
)
def test_only_an_address_of_the_web_is_a_link(said: object, found: str) -> None:
    assert web_address(said) == found


def test_facts_that_are_not_told_are_left_out() -> None:
    assert known(branch="main", commit_hash=None, url="", actor=7) == {"branch": "main"}


@given(ANY_JSON)
def test_nothing_is_a_reason_to_fail(said: object) -> None:
    body = {"a": said}

    assert len(text(said)) <= 200
    assert isinstance(id_of(body, "a"), str)
    assert isinstance(web_address(said), str)
    assert (instant(body, "a") or 1) > 0
    assert isinstance(part(body, "a", "b"), dict)
