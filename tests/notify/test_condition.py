"""A condition holds for what it says, not for what it says nothing of, and costs little."""

import json
import re
from typing import Any

import pytest
from hypothesis import given

from tests.notify.telling import ANY_DATA, event
from tocsin.notify.condition import (
    MAX_ENTRIES,
    MAX_SEEN_CHARS,
    MAX_TEXT_CHARS,
    _Look,
    check,
    holds,
)

DATA = {"duration": 700, "status": "failed", "branch": "main", "jobs": [{"ok": False}], "n": "12"}


@pytest.mark.parametrize(
    ("source", "is_held"),
    [
        ("", True),
        ("  ", True),
        ("event.data.duration > 600", True),
        ("event.data.duration > 600.5 && event.project == 'shop'", True),
        ("event.data.duration < 600", False),
        ("event.type.startsWith('step_') && event.source == 'deployment'", True),
        ("event.data.status in ['failed', 'cancelled']", True),
        ("event.data.jobs.exists(one, !one.ok)", True),
        ("has(event.data.branch) && event.data.branch.matches('^(main|release)$')", True),
        ("event.subject == '42' && event.id != ''", True),
        ("event.occurred_at.getFullYear() == 2026", True),
        ("event.received_at - event.occurred_at < duration('1h')", True),
        ("'event.of.nothing' == event.type", False),
        # What is not there, or of another kind, does not hold.
        ("event.data.missing > 600", False),
        ("event.data.n > 600", False),
        ("event.data.duration", False),
    ],
)
def test_a_condition_holds_for_what_it_says(source: str, *, is_held: bool) -> None:
    check(source)

    assert holds(source, event(data=DATA)) is is_held


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("duration > 600", "CEL over event; there is no duration"),
        ("event.duration > 600", "there is no duration, but there are id, type, project"),
        ("event . typ == 'a'", "there is no typ"),
        ("has(event.typ)", "there is no typ"),
        ("event.data.x >", "CEL such as event.data.duration > 600:"),
        ("shout(event.type)", "there is no shout"),
        ("'yes'", "CEL that is true or false, such as event.data.duration > 600"),
        ("1 + 1", "CEL that is true or false"),
        ("event.type", "CEL that is true or false"),
        ("size(event.data)", "CEL that is true or false"),
        ("event.data.x == '" + "a" * 500 + "'", "at most 500 characters"),
    ],
)
def test_what_is_wrong_is_said_when_it_is_saved(source: str, fault: str) -> None:
    with pytest.raises(ValueError, match=re.escape(fault)):
        check(source)


def test_a_condition_that_is_none_does_not_hold() -> None:
    assert not holds("event.duration > 600", event(data=DATA))


@pytest.mark.parametrize("data", [None, "disk full", 7, ["a"], {}])
def test_data_may_be_anything(data: Any) -> None:
    assert not holds("event.data.duration > 600", event(data=data))


def test_a_long_list_does_not_hide_what_stands_behind_it() -> None:
    lines = [{"message": "x" * 200, "level": "info"}] * 10_000
    told = event(data={"logs": lines, "text": "y" * 1_000_000, "status": "failed"})

    assert holds("event.data.status == 'failed'", told)
    assert holds(f"size(event.data.text) == {MAX_TEXT_CHARS}", told)
    assert holds(f"size(event.data.logs) <= {MAX_ENTRIES}", told)


def test_a_number_beyond_those_of_cel_is_still_large() -> None:
    assert holds("event.data.n > 5.0", event(data={"n": 10**400}))
    assert holds("event.data.n < 5.0", event(data={"n": -(10**40)}))


def test_of_much_data_a_part_is_looked_at() -> None:
    wide = {f"field{n}": {f"name{m}": "x" * 1_000 for m in range(100)} for n in range(1_000)}
    deep: Any = "x"
    for _ in range(60):
        deep = [deep, deep]

    assert len(json.dumps(_Look().at(wide))) < 2 * MAX_SEEN_CHARS
    assert len(json.dumps(_Look().at(deep))) < 2 * MAX_SEEN_CHARS


@given(ANY_DATA)
def test_whatever_the_data_is_nothing_fails(data: Any) -> None:
    told = event(data=data)

    for source in ("event.data.duration > 600", "event.data.logs[0].message.contains('a')"):
        assert holds(source, told) in (True, False)
