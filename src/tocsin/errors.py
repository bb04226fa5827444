"""Every error Tocsin raises; the branch says what happens next.

TocsinError
├── ConfigError        stop at start, name the key, exit 2
├── Rejected           the caller's fault: answered with its status, nothing stored
├── DeliveryFailed     a destination did not take a message
│   ├── TryLater       try again, not before `after_s`
│   └── GiveUp         trying again cannot help
│       └── Disable    nor will any other message arrive there: pause the destination
├── StoreDown          ours: answered 503 with Retry-After
├── BusDown            Redis is away: goes on without it, later than otherwise
└── LeaseLost          another instance does it now: leave off, nothing stored

Each carries a `reason` out of one closed list: the same word stands in the log line,
the metric's label and on the screens, so that one can be found from the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why something was refused or failed. Add a word here and in `docs/contracts.md`."""

    BAD_CONFIG = "bad_config"
    UNREADABLE = "unreadable"
    BAD_FIELD = "bad_field"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    WRONG_CONTENT_TYPE = "wrong_content_type"
    WRONG_METHOD = "wrong_method"
    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"
    CONFLICT = "conflict"
    NOT_SIGNED_IN = "not_signed_in"
    BAD_CREDENTIALS = "bad_credentials"
    BAD_SIGNATURE = "bad_signature"
    NOT_ALLOWED = "not_allowed"
    BAD_ORIGIN = "bad_origin"
    RATE_LIMITED = "rate_limited"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    TIMED_OUT = "timed_out"
    STORE_DOWN = "store_down"
    STORE_FULL = "store_full"
    STOPPING = "stopping"
    ADDRESS_REFUSED = "address_refused"
    REFUSED = "refused"
    BUSY = "busy"
    GONE = "gone"
    NO_RECIPIENT = "no_recipient"
    KEYWORD_MISSING = "keyword_missing"
    CONTENT_REFUSED = "content_refused"
    DISABLED = "disabled"
    PAUSED = "paused"
    EXPIRED = "expired"
    TOO_MANY_WAITING = "too_many_waiting"
    BROKEN = "broken"
    UNREACHABLE = "unreachable"
    BAD_ANSWER = "bad_answer"
    NOT_HERE = "not_here"
    BUS_DOWN = "bus_down"
    BUS_REFUSED = "bus_refused"
    LEASE_LOST = "lease_lost"


@dataclass(frozen=True, slots=True)
class FieldFault:
    """A field of a caller's message that is wrong; `field` is a dotted path, "" the whole."""

    field: str
    message: str

    @property
    def sentence(self) -> str:
        return ": ".join(filter(None, (self.field, self.message)))


class TocsinError(Exception):
    """Root of the tree; its text never holds a secret."""

    reason: Reason

    def __init__(self, message: str, *, reason: Reason) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason


class ConfigError(TocsinError):
    """The settings cannot be used. `problems` lists all of them, each naming its key."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems), reason=Reason.BAD_CONFIG)
        self.problems = tuple(problems)


class Rejected(TocsinError):
    """A call is refused and nothing of it is stored.

    `allow` are the methods that an address takes, where the status is 405 (RFC 9110, 15.5.6).
    """

    def __init__(
        self,
        status: int,
        reason: Reason,
        message: str,
        *,
        fields: Sequence[FieldFault] = (),
        retry_after_s: int | None = None,
        allow: str = "",
    ) -> None:
        super().__init__(message, reason=reason)
        self.status = status
        self.fields = tuple(fields)
        self.retry_after_s = retry_after_s
        self.allow = allow


class DeliveryFailed(TocsinError):
    """A message did not arrive at its destination."""


class TryLater(DeliveryFailed):
    """The destination may take the message later, not before `after_s` seconds.

    With `is_accounts` that goes for all destinations of its account.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: Reason,
        after_s: float | None = None,
        is_accounts: bool = False,
    ) -> None:
        super().__init__(message, reason=reason)
        self.after_s = after_s
        self.is_accounts = is_accounts


class GiveUp(DeliveryFailed):
    """The destination will never take this message."""


class Disable(GiveUp):
    """The destination is gone, or its credentials are: it will take no message any more."""


class StoreDown(TocsinError):
    """The store cannot commit now: no room, no connection, or stopping. Try again later."""

    def __init__(
        self, message: str, *, reason: Reason = Reason.STORE_DOWN, retry_after_s: int = 5
    ) -> None:
        super().__init__(message, reason=reason)
        self.retry_after_s = retry_after_s


class BusDown(TocsinError):
    """Redis cannot be reached, or refuses; what goes through it waits, or takes another way."""

    def __init__(self, message: str, *, reason: Reason = Reason.BUS_DOWN) -> None:
        super().__init__(message, reason=reason)


class LeaseLost(TocsinError):
    """Another instance has taken over what this one was doing; nothing of it was stored."""

    def __init__(self, message: str) -> None:
        super().__init__(message, reason=Reason.LEASE_LOST)
