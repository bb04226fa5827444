"""Events as they might come, to see what a template or a channel makes of them. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tocsin.model.event import OWN_SOURCE, Event
from tocsin.model.standard_reading import SOURCE as RELEASE

_AT = datetime(2026, 1, 6, 20, 0, tzinfo=UTC)

_DOCUMENT: Mapping[str, Mapping[str, Any]] = {
    "canary_started": {"completed_count": 0, "status": "running", "duration": 30.0},
    "canary_completed": {"completed_count": 10, "status": "running", "duration": 330.0},
    "full_completed": {"completed_count": 100, "status": "success", "duration": 1_830.0},
}
_DEPLOYMENT: Mapping[str, Any] = {
    "project": "my-app",
    "deployment_id": "run-42",
    "workflow_name": "Deploy",
    "branch": "main",
    "commit_hash": "3f786850e387550fdab836ed7e6dc881de23001b",
    "environment": "production",
    "step_name": "Run tests",
}
_BY_TYPE: Mapping[str, Mapping[str, Any]] = {
    "step_started": {"step_status": "started"},
    "step_completed": {"step_status": "success", "duration": 42.5},
    "deployment_completed": {"status": "success", "duration": 330},
    "log_entry": {"level": "error", "message": "Connection refused"},
    "deployment.stalled": {
        "last_seq": 41,
        "last_seen_at": "2026-01-06T18:00:00.000Z",
        "stalled_after_s": 7200,
    },
    "deployment.running_long": {
        "run": 1,
        "started_at": "2026-01-06T18:59:00.000Z",
        "duration": 3660.0,
        "current_step": "Run tests",
        "running_long_after_s": 3600,
    },
}
_ALERT: Mapping[str, Any] = {
    "status": "firing",
    "labels": {"alertname": "HighLatency", "severity": "critical", "instance": "web-1"},
    "annotations": {
        "summary": "Requests take long",
        "description": "p99 has been above 2 s for 5 minutes.",
    },
    "startsAt": "2026-01-06T19:55:00Z",
    "fingerprint": "c0ffee0123456789",
}
_TRAINING: Mapping[str, Any] = {
    "request_id": "train-42",
    "training_type": "lora",
    "status": "COMPLETED",
}


def sample_event(event_type: str) -> Event:
    """An event of that type with made-up data; one that might be any for a type nobody knows."""
    noun = event_type.partition(".")[0]
    if event_type in _DOCUMENT:
        return _event(event_type, RELEASE, "task-42", _document(event_type))
    if event_type.startswith("deployment."):
        return _event(event_type, OWN_SOURCE, "run-42", _BY_TYPE.get(event_type, {}))
    if noun == "alert":
        status = "resolved" if event_type.endswith("resolved") else "firing"
        return _event(event_type, "alertmanager", "c0ffee0123456789", {**_ALERT, "status": status})
    if noun == "training":
        return _event(event_type, "fal", "train-42", _TRAINING)
    data = {"type": event_type, **_DEPLOYMENT, **_BY_TYPE.get(event_type, {"status": "success"})}
    return _event(event_type or "deployment_completed", "deployment", "run-42", data)


def _document(event_type: str) -> dict[str, Any]:
    stands = _DOCUMENT[event_type]
    canary = {} if event_type == "full_completed" else {"canary_count": 10}
    return {
        "event_type": event_type,
        "project": {"id": "my-app", "name": "my-app", "description": "The shop"},
        "version": {"id": "v-123", "name": "v1.2.3", "description": "Faster search"},
        "task": {
            "id": "task-42",
            "type": "deploy",
            "strategy": "canary",
            "status": stands["status"],
        },
        "deployment": {
            "total_count": 100,
            **canary,
            "completed_count": stands["completed_count"],
            "failed_count": 0,
            "hosts": ["web-1", "web-2"],
        },
        "timestamp": "2026-01-06T20:00:00Z",
        "duration": stands["duration"],
        "environment": "production",
    }


def _event(event_type: str, source: str, subject: str, data: Mapping[str, Any]) -> Event:
    return Event(
        seq=42,
        id="019b9542-6c00-7000-8000-000000000042",
        source=source,
        type=event_type,
        project="my-app",
        subject=subject,
        occurred_at=_AT,
        received_at=_AT,
        data=dict(data),
        occurred_text=None,
        attributes=None,
    )
