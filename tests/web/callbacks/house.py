"""The API of callbacks over a real journal, called over ASGI without a socket."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from tests.appending import rows
from tests.call import Answer, called
from tests.journal import AUTH, HTTP, Told, told_in
from tests.web.callbacks.desks import StandInDesk
from tocsin.edge.callers import Callers
from tocsin.model.access import Role
from tocsin.model.event import new_event_id
from tocsin.model.tokens import Token, digest_of, new_token
from tocsin.store import tokens as tokens_store
from tocsin.store.access import StoredCredentials
from tocsin.store.key import SecretKey, Vault
from tocsin.testing.clock import HandClock
from tocsin.web import projects
from tocsin.web.api import build_api
from tocsin.web.release import release_routers
from tocsin.web.release_envelope import PREFIX

SECRET = "https://open.feishu.cn/hook/a-secret-1234"
CHANNEL = {"type": "feishu", "config": {"webhook_url": SECRET}}


@dataclass(frozen=True)
class CallbackHouse:
    """A running API with what stands behind it."""

    app: FastAPI
    told: Told
    desk: StandInDesk
    clock: HandClock
    callers: Callers
    tokens: Mapping[Role, str]

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        role: Role = Role.ADMIN,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One call by somebody of that role; `path` follows on the prefix."""
        raw = body if isinstance(body, bytes) else b""
        if body is not None and not raw:
            raw = json.dumps(body).encode()
        sent = {"x-tocsin-token": self.tokens[role]} if role else {}
        if raw:
            sent |= {"content-type": "application/json", "content-length": str(len(raw))}
        return await called(
            self.app,
            method,
            PREFIX + path,
            raw,
            headers={**sent, **(headers or {})},
            peer="192.0.2.7",
        )

    async def data(self, method: str, path: str, body: Any = None, **how: Any) -> Any:
        """What a good answer has in its envelope."""
        answer = await self.call(method, path, body, **how)
        assert (answer.status, answer.json["code"]) == (200, 0), answer.body
        assert answer.json["msg"] == "ok"
        return answer.json["data"]

    async def created(self, project: str = "shop", **other: Any) -> Any:
        """A callback by Feishu, unless it is told otherwise."""
        body = {"name": "news", "channels": [CHANNEL], **other}
        return await self.data("POST", f"/projects/{project}/callbacks", body)

    async def changes(self) -> list[str]:
        """What the journal says that people changed, the oldest first."""
        statement = "SELECT data FROM events WHERE type = 'setting.changed' ORDER BY seq"
        found = await rows(self.told.database, statement)
        return [json.loads(row["data"])["what"] for row in found]


def faults(answer: Answer) -> dict[str, str]:
    """The fields that are told to be wrong."""
    assert (answer.status, answer.json["code"], answer.json["data"]) == (422, 3422, None)
    return {one["field"]: one["message"] for one in answer.json["errors"]}


@asynccontextmanager
async def callback_house(folder: Path) -> AsyncGenerator[CallbackHouse, None]:
    """All routes of callbacks over a new journal in `folder`."""
    clock, desk = HandClock(), StandInDesk()
    async with told_in(folder) as told:
        callers = Callers(StoredCredentials(told.database, clock), AUTH, HTTP)
        routers = release_routers(
            database=told.database,
            journal=told.journal,
            vault=Vault([SecretKey.new()]),
            callers=callers,
            clock=clock,
            desk=desk,
        )
        also = projects.router(database=told.database, callers=callers)
        app = build_api(routers=[*routers, also], version="1.2.3", extra_paths={})
        tokens = {}
        for role in (one for one in Role if one):
            tokens[role] = text = new_token()
            token = Token(new_event_id(), f"a {role.word}'s", role, clock.now(), "me")
            add = partial(tokens_store.add, token=token, digest=digest_of(text))
            await told.database.write(add)
        yield CallbackHouse(app, told, desk, clock, callers, tokens)
