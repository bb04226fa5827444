"""Read an HTTP call off ASGI, within limits."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qs, parse_qsl

from tocsin.errors import Reason, Rejected

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Disconnected(Exception):
    """The caller went away before its call was whole."""


def headers_of(scope: Scope) -> dict[str, str]:
    """The headers by lower-case name; repeated ones are joined (RFC 9110, 5.3)."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def query_of(scope: Scope) -> dict[str, str]:
    """The query's parameters; of repeated ones the last."""
    query = scope["query_string"].decode("latin-1")
    if "%" in query or "+" in query:
        return dict(parse_qsl(query, keep_blank_values=True))
    # The same without escapes, which nearly all queries are, in a third of the time.
    parts = (part.partition("=") for part in query.split("&") if part)
    return {name: value for name, _, value in parts}


def _too_large(limit: int) -> Rejected:
    message = f"The body is larger than {limit} bytes."
    return Rejected(413, Reason.TOO_LARGE, message)


def queries_of(scope: Scope) -> dict[str, list[str]]:
    """The query's parameters with all values of each."""
    return parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)


# nginx's own limit (client_body_timeout) for a body that stops coming.
BODY_LIMIT_S = 60.0


async def body_of(headers: Mapping[str, str], receive: Receive, max_bytes: int) -> bytes:
    """The whole body.

    Raises:
        Rejected: 413, as soon as it is known; 408 when it takes longer than `BODY_LIMIT_S`; 400
            when less came than was announced, which is what an HTTP/2 upgrade attempt does to
            a POST here.
        Disconnected: nobody is left to answer.
    """
    announced = announced_bytes(headers)
    if announced is not None and announced > max_bytes:
        raise _too_large(max_bytes)
    body = await _read_body(receive, max_bytes)
    if announced is not None and announced != len(body):
        short = f"The body has {len(body)} bytes of the {announced} announced in Content-Length."
        raise Rejected(400, Reason.UNREADABLE, short)
    return body


def announced_bytes(headers: Mapping[str, str]) -> int | None:
    """How long the body is by the call's own word; None when it does not say."""
    said = headers.get("content-length", "")
    return int(said) if said.isascii() and said.isdecimal() else None


async def _read_body(receive: Receive, max_bytes: int) -> bytes:
    """The body's parts together.

    A limit is set only once a part has come and is not the last: nearly every body comes in
    one, and a limit for each of those would cost an eighth of all that a call costs.
    """
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        try:
            async with asyncio.timeout(BODY_LIMIT_S):
                message, body = await _read_parts(receive, body, max_bytes)
        except TimeoutError as error:
            late = f"The body did not come within {BODY_LIMIT_S:.0f} s."
            raise Rejected(408, Reason.TIMED_OUT, late) from error
    if message["type"] == "http.disconnect":
        raise Disconnected
    if len(body) > max_bytes:
        raise _too_large(max_bytes)
    return body


async def _read_parts(receive: Receive, first: bytes, max_bytes: int) -> tuple[Message, bytes]:
    """The last message, and all parts from the first on."""
    parts, size = [first], len(first)
    while True:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > max_bytes:
            raise _too_large(max_bytes)
        parts.append(part)
        if not message.get("more_body"):
            return message, b"".join(parts)
