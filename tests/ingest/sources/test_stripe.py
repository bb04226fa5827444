"""Stripe's signature: the secret as it stands, any of several, of a time that is about now."""

import hmac
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.ingest.samples import RECEIVED_AT, call, options_of, read, sample
from tocsin.errors import Rejected
from tocsin.ingest.source import InboundCall, Verdict, find_sources
from tocsin.model.times import rfc3339

SOURCE = find_sources()["stripe"]
SECRET, BODY, AT = "whsec_demo", b'{"ok":true}', 1_700_000_000
RIGHT = "c243475b0d633679125f44f2847c4f2f64dbfd2e0a02f11f892d7cca6ce0b501"


def signed(header: str, body: bytes = BODY) -> InboundCall:
    told = call(body, {"stripe-signature": header})
    return replace(told, received_at=datetime.fromtimestamp(AT, UTC))


def verdict(header: str, *secrets: str) -> Verdict:
    return SOURCE.verify(signed(header), options_of(SOURCE), secrets or (SECRET,))


@pytest.mark.parametrize(
    "header",
    [
        f"t={AT},v1={RIGHT}",
        f"t={AT},v1={'0' * 64},v1={RIGHT},v0={RIGHT}",
        f"t={AT}, v1={RIGHT}",
        f"v1={RIGHT},t={AT}",
        f"t={AT},v1={RIGHT},v2=new",
    ],
)
def test_any_right_v1_is_enough(header: str) -> None:
    assert verdict(header) is Verdict.VERIFIED
    assert verdict(header, "other", SECRET) is Verdict.VERIFIED


@pytest.mark.parametrize(
    "header",
    [
        "",
        f"t={AT}",
        f"v1={RIGHT}",
        f"t={AT},v0={RIGHT}",
        f"t={AT},v1=",
        f"t={AT + 1},v1={RIGHT}",
        f"t={AT + 1},t={AT},v1={RIGHT}",
        f"t={AT},v1={RIGHT[:-1]}",
        f"t=now,v1={RIGHT}",
        RIGHT,
    ],
)
def test_nothing_else_is(header: str) -> None:
    with pytest.raises(Rejected):
        verdict(header)


def test_the_secret_is_not_base64() -> None:
    decoded = hmac.new(b"\x75\xe9\xa8", f"{AT}.".encode() + BODY, "sha256").hexdigest()

    with pytest.raises(Rejected):
        verdict(f"t={AT},v1={decoded}")


def test_an_event_is_about_the_object_in_it() -> None:
    (event,) = read(SOURCE, sample("stripe", "invoice_paid").call())
    (thin,) = read(SOURCE, sample("stripe", "thin").call())

    assert (event.type, event.subject) == ("invoice.paid", "in_1NG8Du2eZvKYlo2C")
    assert rfc3339(event.occurred_at) == "2024-01-01T12:00:00.000Z"
    assert event.dedupe == "stripe\n\n\nevt_1NG8Du2eZvKYlo2CUI79vXWy"
    assert thin.subject == "mtr_test_61RM8ltWcTW4mbsxf16RJyfa2xSQLHJJ"


def test_without_an_id_what_is_signed_tells_a_repeat() -> None:
    body = b'{"type":"a"}'
    first, again, later, unsigned = (
        read(SOURCE, one)[0].dedupe
        for one in (
            signed(f"t={AT},v1={RIGHT}", body),
            # The same in another order, and with one more that says nothing.
            signed(f"v1={RIGHT},v1=00,t={AT}", body),
            signed(f"t={AT + 1},v1={RIGHT}", body),
            call(body),
        )
    )

    assert first == again != later
    assert unsigned is None


def test_others_who_sign_like_it_need_not_say_the_same() -> None:
    (named,) = read(SOURCE, call({"event": "invitee.created", "payload": {}}))
    (unnamed,) = read(SOURCE, call({"id": 7}))

    assert (named.type, named.subject, named.occurred_at) == ("invitee.created", "", RECEIVED_AT)
    assert (unnamed.type, unnamed.dedupe) == ("message", "stripe\n\n\n7")
