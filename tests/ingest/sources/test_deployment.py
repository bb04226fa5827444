"""Deployment messages are understood as the contract says, and kept as they came."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.ingest.samples import RECEIVED_AT, call, sample, samples_of
from tocsin.errors import Reason, Rejected
from tocsin.ingest.sources import deployment
from tocsin.model.change import Change, Mark, Move, RunEnd
from tocsin.model.event import NewEvent
from tocsin.model.logline import LogLine
from tocsin.model.times import to_us
from tocsin.model.words import DeploymentState, StepState

OPTIONS = deployment.Options()
NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
STEP = {"project": "shop", "deployment_id": "7", "step_name": "build"}
ANY = {"project": "shop", "deployment_id": "7"}


def second(number: int) -> int:
    return to_us(NOON) + number * 1_000_000


def read(said: dict[str, Any] | bytes, **headers: str) -> NewEvent:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    (event,) = deployment.read(call(said, named), OPTIONS)
    return event


def change(said: dict[str, Any] | bytes) -> Change:
    found = read(said).change
    assert found is not None
    return found


def refusal(said: dict[str, Any] | bytes) -> Rejected:
    with pytest.raises(Rejected) as raised:
        read(said)
    return raised.value


def sampled(name: str) -> NewEvent:
    (event,) = deployment.read(sample("deployment", name).call(), OPTIONS)
    return event


# --- the examples of the senders' guide

FACTS = {"workflow_name": "deploy-project", "workflow_id": "987654321"}


def line(text: str, step: str, at: datetime | None) -> tuple[LogLine, ...]:
    return (LogLine(text, "info", step, at),)


EXAMPLES: dict[str, Change] = {
    "step_started": Change(
        "123456789",
        second(0),
        step="部署验证",
        marks=(Mark(second(0), True, Move.START, StepState.RUNNING, "started", -1.0),),
        facts=FACTS,
        lines=line("开始验证部署参数", "部署验证", NOON),
    ),
    "step_completed": Change(
        "123456789",
        second(12),
        step="部署验证",
        marks=(Mark(second(12), True, Move.END, StepState.COMPLETED, "completed", 12.0),),
        facts=FACTS,
        lines=line("部署参数验证通过", "部署验证", NOON.replace(second=12)),
    ),
    "deployment_completed": Change(
        "123456789",
        second(60),
        end=RunEnd(second(60), DeploymentState.SUCCESS, "success", 45.0, second(15), second(60)),
        facts=FACTS,
        lines=line("部署成功，耗时 45 秒", "", NOON.replace(minute=1)),
    ),
    "log_entry": Change(
        "123456789",
        second(30),
        facts={"log_stream_id": "deployment_123456789_1704110400", "source": "workflow"},
        lines=line("正在上传构建产物...", "", NOON.replace(second=30)),
    ),
    "log_batch": Change(
        "123456789",
        to_us(RECEIVED_AT),
        lines=(*line("日志1", "", None), *line("日志2", "", None)),
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_understood(name: str) -> None:
    assert sampled(name).change == EXAMPLES[name]


def test_figures_are_kept_as_they_were_sent() -> None:
    event = sampled("metrics_update")

    assert event.change is not None
    assert event.change.figures == event.data["metrics"]
    assert event.change.end is None


def test_the_old_format_is_a_deployment_under_its_own_event() -> None:
    event = sampled("old_format")

    assert (event.type, event.project) == ("deployment", "axi-star-cloud")
    assert event.subject == event.id
    assert event.change is not None
    assert event.change.deployment_id == event.id
    assert event.change.end == RunEnd(second(60), DeploymentState.SUCCESS, "success", 45.0, -1, -1)


def test_the_old_formats_other_fields_are_understood_too() -> None:
    event = sampled("old_format_whole")

    assert event.subject == "7411982034"
    assert event.change is not None
    assert event.change.facts == {
        "source_repo": "MoseLu/axi-project-dashboard",
        "deploy_type": "backend",
        "server_host": "redamancy.com.cn",
        "error_message": "build exited with code 1",
    }
    assert [one.text for one in event.change.lines] == ["npm ci", "npm run build"]


@pytest.mark.parametrize("name", ["test", "type_of_a_newer_sender"])
def test_a_type_that_is_not_understood_is_kept_as_it_came(name: str) -> None:
    event = sampled(name)

    assert event.type == event.data["type"]
    assert event.change is None


@pytest.mark.parametrize(
    "one",
    [one for one in samples_of("deployment") if not one.is_wrong],
    ids=lambda one: one.name,
)
def test_the_body_is_the_events_data(one: Any) -> None:
    assert sampled(one.name).data == json.loads(one.body)


# --- words

WORDS = [
    ("started", StepState.RUNNING),
    ("success", StepState.COMPLETED),
    ("skipped", StepState.COMPLETED),
    ("neutral", StepState.COMPLETED),
    ("failure", StepState.FAILED),
    ("timed_out", StepState.FAILED),
    ("cancelled", StepState.FAILED),
    ("action_required", StepState.FAILED),
    ("retrying", StepState.RETRYING),
    ("stale", None),
    ("null", None),
    ("", None),
]


@pytest.mark.parametrize(("word", "state"), WORDS)
@pytest.mark.parametrize("field", ["step_status", "status"])
def test_the_end_of_a_step_is_what_its_word_says(
    field: str, word: str, state: StepState | None
) -> None:
    (mark,) = change({**STEP, "type": "step_completed", field: word}).marks

    assert (mark.move, mark.state) == (Move.END, state)
    assert mark.conclusion == (word if word not in ("", "null") else "")


@pytest.mark.parametrize(
    ("kind", "word", "marks"),
    [
        ("step_started", None, [(Move.START, StepState.RUNNING)]),
        ("step_started", "in_progress", [(Move.START, StepState.RUNNING)]),
        ("step_started", "", [(Move.START, StepState.RUNNING)]),
        ("step_started", "a word", [(Move.START, StepState.RUNNING)]),
        ("step_started", "retrying", [(Move.START, StepState.RETRYING)]),
        (
            "step_started",
            "failure",
            [(Move.START, StepState.RUNNING), (Move.END, StepState.FAILED)],
        ),
        ("step_completed", None, [(Move.END, StepState.COMPLETED)]),
        ("step_completed", "in_progress", [(Move.END, StepState.RUNNING)]),
        ("step_updated", None, [(Move.UPDATE, None)]),
        ("step_updated", "in_progress", [(Move.UPDATE, StepState.RUNNING)]),
        ("step_updated", "retrying", [(Move.UPDATE, StepState.RETRYING)]),
        ("step_updated", "success", [(Move.UPDATE, StepState.COMPLETED)]),
        ("step_manual", None, [(Move.END, StepState.COMPLETED)]),
        ("step_manual", "started", [(Move.START, StepState.RUNNING)]),
        ("step_manual", "failed", [(Move.END, StepState.FAILED)]),
        ("step_manual", "null", [(Move.END, None)]),
    ],
)
def test_a_type_and_a_word_are_moves_of_a_step(
    kind: str, word: str | None, marks: list[tuple[Move, StepState | None]]
) -> None:
    said = {**STEP, "type": kind, **({} if word is None else {"step_status": word})}

    assert [(mark.move, mark.state) for mark in change(said).marks] == marks


def test_the_steps_own_word_counts_before_the_deployments() -> None:
    said = {**STEP, "type": "step_completed", "step_status": "failed", "status": "success"}
    empty = {**STEP, "type": "step_completed", "step_status": "", "status": "success"}

    assert [mark.state for mark in change(said).marks] == [StepState.FAILED]
    assert [mark.state for mark in change(empty).marks] == [None]


@pytest.mark.parametrize("kind", ["step_completed", "step_updated", "step_manual"])
def test_a_duration_is_of_whatever_tells_the_end(kind: str) -> None:
    said = {**STEP, "type": kind, "step_status": "success", "duration": "2.5"}

    assert [mark.duration_s for mark in change(said).marks] == [2.5]


def test_a_start_has_no_duration() -> None:
    said = {**STEP, "type": "step_started", "duration": 3}

    assert [mark.duration_s for mark in change(said).marks] == [-1.0]


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ({}, DeploymentState.SUCCESS),
        ({"status": "success"}, DeploymentState.SUCCESS),
        ({"status": "timed_out"}, DeploymentState.FAILED),
        ({"status": "cancelled"}, DeploymentState.CANCELLED),
        ({"status": "in_progress"}, None),
        ({"status": "stale"}, None),
        ({"status": ""}, None),
        ({"status": None}, None),
    ],
)
def test_a_completion_ends_the_run_if_its_word_is_an_end(
    said: dict[str, Any], state: DeploymentState | None
) -> None:
    end = change({**ANY, "type": "deployment_completed", **said}).end

    assert (None if end is None else end.state) is state


def test_the_old_formats_other_words_begin_a_deployment() -> None:
    assert change({"project": "shop", "status": "running"}).begins
    assert not change({"project": "shop", "status": "failed"}).begins


# --- identity


@pytest.mark.parametrize(
    ("said", "subject"),
    [
        ({"deployment_id": 7}, "7"),
        ({"deployment_id": " 7 "}, "7"),
        ({"deployment_id": "7", "runId": "8"}, "8"),
        ({"runId": 8}, "8"),
    ],
)
def test_a_deployment_goes_by_the_id_it_is_given(said: dict[str, Any], subject: str) -> None:
    event = read({"project": "shop", "status": "success", **said})

    assert event.subject == subject


@pytest.mark.parametrize("deployment_id", ["", None, " "])
def test_without_an_id_it_is_an_event_of_the_project(deployment_id: str | None) -> None:
    event = read({**STEP, "type": "step_started", "deployment_id": deployment_id})

    assert (event.project, event.subject, event.change) == ("shop", "", None)


def test_a_step_without_a_name_in_it_is_not_lost() -> None:
    assert change({**STEP, "type": "step_started", "step_name": ""}).step == "(unnamed)"


def test_a_repeat_is_told_by_the_key_also_where_the_id_is_made_here() -> None:
    old = {"project": "shop", "status": "success"}

    first, again = (read(old, idempotency_key="k-1") for _ in range(2))

    assert first.subject != again.subject
    assert first.dedupe == again.dedupe
    assert first.dedupe is not None


def test_the_same_key_of_another_deployment_is_another_delivery() -> None:
    keys = {
        read({**STEP, **other, "type": "step_started"}, idempotency_key="1").dedupe
        for other in ({}, {"project": "other"}, {"deployment_id": "8"}, {"runId": "9"})
    }

    assert len(keys) == 4


def test_equal_messages_without_a_key_are_two() -> None:
    assert read({**ANY, "type": "log_entry", "message": "again"}).dedupe is None


def test_the_messages_own_id_is_a_key() -> None:
    event = read({**ANY, "type": "test", "event_id": "e-1"}, idempotency_key="k-1")

    assert event.dedupe == "deployment\n\nshop\n\n7\ne-1"


# --- time


@pytest.mark.parametrize(
    ("timestamp", "text"),
    [("...", "..."), ("null", "null"), ("", ""), (None, None), ([1], "[1]"), (0, "0")],
)
def test_what_is_no_time_is_kept_as_text_and_the_receiving_time_counts(
    timestamp: object, text: str | None
) -> None:
    event = read({**STEP, "type": "step_started", "timestamp": timestamp})

    assert event.occurred_at == RECEIVED_AT
    assert event.occurred_text == text
    assert event.change is not None
    assert [mark.is_timed for mark in event.change.marks] == [False]


def test_a_time_counts_and_no_text_is_kept() -> None:
    event = read({**STEP, "type": "step_started", "timestamp": "2024-01-01T12:00:00"})

    assert (event.occurred_at, event.occurred_text) == (NOON, None)
    assert event.received_at == RECEIVED_AT


def test_a_text_for_a_time_is_cut() -> None:
    event = read({**ANY, "type": "test", "timestamp": "\x00" + "x" * 1_000})

    assert event.occurred_text == "\ufffd" + "x" * 199


# --- log lines


def texts(said: dict[str, Any]) -> list[str]:
    return [one.text for one in change(said).lines]


@pytest.mark.parametrize(
    ("logs", "lines"),
    [
        (None, []),
        ("", []),
        ([], []),
        ("one\ntwo\n", ["one", "two"]),
        ({"message": "one"}, ["one"]),
        ({"text": "one"}, ['{"text":"one"}']),
        (7, ["7"]),
        (["one", {"message": "two\nthree"}, "one"], ["one", "two", "three", "one"]),
        ([None, 7, True, [1], {"message": None}], ["null", "7", "true", "[1]", "null"]),
        (["a\x00b", "\ud800"], ["a\ufffdb", "\ufffd"]),
        ([{"message": {"\ud800": 10**400}}], ['{"\ufffd":"1' + "0" * 400 + '"}']),
    ],
)
def test_lines_are_kept_as_they_can_be_and_none_refuses_the_rest(
    logs: object, lines: list[str]
) -> None:
    assert texts({**STEP, "type": "step_completed", "logs": logs}) == lines
    assert texts({**ANY, "type": "deployment_completed", "logs": logs}) == lines


def test_a_line_of_a_batch_has_its_own_level_time_and_step() -> None:
    said = {
        **ANY,
        "type": "log_batch",
        "step_name": "build",
        "timestamp": "2024-01-01T12:00:00Z",
        "level": "debug",
        "logs": [
            {"message": "a", "level": "WARN", "timestamp": "2024-01-01T12:00:05Z", "step": "test"},
            {"message": "b", "step_name": "x\x00" + "y" * 300, "timestamp": "..."},
            {"message": "c", "step": 7, "level": 3},
            "d",
        ],
    }

    a, b, c, d = change(said).lines

    assert a == LogLine("a", "warning", "test", NOON.replace(second=5))
    assert b == LogLine("b", "info", "x\ufffd" + "y" * 198, NOON)
    assert c == LogLine("c", "info", "build", NOON)
    assert d == LogLine("d", "debug", "build", NOON)


def test_ten_thousand_lines_are_fine() -> None:
    logs = [{"level": "info", "message": f"line {number}"} for number in range(10_000)]

    assert len(change({**ANY, "type": "log_batch", "logs": logs}).lines) == 10_000


@pytest.mark.parametrize(
    ("message", "text"), [("", ""), (7, "7"), ("a\ud800\x00", "a\ufffd\ufffd")]
)
def test_an_entry_is_one_line(message: object, text: str) -> None:
    assert texts({**ANY, "type": "log_entry", "message": message}) == [text]


# --- what is refused


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "type"),
        ({"type": ""}, "type"),
        ({"note": "hello"}, "type"),
        ({"type": "step_started", **ANY}, "step_name"),
        ({"type": "log_entry", **ANY}, "message"),
        ({"type": "log_entry", **ANY, "message": ["a"]}, "message"),
        ({"type": "log_batch", **ANY}, "logs"),
        ({"type": "log_batch", **ANY, "logs": {"message": "a"}}, "logs"),
        ({"type": "metrics_update", **ANY}, "metrics"),
        ({"type": "metrics_update", **ANY, "metrics": [1]}, "metrics"),
        ({"type": "test", "project": "x" * 201}, "project"),
        ({"type": "test", "project": ["shop"]}, "project"),
        ({"type": "test", "project": "sh\x00op"}, "project"),
        ({"type": "x" * 201}, "type"),
        ({"type": "t\ud800"}, "type"),
        ({"type": "test", **ANY, "deployment_id": "7\ud800"}, "deployment_id"),
        ({"type": "step_completed", **STEP, "duration": "soon"}, "duration"),
        ({"type": "step_completed", **STEP, "duration": -1}, "duration"),
        ({"type": "step_completed", **STEP, "duration": 10**400}, "duration"),
    ],
)
def test_a_field_that_is_wrong_is_named(said: dict[str, Any], field: str) -> None:
    error = refusal(said)

    assert (error.status, error.reason) == (400, Reason.BAD_FIELD)
    assert [fault.field for fault in error.fields] == [field]


def test_every_wrong_field_is_named_at_once() -> None:
    error = refusal({"type": "step_started", "project": [], "step_name": {}, "duration": "soon"})

    assert {fault.field for fault in error.fields} == {"project", "step_name", "duration"}


def test_nothing_that_a_newer_sender_adds_is_lost_or_refused() -> None:
    more = {"approver": {"team": "platform"}, "n": 2**64 - 1, "text": "a\x00b"}

    event = read({**STEP, "type": "step_started", **more})

    assert event.data == {**STEP, "type": "step_started", **more, "text": "a\ufffdb"}
