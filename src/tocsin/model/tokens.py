"""Tokens: what is known of one, and how its text is made, recognised and stored.

A token is `tsn_`, 32 random bytes, and a checksum of them. The prefix lets people and secret
scanners recognise one that leaked; the checksum lets a mistyped or invented one be refused
without asking the store, so that guessing costs the guesser more than us.
"""

import hashlib
import re
import secrets
import zlib
from dataclasses import dataclass
from datetime import datetime

from tocsin.model.access import Role

PREFIX = "tsn_"
_RANDOM_BYTES = 32
_TEXT = re.compile(PREFIX + r"(?P<random>[A-Za-z0-9_-]{43})(?P<checksum>[0-9a-f]{8})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is listed; its text is known only to whom it was shown."""

    id: str
    name: str
    role: Role
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def new_token() -> str:
    """A token nobody has seen yet; shown once and never stored."""
    random = secrets.token_urlsafe(_RANDOM_BYTES)
    return f"{PREFIX}{random}{_checksum(random)}"


def is_token(text: str) -> bool:
    """Whether `text` can be a token at all; says nothing about its being valid."""
    match = _TEXT.fullmatch(text)
    return match is not None and match["checksum"] == _checksum(match["random"])


def new_secret() -> str:
    """The text of a session, a one-time code or a page's proof: 32 random bytes."""
    return secrets.token_urlsafe(_RANDOM_BYTES)


def digest_of(text: str) -> str:
    """What is stored of a token, session or code.

    Plain SHA-256 and no slow hash: there are 256 random bits to guess, not a person's password.
    """
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _checksum(random: str) -> str:
    return f"{zlib.crc32(random.encode('ascii')):08x}"
