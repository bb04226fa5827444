"""Notices of alerts, as Alertmanager and Grafana send them, and of what Sentry reports."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from tocsin.model.message import Message, Tone
from tocsin.notify.wording.notices.telling import Telling, prose
from tocsin.notify.wording.values import at, between, count, first, part, text

# What labels say of how grave it is; any other word is grave.
_SEVERITIES: Mapping[str, Tone] = {
    "warning": Tone.WARNING,
    "warn": Tone.WARNING,
    "minor": Tone.WARNING,
    "low": Tone.WARNING,
    "info": Tone.NEUTRAL,
    "informational": Tone.NEUTRAL,
    "none": Tone.NEUTRAL,
    "debug": Tone.NEUTRAL,
}
_MAX_VALUES = 5
_PAGES = (
    ("link_dashboard", "dashboardURL"),
    ("link_panel", "panelURL"),
    ("link_query", "generatorURL"),
    ("link_silence", "silenceURL"),
)


def alert(told: Telling) -> Message:
    """An alert fires, or does not any more."""
    said, verb = told.data, told.event.type.partition(".")[2]
    labels, annotations = part(said, "labels"), part(said, "annotations")
    name = first(labels, "alertname") or first(said, "title") or told.words["unnamed_alert"]
    severity = first(labels, "severity", "priority", "level")
    return told.message(
        "alert",
        told.title(told.known("alert", verb), name),
        _tone(verb, severity),
        (
            ("project", told.project),
            ("severity", told.known("severity", severity)),
            ("instance", first(labels, "instance", "pod", "host", "node")),
            ("service", first(labels, "service", "job", "app", "namespace")),
            ("environment", first(labels, "environment", "env", "cluster")),
            ("begun", told.instant(said.get("startsAt"))),
            ("lasted", _lasted(told)),
            ("value", _values(said)),
            ("left_out", text(count(at(said, "group", "truncatedAlerts")) or None)),
        ),
        (*prose(annotations.get("summary")), *prose(_description(annotations))),
        (
            told.link("link_runbook", annotations.get("runbook_url")),
            *(told.link(key, said.get(name)) for key, name in _PAGES),
        ),
    )


def _tone(verb: str, severity: str) -> Tone:
    if verb == "resolved":
        return Tone.GOOD
    if verb == "acknowledged":
        return Tone.NEUTRAL
    return _SEVERITIES.get(severity.lower(), Tone.BAD)


def _lasted(told: Telling) -> str:
    return told.duration(between(told.data.get("startsAt"), told.data.get("endsAt")))


def _values(said: Mapping[str, Any]) -> str:
    """What Grafana measured, by the names of its queries."""
    values = islice(part(said, "values").items(), _MAX_VALUES)
    return ", ".join(f"{text(name, 30)}={text(value, 30)}" for name, value in values if text(value))


def _description(annotations: Mapping[str, Any]) -> Any:
    description = annotations.get("description") or annotations.get("message")
    return None if description == annotations.get("summary") else description


# --- Sentry


def issue(told: Telling) -> Message:
    """An issue, an error, or an alert about some."""
    said, action = part(told.data, "data"), first(told.data, "action")
    about = part(said, "issue") or part(said, "event") or part(said, "error")
    name = first(about, "title") or first(said, "description_title", "issue_alert.title")
    level = first(about, "level")
    return told.message(
        "issue",
        told.title(told.words.get(f"issue_{action}", told.words["issue_told"]), name),
        _issue_tone(action, level),
        (
            ("project", told.project),
            ("level", told.known("severity", level)),
            ("culprit", first(about, "culprit")),
            ("reason", first(said, "triggered_rule")),
            ("count", first(about, "count")),
            ("environment", first(about, "environment")),
            ("begun", told.instant(about.get("firstSeen"))),
        ),
        prose(first(said, "description_text") or at(about, "metadata", "value")),
        (
            told.link("link_issue", about.get("web_url")),
            told.link("link_issue", about.get("permalink")),
            told.link("link_issue", said.get("web_url")),
        ),
    )


def _issue_tone(action: str, level: str) -> Tone:
    if action == "resolved":
        return Tone.GOOD
    if action in ("assigned", "archived"):
        return Tone.NEUTRAL
    return _SEVERITIES.get((action if action == "warning" else level).lower(), Tone.BAD)
