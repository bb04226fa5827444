"""The names that a template may use, and what they stand for in an event. Pure."""

from collections.abc import Mapping
from typing import Any

from tocsin.model.event import Event
from tocsin.model.message import Message, Tone
from tocsin.model.standard_message import standard_of
from tocsin.model.times import rfc3339
from tocsin.notify.condition import NAMES, seen_of

# Hosts that are named; of more it is said that there are more.
_NAMED_HOSTS = 50

VARIABLES: Mapping[str, str] = {
    "event_type": "What happened, as canary_started",
    "environment": "Where it happened, as production",
    "timestamp": "When it happened, in UTC",
    "duration": "How long it took, as 5m30s",
    "project_id": "The project's id",
    "project_name": "The project's name, or its id",
    "project_description": "What the project is",
    "version_id": "The version's id, or the commit",
    "version_name": "The version's name, a tag or a branch",
    "version_description": "What the version brings",
    "task_id": "The task's id, or the deployment's",
    "task_type": "deploy, rollback or stop",
    "task_strategy": "canary, rolling or blue_green",
    "task_status": "How it stands, in its sender's word",
    "total_count": "How many hosts there are in all",
    "canary_count": "How many of them are canaries",
    "completed_count": "How many are done",
    "failed_count": "How many failed",
    "success_rate": "Of 100 that ended how many did not fail",
    "hosts_count": "How many hosts are named",
    "hosts_string": "The hosts, with commas between them",
    "is_success": "Whether something ended well",
    "is_failed": "Whether something went wrong",
    "has_canary": "Whether it is about canaries",
    "has_failed": "Whether hosts failed",
    "has_hosts": "Whether hosts are named",
    "event": "The whole event: event.id, event.type, event.data.… and so on",
}
EVENT_NAMES = frozenset(NAMES)


def values_of(event: Event, message: Message) -> Mapping[str, Any]:
    """What each name stands for; `message` is what Tocsin itself says of the event."""
    told = standard_of(event)
    counts = {
        name: told["deployment"].get(name) or 0
        for name in ("total_count", "canary_count", "completed_count", "failed_count")
    }
    hosts = told["deployment"]["hosts"] or []
    sections = {
        f"{section}_{part}": told[section].get(part) or ""
        for section, parts in (
            ("project", ("id", "name", "description")),
            ("version", ("id", "name", "description")),
            ("task", ("id", "type", "strategy", "status")),
        )
        for part in parts
    }
    return {
        **{name: told[name] or "" for name in ("event_type", "environment", "duration")},
        "timestamp": told["timestamp"] or "",
        **sections,
        **counts,
        "success_rate": _success_rate(counts["completed_count"], counts["failed_count"]),
        "hosts_count": len(hosts),
        "hosts_string": ", ".join(hosts[:_NAMED_HOSTS]) + (", …" if hosts[_NAMED_HOSTS:] else ""),
        "is_success": message.tone is Tone.GOOD,
        "is_failed": message.tone is Tone.BAD,
        "has_canary": bool(counts["canary_count"]) or event.type.startswith("canary_"),
        "has_failed": counts["failed_count"] > 0,
        "has_hosts": bool(hosts),
        "event": _event(event),
    }


def _success_rate(completed: int, failed: int) -> float | int:
    """Of those that ended; 100 while none has."""
    ended = completed + failed
    rate = round(100 * completed / ended, 1) if ended > 0 else 100
    return int(rate) if rate == int(rate) else rate


def _event(event: Event) -> dict[str, Any]:
    instants = {name: rfc3339(getattr(event, name)) for name in ("occurred_at", "received_at")}
    return {**seen_of(event), **instants}
