"""Sign calls as Standard Webhooks says, so that a receiver knows who made them, and when.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
Pure. A secret `whsec_…` signs by HMAC (`v1`), a private key `whsk_…` by Ed25519 (`v1a`). Any other
text signs the body as GitHub does, which receivers without that scheme often know.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SYMMETRIC, PRIVATE = "whsec_", "whsk_"
# The spec asks for 24 to 64 bytes; that older secrets are shorter is their owner's business.
_MIN_BYTES, _MAX_BYTES = 8, 64
_SEED_BYTES = 32


def check_secret(secret: str) -> None:
    """Refuse what says that it is one of Standard Webhooks' secrets and is none.

    Raises:
        ValueError: what was expected.
    """
    if secret.startswith(SYMMETRIC):
        if not _MIN_BYTES <= len(_decoded(secret, SYMMETRIC)) <= _MAX_BYTES:
            raise ValueError("expected 8 to 64 bytes in Base64 behind whsec_")
    elif secret.startswith(PRIVATE):
        _private_key(secret)


def signed_headers(
    secrets: Sequence[str], message_id: str, at: datetime, body: bytes
) -> dict[str, str]:
    """The headers by which `body` is known to be of who has the secrets, the newest first.

    During a rotation both sign, and a receiver takes it by either. Without any there are still
    the id, which is the same at each try, and the time, which is not.
    """
    seconds = str(int(at.timestamp()))
    content = f"{message_id}.{seconds}.".encode() + body
    of_standard = [one for one in secrets if one.startswith((SYMMETRIC, PRIVATE))]
    others = [one for one in secrets if one not in of_standard]
    headers = {"webhook-id": message_id, "webhook-timestamp": seconds}
    if of_standard:
        headers["webhook-signature"] = " ".join(_signature(one, content) for one in of_standard)
    if others:
        # This header has room for one.
        digest = hmac.digest(others[0].encode(), body, "sha256")
        headers["X-Hub-Signature-256"] = f"sha256={digest.hex()}"
    return headers


def _signature(secret: str, content: bytes) -> str:
    if secret.startswith(PRIVATE):
        return "v1a," + base64.b64encode(_private_key(secret).sign(content)).decode()
    digest = hmac.digest(_decoded(secret, SYMMETRIC), content, "sha256")
    return "v1," + base64.b64encode(digest).decode()


def _private_key(secret: str) -> Ed25519PrivateKey:
    """The key: its seed, as a rule with the public key behind it."""
    both = _decoded(secret, PRIVATE)
    seed, public = both[:_SEED_BYTES], both[_SEED_BYTES:]
    if len(seed) == _SEED_BYTES:
        key = Ed25519PrivateKey.from_private_bytes(seed)
        if public in (b"", key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)):
            return key
    raise ValueError("expected an Ed25519 key of 32 or 64 bytes in Base64 behind whsk_")


def _decoded(secret: str, prefix: str) -> bytes:
    text = secret.removeprefix(prefix).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (ValueError, binascii.Error):
        return b""
