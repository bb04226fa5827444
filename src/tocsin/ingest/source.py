"""What a source is: a kind of inbound call, with its verification and its reading.

A file in `sources/` is a source; it has what `Source` names as its module's members.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    there is none.
    """

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    name: str
    received_at: datetime
    limits: BodyLimits


class Verdict(Enum):
    """What the source's own verification says of a call; a wrong one raises instead."""

    VERIFIED = "verified"
    NOT_SIGNED = "not_signed"


class Envelope(StrEnum):
    """The shape of a source's answers; see `docs/contracts.md` on answers."""

    WEBHOOK = "webhook"
    OBJECT = "object"


class SourceOptions(Protocol):
    """Options that every kind has beside its own."""

    @property
    def secret(self) -> Secret: ...
    @property
    def unsigned_networks(self) -> tuple[Network, ...]: ...


class Source(Protocol):
    """The members of a source's module.

    `ENTRANCES` are its addresses beside `/hooks/<name>`; `ENVELOPE` is how it answers;
    `OPENAPI` are the request bodies it takes, by content type, as JSON Schemas.
    """

    Options: type
    ENTRANCES: tuple[str, ...]
    ENVELOPE: Envelope
    OPENAPI: Mapping[str, Any]

    def verify(self, call: InboundCall, options: Any) -> Verdict:
        """Pure. Raises `Rejected` (401, BAD_SIGNATURE) for a signature that is wrong."""
        ...

    def read(self, call: InboundCall) -> Sequence[NewEvent]:
        """Pure. The events a verified call means; raises `Rejected` naming what is wrong."""
        ...


MAX_KEY_CHARS = 255


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
    return f"{source}\n{call.name}\n{scope}\n{key}" if key else None


@cache
def find_sources() -> Mapping[str, Source]:
    """Every source by its name."""
    found = discover(sources, ("Options", "ENTRANCES", "ENVELOPE", "OPENAPI", "verify", "read"))
    return cast("Mapping[str, Source]", found)
