"""A set-up of a source: which of its secrets are good now, and what a rotation makes of them.

Pure. A rotation leaves the former secret good for a while, so that the sender can be given the
new one at leisure. That holds for secrets out of the settings too: Tocsin cannot change those, so
it keeps a digest of the one that has ended. Another text in the settings is another secret.
"""

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from tocsin.model.inbound_call import KeptRequest

# Shorter ones are told by their first letters, so nothing of them is shown.
_MIN_HINTED_CHARS = 16
_HINT_CHARS = 4
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class KeptSecret:
    """A secret made here; `ends_at` is None while it is the present one."""

    id: str
    text: str = field(repr=False)
    created_at: datetime
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EndedSetting:
    """A secret of the settings that is good until `ends_at` only; known by its digest."""

    digest: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class StoredSetUp:
    """What is stored of a set-up; `name` is "" for the kind itself, the newest secret is first.

    `is_stored` tells that the set-up itself is, and not its secrets alone.
    """

    kind: str
    name: str
    is_stored: bool
    created_at: datetime
    secrets: tuple[KeptSecret, ...] = ()
    ended_settings: tuple[EndedSetting, ...] = ()


def new_secret() -> str:
    """A secret in the form of Standard Webhooks, which all senders take as a text too.

    Without "+" and "/", which do not pass through a query unharmed.
    """
    while True:
        text = base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
        if "+" not in text and "/" not in text:
            return f"whsec_{text}"


def digest_of_secret(text: str) -> str:
    """By which a secret of the settings is known again."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def hint_of(text: str) -> str:
    """So much of a secret that people can tell it from another."""
    # The padding of Base64 tells nothing.
    text = text.rstrip("=")
    return "…" + (text[-_HINT_CHARS:] if len(text) >= _MIN_HINTED_CHARS else "")


def ends_of_settings(stored: StoredSetUp, text: str) -> datetime | None:
    """When a secret of the settings ends, or ended; None when it does not."""
    digest = digest_of_secret(text)
    return next((one.ends_at for one in stored.ended_settings if one.digest == digest), None)


def good_secrets(
    stored: StoredSetUp | None, settings: Sequence[str], now: datetime
) -> tuple[str, ...]:
    """All secrets that are good now, the present one first."""
    if stored is None:
        return tuple(settings)
    kept = [one.text for one in stored.secrets if _is_good(one.ends_at, now)]
    given = [one for one in settings if _is_good(ends_of_settings(stored, one), now)]
    return (*kept, *given)


def rotated(
    stored: StoredSetUp, settings: Sequence[str], new: KeptSecret, keep_former: timedelta
) -> StoredSetUp:
    """With `new` as the present secret; those before it end after `keep_former`, if not sooner."""
    now = new.created_at
    return _ended(stored, settings, now, now + keep_former, new)


def without_former(stored: StoredSetUp, settings: Sequence[str], now: datetime) -> StoredSetUp:
    """With the present secret alone; all others have ended."""
    if not stored.secrets:
        return _ended(stored, settings[1:], now, now, None)
    return _ended(stored, settings, now, now, stored.secrets[0])


def _ended(
    stored: StoredSetUp,
    settings: Sequence[str],
    now: datetime,
    at: datetime,
    present: KeptSecret | None,
) -> StoredSetUp:
    others = [one for one in stored.secrets if present is None or one.id != present.id]
    ends_of = [(one, min(at, one.ends_at or at)) for one in others]
    kept = tuple(replace(one, ends_at=ends_at) for one, ends_at in ends_of if ends_at > now)
    # What is not in the settings now may come back, so nothing that has ended is forgotten.
    ends = {one.digest: one.ends_at for one in stored.ended_settings}
    for text in settings:
        digest = digest_of_secret(text)
        ends[digest] = min(at, ends.get(digest, at))
    return replace(
        stored,
        secrets=kept if present is None else (present, *kept),
        ended_settings=tuple(EndedSetting(digest, ends_at) for digest, ends_at in ends.items()),
    )


def _is_good(ends_at: datetime | None, now: datetime) -> bool:
    return ends_at is None or now < ends_at


# --- as people see it


class Verification(StrEnum):
    """How a set-up tells who calls. `OPEN`: by where the call comes from, and by tokens."""

    OPEN = "open"
    SECRET = "secret"  # noqa: S105 - a word, not a secret
    SIGNATURE = "signature"
    KEYS = "keys"


@dataclass(frozen=True, slots=True)
class SecretView:
    """A secret that is good now; `created_at` is None of one in the settings."""

    id: str
    is_stored: bool
    hint: str
    created_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class SetUpView:
    """A set-up without its secrets; the present one's view is the first."""

    kind: str
    name: str
    addresses: Sequence[str]
    verification: Verification
    is_stored: bool
    secrets: Sequence[SecretView]
    can_test: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of an example that was sent; `request` with its secrets masked."""

    status: int
    answer: str
    seconds: float
    event_ids: Sequence[str]
    request: KeptRequest

    @property
    def is_ok(self) -> bool:
        return 200 <= self.status < 300
