"""Gitea's and Forgejo's webhooks: signed, each kept under the name of its event.

https://docs.gitea.com/usage/webhooks
The signature is HMAC-SHA256 of the JSON, also where that comes in a form's field `payload`.
`X-Gitea-Delivery` is the delivery's id, which a manual replay repeats; Gitea sends nothing again by
itself. `workflow_run` and `workflow_job` become deployments as GitHub's do (`docs/github.md`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from pydantic import SecretStr

from tocsin.errors import FieldFault, Reason, Rejected
from tocsin.ingest.body import is_form, payload_of
from tocsin.ingest.fields import bad_fields
from tocsin.ingest.parts import text
from tocsin.ingest.signature import bad_signature, check_hmac, hmac_sha256_hex
from tocsin.ingest.source import Envelope, InboundCall, Sample, Verdict
from tocsin.ingest.workflows import Telling, read_delivery, workflow_job, workflow_run
from tocsin.model.event import NewEvent, new_event_id
from tocsin.model.times import rfc3339
from tocsin.settings.schema import Network, Secret

SOURCE = "gitea"
ENTRANCES: tuple[str, ...] = ()
ENVELOPE = Envelope.OBJECT

# Headers with the signature, and what stands before it. Without a secret Gitea sends them all
# the same, with nothing in them.
_SIGNATURES = (
    ("X-Gitea-Signature", ""),
    ("X-Forgejo-Signature", ""),
    ("X-Gogs-Signature", ""),
    ("X-Hub-Signature-256", "sha256="),
)

# A form has to be taken apart before it is known whose it is, and what is full of escapes takes
# a hundred times as long as the signature of as much JSON.
_MAX_FORM_BYTES = 1_048_576

_TELLING: Telling = {"workflow_run": workflow_run, "workflow_job": workflow_job}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret` is the one given to Gitea or Forgejo when the webhook was made there."""

    secret: Secret = field(default_factory=lambda: SecretStr(""))
    previous_secret: Secret = field(default_factory=lambda: SecretStr(""))
    unsigned_networks: tuple[Network, ...] = ()


def verify(call: InboundCall, _options: Options, secrets: tuple[str, ...]) -> Verdict:
    """Check every signature that is shown, over the bytes of the JSON.

    Raises:
        Rejected: 401, one is wrong; 413, a form is too large to be taken apart for a stranger.
    """
    shown = [(name, prefix) for name, prefix in _SIGNATURES if _is_shown(call, name, prefix)]
    if not shown or not secrets:
        return Verdict.NOT_SIGNED
    if is_form(call.headers) and len(call.body) > _MAX_FORM_BYTES:
        message = f"A form may have {_MAX_FORM_BYTES} bytes; choose application/json in Gitea."
        raise Rejected(413, Reason.TOO_LARGE, message)
    try:
        payload = payload_of(call.headers, call.body)
    except Rejected as error:
        raise bad_signature("What is signed cannot be found in this body.") from error
    for name, prefix in shown:
        check_hmac(name, call.headers[name.lower()], payload, secrets, prefix)
    return Verdict.VERIFIED


def _is_shown(call: InboundCall, name: str, prefix: str) -> bool:
    return bool(call.headers.get(name.lower(), "").strip().removeprefix(prefix))


def read(call: InboundCall, _options: Options) -> list[NewEvent]:
    """The one event of a delivery."""
    kind = _header(call, "event")
    if not kind:
        raise bad_fields([FieldFault("X-Gitea-Event", "expected the name of the event")])
    return [read_delivery(SOURCE, call, kind, _header(call, "delivery"), _TELLING)]


def _header(call: InboundCall, name: str) -> str:
    """What Gitea or Forgejo says, under a name of its own."""
    said = (call.headers.get(f"x-{forge}-{name}") for forge in ("gitea", "forgejo", "gogs"))
    return next(filter(None, map(text, said)), "")


def sample(_options: Options, secrets: tuple[str, ...], now: datetime) -> Sample:
    """The begin of a workflow run."""
    run = {
        "id": 1,
        "html_url": "https://gitea.example.org/shop-team/shop/actions/runs/1",
        "display_title": "A test of this source",
        "event": "push",
        "status": "in_progress",
        "head_branch": "main",
        "started_at": rfc3339(now),
    }
    body = orjson.dumps(
        {
            "action": "in_progress",
            "workflow": {"id": "deploy.yml", "name": "deploy"},
            "workflow_run": run,
            "repository": {"full_name": "shop-team/shop"},
        }
    )
    headers = {
        "Content-Type": "application/json",
        "X-Gitea-Event": "workflow_run",
        "X-Gitea-Delivery": new_event_id(),
    }
    if secrets:
        headers["X-Gitea-Signature"] = hmac_sha256_hex(secrets[0], body)
    return Sample(headers, body)


OPENAPI: Mapping[str, Any] = {
    "application/json": {"type": "object", "description": "A Gitea or Forgejo webhook payload."}
}
