"""The document's three events are told as it has them; other standard messages in the same form."""

from typing import Any

import pytest

from tests.notify.telling import event, noticed
from tocsin.notify.wording.notices.releases import message


def standard(event_type: str, **changed: Any) -> dict[str, Any]:
    return {
        "event_type": event_type,
        "project": {"id": "p1", "name": "my-app", "description": ""},
        "version": {"id": "v1", "name": "v1.2.3", "description": ""},
        "task": {"id": "t-1", "type": "deploy", "strategy": "canary", "status": "running"},
        "deployment": {
            "total_count": 100,
            "canary_count": 10,
            "completed_count": 3,
            "failed_count": 0,
            "hosts": ["host1", "host2"],
        },
        "timestamp": "2026-01-06T20:00:00Z",
        "duration": "30s",
        "environment": "production",
        **changed,
    }


def shown(event_type: str, language: str = "zh", **changed: Any) -> list[str]:
    told = event(event_type, standard(event_type, **changed), source="release", subject="t-1")
    return noticed(message, told, language)


def test_the_begin_of_the_canaries_is_told_as_the_document_has_it() -> None:
    assert shown("canary_started") == [
        "running | 发布通知：金丝雀发布开始",
        "项目: my-app",
        "版本: v1.2.3",
        "状态: 发布中...",
        "环境: production",
        "策略: 金丝雀",
        "主机: host1, host2",
        "进度: 3/10",
        "耗时: 30 秒",
    ]


@pytest.mark.parametrize(
    ("event_type", "first", "state"),
    [
        ("canary_completed", "good | 发布通知：金丝雀发布完成", "状态: 验证完成，等待推广"),
        ("full_completed", "good | 发布通知：全部发布完成", "状态: 发布成功"),
    ],
)
def test_the_ends_are_told_as_the_document_has_them(
    event_type: str, first: str, state: str
) -> None:
    lines = shown(event_type, task={"type": "deploy", "status": "success"})

    assert lines[0] == first
    assert lines[3] == state


@pytest.mark.parametrize(
    ("language", "first"),
    [
        ("en", "Release: Canary started"),
        ("ko", "릴리스 알림: 카나리 배포 시작"),
        ("ru", "Релиз: Канареечный этап начат"),
    ],
)
def test_other_languages_have_words_of_their_own(language: str, first: str) -> None:
    assert shown("canary_started", language)[0] == f"running | {first}"


def test_hosts_that_failed_are_told() -> None:
    counts = {"total_count": 100, "completed_count": 97, "failed_count": 3}

    lines = shown("full_completed", "en", deployment=counts, task={"type": "rollback"})

    assert lines[0].startswith("warning |")
    assert lines[3:5] == ["Status: Completed, 3 failed", "Action: Rollback"]
    assert lines[-1] == "Failed: 3"
    assert "Progress: 97 of 100" in lines


def test_a_task_that_failed_is_bad_news_whatever_the_event_is_called() -> None:
    lines = shown("full_completed", "en", task={"status": "failed"}, error="health check failed")

    assert lines[0].startswith("bad |")
    assert lines[3] == "Status: Failed"
    assert lines[-1] == "paragraph | health check failed"


def test_of_many_hosts_some_are_named() -> None:
    many = {"hosts": [f"host{n}" for n in range(100)]}

    assert "主机: host0, host1, host2, host3, host4 等共 100 台" in shown(
        "canary_started", deployment=many
    )
    assert "Hosts: host0, host1, host2, host3, host4 and 95 more" in shown(
        "canary_started", "en", deployment=many
    )


def test_any_other_standard_message_is_told_under_its_own_type() -> None:
    lines = shown("approval_needed", "en", task={"status": "waiting", "strategy": "dark"})

    assert lines[0] == "running | Release: approval_needed · shop"
    assert lines[1:4] == ["Project: my-app", "Version: v1.2.3", "Status: Pending"]
    assert "Strategy: dark" in lines


def test_what_comes_flat_is_told_all_the_same() -> None:
    told = event("canary_started", {"version": "v2", "environment": "staging", "hosts": ["a"]})

    assert noticed(message, told)[:5] == [
        "running | Release: Canary started",
        "Project: shop",
        "Version: v2",
        "Status: Rolling out...",
        "Environment: staging",
    ]
