"""Why Tocsin closes a socket, in one table.

RFC 6455 (7.4.2) leaves 4000-4999 to applications. Here 4000-4499 say "come back", with the
last offset, and 4500-4999 "do not": the same would happen again. 1000, 1001, 1007, 1009 and
1011 are the standard's own.
"""

from enum import IntEnum


class CloseCode(IntEnum):
    """A close code, and with `reason` the word that stands in logs and metrics."""

    DRAINING = 4001
    STORE_DOWN = 4003
    PRUNED = 4004
    TOO_SLOW = 4008
    IDLE = 4009
    TOO_MANY_MESSAGES = 4029
    TOO_MANY_CONNECTIONS = 4429
    NOT_SIGNED_IN = 4501
    NOT_ALLOWED = 4503
    REVOKED = 4510

    @property
    def reason(self) -> str:
        """Its name in logs, metrics and the close frame."""
        return self.name.lower()

    @property
    def may_come_back(self) -> bool:
        """Whether trying again can help."""
        return self < 4500
