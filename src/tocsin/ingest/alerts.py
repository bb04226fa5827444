"""Alerts, as Prometheus' Alertmanager sends them, and Grafana in a format made after it.

Pure. A call is a notification: a group's alerts, each of which is an event. It has no delivery id.
Told as the same is what has the same group and the same alerts in the same state, within REPEAT_S:
a call that is made again because its answer was lost comes within minutes, while the same alerts
again after `repeat_interval`, hours later, are meant to be said again.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from tocsin.ingest.body import check_is_json, keepable, read_json_object
from tocsin.ingest.parts import part, text
from tocsin.ingest.source import InboundCall
from tocsin.model.event import NewEvent, new_event_id
from tocsin.model.times import parse_instant

FIRING, RESOLVED = "alert.firing", "alert.resolved"
# What has no alerts to be told apart: both programs can be given a template of one's own.
NOTIFICATION = "notification"

# Alertmanager tries again for `group_interval`, 5 minutes, and repeats after 4 hours, unless set
# otherwise. Two calls on both sides of a border are stored twice, which is the lesser harm.
REPEAT_S = 600

# Each alert's event also has what is said of the group. Beyond these bytes fields are left out, as
# are those that alerts have in common: each has them itself. There may be thousands in a call.
_MAX_GROUP_BYTES = 4_096
_IN_EACH = frozenset({"alerts", "commonLabels", "commonAnnotations"})
_MAX_ALERTS = 10_000


def read_alerts(source: str, call: InboundCall) -> list[NewEvent]:
    """An event for each alert; one of the whole call when there is none to be found in it."""
    check_is_json(call.headers)
    body = keepable(read_json_object(call.body, call.limits), call.body)
    said = body.get("alerts")
    alerts = [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
    if not 0 < len(alerts) <= _MAX_ALERTS:
        key = hashlib.sha256(call.body).hexdigest()
        return [_event(source, call, NOTIFICATION, "", call.received_at, body, key)]
    kinds = [_kind(alert, body) for alert in alerts]
    subjects = [_fingerprint(alert) for alert in alerts]
    notification = _notification(body, alerts, kinds, subjects)
    group = _group(body)
    seen: Counter[str] = Counter()
    events = []
    for alert, kind, subject in zip(alerts, kinds, subjects, strict=True):
        seen[subject] += 1
        key = f"{notification}\n{subject}\n{seen[subject]}"
        at = parse_instant(alert.get("startsAt" if kind == FIRING else "endsAt"))
        data = _data(alert, kind, group)
        events.append(_event(source, call, kind, subject, at or call.received_at, data, key))
    return events


def _kind(alert: Mapping[str, Any], body: Mapping[str, Any]) -> str:
    said = text(alert.get("status")) or text(body.get("status"))
    return RESOLVED if said.lower() == "resolved" else FIRING


def _fingerprint(alert: Mapping[str, Any]) -> str:
    """What stays the same as long as its labels do."""
    return text(alert.get("fingerprint")) or _digest(part(alert, "labels"))[:16]


def _notification(
    body: Mapping[str, Any],
    alerts: Sequence[Mapping[str, Any]],
    kinds: Sequence[str],
    subjects: Sequence[str],
) -> str:
    """What is alike in two calls that say the same."""
    began = [str(alert.get("startsAt")) for alert in alerts]
    states = sorted(zip(subjects, kinds, began, strict=True))
    return _digest([str(body.get("receiver")), str(body.get("groupKey")), states])


def _digest(value: Any) -> str:
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _group(body: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of all alerts together, such as how many were left out."""
    group: dict[str, Any] = {}
    left = _MAX_GROUP_BYTES
    for name, said in body.items():
        left -= 0 if name in _IN_EACH else len(orjson.dumps({name: said}))
        if left < 0:
            break
        if name not in _IN_EACH:
            group[name] = said
    return group


def _data(alert: Mapping[str, Any], kind: str, group: Mapping[str, Any]) -> dict[str, Any]:
    # The end of one that fires is the year 1, or a guess.
    shown = {name: said for name, said in alert.items() if name != "endsAt" or kind != FIRING}
    return {**shown, "group": group}


def _event(
    source: str,
    call: InboundCall,
    kind: str,
    subject: str,
    at: datetime,
    data: Mapping[str, Any],
    key: str,
) -> NewEvent:
    now = int(call.received_at.timestamp()) // REPEAT_S
    return NewEvent(
        id=new_event_id(),
        source=source,
        type=kind,
        project="",
        subject=subject,
        occurred_at=at,
        received_at=call.received_at,
        data=data,
        dedupe=f"{source}\n{call.name}\n{now}\n{key}",
    )


def example(now: str) -> dict[str, Any]:
    """A notification of one alert that fires."""
    return {
        "version": "4",
        "groupKey": '{}:{alertname="Tocsin"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "tocsin",
        "groupLabels": {"alertname": "Tocsin"},
        "commonLabels": {"alertname": "Tocsin"},
        "commonAnnotations": {},
        "externalURL": "https://alerts.example.org",
        "alerts": [
            {
                "status": "firing",
                "labels": {"alertname": "Tocsin", "severity": "none"},
                "annotations": {"summary": "A test of this source"},
                "startsAt": now,
                "endsAt": "0001-01-01T00:00:00Z",
                "fingerprint": "0123456789abcdef",
            }
        ],
    }


OPENAPI: Mapping[str, Any] = {
    "application/json": {
        "type": "object",
        "description": "A notification; of another form it is kept as one event.",
        "properties": {"alerts": {"type": "array", "items": {"type": "object"}}},
    }
}
