"""Filters: what fits, and how a query asks for it. That SQL agrees: tests/store/test_events.py."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import Rejected
from tocsin.model.event import Event
from tocsin.model.filters import (
    MAX_VALUES,
    EventFilter,
    filter_of,
    parse_query_instant,
    type_fits,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVENT = Event(7, "id", "deployment", "step_started", "shop", "1", NOW, NOW, {}, None, None)
FEW = st.text("ab*_", max_size=6)


@given(FEW, st.text("ab_", max_size=6))
def test_a_star_stands_for_any_characters(pattern: str, event_type: str) -> None:
    expression = ".*".join(re.escape(part) for part in pattern.split("*"))

    assert type_fits(pattern, event_type) == bool(re.fullmatch(expression, event_type))


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (EventFilter(), True),
        (EventFilter(types=("step_*",)), True),
        (EventFilter(types=("log_entry", "step_started")), True),
        (EventFilter(types=("STEP_*",)), False),
        (EventFilter(types=("step_",)), False),
        (EventFilter(sources=("github", "deployment")), True),
        (EventFilter(sources=("github",)), False),
        (EventFilter(projects=("shop",), subjects=("1",)), True),
        (EventFilter(projects=("shop",), subjects=("2",)), False),
        (EventFilter(since=NOW), True),
        (EventFilter(since=NOW + timedelta(microseconds=1)), False),
        (EventFilter(until=NOW), False),
        (EventFilter(until=NOW + timedelta(microseconds=1)), True),
    ],
)
def test_an_event_fits_when_every_field_does(wanted: EventFilter, fits: bool) -> None:
    assert wanted.matches(EVENT) is fits


def test_a_query_may_name_a_field_once_or_often() -> None:
    wanted = filter_of({"type": ["step_*", "log_entry"], "project": "shop", "since": "2026-01-01"})

    assert wanted == EventFilter(types=("step_*", "log_entry"), projects=("shop",), since=NOW)


def test_what_is_empty_is_not_asked_for() -> None:
    assert filter_of({"type": "", "project": [""], "since": "", "from": "now"}) == EventFilter()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"since": "soon"}, "since"),
        ({"until": "null"}, "until"),
        ({"type": ["x"] * (MAX_VALUES + 1)}, "type"),
        ({"project": "x" * 1001}, "project"),
    ],
)
def test_a_field_that_is_wrong_is_named(query: dict[str, str | list[str]], field: str) -> None:
    with pytest.raises(Rejected) as refused:
        filter_of(query)

    assert refused.value.status == 422
    assert [fault.field for fault in refused.value.fields] == [field]


@pytest.mark.parametrize(
    "said",
    [
        "2026-01-01T00:00:00Z",
        "2026-01-01t00:00:00z",
        "2026-01-01T05:45:00+05:45",
        "2026-01-01T05:45:00 05:45",
        "2026-01-01 00:00:00",
        "2026-01-01",
        "1767225600",
        "1767225600000",
    ],
)
def test_an_instant_is_read_as_readers_write_it(said: str) -> None:
    assert parse_query_instant(said) == NOW


@pytest.mark.parametrize(
    "said", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:60-12:00", "1969-01-01T00:00:00Z"]
)
def test_the_ends_of_the_calendar_are_instants_too(said: str) -> None:
    assert parse_query_instant(said).tzinfo is UTC


@given(st.text())
def test_any_text_is_an_instant_or_a_value_error(said: str) -> None:
    try:
        at = parse_query_instant(said)
    except ValueError:
        return

    assert at.tzinfo is UTC
