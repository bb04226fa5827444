"""An event reads well on a line, and no event breaks the line."""

import unicodedata
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.client.line import lines_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
TYPES = st.sampled_from(
    ["step_started", "deployment_completed", "log_entry", "log_batch", "metrics_update", "x.failed"]
)
FIELDS = st.sampled_from(
    ["step_name", "step_status", "status", "duration", "logs", "level", "message", "metrics"]
)


def event(kind: str, data: object, **more: object) -> dict[str, Any]:
    return {
        "seq": 1,
        "type": kind,
        "project": "shop",
        "subject": "42",
        "occurred_at": "2024-01-01T12:00:30.000Z",
        "data": data,
    } | more


def plain(kind: str, data: object, **more: object) -> list[str]:
    return [line.plain for line in lines_of(event(kind, data, **more), UTC)]


@pytest.mark.parametrize(
    ("status", "shape"),
    [
        ("started", "●"),
        ("in_progress", "●"),
        ("completed", "✓"),
        ("success", "✓"),
        ("failed", "✗"),
        ("timed_out", "✗"),
        ("retrying", "↻"),
        ("skipped", "⊘"),
        ("cancelled", "⊘"),
        ("polishing", "·"),
        ("", "·"),
    ],
)
def test_a_step_shows_its_state_by_shape_and_word(status: str, shape: str) -> None:
    (line,) = plain("step_updated", {"step_name": "Build", "step_status": status})

    assert line == f"12:00:30 shop/42 step_updated         {shape} Build {status}"


def test_a_step_says_how_long_it_took_and_the_first_line_of_its_logs() -> None:
    data = {"step_name": "B", "step_status": "failed", "duration": "6.25", "logs": "no\nway\nout"}

    (line,) = plain("step_completed", data)

    assert line.endswith("✗ B failed in 6.25 s  no (+2 lines)")


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (45, " in 45 s"),
        (125, " in 2 min 5 s"),
        (7260, " in 2 h 1 min"),
        (0, ""),
        (-1, ""),
        (True, ""),
        ("soon", ""),
        (float("inf"), ""),
        (float("nan"), ""),
        (10**400, ""),
    ],
)
def test_a_duration_is_told_in_words(duration: object, words: str) -> None:
    (line,) = plain("deployment_completed", {"status": "success", "duration": duration})

    assert line.endswith(f"✓ success{words}")


def test_a_log_line_shows_its_level_and_keeps_its_colours() -> None:
    data = {"level": "WARN", "message": "\x1b[31mhot\x1b[0m \x1b[2Jcold"}

    (line,) = lines_of(event("log_entry", data), UTC)

    assert line.plain.endswith("log_entry            warning hot ␛[2Jcold")
    assert "color(1)" in [str(span.style) for span in line.spans]


def test_each_line_of_a_batch_gets_a_line() -> None:
    data = {"logs": [{"level": "info", "message": "a"}, "b", {"message": 3}, None]}

    lines = plain("log_batch", data)

    assert [line[-9:] for line in lines] == [
        "info    a",
        "info    b",
        "info    3",
        "fo    null"[1:],
    ]


def test_a_line_of_a_batch_has_its_own_time() -> None:
    own = {"message": "a", "timestamp": "2024-01-01T11:59:59Z"}

    lines = plain("log_batch", {"logs": [own, {"message": "b", "timestamp": "..."}]})

    assert [line[:8] for line in lines] == ["11:59:59", "12:00:30"]


def test_figures_are_named() -> None:
    figures = {"status": "success", "steps_count": 5, "start_time": "…", "extra": 1}

    (line,) = plain("metrics_update", {"metrics": figures})

    assert line.endswith("steps_count 5, status success, extra 1")


@pytest.mark.parametrize(
    ("kind", "data", "ending"),
    [
        ("deployment", {"status": "success", "duration": 45}, "✓ success in 45 s"),
        ("deployment.stalled", {"silent_s": 7200}, '⚠ {"silent_s": 7200}'),
        ("alert.firing", {"name": "disk"}, '✗ {"name": "disk"}'),
        ("test", {}, "·"),
        ("order.paid", [1, 2], "· [1, 2]"),
        ("order.paid", None, "·"),
    ],
)
def test_other_events_show_what_they_hold(kind: str, data: object, ending: str) -> None:
    (line,) = plain(kind, data)

    assert line.rstrip().endswith(ending)


def test_an_event_of_no_project_shows_its_source() -> None:
    (line,) = plain("test", {}, project="", subject="", source="github")

    assert line.startswith("12:00:30 github test")


def test_the_receiving_time_counts_when_the_sender_gave_none() -> None:
    (line,) = plain("test", {}, occurred_at=None, received_at="2024-01-01T13:00:00Z")

    assert line.startswith("13:00:00 ")


EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "type": TYPES | JSON,
        "data": st.dictionaries(FIELDS, JSON) | JSON,
        "project": JSON,
        "subject": JSON,
        "source": JSON,
        "occurred_at": JSON,
        "received_at": JSON,
    },
)


@given(EVENTS)
def test_no_event_raises_or_leaves_its_line(anything: dict[str, Any]) -> None:
    for line in lines_of(anything, UTC):
        assert not [c for c in line.plain if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
