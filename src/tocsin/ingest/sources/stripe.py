"""Stripe's webhooks, and those signed like them: `t=<time>,v1=<hex>`.

https://docs.stripe.com/webhooks
The signature is HMAC-SHA256 of `<time>.<body>`; the secret is taken as it stands, with its
`whsec_`. Taken within 5 minutes of the signed time. The body's `id` tells a repeat, which Stripe
sends for up to three days, in any order.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from pydantic import SecretStr

from tocsin.ingest.body import check_is_json, keepable, read_json_object
from tocsin.ingest.parts import id_of, instant, kind_of, part
from tocsin.ingest.signature import bad_signature, check_fresh, decoded, hmac_holds, texts
from tocsin.ingest.source import Envelope, InboundCall, Sample, Verdict, dedupe_key
from tocsin.model.event import NewEvent, new_event_id
from tocsin.model.times import from_us
from tocsin.settings.schema import Network, Secret

SOURCE = "stripe"
ENTRANCES: tuple[str, ...] = ()
ENVELOPE = Envelope.OBJECT
_HEADER = "stripe-signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret` is the endpoint's signing secret."""

    secret: Secret = field(default_factory=lambda: SecretStr(""))
    previous_secret: Secret = field(default_factory=lambda: SecretStr(""))
    unsigned_networks: tuple[Network, ...] = ()


def verify(call: InboundCall, _options: Options, secrets: tuple[str, ...]) -> Verdict:
    """Check that any `v1` is right; `v0` is of test keys that anybody may have."""
    shown = call.headers.get(_HEADER)
    if shown is None or not secrets:
        return Verdict.NOT_SIGNED
    check_fresh("The t of Stripe-Signature", _time(shown), call.received_at)
    signatures = (decoded(value) for name, value in _pairs(shown) if name == "v1")
    if not hmac_holds(signatures, _message(call, shown), texts(secrets)):
        raise bad_signature("Stripe-Signature is not this body's signature.")
    return Verdict.VERIFIED


def _pairs(shown: str) -> list[tuple[str, str]]:
    parted = (pair.strip().partition("=") for pair in shown.split(","))
    return [(name, value) for name, _, value in parted]


def _time(shown: str) -> str:
    return next((value for name, value in _pairs(shown) if name == "t"), "")


def _message(call: InboundCall, shown: str) -> bytes:
    return f"{_time(shown)}.".encode() + call.body


def read(call: InboundCall, _options: Options) -> list[NewEvent]:
    """The one event of a call; what it is about is the object in it."""
    check_is_json(call.headers)
    body = keepable(read_json_object(call.body, call.limits), call.body)
    about = part(body, "data", "object") or part(body, "related_object")
    at = instant(body, "created")
    return [
        NewEvent(
            id=new_event_id(),
            source=SOURCE,
            type=kind_of(body),
            project="",
            subject=id_of(about),
            occurred_at=call.received_at if at is None else from_us(at),
            received_at=call.received_at,
            data=body,
            dedupe=dedupe_key(SOURCE, call, "", id_of(body) or _signed(call)),
        )
    ]


def _signed(call: InboundCall) -> str:
    """What is signed, in place of an id of the delivery; the signature itself can be written twice.

    "" for what is not signed.
    """
    shown = call.headers.get(_HEADER, "")
    return hashlib.sha256(_message(call, shown)).hexdigest() if shown else ""


def sample(_options: Options, secrets: tuple[str, ...], now: datetime) -> Sample:
    """An event of a customer who does not exist."""
    at = int(now.timestamp())
    body = orjson.dumps(
        {
            "id": f"evt_{new_event_id()}",
            "object": "event",
            "type": "customer.created",
            "created": at,
            "livemode": False,
            "data": {"object": {"id": "cus_test", "object": "customer"}},
        }
    )
    headers = {"Content-Type": "application/json"}
    if secrets:
        digest = hmac.digest(secrets[0].encode(), f"{at}.".encode() + body, "sha256")
        headers["Stripe-Signature"] = f"t={at},v1={digest.hex()}"
    return Sample(headers, body)


OPENAPI: Mapping[str, Any] = {
    "application/json": {
        "type": "object",
        "properties": {"id": {"type": "string"}, "type": {"type": "string"}},
    }
}
