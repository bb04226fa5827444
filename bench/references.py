"""The references: the same HTTP server, answering without storing.

`python -m bench.references bare|unstoring PORT`.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import cast

import uvloop
from prometheus_client import CollectorRegistry

from tocsin.app.process import calm_collector
from tocsin.clock import SystemClock
from tocsin.edge.answers import send_json
from tocsin.edge.callers import Callers, CredentialKind
from tocsin.edge.calls import App, Receive, Scope, Send
from tocsin.edge.front import Front, Part
from tocsin.edge.server import listening_sockets, make_server
from tocsin.ingest.body import BodyLimits
from tocsin.ingest.call_log import CallLog
from tocsin.ingest.rate import RateLimit
from tocsin.ingest.receiver import Receiver
from tocsin.ingest.set_ups import SetUps
from tocsin.ingest.source import SourceOptions, find_sources
from tocsin.model.access import Credential
from tocsin.model.event import NewEvent, Receipt
from tocsin.settings import load
from tocsin.store.journal import Journal

ANSWER = {
    "success": True,
    "message": "step_started stored",
    "event_id": "0199c0de-0000-7000-8000-000000000000",
    "seq": 1,
}


async def answer(_scope: Scope, receive: Receive, send: Send) -> None:
    """Read the whole body, then answer."""
    while (await receive()).get("more_body"):
        pass
    await send_json(send, 200, ANSWER)


class NoJournal:
    """Gives receipts for events that it forgets."""

    def __init__(self) -> None:
        self._seq = 0

    async def append(self, events: Sequence[NewEvent]) -> list[Receipt]:
        """A receipt each."""
        self._seq += len(events)
        return [Receipt(self._seq, event.id, is_duplicate=False) for event in events]


class NoCredentials:
    """Knows no token."""

    def remembered(self, _kind: CredentialKind, _digest: str) -> Credential | None:
        """Nothing."""
        return None

    async def find(self, _kind: CredentialKind, _digest: str) -> Credential | None:
        """Nothing."""
        return None


def unstoring() -> App:
    """Tocsin's receivers in front of a journal that keeps nothing."""
    sources = find_sources()
    kinds = {name: source.Options for name, source in sources.items()}
    settings = load(environ={}, kinds=kinds).settings
    receiver = Receiver(
        SetUps(sources, cast("Mapping[str, SourceOptions]", settings.sources), {}),
        Callers(NoCredentials(), settings.auth, settings.http),
        cast("Journal", NoJournal()),
        BodyLimits(),
        RateLimit(0),
        SystemClock(),
        CollectorRegistry(),
        CallLog(settings.ingest.keep_calls),
    )
    return Front([Part(receiver.takes, receiver)], answer)


async def serve(kind: str, port: int) -> None:
    """Serve until the process is ended."""
    server = make_server(unstoring() if kind == "unstoring" else answer, (), grace_s=1)
    calm_collector()
    await server.serve(listening_sockets([f"127.0.0.1:{port}"]))


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], int(sys.argv[2])))
