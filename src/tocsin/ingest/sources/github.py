"""GitHub's webhooks: signed, each kept under the name of its event; some tell of a deployment.

https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
The signature is HMAC-SHA256 of the body in `X-Hub-Signature-256`; `X-GitHub-Delivery` is the
delivery's id, which a redelivery repeats. `workflow_run`, `workflow_job`, `deployment` and
`deployment_status` become deployments, as `docs/github.md` tells. A payload is a picture of how
things stand, not a piece of news: the same thing comes in several deliveries, in any order.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

import orjson
from pydantic import Field, SecretStr

from tocsin.errors import FieldFault
from tocsin.ingest.fields import bad_fields
from tocsin.ingest.parts import id_of, known, part, text, web_address
from tocsin.ingest.signature import check_hmac, hmac_sha256_hex
from tocsin.ingest.source import Envelope, InboundCall, Sample, Verdict, delivery_key
from tocsin.ingest.workflows import (
    MAX_STEP_CHARS,
    UNNAMED,
    Telling,
    Told,
    read_delivery,
    run_facts,
    workflow_job,
    workflow_run,
)
from tocsin.model.change import Change, Mark, Move, RunEnd
from tocsin.model.event import NewEvent, new_event_id
from tocsin.model.words import StepState, deployment_state, step_state
from tocsin.settings.schema import Network, Seconds, Secret

SOURCE = "github"
ENTRANCES: tuple[str, ...] = ()
ENVELOPE = Envelope.OBJECT

Owner = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?$")]
HookName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?/[0-9]+$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret` is the one given to GitHub when the webhook was made there.

    GitHub delivers once. With `api_token`, which may read and write webhooks, Tocsin looks every
    `sweep_every_s` seconds at the hooks of the repositories (`owner/name`) and organisations in
    `sweep_owners`, as far as their address ends in `/hooks/github` or `/hooks/github/<name>`, and
    at those in `sweep_hooks` (`owner/name/id`, `organisation/id`), and has delivered again what
    failed and is not stored. `sweep_host` leaves out hooks that call another host. `api_url` is
    another one for GitHub Enterprise; `api_networks` are private networks where that may be.
    """

    secret: Secret = field(default_factory=lambda: SecretStr(""))
    previous_secret: Secret = field(default_factory=lambda: SecretStr(""))
    unsigned_networks: tuple[Network, ...] = ()
    api_url: Annotated[str, Field(pattern=r"^https?://[^?#\s]+$")] = "https://api.github.com"
    api_networks: tuple[Network, ...] = ()
    api_token: Secret = field(default_factory=lambda: SecretStr(""))
    sweep_owners: tuple[Owner, ...] = ()
    sweep_hooks: tuple[HookName, ...] = ()
    sweep_host: str = ""
    sweep_every_s: Annotated[Seconds, Field(ge=10)] = 300.0


def sweeps(options: Options) -> bool:
    """Whether there is what it takes to ask GitHub for failed deliveries."""
    has_hooks = bool(options.sweep_owners or options.sweep_hooks)
    return has_hooks and bool(options.api_token.get_secret_value())


def key_of(name: str, guid: str) -> str:
    """The journal's key of a delivery; `name` is that in its address."""
    return delivery_key(SOURCE, name, "", guid)


def verify(call: InboundCall, _options: Options, secrets: tuple[str, ...]) -> Verdict:
    """Check the signature over the body's bytes as they came."""
    shown = call.headers.get("x-hub-signature-256")
    return check_hmac("X-Hub-Signature-256", shown, call.body, secrets, "sha256=")


def sample(_options: Options, secrets: tuple[str, ...], _now: datetime) -> Sample:
    """What GitHub sends when a webhook is made."""
    body = orjson.dumps({"zen": "Keep it logically awesome.", "hook_id": 1})
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "ping",
        "X-GitHub-Delivery": new_event_id(),
    }
    if secrets:
        headers["X-Hub-Signature-256"] = f"sha256={hmac_sha256_hex(secrets[0], body)}"
    return Sample(headers, body)


def read(call: InboundCall, _options: Options) -> list[NewEvent]:
    """The one event of a delivery."""
    kind = text(call.headers.get("x-github-event"))
    if not kind:
        raise bad_fields([FieldFault("X-GitHub-Event", "expected the name of the event")])
    delivery_id = call.headers.get("x-github-delivery", "")
    return [read_delivery(SOURCE, call, kind, delivery_id, _TELLING)]


# --- deployment, deployment_status: a step of the workflow run that deploys, else a deployment


def _deployment(told: Told) -> Change:
    deployment, status = part(told.body, "deployment"), part(told.body, "deployment_status")
    environment = text(status.get("environment")) or text(deployment.get("environment"))
    word = text(status.get("state"))
    facts = known(environment=environment)
    if deployment_state(word) is not None and step_state(word) is StepState.FAILED:
        facts |= known(error_message=status.get("description"))
    run_id = _run_id(told, status)
    if run_id:
        run = part(told.body, "workflow_run")
        facts |= run_facts(run, told.body) if run else {}
        name = f"environment: {environment or UNNAMED}"[:MAX_STEP_CHARS]
        marks = {name: (mark,)} if (mark := _environment_mark(told, word)) else None
        return Change(run_id, told.at, restated=marks, facts=facts)
    state = deployment_state(word)
    is_final = state is not None and state.is_final
    return Change(
        id_of(deployment),
        told.at,
        begins=state is not None and not is_final,
        end=RunEnd(told.at, state, word, -1.0, -1, -1) if state and is_final else None,
        facts=facts | _deployment_facts(told, deployment, status),
    )


def _environment_mark(told: Told, word: str) -> Mark | None:
    """What a status says of the environment's step; None when it leaves that as it was."""
    state = step_state(word)
    if state is None:
        return None
    move = Move.END if state.is_final else Move.UPDATE
    return Mark(told.at, told.said_at is not None, move, state, word, -1.0)


def _deployment_facts(
    told: Told, deployment: Mapping[str, Any], status: Mapping[str, Any]
) -> dict[str, str]:
    ref, sha = text(deployment.get("ref")), text(deployment.get("sha"))
    links = (web_address(status.get(name)) for name in ("log_url", "target_url"))
    return known(
        branch=ref if ref != sha else "",
        commit_hash=sha,
        source_repo=told.project,
        actor=part(deployment, "creator").get("login"),
        url=next(filter(None, links), ""),
    )


def _run_id(told: Told, status: Mapping[str, Any]) -> str:
    """The id of the workflow run that deploys; "" when something else does."""
    if run_id := id_of(part(told.body, "workflow_run")):
        return run_id
    check = part(told.body, "check_run")
    links = (status.get("log_url"), status.get("target_url"), check.get("html_url"))
    # In another repository's workflow run it would be another deployment's.
    pattern = re.compile(rf"/{re.escape(told.project)}/actions/runs/([0-9]{{1,20}})(?![0-9])")
    found = (pattern.search(link) for link in links if isinstance(link, str))
    return next((match[1] for match in found if match), "")


_TELLING: Telling = {
    "workflow_run": workflow_run,
    "workflow_job": workflow_job,
    "deployment": _deployment,
    "deployment_status": _deployment,
}

OPENAPI: Mapping[str, Any] = {
    "application/json": {"type": "object", "description": "A GitHub webhook payload."}
}
