"""The way events travel: Server-Sent Events over HTTP, one connection at a time.

Everything that knows of the wire of live events is in this file, so that another way
(a websocket) can take its place; going on after a loss is `tocsin.client.follow`.
"""

import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from tocsin.client.answers import failure_of, reason_of
from tocsin.client.errors import NotTocsin, Unreachable
from tocsin.client.place import Opened, Place, read_offset
from tocsin.client.sse import MessageTooLong, SseMessage, SseParser
from tocsin.model.filters import type_fits

_PATH = "/api/v1/events/stream"
# The server sends a heartbeat each 15 s; after three left out it is gone, whatever TCP says.
_SILENCE_S = 45.0
_CONNECT_S = 10.0


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event as it came: `body` is the Event JSON read, `raw` its very text, on one line."""

    epoch: str
    seq: int
    type: str
    body: Mapping[str, Any]
    raw: str

    @property
    def offset(self) -> str:
        """What to hand to `Client.events` as `last_event_id` to go on after this event."""
        return f"{self.epoch}:{self.seq}"


@dataclass(frozen=True, slots=True)
class Filters:
    """Which events are wanted; what is left empty does not narrow. In `types`, `*` is any text."""

    project: str = ""
    subject: str = ""
    source: str = ""
    types: Sequence[str] = ()

    def query(self) -> list[tuple[str, str]]:
        """The filters as the server takes them, which is one value of each."""
        only = self.types[0] if len(self.types) == 1 else ""
        pairs = (
            ("project", self.project),
            ("subject", self.subject),
            ("source", self.source),
            ("type", only),
        )
        return [(name, value) for name, value in pairs if value]

    def wants(self, event: StreamEvent) -> bool:
        """Whether an event that the server sent is one of several types that are wanted."""
        return not self.types or any(type_fits(pattern, event.type) for pattern in self.types)


Wire = Callable[[Place], AsyncGenerator[Opened | StreamEvent, None]]


def sse_wire(session: aiohttp.ClientSession, url: str, filters: Filters) -> Wire:
    """A function that opens one connection from a place on and gives what comes until it ends.

    It raises Unreachable when the connection cannot be made or breaks, Busy and Refused as
    the server answers, NotTocsin when what comes is no event stream; it ends when the server
    ends the stream.
    """

    async def connect(place: Place) -> AsyncGenerator[Opened | StreamEvent, None]:
        query = filters.query()
        # Compressed, events would wait in the compressor for more to come.
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
        if place.offset is None:
            query.append(("from", place.start))
        else:
            headers["Last-Event-ID"] = place.offset
        timeout = aiohttp.ClientTimeout(
            total=None, connect=_CONNECT_S, sock_connect=_CONNECT_S, sock_read=_SILENCE_S
        )
        try:
            async with session.get(
                url + _PATH, params=query, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                if answer.status != 200:
                    raise await failure_of(answer)
                if answer.content_type != "text/event-stream":
                    raise NotTocsin(f"{url} answers, but not with events")
                parser = SseParser()
                async for piece in answer.content.iter_any():
                    for message in parser.feed(piece):
                        item = _read(message)
                        if isinstance(item, Opened) or (item and filters.wants(item)):
                            yield item
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreachable(url, reason_of(error)) from error
        except MessageTooLong as error:
            raise NotTocsin(f"{url} sends {error}") from error

    return connect


def _read(message: SseMessage) -> Opened | StreamEvent | None:
    """What a message says; None for one of a kind that this client does not know yet."""
    if message.event == "stream.opened":
        return _read_opened(message.data)
    offset = read_offset(message.last_id)
    if offset is None or message.event.startswith("stream."):
        return None
    body = _read_object(message.data)
    raw = message.data
    if "\n" in raw:
        raw = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return StreamEvent(offset[0], offset[1], message.event, body, raw)


def _read_opened(data: str) -> Opened:
    said = _read_object(data)
    epoch, seq, recovered = said.get("epoch"), said.get("seq"), said.get("recovered")
    if not isinstance(epoch, str) or not isinstance(seq, int):
        raise NotTocsin("the event stream opens without telling where it stands")
    return Opened(epoch, seq, recovered if isinstance(recovered, bool) else None)


def _read_object(data: str) -> dict[str, Any]:
    try:
        said = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise NotTocsin("the event stream holds what is not JSON") from error
    if not isinstance(said, dict):
        raise NotTocsin("the event stream holds what is not an event")
    return said
