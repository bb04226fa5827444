"""The demo's story looks like a real deployment, and is the same each time for a seed."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tocsin.client.messages import Message
from tocsin.client.story import ACTS, length_s, step_names, story

AT = datetime(2024, 1, 1, 12, tzinfo=UTC)
SEEDS = st.integers(0, 10**9)


@given(SEEDS)
def test_a_seed_tells_one_story(seed: int) -> None:
    assert list(story("p", "1", AT, seed)) == list(story("p", "1", AT, seed))


@given(SEEDS)
def test_a_story_takes_thirty_to_forty_seconds(seed: int) -> None:
    assert 30 <= length_s(seed) <= 40


def steps_of(seed: int) -> list[Message]:
    return [b.message for b in story("p", "1", AT, seed) if "step_status" in b.message]


@given(SEEDS)
def test_every_step_that_begins_ends_before_the_next(seed: int) -> None:
    steps = [m for m in steps_of(seed) if m["step_status"] != "retrying"]

    begins, ends = steps[::2], steps[1::2]

    assert [m["type"] for m in begins] == ["step_started"] * len(ACTS)
    assert [m["type"] for m in ends] == ["step_completed"] * len(ACTS)
    assert [m["step_name"] for m in begins] == [m["step_name"] for m in ends]


def test_one_step_fails_is_retried_and_succeeds() -> None:
    steps = steps_of(0)
    (failed,) = [m["step_name"] for m in steps if m["step_status"] == "failed"]

    said = [m["step_status"] for m in steps if m["step_name"] == failed]

    assert said == ["started", "failed", "retrying", "started", "completed"]


@given(SEEDS)
def test_times_never_go_back_and_follow_the_pauses(seed: int) -> None:
    beats = list(story("p", "1", AT, seed))
    times = [datetime.fromisoformat(b.message.get("timestamp") or _first(b.message)) for b in beats]
    last = AT + timedelta(seconds=sum(beat.pause_s for beat in beats))

    assert times == sorted(times)
    assert abs(times[-1] - last) < timedelta(milliseconds=2)


def _first(message: dict[str, object]) -> str:
    logs = message["logs"]
    assert isinstance(logs, list)
    return str(logs[0]["timestamp"])


def test_all_kinds_of_messages_occur_and_the_end_is_last() -> None:
    kinds = [beat.message["type"] for beat in story("p", "1", AT, 1)]

    assert set(kinds) == {
        "step_started",
        "step_updated",
        "step_completed",
        "log_entry",
        "log_batch",
        "metrics_update",
        "deployment_completed",
    }
    assert kinds[-2:] == ["metrics_update", "deployment_completed"]


def test_the_figures_agree_with_the_steps() -> None:
    *_, metrics, done = [beat.message for beat in story("p", "1", AT, 1)]

    assert metrics["metrics"]["steps_count"] == len(step_names()) == 7
    assert metrics["metrics"]["total_duration"] == done["duration"]


def test_log_lines_are_filled_in_and_some_are_in_colour() -> None:
    texts = []
    for beat in story("p", "1", AT, 1):
        logs = beat.message.get("logs")
        texts += [one["message"] for one in logs] if isinstance(logs, list) else [str(logs)]
        texts.append(beat.message.get("message", ""))

    assert not any("{" in text for text in texts)
    assert any("\x1b[32m" in text for text in texts)
    assert all(text.count("\x1b[") % 2 == 0 or text.endswith("\x1b[0m") for text in texts)
