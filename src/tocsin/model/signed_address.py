"""Sign an address that opens one thing for a short while, and check such a signature.

Pure. Whoever has the address may use it, so it is short-lived and names one thing; the key never
leaves the server, and nobody can make the time longer or the thing another.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tocsin.errors import Reason, Rejected


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs with the first of its keys, and takes what any of them has signed."""

    keys: Sequence[bytes]
    good_for: timedelta

    def sign(self, thing: str, now: datetime) -> tuple[int, str]:
        """Until when, in Unix seconds, an address for `thing` made now is good; its signature."""
        expires = int((now + self.good_for).timestamp())
        return expires, _signature(self.keys[0], thing, expires)

    def check(self, thing: str, expires: int, signature: str, now: datetime) -> None:
        """Let pass what was signed and is not over.

        Raises:
            Rejected: 403, it is neither; which of both a stranger is told only once it was signed.
        """
        shown = signature.encode("utf-8", "replace")
        signed = [_signature(key, thing, expires).encode() for key in self.keys]
        if not any(hmac.compare_digest(shown, one) for one in signed):
            raise Rejected(403, Reason.BAD_SIGNATURE, "This address was not made here.")
        if now >= datetime.fromtimestamp(expires, UTC):
            message = "This address is no longer good; read the training again for a new one."
            raise Rejected(403, Reason.NOT_ALLOWED, message)


def _signature(key: bytes, thing: str, expires: int) -> str:
    return hmac.new(key, f"{expires}\n{thing}".encode(), hashlib.sha256).hexdigest()
