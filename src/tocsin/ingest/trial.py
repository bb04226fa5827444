"""Send a set-up an example of its own, through the receiver, as people do to see that it works.

The call is a call like any other: it is verified, read, stored, counted and kept. Its events say
that they are of a test, which no sender can say, as the mark is set on this side.
"""

import asyncio
from dataclasses import replace
from datetime import datetime

from tocsin.clock import Clock
from tocsin.edge.calls import App, Message, Scope
from tocsin.errors import Reason, Rejected
from tocsin.ingest.masking import masked_request
from tocsin.ingest.set_ups import SetUp
from tocsin.ingest.source import Sample
from tocsin.model.event import NewEvent
from tocsin.model.inbound_call import StoredEvent
from tocsin.model.masks import forms_of, without_secrets
from tocsin.model.source_setup import Trial

# Stands in the scope of a call that Tocsin makes itself: the list of what becomes of it.
TRIED_OUT = "tocsin.tried_out"
# A context attribute as CloudEvents has them, for readers of both forms.
TEST_ATTRIBUTE = "tocsintest"
LIMIT_S = 15.0
_MAX_ANSWER_BYTES = 65_536


def marked_as_test(event: NewEvent) -> NewEvent:
    """The event, saying that it is of a test; no deployment or training comes of it."""
    attributes = {**(event.attributes or {}), TEST_ATTRIBUTE: True}
    return replace(event, attributes=attributes, change=None, training=None)


async def try_out(receiver: App, set_up: SetUp, clock: Clock) -> Trial:
    """Have the receiver take an example, signed as its sender would.

    Raises:
        Rejected: 409, this source has no example.
    """
    now = clock.now()
    sample, path = _sample(set_up, now), set_up.addresses[-1]
    events: list[StoredEvent] = []
    began_s = clock.monotonic()
    status, body = await _answer(receiver, _scope(path, sample, events), sample.body)
    seconds = clock.monotonic() - began_s
    headers = {name.lower(): value for name, value in sample.headers.items()}
    secrets = set_up.known_secrets
    return Trial(
        status,
        without_secrets(body[:_MAX_ANSWER_BYTES].decode("utf-8", "replace"), forms_of(secrets)),
        seconds,
        [one.event_id for one in events],
        masked_request("POST", path, headers, {}, sample.body, secrets),
    )


def _sample(set_up: SetUp, now: datetime) -> Sample:
    entrance = set_up.entrance
    if entrance.extras.sample is None:
        raise Rejected(409, Reason.CONFLICT, "This source has no example to send.")
    return entrance.extras.sample(entrance.options, entrance.secrets, now)


def _scope(path: str, sample: Sample, events: list[StoredEvent]) -> Scope:
    """A call from this machine, as it would be made by `curl` there."""
    named = {"host": "localhost", **{name.lower(): one for name, one in sample.headers.items()}}
    named["content-length"] = str(len(sample.body))
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "client": ("127.0.0.1", 0),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in named.items()],
        TRIED_OUT: events,
    }


async def _answer(receiver: App, scope: Scope, body: bytes) -> tuple[int, bytes]:
    said: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(part: Message) -> None:
        said.append(part)

    async with asyncio.timeout(LIMIT_S):
        await receiver(scope, receive, send)
    return said[0]["status"], b"".join(part.get("body", b"") for part in said[1:])
