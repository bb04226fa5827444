"""Sentry's calls: signed, named by resource and action, about an issue where there is one."""

from typing import Any

import pytest

from tests.ingest.samples import RECEIVED_AT, SECRET, call, read, sample, verify
from tocsin.errors import Reason, Rejected
from tocsin.ingest.signature import hmac_sha256_hex
from tocsin.ingest.source import Verdict, find_sources
from tocsin.model.times import rfc3339

SOURCE = find_sources()["sentry"]


@pytest.mark.parametrize(
    ("name", "kind", "project", "subject"),
    [
        ("issue_created", "issue.created", "shop", "1170820242"),
        ("event_alert_triggered", "event_alert.triggered", "shop", "1170820242"),
        ("metric_alert_critical", "metric_alert.critical", "shop", "4"),
        ("installation_created", "installation.created", "", ""),
    ],
)
def test_a_call_is_one_event(name: str, kind: str, project: str, subject: str) -> None:
    one = sample("sentry", name)

    (event,) = read(SOURCE, one.call())

    assert (event.type, event.project, event.subject) == (kind, project, subject)
    assert event.dedupe == f"sentry\n\n\n{one.headers['request-id']}"


def test_an_error_is_of_when_it_was_and_all_else_of_when_it_came() -> None:
    (alert,) = read(SOURCE, sample("sentry", "event_alert_triggered").call())
    (issue,) = read(SOURCE, sample("sentry", "issue_created").call())

    assert rfc3339(alert.occurred_at) == "2024-01-01T12:10:00.000Z"
    # The time in its header is not signed.
    assert issue.occurred_at == RECEIVED_AT


@pytest.mark.parametrize(
    "body",
    [{}, {"action": 7, "data": []}, {"data": {"issue": 7, "metric_alert": {"projects": [7]}}}],
)
def test_what_is_not_told_is_no_reason_to_refuse(body: dict[str, Any]) -> None:
    (event,) = read(SOURCE, call(body, {"sentry-hook-resource": "comment"}))

    assert (event.type, event.project, event.subject) == ("comment", "", "")
    assert event.dedupe is None


def test_a_call_without_a_resource_is_refused() -> None:
    with pytest.raises(Rejected, match="Sentry-Hook-Resource"):
        read(SOURCE, call({"action": "created"}))


def test_the_signature_is_of_the_bytes_and_not_of_what_they_mean() -> None:
    shown = {"sentry-hook-signature": hmac_sha256_hex(SECRET, b'{"a": 1}')}

    assert verify(SOURCE, call(b'{"a": 1}', shown), SECRET) is Verdict.VERIFIED
    with pytest.raises(Rejected) as raised:
        verify(SOURCE, call(b'{"a":1}', shown), SECRET)
    assert raised.value.reason is Reason.BAD_SIGNATURE
