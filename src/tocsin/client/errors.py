"""What can go wrong between a client and its server.

ClientError
├── BadAddress      what was given as address is none
├── Unreachable     no answer: not running, no network, wrong name, no valid certificate
├── Refused         the server answered that it does not want this; repeating cannot help
│   └── SentAway    … by the code with which it closed a live connection
├── Busy            the server asks to come back later, and the patience is used up
└── NotTocsin       something answers there, but not a Tocsin server

The text of each is one sentence for a person; what a server said is in it as it came, so
whoever prints it on a terminal makes it harmless first (`tocsin.client.terminal`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

# The close code of a live connection that corresponds to 401.
_NOT_SIGNED_IN = 4501


@dataclass(frozen=True, slots=True)
class Fault:
    """One field that the server finds wrong; `field` is "" when the whole message is meant."""

    field: str
    message: str


class ClientError(Exception):
    """Root of the tree; its text never holds the token."""


class BadAddress(ClientError):
    """The address cannot be one of a server."""


class Unreachable(ClientError):
    """No answer came. `detail` says why, as the operating system put it."""

    def __init__(self, url: str, detail: str) -> None:
        super().__init__(f"{url} does not answer ({detail})")
        self.url = url
        self.detail = detail


class Answered(ClientError):
    """The server answered with a status that is not success."""

    def __init__(self, status: int, message: str, faults: Sequence[Fault] = ()) -> None:
        named = "; ".join(f"{f.field}: {f.message}" if f.field else f.message for f in faults)
        super().__init__(f"{message} ({named})" if named and named != message else message)
        self.status = status
        self.message = message
        self.faults = tuple(faults)


class Refused(Answered):
    """The server does not take this; repeating it cannot help."""


class SentAway(Refused):
    """The server closed a live connection with a code that says not to come back.

    `status` is what the same refusal is on a call.
    """

    def __init__(self, code: int, reason: str) -> None:
        status = 401 if code == _NOT_SIGNED_IN else 403
        words = reason.replace("_", " ") or "it gives no reason"
        super().__init__(status, f"the server closed the connection for good: {words}")
        self.code = code
        self.reason = reason


class Busy(Answered):
    """The server cannot take this now. `retry_after_s` is its own wish, None without one."""

    def __init__(self, status: int, message: str, retry_after_s: float | None) -> None:
        super().__init__(status, message)
        self.retry_after_s = retry_after_s


class NotTocsin(ClientError):
    """The answer is not one that a Tocsin server gives."""
