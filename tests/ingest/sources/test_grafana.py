"""Grafana signs the body, with a time in front where one is set."""

import pytest

from tests.ingest.samples import RECEIVED_AT, SECRET, call, options_of, read, sample, verify
from tocsin.errors import Rejected
from tocsin.ingest.signature import hmac_sha256_hex
from tocsin.ingest.source import Verdict, extras_of, find_sources
from tocsin.ingest.sources import alertmanager, grafana

SOURCE = find_sources()["grafana"]
NOW = str(int(RECEIVED_AT.timestamp()))


def test_an_alert_keeps_what_grafana_adds_to_it() -> None:
    (event,) = read(SOURCE, sample("grafana", "alerting").call())

    assert (event.type, event.subject) == ("alert.firing", "ea4a3f5e6b7c8d90")
    assert event.data["values"] == {"A": 1.9, "C": 1}
    assert event.data["group"]["title"] == "[FIRING:1] Checkout is slow"
    assert "endsAt" not in event.data


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("", b'{"ok":true}'),
        ("X-Time", f'{NOW}:{{"ok":true}}'.encode()),
    ],
)
def test_the_signature_is_of_the_body_and_the_time_that_is_set(header: str, message: bytes) -> None:
    shown = {"x-signed": hmac_sha256_hex("demo", message), "x-time": NOW}
    others = {"signature_header": "X-Signed", "timestamp_header": header}

    assert verify(SOURCE, call(b'{"ok":true}', shown), "demo", **others) is Verdict.VERIFIED
    with pytest.raises(Rejected):
        verify(SOURCE, call(b'{"ok":false}', shown), "demo", **others)


def test_the_documented_signature_with_a_time_is_made() -> None:
    right = "771d3ec35e23095e8c85e24195791a4b713742ac58bc1f3c9dcb641787b32b03"

    assert hmac_sha256_hex("demo", b'1700000000:{"ok":true}') == right


@pytest.mark.parametrize("at", ["", "0", str(int(NOW) - 301), str(int(NOW) + 301)])
def test_a_time_that_is_set_has_to_be_there_and_about_now(at: str) -> None:
    signature = hmac_sha256_hex(SECRET, f"{at}:{{}}".encode())
    shown = {"x-grafana-alerting-signature": signature, "x-time": at}

    with pytest.raises(Rejected, match="X-Time"):
        verify(SOURCE, call(b"{}", shown), SECRET, timestamp_header="X-Time")


@pytest.mark.parametrize("header", ["", "X-Time"])
def test_what_it_makes_is_signed_as_it_is_set(header: str) -> None:
    make = extras_of(SOURCE).sample
    assert make is not None
    made = make(options_of(SOURCE, timestamp_header=header), (SECRET,), RECEIVED_AT)
    told = call(made.body, {name.lower(): value for name, value in made.headers.items()})

    assert verify(SOURCE, told, SECRET, timestamp_header=header) is Verdict.VERIFIED


def test_too_much_is_said_as_to_alertmanager() -> None:
    assert extras_of(SOURCE).OVERLOAD_STATUS == alertmanager.OVERLOAD_STATUS == 503
    assert grafana.OPENAPI == alertmanager.OPENAPI
