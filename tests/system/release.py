"""The routes of callbacks as people of each role ask them; which there are is read, not listed."""

import asyncio
import io
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.system.server import Server

PREFIX = "/api/v1/release"
ROLES = ("sender", "viewer", "operator", "admin")
LIMIT_S = 30.0
# Addresses that are whole as they are; all others follow on the prefix.
_NOT_OURS = ("/api/", "/metrics", "/openapi.json", "/health")
# Who calls from elsewhere is nobody without a token.
FORWARDED = {"X-Forwarded-For": "203.0.113.9"}


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as it came."""

    status: int
    text: str
    headers: Mapping[str, str] = field(repr=False)
    took_s: float

    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Route:
    """One of the API's, by its path in the OpenAPI document."""

    method: str
    path: str
    has_body: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path.removeprefix(PREFIX)}"

    @property
    def names(self) -> list[str]:
        """What stands in braces."""
        return re.findall(r"{(\w+)}", self.path)

    def at(self, ids: Mapping[str, str]) -> str:
        """Its address."""
        return self.path.format_map(ids)


class People:
    """One of each role, and what all of them were answered."""

    def __init__(self, session: aiohttp.ClientSession, tokens: Mapping[str, str]) -> None:
        self._session = session
        self.tokens = tokens
        self.answers: dict[str, str] = {}

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        role: str = "admin",
        headers: Mapping[str, str] | None = None,
    ) -> Told:
        """Ask as one of that role; `body` is JSON unless it is bytes. "" is nobody."""
        shown = {"Authorization": f"Bearer {self.tokens[role]}"} if role else {}
        sent: dict[str, Any] = (
            {"data": io.BytesIO(body)} if isinstance(body, bytes) else {"json": body}
        )
        if isinstance(body, bytes):
            shown["Content-Type"] = "application/json"
        whole = path if path.startswith(_NOT_OURS) else PREFIX + path
        began = time.monotonic()
        async with self._session.request(
            method, whole, headers={**FORWARDED, **shown, **(headers or {})}, **sent
        ) as response:
            text = await response.text()
            took_s = time.monotonic() - began
            told = Told(response.status, text, dict(response.headers), took_s)
        self.answers[f"{role or 'nobody'}: {method} {whole} {len(self.answers)}"] = (
            f"{text}\n{told.headers}"
        )
        return told

    async def data(self, method: str, path: str, body: Any = None, **how: Any) -> Any:
        """What a good answer holds."""
        told = await self.ask(method, path, body, **how)
        assert told.status == 200, f"{method} {path}: {told.text[:2000]}"
        return told.json()["data"]

    async def routes(self) -> list[Route]:
        """All routes of callbacks."""
        told = await self.ask("GET", "/openapi.json")
        return list(_routes(told.json()))

    async def until(
        self, path: str, is_so: Callable[[list[Any]], bool], limit_s: float = LIMIT_S
    ) -> list[Any]:
        """The items of a list, once they are as wanted."""
        ends_at = time.monotonic() + limit_s
        while True:
            items: list[Any] = (await self.data("GET", path))["items"]
            if is_so(items):
                return items
            shown = [(one["channel"], one["status"], one["attempts"]) for one in items]
            assert time.monotonic() < ends_at, shown
            await asyncio.sleep(0.1)


def _routes(document: Mapping[str, Any]) -> Iterator[Route]:
    for path, methods in document["paths"].items():
        if path.startswith(f"{PREFIX}/"):
            for method, said in methods.items():
                yield Route(method.upper(), path, "requestBody" in said)


def to_import(*callbacks: Mapping[str, Any], **how: Any) -> dict[str, Any]:
    """What an export without secrets has, to be put in."""
    form = {"format": "tocsin.callbacks", "version": 1, "secrets": "left_out", "templates": []}
    return {**form, "callbacks": list(callbacks), **how}


@asynccontextmanager
async def people_at(server: Server) -> AsyncIterator[People]:
    """One of each role at a server whose local callers are admins."""
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(server.url, timeout=timeout) as session:
        tokens = {}
        for role in ROLES:
            wish = {"name": f"a-{role}", "role": role}
            async with session.post("/api/v1/tokens", json=wish) as response:
                assert response.status == 201, await response.text()
                tokens[role] = (await response.json())["token"]
        yield People(session, tokens)
