"""What a source is: a kind of inbound call, with its verification and its reading.

A file in `sources/` is a source; it has what `Source` names as its module's members.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum, StrEnum
from functools import cache
from typing import Any, Protocol, cast

from tocsin.discover import discover
from tocsin.errors import FieldFault, Reason, Rejected
from tocsin.ingest import sources
from tocsin.ingest.body import BodyLimits
from tocsin.model.event import NewEvent
from tocsin.settings.schema import Network, Secret


@dataclass(frozen=True, slots=True)
class InboundCall:
    """One call as it came.

    Header names are lower case. `name` is the part of the address after the source's, "" when
    there is none; `path` is the whole address. `keys` are the public keys known now, of a source
    whose signatures are checked with keys that its sender publishes.
    """

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    name: str
    received_at: datetime
    limits: BodyLimits
    path: str = ""
    keys: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """An example of a call, signed where the source has a signature; header names as sent."""

    headers: Mapping[str, str]
    body: bytes


class Verdict(Enum):
    """What the source's own verification says of a call; a wrong one raises instead.

    `NEEDS_KEYS`: it is signed, by none of `call.keys`. They are fetched anew and the call is
    verified once more; if it still needs keys, the signature is wrong.
    """

    VERIFIED = "verified"
    NOT_SIGNED = "not_signed"
    NEEDS_KEYS = "needs_keys"


class Envelope(StrEnum):
    """The shape of a source's answers; see `docs/contracts.md` on answers."""

    WEBHOOK = "webhook"
    OBJECT = "object"
    AVATAR = "avatar"
    EMPTY = "empty"


class SourceOptions(Protocol):
    """Options that every kind has beside its own."""

    @property
    def secret(self) -> Secret: ...
    @property
    def previous_secret(self) -> Secret: ...
    @property
    def unsigned_networks(self) -> tuple[Network, ...]: ...


class RemoteKeys(Protocol):
    """The public keys of a sender that publishes them."""

    @property
    def known(self) -> tuple[bytes, ...]: ...
    async def refresh(self) -> None:
        """Fetch them, unless that was tried moments ago: anybody can ask, by a forged call.

        Never raises for a sender that is away: the keys known before stay.
        """
        ...


class Source(Protocol):
    """The members of a source's module.

    `ENTRANCES` are its addresses beside `/hooks/<name>`; `ENVELOPE` is how it answers;
    `OPENAPI` are the request bodies it takes, by content type, as JSON Schemas. A module may
    have what `Extras` names as well.
    """

    Options: type
    ENTRANCES: tuple[str, ...]
    ENVELOPE: Envelope
    OPENAPI: Mapping[str, Any]

    def verify(self, call: InboundCall, options: Any, secrets: tuple[str, ...]) -> Verdict:
        """Pure. Raises `Rejected` (401, BAD_SIGNATURE) for a signature that is wrong.

        `secrets` are all that are good now, two or more while one is being replaced: any
        signature of the call may be by any of them.
        """
        ...

    def read(self, call: InboundCall, options: Any) -> Sequence[NewEvent]:
        """Pure. The events a verified call means; raises `Rejected` naming what is wrong.

        None is fine: the call is answered well and nothing is stored.
        """
        ...


class AnswerAtOnce(Protocol):
    def __call__(self, call: InboundCall, options: Any) -> Mapping[str, Any] | None:
        """Pure. What the sender of a verified call wants to hear at once; nothing is stored."""
        ...


class MakeSample(Protocol):
    def __call__(self, options: Any, secrets: tuple[str, ...], now: datetime) -> Sample:
        """Pure. A call as a sender would make it now, signed with the first of `secrets`.

        Each has a delivery id of its own. Unsigned while there are no secrets.
        """
        ...


@dataclass(frozen=True, slots=True)
class Extras:
    """What a source's module may have beside the rest.

    `OVERLOAD_STATUS` is the status for too many calls, where a sender gives up on 429.
    """

    answer_at_once: AnswerAtOnce | None = None
    sample: MakeSample | None = None
    OVERLOAD_STATUS: int = 429


def extras_of(source: Source) -> Extras:
    """The members that `source` has of those it may have."""
    names = [one.name for one in fields(Extras)]
    return Extras(**{name: getattr(source, name) for name in names if hasattr(source, name)})


def secrets_of(options: SourceOptions) -> tuple[str, ...]:
    """The shared secrets in a source's options, the newest first."""
    both = (options.secret.get_secret_value(), options.previous_secret.get_secret_value())
    return tuple(one for one in both if one)


MAX_KEY_CHARS = 255
MAX_KEY_BYTES = 1_000


def check_key(headers: Mapping[str, str]) -> None:
    """Refuse a delivery's key that is too long to be one.

    Raises:
        Rejected: 400.
    """
    for name in ("idempotency-key", "webhook-id"):
        if len(headers.get(name, "")) > MAX_KEY_CHARS:
            message = f"expected at most {MAX_KEY_CHARS} characters"
            fault = FieldFault(name, message)
            raise Rejected(400, Reason.BAD_FIELD, f"{name}: {message}", fields=(fault,))


def dedupe_key(source: str, call: InboundCall, scope: str, own_id: str = "") -> str | None:
    """The key under which a repeat of this delivery is told; None when it carries no id.

    The sender's own id of the delivery counts before `Idempotency-Key` and `webhook-id`. `scope`
    keeps apart senders that number from 1 each, such as projects.
    """
    key = own_id or call.headers.get("idempotency-key") or call.headers.get("webhook-id")
    return delivery_key(source, call.name, scope, key) if key else None


def delivery_key(source: str, name: str, scope: str, delivery_id: str) -> str:
    """The key of a delivery by its id; `name` is that in its address."""
    return bounded_key(f"{source}\n{name}\n{scope}\n{delivery_id}")


def bounded_key(key: str) -> str:
    """`key`, or what stands for it where it is too long: PostgreSQL's indexes take 2,704 bytes."""
    said = key.encode(errors="surrogatepass")
    if len(said) <= MAX_KEY_BYTES:
        return key
    return f"{key.partition(chr(10))[0]}\nsha256:{hashlib.sha256(said).hexdigest()}"


@cache
def find_sources() -> Mapping[str, Source]:
    """Every source by its name."""
    found = discover(sources, ("Options", "ENTRANCES", "ENVELOPE", "OPENAPI", "verify", "read"))
    return cast("Mapping[str, Source]", found)
