"""What CI jobs say is told so that one sees what it is about, and why it failed."""

from typing import Any

import pytest

from tests.notify.telling import event, events_of, lines_of, noticed
from tocsin.notify.wording.notices import deployments
from tocsin.notify.wording.notices.telling import Telling
from tocsin.notify.wording.words import words_of


def test_the_begin_of_a_step_is_told() -> None:
    (told,) = events_of("deployment", "step_started")

    assert noticed(deployments.step, told, "zh") == [
        "running | 部署通知：步骤“部署验证”开始 · axi-star-cloud",
        "项目: axi-star-cloud",
        "步骤: 部署验证",
        "状态: 进行中",
        "工作流: deploy-project",
        "部署: 123456789",
    ]


def test_of_a_step_that_failed_the_error_and_the_end_of_the_log_are_told() -> None:
    data = {
        "step_name": "build",
        "step_status": "failed",
        "duration": 12,
        "branch": "main",
        "commit_hash": "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c",
        "logs": "npm ci\n\x1b[31mnpm ERR! code 1\x1b[0m\n",
        "error": "build exited with code 1",
        "run_url": "https://ci.example.org/7",
    }

    told = Telling(event(data=data), words_of("en"), "en")

    assert lines_of(deployments.step(told)) == [
        "bad | Deployment: Step “build” failed · shop",
        "Project: shop",
        "Step: build",
        "Status: Failed",
        "Duration: 12s",
        "Branch: main",
        "Commit: 0d1a26e6",
        "Deployment: 42",
        "paragraph | build exited with code 1",
        "code | npm ci\nnpm ERR! code 1",
        "[Open the run] https://ci.example.org/7",
    ]


@pytest.mark.parametrize(
    ("event_type", "data", "first"),
    [
        ("step_started", {}, "running | Deployment: Step “a” started · shop"),
        ("step_completed", {}, "good | Deployment: Step “a” completed · shop"),
        (
            "step_completed",
            {"status": "skipped"},
            "neutral | Deployment: Step “a” was skipped · shop",
        ),
        ("step_updated", {}, "neutral | Deployment: Step “a” was updated · shop"),
        (
            "step_completed",
            {"step_status": ""},
            "neutral | Deployment: Step “a” was updated · shop",
        ),
        (
            "step_started",
            {"step_status": "retrying"},
            "warning | Deployment: Step “a” is tried again · shop",
        ),
        (
            "step_manual",
            {"status": "cancelled"},
            "warning | Deployment: Step “a” was cancelled · shop",
        ),
        (
            "step_started",
            {"step_name": ""},
            "running | Deployment: Step “(unnamed)” started · shop",
        ),
    ],
)
def test_a_step_is_told_by_its_senders_word(
    event_type: str, data: dict[str, Any], first: str
) -> None:
    assert noticed(deployments.step, event(event_type, {"step_name": "a", **data}))[0] == first


def test_the_end_of_a_deployment_is_told() -> None:
    (told,) = events_of("deployment", "deployment_completed")

    assert noticed(deployments.completed, told, "zh") == [
        "good | 部署通知：部署成功 · axi-star-cloud",
        "项目: axi-star-cloud",
        "状态: 成功",
        "耗时: 45 秒",
        "工作流: deploy-project",
        "部署: 123456789",
    ]


def test_the_old_format_is_told_with_its_error() -> None:
    (told,) = events_of("deployment", "old_format_whole")

    assert noticed(deployments.completed, told) == [
        "bad | Deployment: Failed · axi-project-dashboard",
        "Project: axi-project-dashboard",
        "Status: Failed",
        "Duration: 1m 11s",
        "Host: redamancy.com.cn",
        "Deployment: 7411982034",
        "paragraph | build exited with code 1",
        "code | npm ci\nnpm run build",
    ]


def test_lines_of_a_log_are_as_grave_as_the_worst_of_them() -> None:
    one = event("log_entry", {"level": "WARN", "message": "disk at 91%", "step_name": "build"})
    several = [{"level": "info", "message": "a"}, {"level": "fatal", "message": "b"}, "c"]

    assert noticed(deployments.lines, one) == [
        "warning | Deployment: Warning in the log · shop",
        "Project: shop",
        "Level: WARN",
        "Step: build",
        "Deployment: 42",
        "code | disk at 91%",
    ]
    assert noticed(deployments.lines, event("log_batch", {"logs": several})) == [
        "bad | Deployment: Error in the log · shop",
        "Project: shop",
        "Lines: 3",
        "Deployment: 42",
        "code | a\nb\nc",
    ]
    assert noticed(deployments.lines, event("log_batch", {"logs": []}))[0].startswith("neutral |")


def test_figures_are_told() -> None:
    (told,) = events_of("deployment", "metrics_update")

    assert noticed(deployments.figures, told) == [
        "good | Deployment: Figures · axi-star-cloud",
        "Project: axi-star-cloud",
        "Status: Success",
        "Duration: 45s",
        "Steps: 5",
        "Succeeded: 5",
        "Deployment: 123456789",
    ]


def test_silence_is_told_with_what_to_look_at() -> None:
    data = {"last_seq": 7, "last_seen_at": "2026-01-06T18:00:00.000Z", "stalled_after_s": 7200.0}

    assert noticed(deployments.stalled, event("deployment.stalled", data), "zh") == [
        "warning | 部署通知：部署无响应 · shop",
        "项目: shop",
        "状态: 无响应",
        "无消息时长: 2 小时",
        "最近消息: 2026-01-06 18:00 UTC",
        "部署: 42",
        "paragraph | 就已收到的消息来看，它仍在进行。请检查发送消息的任务及其网络。",
    ]


def test_what_takes_long_is_told_with_the_step_it_is_at() -> None:
    data = {
        "run": 1,
        "started_at": "2026-01-06T18:00:00.000Z",
        "duration": 3_720.5,
        "current_step": "build",
        "running_long_after_s": 3600.0,
    }

    assert noticed(deployments.running_long, event("deployment.running_long", data)) == [
        "warning | Deployment: Running long · shop",
        "Project: shop",
        "Status: Running",
        "Running for: 1h 2m",
        "Since: 2026-01-06 18:00 UTC",
        "Step: build",
        "Deployment: 42",
    ]
