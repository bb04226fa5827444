"""Read a call for a WebSocket off its bytes, when all of it is there. Pure.

Nearly every such call is the first segment of its connection. Read here, it needs nothing of what
uvicorn makes for a connection that goes on in HTTP.
"""

from collections.abc import Sequence
from urllib.parse import unquote

import httptools

from tocsin.edge.calls import Scope

Headers = Sequence[tuple[bytes, bytes]]
Client = tuple[str, int] | None


def read_upgrade(segment: bytes) -> tuple[Scope, bytes] | None:
    """The call, without its client, and what came behind it; None when it is not such a call.

    One that is not whole, or not well formed, is left to `edge/http.py` too: it has the answers.
    """
    if not segment.startswith(b"GET "):
        return None
    head = _Head()
    parser = httptools.HttpRequestParser(head)
    try:
        parser.feed_data(segment)
    except httptools.HttpParserUpgrade as upgrade:
        if head.upgrade.lower() != b"websocket":
            return None
        end: int = upgrade.args[0]
        version: str = parser.get_http_version()
        try:
            scope = websocket_scope(head.url, head.headers, None, http_version=version)
        except httptools.HttpParserError:
            return None
        return scope, segment[end:]
    except httptools.HttpParserError:
        return None
    return None


def websocket_scope(
    url: bytes,
    headers: Headers,
    client: Client,
    *,
    http_version: str,
    method: str = "GET",
    scheme: str = "ws",
) -> Scope:
    """What ASGI says of such a call.

    Raises:
        httptools.HttpParserError: the address is none.
    """
    parsed = httptools.parse_url(url)
    # An absolute address may be without (RFC 9112, 3.2.2).
    path = (parsed.path or b"/").decode("ascii")
    return {
        "type": "websocket",
        "http_version": http_version,
        "method": method,
        "scheme": scheme,
        "path": unquote(path) if "%" in path else path,
        "query_string": parsed.query or b"",
        "headers": headers,
        "client": client,
    }


class _Head:
    """What the parser tells of a head."""

    __slots__ = ("headers", "upgrade", "url")

    def __init__(self) -> None:
        self.url = b""
        self.upgrade = b""
        self.headers: list[tuple[bytes, bytes]] = []

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name == b"upgrade":
            self.upgrade = value
        self.headers.append((name, value))
