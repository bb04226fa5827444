"""Serves the AsyncAPI document: what is said on the sockets, as OpenAPI is of the HTTP calls."""

import orjson

from tocsin.edge.answers import JSON, send_bytes, send_problem
from tocsin.edge.calls import Receive, Scope, Send
from tocsin.errors import Reason, Rejected
from tocsin.live.ws.asyncapi import asyncapi_document

PATH = "/asyncapi.json"


class AsyncApi:
    """The document's address; like OpenAPI's it can be read by anybody."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._body: bytes | None = None

    def takes(self, _method: str, path: str) -> bool:
        """Whether a call belongs here."""
        return path == PATH

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            refusal = Rejected(
                405, Reason.WRONG_METHOD, "This address takes GET only.", allow="GET, HEAD"
            )
            await send_problem(send, refusal)
            return
        if self._body is None:
            self._body = orjson.dumps(asyncapi_document(self._version))
        await send_bytes(send, 200, self._body, JSON)
