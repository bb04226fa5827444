"""Answer for a stage that this instance does not run: come again, another instance may.

Behind a proxy a call may end up anywhere. A sender or client that is told 404 gives up; 503 has it
come back, and lets the proxy ask the next instance, as nothing was done here.
"""

from collections.abc import Sequence

from tocsin.edge.answers import send_problem
from tocsin.edge.calls import Receive, Scope, Send
from tocsin.edge.front import Part
from tocsin.edge.opening import Endpoint, Make
from tocsin.errors import Reason, Rejected

RETRY_AFTER_S = 5


def not_here(stage: str) -> Rejected:
    """What callers of the stage are told."""
    message = f"This instance does not run the stage {stage}; nothing was done."
    return Rejected(503, Reason.NOT_HERE, message, retry_after_s=RETRY_AFTER_S)


def parts_not_here(parts: Sequence[Part], stage: str) -> list[Part]:
    """What stands in for these, at their addresses."""
    return [Part(one.takes, NotHere(stage)) for one in parts]


class NotHere:
    """Stands in for what takes HTTP calls."""

    def __init__(self, stage: str) -> None:
        self._stage = stage

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send_problem(send, not_here(self._stage))


class NoSockets:
    """Stands in for an endpoint of WebSockets."""

    def __init__(self, endpoint: Endpoint, stage: str) -> None:
        self.max_message_bytes = endpoint.max_message_bytes
        self.takes = endpoint.takes
        self._stage = stage

    def open(self, _scope: Scope) -> Make:
        """Refuse.

        Raises:
            Rejected: always.
        """
        raise not_here(self._stage)
