"""The standard message of releases, which any event can be told as.

Pure. Every field of it is always there, empty where nothing is known, so that a receiver needs no
other form. In the journal `duration` is seconds and can be compared; outside it is Go's text.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tocsin.model.cloudevent import cloudevent_of
from tocsin.model.event import Event
from tocsin.model.go_duration import go_duration, parse_go_duration
from tocsin.model.standing import tells_of_deployment
from tocsin.model.times import parse_instant, rfc3339

DIGEST = "digest"
_SECTIONS = ("project", "version", "task", "deployment")
_COUNTS = ("total_count", "canary_count", "completed_count", "failed_count")

# Where senders have it, names of objects before a slash; the first text counts.
_PLACES: Mapping[str, tuple[str, ...]] = {
    "version/id": (
        "version_id",
        "commit_hash",
        "workflow_run/head_sha",
        "deployment/sha",
        "object_attributes/sha",
        "sha",
    ),
    "version/name": (
        "version",
        "version_name",
        "tag",
        "release/tag_name",
        "branch",
        "workflow_run/head_branch",
        "object_attributes/ref",
    ),
    "version/description": ("commit_message", "workflow_run/head_commit/message"),
    "task/type": ("task_type", "deploy_type", "deployType"),
    "task/strategy": ("strategy",),
    "task/status": (
        "status",
        "step_status",
        "workflow_run/conclusion",
        "workflow_run/status",
        "deployment_status/state",
        "object_attributes/status",
    ),
    "environment": ("deployment/environment", "labels/environment", "env"),
}
_DURATIONS = ("duration", "duration_s", "metrics/total_duration", "object_attributes/duration")
_HOST_LISTS = ("deployment/hosts", "hosts")
_HOSTS = ("serverHost", "server_host", "host")
_TASK_TYPES = ("deploy", "rollback", "stop")


def standard_of(event: Event) -> dict[str, Any]:
    """The standard message that `event` is.

    One that came as such is given as it was sent, but for counts that are no numbers and hosts that
    are no list of texts. Any other has the whole event as `event`.
    """
    said = event.data if isinstance(event.data, Mapping) else {}
    known = _known(event, said)
    if not is_standard(event):
        return {**known, "event": cloudevent_of(event)}
    sections = {
        name: {**known[name], **{key: value for key, value in sent.items() if _fits(key, value)}}
        for name in _SECTIONS
        if isinstance(sent := said.get(name), Mapping)
    }
    told_at = {"timestamp": said["timestamp"]} if parse_instant(said.get("timestamp")) else {}
    return {**said, **known, **sections, **told_at}


def is_standard(event: Event) -> bool:
    """Whether an event came as a standard message."""
    said = event.data
    return (
        isinstance(said, Mapping)
        and said.get("event_type") == event.type
        and any(isinstance(said.get(name), Mapping) for name in _SECTIONS)
    )


def task_id_of(event: Event) -> str:
    """The `task.id` of its standard message."""
    said = event.data if isinstance(event.data, Mapping) else {}
    return _text(said, "task/id") or event.subject


def standard_digest(events: Sequence[Event]) -> dict[str, Any]:
    """One standard message for several events; what is not the same in all is left empty."""
    messages = [standard_of(one) for one in events]
    alike = {name: _common([one[name] for one in messages]) for name in (*_SECTIONS, "environment")}
    at = rfc3339(max(one.occurred_at for one in events))
    return {**alike, "event_type": DIGEST, "timestamp": at, "duration": "", "events": messages}


def _common(values: Sequence[Any]) -> Any:
    first = values[0]
    return first if all(one == first for one in values) else _blank(first)


def _blank(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _blank(inner) for key, inner in value.items()}
    return 0 if isinstance(value, int) else type(value)()


def _fits(name: str, value: Any) -> bool:
    """Whether what was sent under a name can be what is meant by it."""
    if name in _COUNTS:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if name == "hosts":
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    return value is not None


def _known(event: Event, said: Mapping[str, Any]) -> dict[str, Any]:
    """The message out of what an event has, under whatever name."""
    counts = {
        name: _count(said, f"deployment/{name}", name)
        for name in _COUNTS
        if name != "canary_count" or event.type.startswith("canary_")
    }
    return {
        "event_type": event.type,
        "project": {
            "id": event.project,
            "name": _text(said, "project/name") or event.project,
            "description": _text(said, "project/description"),
        },
        "version": {
            part: _text(said, f"version/{part}", *_PLACES[f"version/{part}"])
            for part in ("id", "name", "description")
        },
        "task": {
            "id": task_id_of(event),
            "type": _task_type(event, said),
            "strategy": _text(said, "task/strategy", *_PLACES["task/strategy"]),
            "status": _text(said, "task/status", *_PLACES["task/status"]),
        },
        "deployment": {**counts, "hosts": _hosts(said)},
        "timestamp": rfc3339(event.occurred_at),
        "duration": _duration_text(said),
        "environment": _text(said, "environment", *_PLACES["environment"]),
    }


def _at(said: Mapping[str, Any], place: str) -> Any:
    """What stands at a place; None where nothing does."""
    name, is_inner, rest = place.partition("/")
    found = said.get(name)
    if found is None or not is_inner:
        return found
    # Read from JSON it is this one kind of mapping, which is asked for in no time.
    return _at(found, rest) if isinstance(found, dict) else None


def _text(said: Mapping[str, Any], *places: str) -> str:
    for place in places:
        found = _at(said, place)
        if isinstance(found, str) and found.strip():
            return found.strip()
        if isinstance(found, int) and not isinstance(found, bool):
            return str(found)
    return ""


def _count(said: Mapping[str, Any], *places: str) -> int:
    found = (_at(said, place) for place in places)
    return next((one for one in found if isinstance(one, int) and not isinstance(one, bool)), 0)


def _hosts(said: Mapping[str, Any]) -> list[str]:
    for place in _HOST_LISTS:
        found = _at(said, place)
        if isinstance(found, list):
            return [one for one in found if isinstance(one, str)]
    host = _text(said, *_HOSTS)
    return [host] if host else []


def _task_type(event: Event, said: Mapping[str, Any]) -> str:
    found = _text(said, "task/type", *_PLACES["task/type"])
    is_deployment = tells_of_deployment(event) or event.type.startswith("deployment.")
    return found if found in _TASK_TYPES or not is_deployment else "deploy"


def _duration_text(said: Mapping[str, Any]) -> str:
    for place in _DURATIONS:
        found = _at(said, place)
        if isinstance(found, str) and parse_go_duration(found) is not None:
            return found.strip()
        if isinstance(found, int | float) and not isinstance(found, bool):
            try:
                return go_duration(found)
            except ValueError:
                continue
    return ""
