"""Decide whether a receiver takes a call: signature, token, shared secret, or a local caller.

Pure. The order is that of `docs/contracts.md`: a wrong signature is refused whatever else is
right, and without any secret set only this machine is let in.
"""

import hashlib
import hmac
from collections.abc import Mapping
from ipaddress import ip_address

from tocsin.errors import Reason, Rejected
from tocsin.ingest.source import InboundCall, SourceOptions, Verdict
from tocsin.model.access import Caller


def hmac_sha256_hex(secret: str, body: bytes) -> str:
    """The hex digest that GitHub and its likes put into their signature header."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_same(one: str, other: str) -> bool:
    """Compare secrets in a time that does not depend on where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def bad_signature(message: str) -> Rejected:
    """The refusal of a wrong signature."""
    return Rejected(401, Reason.BAD_SIGNATURE, message)


def shown_secrets(headers: Mapping[str, str], query: Mapping[str, str]) -> list[str]:
    """Everything in a call that may be the source's shared secret."""
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    shown = [bearer.strip()] if scheme.lower() == "bearer" else []
    shown += [headers[name] for name in ("x-webhook-token", "x-webhook-secret") if name in headers]
    if "token" in query:
        shown.append(query["token"])
    return [one for one in shown if one]


def shows_secret(call: InboundCall, options: SourceOptions) -> bool:
    """Whether the call shows the source's own secret."""
    secret = options.secret.get_secret_value()
    shown = shown_secrets(call.headers, call.query)
    return bool(secret) and any(is_same(one, secret) for one in shown)


def check_taken(verdict: Verdict, caller: Caller, options: SourceOptions, *, is_open: bool) -> None:
    """Let a call pass that did not show the source's secret, or refuse it.

    `is_open` tells that the source has neither a secret nor a verification set.

    Raises:
        Rejected: 401 or 403, saying what would have been taken.
    """
    if verdict is Verdict.VERIFIED or (caller.kind != "local" and caller.may_send):
        return
    if caller.kind in ("token", "session"):
        raise Rejected(403, Reason.NOT_ALLOWED, "This token's role may not send events.")
    if is_open and (caller.is_local or _is_in(caller.address, options)):
        return
    if is_open:
        message = (
            "This source takes unsigned calls from its own machine only; "
            "send a token, or set a secret for the source."
        )
    else:
        message = "This source takes signed calls, or ones that show its secret or a token."
    raise Rejected(401, Reason.NOT_SIGNED_IN, message)


def _is_in(address: str, options: SourceOptions) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in options.unsigned_networks)
