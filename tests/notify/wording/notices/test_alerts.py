"""Alerts are told with what fires, where, how grave it is, and where to look."""

import pytest

from tests.notify.telling import event, events_of, lines_of, noticed
from tocsin.notify.wording.notices import alerts
from tocsin.notify.wording.notices.telling import Telling
from tocsin.notify.wording.words import words_of


def test_an_alert_that_fires_and_one_that_is_over_are_told() -> None:
    firing, resolved = events_of("alertmanager", "firing_and_resolved")

    assert noticed(alerts.alert, firing, "zh") == [
        "bad | 告警通知：告警触发 · DiskFull",
        "级别: 严重",
        "实例: db-1:9100",
        "开始时间: 2024-01-01 12:00 UTC",
        "未列出的告警: 3",
        "paragraph | DiskFull on db-1",
        "[查看查询] https://prometheus.example.org/graph?g0.expr=up",
    ]
    assert noticed(alerts.alert, resolved)[:5] == [
        "good | Alert: Resolved · HighLoad",
        "Severity: Critical",
        "Instance: db-1:9100",
        "Since: 2024-01-01 11:00 UTC",
        "Lasted: 1h 10m",
    ]


def test_grafanas_values_and_pages_are_told_and_the_event_last() -> None:
    (told,) = events_of("grafana", "alerting")

    lines = lines_of(alerts.alert(Telling(told, words_of("en"), "en", "https://t.example")))

    assert "Value: A=1.9, C=1" in lines
    assert [line.partition("]")[0] for line in lines[-5:]] == [
        "[Open the dashboard",
        "[Open the panel",
        "[Open the query",
        "[Silence",
        "[Open the event",
    ]


@pytest.mark.parametrize(
    ("verb", "severity", "tone"),
    [
        ("firing", "critical", "bad"),
        ("firing", "", "bad"),
        ("firing", "Warning", "warning"),
        ("firing", "info", "neutral"),
        ("resolved", "critical", "good"),
        ("acknowledged", "critical", "neutral"),
    ],
)
def test_its_severity_gives_its_tone(verb: str, severity: str, tone: str) -> None:
    told = event(f"alert.{verb}", {"labels": {"severity": severity}}, source="grafana")

    assert noticed(alerts.alert, told)[0].startswith(f"{tone} | ")


def test_a_description_is_told_unless_it_repeats_the_summary() -> None:
    annotations = {"summary": "a", "description": "b", "runbook_url": "https://wiki.example/a"}
    repeated = {"summary": "a", "description": "a"}

    assert noticed(alerts.alert, event("alert.firing", {"annotations": annotations}))[-3:] == [
        "paragraph | a",
        "paragraph | b",
        "[Runbook] https://wiki.example/a",
    ]
    assert noticed(alerts.alert, event("alert.firing", {"annotations": repeated})) == [
        "bad | Alert: Firing · Unnamed",
        "Project: shop",
        "paragraph | a",
    ]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "issue_created",
            [
                "bad | Issue: New · TypeError: cart is undefined",
                "Project: shop",
                "Level: Error",
                "Culprit: checkout(cart)",
                "Since: 2024-01-01 12:00 UTC",
                "[Open the issue] https://shop-team.sentry.io/issues/1170820242/",
            ],
        ),
        (
            "event_alert_triggered",
            [
                "bad | Issue: Alert · TypeError: cart is undefined",
                "Project: shop",
                "Culprit: checkout(cart)",
                "Reason: Very important",
                "[Open the issue] https://shop-team.sentry.io/issues/1170820242/events/e4874d66/",
            ],
        ),
        (
            "metric_alert_critical",
            [
                "bad | Issue: Critical · Critical: Too many errors",
                "Project: shop",
                "paragraph | 1000 events in the last 10 minutes",
                "[Open the issue] https://shop-team.sentry.io/alerts/rules/details/1/",
            ],
        ),
    ],
)
def test_what_sentry_reports_is_told(name: str, lines: list[str]) -> None:
    (told,) = events_of("sentry", name)

    assert noticed(alerts.issue, told) == lines


@pytest.mark.parametrize(
    ("action", "level", "tone"),
    [
        ("created", "warning", "warning"),
        ("created", "fatal", "bad"),
        ("warning", "", "warning"),
        ("resolved", "error", "good"),
        ("archived", "error", "neutral"),
    ],
)
def test_an_issue_has_the_tone_of_what_became_of_it(action: str, level: str, tone: str) -> None:
    data = {"action": action, "data": {"issue": {"level": level, "title": "a"}}}

    assert noticed(alerts.issue, event("issue.x", data, source="sentry"))[0].startswith(
        f"{tone} | "
    )
