"""The sessions of Socket.IO clients: by what they are known again, and what they had asked for.

https://socket.io/docs/v4/connection-state-recovery. A session is in memory while its client is
connected and may come back, and in the database from its first subscription on, so that it
outlives the process too.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from tocsin.clock import Clock
from tocsin.errors import StoreDown
from tocsin.store import live_sessions as stored
from tocsin.store.database import Database
from tocsin.store.live_sessions import LiveSession

# How often a process says that it is alive: so much shorter may a killed one's sessions be kept.
ALIVE_EVERY_S = 10.0
_PID_BYTES = 18

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Known:
    """A session that a client may go on with, or goes on with; `end` closes who still has it."""

    session: LiveSession
    end: Callable[[], None] | None


class Sessions:
    """All of this process, and those of others that end up here."""

    def __init__(self, database: Database, clock: Clock, recovery_s: float) -> None:
        self._database = database
        self._clock = clock
        self._keep = timedelta(seconds=recovery_s)
        # One for each run: what an earlier run had connected ended with it.
        self._instance = secrets.token_hex(8)
        self._known: dict[str, Known] = {}
        self._stored: set[str] = set()
        self._unsaved: dict[str, LiveSession] = {}
        # Those that were another process's, or may have been, until that is on the disk.
        self._taking: set[str] = set()
        self._saving: asyncio.Task[None] | None = None

    def begin(self, namespace: str, caller: str, sid: str, seq: int) -> tuple[str, LiveSession]:
        """A new session and the text by which its client will be known."""
        pid = secrets.token_urlsafe(_PID_BYTES)
        session = LiveSession(_digest(pid), sid, namespace, caller, frozenset(), seq)
        return pid, session

    def hold(self, session: LiveSession, end: Callable[[], None]) -> None:
        """A client has this session now; who had it is closed."""
        known = self._known.get(session.digest)
        if known is not None and known.end is not None:
            # Another came back with it while this one was being let in.
            known.end()
        self._known[session.digest] = Known(session, end)
        if session.rooms:
            # It was another process's, or had ended.
            self._taking.add(session.digest)
            self._put(session)

    async def find(self, pid: str, namespace: str, caller: str) -> LiveSession | None:
        """The session to go on with; who still has it is closed.

        Raises:
            StoreDown: the database cannot be read.
        """
        digest = _digest(pid)
        session = await self._newest(digest)
        known = self._known.get(digest)
        if session is None:
            return None
        if (session.namespace, session.caller) != (namespace, caller):
            return None
        if session.ended_at is not None and self._clock.now() - session.ended_at > self._keep:
            return None
        if known is not None and known.end is not None:
            known.end()
        return replace(session, ended_at=None)

    async def _newest(self, digest: str) -> LiveSession | None:
        """The session as whoever had it last knows it, which may be another process."""
        known = self._known.get(digest)
        if known is not None and (digest in self._unsaved or digest not in self._stored):
            return known.session
        async with self._database.read() as conn:
            found = await stored.find(conn, digest)
        known = self._known.get(digest)
        if known is not None and (found is None or found.instance == self._instance):
            return known.session
        # One that is connected elsewhere counts as ended when that process last said it is alive.
        return None if found is None or found.ended_at is None else found

    async def save(self, session: LiveSession) -> None:
        """Keep what the session's client asked for; returns once it is on the disk.

        While the disk is full it is kept in memory only.
        """
        known = self._known.get(session.digest)
        if known is not None:
            self._known[session.digest] = Known(session, known.end)
        self._put(session)
        await self.flush()

    def ended(self, session: LiveSession, end: Callable[[], None]) -> None:
        """The client that had it with `end` is gone, and may come back for a while."""
        known = self._known.get(session.digest)
        if known is None or known.end != end:
            # Somebody else has it already.
            return
        left = replace(known.session, ended_at=self._clock.now())
        self._known[session.digest] = Known(left, None)
        if session.digest in self._stored:
            self._put(left)

    async def step(self) -> None:
        """Say that this process is alive, and forget who did not come back in time."""
        await self._clock.sleep(ALIVE_EVERY_S)
        await self.mark_alive()

    async def mark_alive(self) -> None:
        """What is connected was so until now, should nothing more be heard of this process.

        Raises:
            StoreDown: that could not be stored.
        """
        now = self._clock.now()
        before = now - self._keep
        for digest, known in list(self._known.items()):
            if known.session.ended_at is not None and known.session.ended_at < before:
                del self._known[digest]
                self._stored.discard(digest)
        if self._stored:
            await self._database.write(lambda conn: stored.tidy(conn, self._instance, now, before))
            await self._leave_to_others()

    async def _leave_to_others(self) -> None:
        """Close the connections of clients that went on at another process meanwhile."""
        here = {
            digest: known
            for digest, known in self._known.items()
            if known.end is not None and digest in self._stored
        }
        async with self._database.read() as conn:
            taken = await stored.taken_by_others(conn, self._instance, here)
        for digest in taken:
            known = here[digest]
            # Unless it came back while that was read.
            if known.end is not None and self._known.get(digest) is known:
                del self._known[digest]
                self._stored.discard(digest)
                known.end()

    async def flush(self) -> None:
        """Return once everything that was to be stored is, or could not be."""
        while self._unsaved or self._saving is not None:
            if self._saving is None:
                self._saving = asyncio.create_task(self._save_all())
            await asyncio.shield(self._saving)

    def _put(self, session: LiveSession) -> None:
        self._unsaved[session.digest] = session
        self._stored.add(session.digest)
        if self._saving is None:
            self._saving = asyncio.create_task(self._save_all())

    async def _save_all(self) -> None:
        """Store all that waits in one transaction, and what came meanwhile in the next."""
        try:
            while self._unsaved:
                unsaved, self._unsaved = self._unsaved, {}
                await self._save(list(unsaved.values()))
        finally:
            self._saving = None

    async def _save(self, sessions: list[LiveSession]) -> None:
        now = self._clock.now()
        own = {one.digest for one in sessions} - self._taking
        taken = {one.digest for one in sessions} - own
        try:
            await self._database.write(
                lambda conn: stored.save(conn, self._instance, sessions, now, unless_taken=own)
            )
        except StoreDown as error:
            log.warning("sessions_not_saved", reason=error.reason, count=len(sessions))
        else:
            self._taking -= taken


def _digest(pid: str) -> str:
    return hashlib.sha256(pid.encode("utf-8", errors="replace")).hexdigest()
