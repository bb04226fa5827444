"""The API for sources over real receivers, called over ASGI without a socket."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI

from tests.appending import rows
from tests.call import Answer, called
from tests.ingest.receiving import AUTH, HTTP, Receiving, receiving_in
from tocsin.edge.callers import Callers
from tocsin.ingest.keeping import CallKeeping
from tocsin.ingest.source import find_sources
from tocsin.ingest.stored_set_ups import StoredSetUps
from tocsin.ingest.trial import try_out
from tocsin.model.access import Role
from tocsin.store.access import StoredCredentials
from tocsin.store.key import SecretKey, Vault
from tocsin.web import source_calls, sources
from tocsin.web.api import build_api

PATH = "/api/v1/sources"
SECRET = "the secret of the settings"


@dataclass(frozen=True)
class SourceHouse:
    """A running API with what stands behind it."""

    app: FastAPI
    receiving: Receiving
    keeping: CallKeeping
    tokens: Mapping[Role, str]

    async def call(
        self, method: str, path: str, body: Any = None, *, role: Role = Role.ADMIN
    ) -> Answer:
        """One call by somebody of that role; `path` follows on that of the sources."""
        raw = b"" if body is None else json.dumps(body).encode()
        headers = {"x-tocsin-token": self.tokens[role]}
        if raw:
            headers |= {"content-type": "application/json", "content-length": str(len(raw))}
        return await called(self.app, method, PATH + path, raw, headers=headers, peer="192.0.2.7")

    async def send(self, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> int:
        """A sender's call, a moment after the one before; it is written down."""
        self.receiving.clock.move(0.001)
        answer = await self.receiving.post(path, body, headers)
        await self.keeping.write()
        return answer.status

    async def events(self) -> list[Any]:
        """The data of all that Tocsin told itself."""
        statement = "SELECT data FROM events WHERE source = 'tocsin' ORDER BY seq"
        found = await rows(self.receiving.ground.database, statement)
        return [orjson.loads(row["data"]) for row in found]


@asynccontextmanager
async def source_house(folder: Path) -> AsyncGenerator[SourceHouse, None]:
    """An API whose deployment and GitHub sources have a secret in the settings."""
    team = {"deployment": {"team-a": find_sources()["deployment"].Options()}}
    secrets = {"deployment": SECRET, "github": SECRET}
    async with receiving_in(folder, secrets=secrets, named=team) as on:
        database, journal, clock = on.ground.database, on.ground.journal, on.clock
        callers = Callers(StoredCredentials(database, clock), AUTH, HTTP)
        stored = StoredSetUps(on.set_ups, database, journal, Vault([SecretKey.new()]), clock)
        await stored.load()
        keeping = CallKeeping(on.call_log, on.set_ups, database, journal, clock, "i-1")
        routers = [
            sources.router(database=database, callers=callers, desk=stored),
            source_calls.router(
                database=database,
                callers=callers,
                desk=stored,
                try_out=lambda key: try_out(on.receiver, stored.set_up(key), clock),
            ),
        ]
        app = build_api(routers=routers, version="1.2.3", extra_paths={})
        tokens = {role: await on.token(role) for role in Role if role}
        yield SourceHouse(app, on, keeping, tokens)
