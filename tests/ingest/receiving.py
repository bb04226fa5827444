"""The receivers over a real journal in a temporary folder, called over ASGI without a socket."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from tests.appending import Ground, ground_in, seqs
from tests.call import Answer
from tocsin.edge.callers import Callers
from tocsin.edge.calls import Message, Scope
from tocsin.ingest.body import BodyLimits
from tocsin.ingest.call_log import CallLog
from tocsin.ingest.rate import RateLimit
from tocsin.ingest.receiver import Receiver
from tocsin.ingest.set_ups import SetUps
from tocsin.ingest.source import SourceOptions, find_sources
from tocsin.model.access import Role
from tocsin.model.event import new_event_id
from tocsin.model.tokens import Token, digest_of, new_token
from tocsin.settings import AuthSettings, HttpSettings
from tocsin.store import tokens
from tocsin.store.access import StoredCredentials
from tocsin.testing.clock import HandClock

REMOTE, NEIGHBOUR = "203.0.113.9", "192.0.2.7"
HTTP = HttpSettings(trusted_proxies=(ip_network("10.0.0.0/8"),))
AUTH = AuthSettings(local_role="viewer", allowed_origins=(), session_days=1, sign_in_minutes=1)


@dataclass(frozen=True, slots=True)
class Receiving:
    """A receiver, and what stands behind it."""

    receiver: Receiver
    set_ups: SetUps
    call_log: CallLog
    ground: Ground
    clock: HandClock
    registry: CollectorRegistry

    async def post(
        self,
        path: str,
        body: bytes | Mapping[str, Any] = b"",
        headers: Mapping[str, str] | None = None,
        *,
        peer: str = "127.0.0.1",
        method: str = "POST",
        query: str = "",
    ) -> Answer:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        parts = [{"type": "http.request", "body": sent}]
        answer = await self.call(path, parts, headers, peer=peer, method=method, query=query)
        assert answer is not None
        return answer

    async def call(
        self,
        path: str,
        parts: Sequence[Message],
        headers: Mapping[str, str] | None = None,
        *,
        peer: str = "127.0.0.1",
        method: str = "POST",
        query: str = "",
    ) -> Answer | None:
        """Call with a body in parts, each as ASGI has it; None when nothing was answered."""
        left = list(parts)
        said: list[Message] = []

        async def receive() -> Message:
            return left.pop(0)

        async def send(part: Message) -> None:
            said.append(part)

        await self.receiver(_scope(path, headers or {}, peer, method, query), receive, send)
        if not said:
            return None
        start, end = said
        named = {name.decode(): value.decode() for name, value in start["headers"]}
        return Answer(start["status"], named, end["body"])

    async def token(self, role: Role) -> str:
        """The text of a new token of that role."""
        text = new_token()
        token = Token(new_event_id(), f"a {role.word}'s", role, self.clock.now(), "me")
        await self.ground.database.write(lambda conn: tokens.add(conn, token, digest_of(text)))
        return text

    async def stored(self) -> list[int]:
        """The seq of every event in the journal."""
        return await seqs(self.ground.database)

    def counted(self, source: str, outcome: str) -> float:
        labels = {"source": source, "outcome": outcome}
        return self.registry.get_sample_value("tocsin_inbound_calls_total", labels) or 0.0


def _scope(path: str, headers: Mapping[str, str], peer: str, method: str, query: str) -> Scope:
    sent = {"host": "127.0.0.1:8000", **headers}
    return {
        "type": "http",
        "method": method,
        "path": path,
        "scheme": "http",
        "query_string": query.encode(),
        "client": (peer, 4711),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
    }


@asynccontextmanager
async def receiving_in(
    folder: Path,
    *,
    secrets: Mapping[str, str] | None = None,
    limits: BodyLimits | None = None,
    rate: RateLimit | None = None,
    named: Mapping[str, Mapping[str, SourceOptions]] | None = None,
) -> AsyncIterator[Receiving]:
    """Receivers of every source; `secrets` are those of the sources that have one.

    `named` are further set-ups of a kind, by their names.
    """
    clock, registry = HandClock(), CollectorRegistry()
    async with ground_in(folder) as ground:
        sources = find_sources()
        set_ups = SetUps(
            sources,
            {
                name: source.Options(
                    secret=SecretStr((secrets or {}).get(name, "")),
                    unsigned_networks=(ip_network("192.0.2.0/24"),),
                )
                for name, source in sources.items()
            },
            named or {},
        )
        call_log = CallLog(keep_calls=5)
        receiver = Receiver(
            set_ups,
            Callers(StoredCredentials(ground.database, clock), AUTH, HTTP),
            ground.journal,
            limits or BodyLimits(),
            rate or RateLimit(0),
            clock,
            registry,
            call_log,
        )
        # Not the instant at which a test's own events are made.
        clock.move(timedelta(hours=1).total_seconds())
        yield Receiving(receiver, set_ups, call_log, ground, clock, registry)
