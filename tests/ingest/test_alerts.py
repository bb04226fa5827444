"""Alerts are events, each told once in what is one notification, and again in the next."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from tests.ingest.samples import RECEIVED_AT, call
from tocsin.errors import Rejected
from tocsin.ingest.alerts import FIRING, NOTIFICATION, REPEAT_S, RESOLVED, example, read_alerts
from tocsin.model.event import NewEvent
from tocsin.model.times import rfc3339

NOON = "2024-01-01T12:00:00Z"


def alert(fingerprint: str = "f1", status: str = "firing", **changed: Any) -> dict[str, Any]:
    return {
        "status": status,
        "labels": {"alertname": "DiskFull"},
        "startsAt": NOON,
        "endsAt": "2024-01-01T12:20:00Z",
        "fingerprint": fingerprint,
        **changed,
    }


def told(*alerts: object, later_s: float = 0, name: str = "", **changed: Any) -> list[NewEvent]:
    body = {"status": "firing", "groupKey": "g", "receiver": "r", "alerts": alerts, **changed}
    said = replace(call(body, name=name), received_at=RECEIVED_AT + timedelta(seconds=later_s))
    return read_alerts("alertmanager", said)


def keys(*alerts: object, **changed: Any) -> list[str | None]:
    return [event.dedupe for event in told(*alerts, **changed)]


def test_each_alert_is_an_event_about_itself() -> None:
    events = told(alert("f1"), alert("f2", "resolved"))

    assert [(one.type, one.subject) for one in events] == [(FIRING, "f1"), (RESOLVED, "f2")]
    assert [rfc3339(one.occurred_at) for one in events] == [
        "2024-01-01T12:00:00.000Z",
        "2024-01-01T12:20:00.000Z",
    ]


def test_the_end_of_an_alert_that_fires_is_not_shown() -> None:
    firing, resolved = told(alert("f1", endsAt="0001-01-01T00:00:00Z"), alert("f2", "resolved"))

    assert "endsAt" not in firing.data
    assert resolved.data["endsAt"] == "2024-01-01T12:20:00Z"


def test_what_is_said_of_the_group_goes_with_each() -> None:
    events = told(alert(), truncatedAlerts=3, commonLabels={"a": "b"}, title="[FIRING:1]")

    group = {"groupKey": "g", "receiver": "r", "status": "firing"}
    assert events[0].data["group"] == {**group, "truncatedAlerts": 3, "title": "[FIRING:1]"}


def test_a_large_group_is_not_multiplied_by_its_alerts() -> None:
    events = told(*(alert(f"f{number}") for number in range(50)), message="m" * 100_000)

    assert all(len(orjson.dumps(event.data)) < 5_000 for event in events)


@pytest.mark.parametrize(
    ("status", "of_all", "kind"),
    [
        ("firing", "resolved", FIRING),
        ("resolved", "firing", RESOLVED),
        (None, "resolved", RESOLVED),
        ("Resolved", "firing", RESOLVED),
        ("pending", "resolved", FIRING),
        (7, 7, FIRING),
    ],
)
def test_what_is_not_said_to_be_over_fires(status: object, of_all: object, kind: str) -> None:
    (event,) = told({"status": status, "fingerprint": "f"}, status=of_all)

    assert event.type == kind


def test_without_a_fingerprint_the_labels_tell_which_alert_it_is() -> None:
    one, same, other = told(
        {"labels": {"a": "1", "b": "2"}},
        {"labels": {"b": "2", "a": "1"}},
        {"labels": {"a": "2"}},
    )

    assert len(one.subject) == 16
    assert one.subject == same.subject != other.subject


# --- what is the same


def test_a_call_made_again_has_the_same_keys_in_whatever_order() -> None:
    again = keys(alert("f2"), alert("f1"), later_s=REPEAT_S / 2)

    assert sorted(map(str, again)) == sorted(map(str, keys(alert("f1"), alert("f2"))))


@pytest.mark.parametrize(
    "changed",
    [
        {"later_s": 3_600},
        {"groupKey": "h"},
        {"receiver": "s"},
        {"name": "team-a"},
    ],
)
def test_a_repeat_hours_later_and_another_group_are_news(changed: dict[str, Any]) -> None:
    assert keys(alert(), **changed) != keys(alert())


@pytest.mark.parametrize(
    "others",
    [[alert(status="resolved")], [alert(startsAt=rfc3339(RECEIVED_AT))], [alert(), alert("f2")]],
)
def test_another_state_of_the_group_is_news(others: list[dict[str, Any]]) -> None:
    assert not set(keys(alert())) & set(keys(*others))


def test_an_alert_that_is_there_twice_is_two() -> None:
    found = keys(alert(), alert())

    assert len(set(found)) == 2


# --- bodies of one's own


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": "DiskFull"},
        {"alerts": []},
        {"alerts": {}},
        {"alerts": ["text", 7]},
        {"alerts": [{}] * 10_001},
    ],
)
def test_what_has_no_alerts_is_kept_as_one_event(body: dict[str, Any]) -> None:
    (event,) = read_alerts("grafana", call(body))

    assert (event.type, event.subject, event.data) == (NOTIFICATION, "", body)
    assert event.occurred_at == RECEIVED_AT
    assert event.dedupe == read_alerts("grafana", call(body))[0].dedupe


@pytest.mark.parametrize("body", [b"[]", b"", b'"text"'])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Rejected):
        read_alerts("grafana", call(body))


def test_the_example_is_an_alert_that_fires() -> None:
    (event,) = read_alerts("grafana", call(example(NOON)))

    assert (event.type, event.data["labels"]["alertname"]) == (FIRING, "Tocsin")
