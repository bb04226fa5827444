"""Look up tokens and sessions in the database, and remember them for a moment.

A CI job that streams log lines shows the same token a thousand times a second; asking the
database each time would cost more than storing the lines. What another process withdraws is
honoured within `REMEMBERED_S`, what this one withdraws at once: whoever does it calls `forget`.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Literal

from tocsin.clock import Clock
from tocsin.errors import StoreDown
from tocsin.model.access import Credential
from tocsin.store import sessions, tokens
from tocsin.store.database import Database

REMEMBERED_S = 2.0
# Bounds the memory that a flood of invented tokens can take (about 1 MiB).
MAX_REMEMBERED = 4096
# "Last used" is for people who tidy up; a write for each use would cost a commit.
TOUCH_EVERY = timedelta(minutes=10)

CredentialKind = Literal["token", "session"]


class StoredCredentials:
    """Tokens and sessions as `edge.callers` asks for them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[tuple[CredentialKind, str], tuple[float, Credential | None]] = {}
        self._changes = 0

    def forget(self) -> None:
        """Ask the database again; called after a token, session or person changed."""
        self._known.clear()
        self._changes += 1

    def remembered(self, kind: CredentialKind, digest: str) -> Credential | None:
        """What is known without waiting; None when it has to be looked up."""
        until, credential = self._known.get((kind, digest), (0.0, None))
        return credential if self._clock.monotonic() < until else None

    async def find(self, kind: CredentialKind, digest: str) -> Credential | None:
        """The credential with this digest; None when unknown, expired or withdrawn.

        Raises:
            StoreDown: that cannot be told now.
        """
        until, credential = self._known.get((kind, digest), (0.0, None))
        if self._clock.monotonic() < until:
            return credential
        changes = self._changes
        found = await (self._session(digest) if kind == "session" else self._token(digest))
        # What was withdrawn while the database was read must not be remembered as good.
        if changes == self._changes:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            self._known[kind, digest] = (self._clock.monotonic() + REMEMBERED_S, found)
        return found

    async def _session(self, digest: str) -> Credential | None:
        async with self._database.read() as conn:
            return await sessions.credential(conn, digest, self._clock.now())

    async def _token(self, digest: str) -> Credential | None:
        now = self._clock.now()
        async with self._database.read() as conn:
            token = await tokens.by_digest(conn, digest)
        if token is None or not token.is_good(now):
            return None
        if token.last_used_at is None or now - token.last_used_at >= TOUCH_EVERY:
            # With a full disk one can still read; the date is then a little old.
            with suppress(StoreDown):
                await self._database.write(lambda conn: tokens.touch(conn, token.id, now))
        return Credential(token.role, token.name, f"token:{token.id}")
