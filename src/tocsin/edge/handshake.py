"""Answer calls for a WebSocket: with its opening, or with what is wrong. Pure.

https://www.rfc-editor.org/rfc/rfc6455#section-4.2
"""

import logging
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import orjson
from websockets.datastructures import Headers
from websockets.exceptions import InvalidMethod, InvalidUpgrade
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.utils import accept_key

from tocsin.edge.answers import PROBLEM, fields_of, problem, refusal_headers, status_of
from tocsin.edge.calls import Scope
from tocsin.errors import Reason, Rejected, TocsinError

_READ = frozenset({b"connection", b"origin", b"upgrade"})
_OURS = b"sec-websocket-"
# 16 bytes in base64.
_KEY = re.compile(rb"[A-Za-z0-9+/]{21}[AQgw]==")
_OPENING = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: %b\r\n%b\r\n"
)
# What nobody asks for once a socket is open; ten thousand of them would keep it in memory.
_DROPPED_HEADERS = (
    b"accept",
    b"cache-control",
    b"connection",
    b"pragma",
    b"priority",
    b"sec-ch-",
    b"sec-websocket-",
    b"upgrade",
)

_library_log = logging.getLogger("websockets.server")


def acceptance(scope: Scope, more: Sequence[tuple[bytes, bytes]] = ()) -> bytes:
    """The answer that opens the socket, with `more` headers.

    Raises:
        Rejected: the call is none for a WebSocket (RFC 6455, 4.2.1).
    """
    said = [one for one in scope["headers"] if one[0] in _READ or one[0].startswith(_OURS)]
    known = dict(said)
    if scope["http_version"] == "1.1" and scope["method"] == "GET" and len(said) == len(known):
        key = _plain_key(known)
        if key is not None:
            lines = b"".join([b"%b: %b\r\n" % one for one in more])
            return _OPENING % (accept_key(key).encode(), lines)
    headers = Headers()
    for name, value in said:
        headers[name.decode("latin-1")] = value.decode("latin-1")
    protocol = ServerProtocol(logger=_library_log)
    request = Request(
        scope["path"],
        headers,
        method=scope["method"],
        protocol=f"HTTP/{scope['http_version']}",
    )
    response = protocol.accept(request)
    if response.status_code == 101:
        for raw_name, raw_value in more:
            # The library has put a date of its own.
            response.headers.pop(raw_name.decode("latin-1"), None)
            response.headers[raw_name.decode("latin-1")] = raw_value.decode("latin-1")
        return response.serialize()
    error = protocol.handshake_exc
    allow = "GET" if isinstance(error, InvalidMethod) else ""
    status = 426 if isinstance(error, InvalidUpgrade) else response.status_code
    reason = Reason.WRONG_METHOD if allow else Reason.UNREADABLE
    raise Rejected(status, reason, f"This opens no WebSocket: {error}.", allow=allow)


def _plain_key(said: Mapping[bytes, bytes]) -> str | None:
    """The key of a call that is just what a client should send; None when it is to be looked at.

    The library's own look takes four times as long, and nearly all calls are plain.
    """
    key = said.get(b"sec-websocket-key", b"")
    is_plain = (
        said.get(b"upgrade") == b"websocket"
        and said.get(b"connection", b"").lower() in (b"upgrade", b"keep-alive, upgrade")
        and said.get(b"sec-websocket-version") == b"13"
        and _KEY.fullmatch(key) is not None
    )
    return key.decode("ascii") if is_plain else None


def lasting_headers(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers that say something for as long as the connection lasts."""
    return [one for one in headers if not one[0].startswith(_DROPPED_HEADERS)]


def refusal(error: TocsinError | None, more: Sequence[tuple[bytes, bytes]] = ()) -> bytes:
    """The answer that opens none, as problem details; `error` is None for a failure of ours."""
    if error is None:
        status, headers = 500, []
        answer = {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": "Tocsin failed; the log says why.",
        }
    else:
        status, headers = status_of(error), list(refusal_headers(error))
        answer = problem(status, error.reason, error.message, fields_of(error))
    if status in (400, 426):
        # RFC 6455, 4.4: which version would do.
        headers.append((b"sec-websocket-version", b"13"))
    body = orjson.dumps(answer)
    headers += [
        (b"content-type", PROBLEM),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    lines = [b"HTTP/1.1 %d %s" % (status, HTTPStatus(status).phrase.encode())]
    lines += [name + b": " + value for name, value in (*more, *headers)]
    return b"\r\n".join([*lines, b"", body])
