"""Refuse calls of receivers at an instance that takes in none, in the shape their senders know."""

from tocsin.edge.calls import Receive, Scope, Send
from tocsin.edge.not_here import not_here
from tocsin.ingest.envelopes import send_refusal
from tocsin.ingest.set_ups import SetUps
from tocsin.ingest.source import Envelope


class Away:
    """Stands in for the receiver where the stage `ingest` is not run."""

    def __init__(self, set_ups: SetUps) -> None:
        self._set_ups = set_ups

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        found = self._set_ups.entrance_of(scope["path"])
        envelope = found[0].source.ENVELOPE if found else Envelope.WEBHOOK
        await send_refusal(send, envelope, not_here("ingest"))
