"""Call a part over ASGI, without a socket."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

App = Callable[..., Awaitable[None]]


@dataclass(frozen=True)
class Answer:
    """What was answered; `chunks` counts the parts that held something."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    chunks: int = 1

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def cookie(self) -> str:
        """The session cookie it sets, as it is sent back."""
        return self.headers["set-cookie"].partition(";")[0]


async def called(
    app: App,
    method: str,
    target: str,
    body: bytes = b"",
    *,
    peer: str = "127.0.0.1",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Call `target`, which is a path and query as they are sent, so with escapes."""
    raw_path, _, query = target.partition("?")
    sent = {"host": "127.0.0.1:8000", **(headers or {})}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(raw_path),
        "raw_path": raw_path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "client": (peer, 4711),
        "server": ("127.0.0.1", 8000),
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
    }
    said: list[dict[str, Any]] = []
    is_read = False

    async def receive() -> dict[str, Any]:
        nonlocal is_read
        if is_read:
            # The caller stays until it is answered.
            await asyncio.get_running_loop().create_future()
        is_read = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(part: Any) -> None:
        said.append(part)

    await app(scope, receive, send)
    bodies = [part.get("body", b"") for part in said[1:]]
    named = {name.decode(): value.decode() for name, value in said[0]["headers"]}
    return Answer(said[0]["status"], named, b"".join(bodies), sum(map(bool, bodies)))
