"""The API's parts on a real database, called over ASGI without a socket."""

import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from tests.appending import database_in
from tests.call import Answer, called
from tocsin.edge.callers import Callers
from tocsin.model.access import Role
from tocsin.model.event import new_event_id
from tocsin.model.people import Person
from tocsin.model.tokens import Token, digest_of, new_token
from tocsin.settings import AuthSettings, HttpSettings
from tocsin.store import people as people_store
from tocsin.store import sign_in_codes
from tocsin.store import tokens as tokens_store
from tocsin.store.access import StoredCredentials
from tocsin.store.append import Appender
from tocsin.store.database import Database
from tocsin.store.journal import Journal, Limits
from tocsin.store.passwords import Passwords
from tocsin.testing.clock import HandClock
from tocsin.web import people, session, tokens
from tocsin.web.problems import add_problem_handlers
from tocsin.web.sign_in import SignIn

AUTH = AuthSettings(
    local_role="viewer", allowed_origins=("tauri://localhost",), session_days=14, sign_in_minutes=60
)
HTTP = HttpSettings(trusted_proxies=(ip_network("10.0.0.0/8"),))
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@dataclass(frozen=True)
class House:
    """A running API with what stands behind it."""

    app: FastAPI
    database: Database
    clock: HandClock
    passwords: Passwords

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        peer: str = "127.0.0.1",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One call; `body` is sent as JSON unless it is bytes."""
        raw = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        sent = dict(headers or {})
        if raw:
            sent = {"content-type": "application/json", "content-length": str(len(raw)), **sent}
        return await called(self.app, method, path, raw, peer=peer, headers=sent)

    async def person(self, name: str, role: Role = Role.ADMIN) -> Person:
        """Somebody whose password is "correct horse"."""
        person = Person(new_event_id(), name, role, self.clock.now())
        hashed = await self.passwords.hash("correct horse")
        await self.database.write(lambda conn: people_store.add(conn, person, hashed))
        return person

    async def token(self, role: Role) -> dict[str, str]:
        """The header of a new token of that role."""
        text = new_token()
        token = Token(new_event_id(), f"a {role.word}'s {text[-4:]}", role, self.clock.now(), "me")
        await self.database.write(lambda conn: tokens_store.add(conn, token, digest_of(text)))
        return {"authorization": f"Bearer {text}"}

    async def code(self) -> str:
        good_for = timedelta(minutes=AUTH.sign_in_minutes)
        code = await self.database.write(
            lambda conn: sign_in_codes.create(conn, self.clock.now(), good_for)
        )
        assert code is not None
        return code

    async def events(self) -> list[tuple[str, Any]]:
        """Type and data of all events so far, oldest first."""
        async with self.database.read() as conn:
            rows = await conn.exec_driver_sql("SELECT type, data FROM events ORDER BY seq")
            return [(row.type, json.loads(row.data)) for row in rows]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[House, None]:
    """Sessions, people and tokens, as the whole API has them."""
    clock, passwords = HandClock(), Passwords(QUICK)
    async with database_in(tmp_path) as database:
        registry = CollectorRegistry()
        journal = Journal(
            database, Appender(database.dialect), Limits(), lambda _entries: None, registry
        )
        credentials = StoredCredentials(database, clock)
        callers = Callers(credentials, AUTH, HTTP)
        sign_in = SignIn(
            database=database,
            journal=journal,
            callers=callers,
            passwords=passwords,
            clock=clock,
            auth=AUTH,
        )
        app = FastAPI()
        add_problem_handlers(app)
        app.include_router(
            session.router(
                sign_in=sign_in, callers=callers, credentials=credentials, database=database
            )
        )
        app.include_router(
            people.router(
                database=database,
                journal=journal,
                callers=callers,
                credentials=credentials,
                passwords=passwords,
                clock=clock,
            )
        )
        app.include_router(
            tokens.router(
                database=database,
                journal=journal,
                callers=callers,
                credentials=credentials,
                clock=clock,
            )
        )
        yield House(app, database, clock, passwords)
