"""Decide whether a receiver takes a call: signature, token, shared secret, or a local caller.

Pure. The order is that of `docs/contracts.md`: a wrong signature is refused whatever else is
right, and without any secret set only this machine is let in. The schemes that several sources
have in common stand here too: HMAC, Ed25519, times that are signed along, Standard Webhooks.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from ipaddress import ip_address
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tocsin.errors import Reason, Rejected
from tocsin.ingest.source import InboundCall, SourceOptions, Verdict
from tocsin.model.access import Caller

Algorithm = Literal["sha1", "sha256", "sha512"]
Encoding = Literal["hex", "base64", "base64url"]

# How far the time of a signed call may be from now, both ways: what Standard Webhooks, Slack,
# Stripe and fal.ai all say.
TOLERANCE_S = 300

# Senders put two in while they replace a secret; each costs a look with every secret.
MAX_SIGNATURES = 16

# From here on a number is a time in milliseconds; as seconds it would be the year 5138.
_LEAST_MILLISECONDS = 100_000_000_000

_STANDARD_SECRET, _STANDARD_PUBLIC_KEY = "whsec_", "whpk_"
# The same scheme under two sets of names: https://www.standardwebhooks.com and Svix's own.
_STANDARD_FAMILIES = ("webhook", "svix")


# --- what a signature is compared with


def hmac_sha256_hex(secret: str, body: bytes) -> str:
    """The hex digest that GitHub and its likes put into their signature header."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_same(one: str, other: str) -> bool:
    """Compare secrets in a time that does not depend on where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def bad_signature(message: str) -> Rejected:
    """The refusal of a wrong signature."""
    return Rejected(401, Reason.BAD_SIGNATURE, message)


def decoded(text: str, encoding: Encoding = "hex") -> bytes:
    """The bytes that `text` stands for; empty, which signs nothing, when it is not of that form.

    Base64 may lack its padding.
    """
    try:
        if encoding == "hex":
            # Python's own also takes spaces in between.
            return bytes.fromhex(text) if text.isalnum() else b""
        padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
        if encoding == "base64url":
            return base64.b64decode(padded, altchars=b"-_", validate=True)
        return base64.b64decode(padded, validate=True)
    except (ValueError, binascii.Error):
        return b""


def encoded(digest: bytes, encoding: Encoding = "hex") -> str:
    """The text that stands for `digest`."""
    if encoding == "hex":
        return digest.hex()
    encode = base64.urlsafe_b64encode if encoding == "base64url" else base64.b64encode
    return encode(digest).decode()


def hmac_holds(
    signatures: Iterable[bytes],
    message: bytes,
    keys: Iterable[bytes],
    algorithm: Algorithm = "sha256",
) -> bool:
    """Whether any of the signatures is one of `message` by any of the keys."""
    shown = list(signatures)[:MAX_SIGNATURES]
    right = [hmac.digest(key, message, algorithm) for key in keys]
    return any(hmac.compare_digest(one, other) for one in shown for other in right)


def ed25519_holds(signatures: Iterable[bytes], message: bytes, keys: Iterable[bytes]) -> bool:
    """Whether any of the signatures is one of `message` by the owner of any of the public keys."""
    shown = list(signatures)[:MAX_SIGNATURES]
    return any(_is_signed(one, message, key) for key in keys for one in shown)


def _is_signed(signature: bytes, message: bytes, key: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def check_hmac(
    name: str, shown: str | None, message: bytes, secrets: Sequence[str], prefix: str = ""
) -> Verdict:
    """What the header `name`, with a hex digest behind `prefix`, says of `message`.

    Raises:
        Rejected: 401, it is there and no secret made it.
    """
    if shown is None or not secrets:
        return Verdict.NOT_SIGNED
    digests = [decoded(shown.removeprefix(prefix))] if shown.startswith(prefix) else []
    if not hmac_holds(digests, message, texts(secrets)):
        raise bad_signature(f"{name} is not this body's signature.")
    return Verdict.VERIFIED


def check_fresh(name: str, said: str, now: datetime, tolerance_s: float = TOLERANCE_S) -> None:
    """See that the signed time in the header `name` is about now.

    Raises:
        Rejected: 401, it is none, or one of long ago: somebody may be sending again what they saw.
    """
    if not (said.isascii() and said.isdigit() and len(said) <= 14):
        raise bad_signature(f"{name} is no time in seconds since 1970.")
    at_s = int(said) if int(said) < _LEAST_MILLISECONDS else int(said) / 1000
    if abs(now.timestamp() - at_s) > tolerance_s:
        raise bad_signature(f"{name} is more than {tolerance_s:g} s away from now.")


def texts(secrets: Iterable[str]) -> list[bytes]:
    """The keys that secrets are when they are taken as they stand."""
    return [one.encode() for one in secrets if one]


# --- Standard Webhooks


def check_standard(call: InboundCall, secrets: Sequence[str]) -> Verdict:
    """What the headers of Standard Webhooks, or Svix's names for them, say of a call.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    Of several signatures any may be right; those of a version that is not known are passed over.

    Raises:
        Rejected: 401, there are signatures and none is right, or they are of long ago.
    """
    signed_by = [one for one in _STANDARD_FAMILIES if f"{one}-signature" in call.headers]
    if not signed_by or not secrets:
        return Verdict.NOT_SIGNED
    for family in signed_by:
        _check_standard(call, family, secrets)
    return Verdict.VERIFIED


def _check_standard(call: InboundCall, family: str, secrets: Sequence[str]) -> None:
    names = [f"{family}-{part}" for part in ("id", "timestamp", "signature")]
    own_id, at, signatures = (call.headers.get(name, "") for name in names)
    if not own_id:
        raise bad_signature(f"{family}-signature needs {family}-id beside it.")
    check_fresh(f"{family}-timestamp", at, call.received_at)
    message = f"{own_id}.{at}.".encode("latin-1") + call.body
    shown = [one.partition(",") for one in signatures.split()][:MAX_SIGNATURES]
    by_secret = [decoded(text, "base64") for version, _, text in shown if version == "v1"]
    by_key = [decoded(text, "base64") for version, _, text in shown if version == "v1a"]
    public = [one for one in secrets if one.startswith(_STANDARD_PUBLIC_KEY)]
    keys = [standard_key(one) for one in secrets if one not in public]
    public_keys = [decoded(one.removeprefix(_STANDARD_PUBLIC_KEY), "base64") for one in public]
    if hmac_holds(by_secret, message, filter(None, keys)):
        return
    if not ed25519_holds(by_key, message, public_keys):
        raise bad_signature(f"{family}-signature is not this body's signature.")


def standard_key(secret: str) -> bytes:
    """The key that a secret of Standard Webhooks is, empty when it is none.

    It is Base64 behind `whsec_`. Without that it may be, and else is taken as it stands.
    """
    if secret.startswith(_STANDARD_SECRET):
        return decoded(secret.removeprefix(_STANDARD_SECRET), "base64")
    return decoded(secret, "base64") or secret.encode()


def standard_id(headers: Mapping[str, str]) -> str:
    """The delivery id that is signed, else one that is only said; "" when there is none."""
    signed_by = [one for one in _STANDARD_FAMILIES if f"{one}-signature" in headers]
    ids = (headers.get(f"{one}-id", "") for one in signed_by or _STANDARD_FAMILIES)
    return next(filter(None, ids), "")


def standard_headers(
    secret: str, own_id: str, at: datetime, body: bytes, family: str = "webhook"
) -> dict[str, str]:
    """The headers by which a sender with this secret signs `body`."""
    seconds = str(int(at.timestamp()))
    message = f"{own_id}.{seconds}.".encode("latin-1") + body
    digest = hmac.digest(standard_key(secret), message, "sha256")
    return {
        f"{family}-id": own_id,
        f"{family}-timestamp": seconds,
        f"{family}-signature": f"v1,{encoded(digest, 'base64')}",
    }


# --- who else is let in


def shown_secrets(headers: Mapping[str, str], query: Mapping[str, str]) -> list[str]:
    """Everything in a call that may be the source's shared secret."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    shown = []
    if scheme.lower() == "bearer":
        shown.append(credentials.strip())
    elif scheme.lower() == "basic":
        # The name before the colon may be any (RFC 7617, 2).
        pair = decoded(credentials.strip(), "base64").decode("utf-8", "replace")
        shown.append(pair.partition(":")[2])
    shown += [headers[name] for name in ("x-webhook-token", "x-webhook-secret") if name in headers]
    if "token" in query:
        shown.append(query["token"])
    return [one for one in shown if one]


def shows_secret(call: InboundCall, secrets: Sequence[str]) -> bool:
    """Whether the call shows one of the source's own secrets."""
    if not secrets:
        return False
    shown = shown_secrets(call.headers, call.query)
    return any(is_same(one, secret) for one in shown for secret in secrets if secret)


def check_taken(
    verdict: Verdict,
    caller: Caller,
    options: SourceOptions,
    *,
    is_open: bool,
    takes_local: bool = True,
) -> None:
    """Let a call pass that did not show the source's secret, or refuse it.

    `is_open` tells that the source has neither a secret nor a verification set; `takes_local`
    that then this machine is let in.

    Raises:
        Rejected: 401 or 403, saying what would have been taken.
    """
    if verdict is Verdict.VERIFIED or (caller.kind != "local" and caller.may_send):
        return
    if caller.kind in ("token", "session"):
        raise Rejected(403, Reason.NOT_ALLOWED, "This token's role may not send events.")
    if is_open and ((takes_local and caller.is_local) or _is_in(caller.address, options)):
        return
    if is_open and takes_local:
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
