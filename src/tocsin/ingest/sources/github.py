"""GitHub's webhooks: signed, kept as they are under the name of their event.

https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
The signature is HMAC-SHA256 of the body in `X-Hub-Signature-256`; `X-GitHub-Delivery` is the
delivery's id, which a redelivery repeats.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from pydantic import SecretStr

from tocsin.errors import FieldFault
from tocsin.ingest.body import check_is_json, keepable, read_json_object
from tocsin.ingest.fields import MAX_NAME_CHARS, bad_fields
from tocsin.ingest.signature import bad_signature, hmac_sha256_hex, is_same
from tocsin.ingest.source import Envelope, InboundCall, Verdict, dedupe_key
from tocsin.model.event import NewEvent, new_event_id
from tocsin.settings.schema import Network, Secret

SOURCE = "github"
ENTRANCES: tuple[str, ...] = ()
ENVELOPE = Envelope.OBJECT
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret` is the one given to GitHub when the webhook was made there."""

    secret: Secret = field(default_factory=lambda: SecretStr(""))
    unsigned_networks: tuple[Network, ...] = ()


def verify(call: InboundCall, options: Options) -> Verdict:
    """Check the signature over the body's bytes as they came."""
    shown = call.headers.get("x-hub-signature-256")
    secret = options.secret.get_secret_value()
    if shown is None or not secret:
        return Verdict.NOT_SIGNED
    if not is_same(shown, f"sha256={hmac_sha256_hex(secret, call.body)}"):
        raise bad_signature("X-Hub-Signature-256 is not this body's signature.")
    return Verdict.VERIFIED


def read(call: InboundCall) -> list[NewEvent]:
    """The one event of a delivery: its kind as type, the repository as project."""
    kind = call.headers.get("x-github-event", "").strip()
    if not kind:
        raise bad_fields([FieldFault("X-GitHub-Event", "expected the name of the event")])
    body = call.body
    if call.headers.get("content-type", "").startswith(_FORM):
        body = "".join(parse_qs(body.decode("latin-1")).get("payload", [])).encode()
    else:
        check_is_json(call.headers)
    data = keepable(read_json_object(body, call.limits), body)
    repository = data.get("repository")
    project = repository.get("full_name") if isinstance(repository, dict) else None
    delivery_id = call.headers.get("x-github-delivery", "")
    return [
        NewEvent(
            id=new_event_id(),
            source=SOURCE,
            type=kind[:MAX_NAME_CHARS],
            project=project[:MAX_NAME_CHARS] if isinstance(project, str) else "",
            subject="",
            occurred_at=call.received_at,
            received_at=call.received_at,
            data=data,
            dedupe=dedupe_key(SOURCE, call, "", delivery_id),
        )
    ]


OPENAPI: Mapping[str, Any] = {
    "application/json": {"type": "object", "description": "A GitHub webhook payload."}
}
