"""Open a session for whoever knows a password, or has the one-time code of an empty house.

And let a person who knows their password change it.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from fastapi import Response

from tocsin.clock import Clock
from tocsin.edge.callers import SESSION_COOKIE, Callers
from tocsin.edge.calls import Scope
from tocsin.errors import Reason, Rejected
from tocsin.model.access import Role
from tocsin.model.audit import person_signed_in, setting_changed
from tocsin.model.tokens import digest_of, new_secret
from tocsin.settings import AuthSettings
from tocsin.store import people, sessions
from tocsin.store.database import Database
from tocsin.store.journal import Journal
from tocsin.store.passwords import Passwords
from tocsin.store.sessions import NewSession
from tocsin.web.sign_in_throttle import SignInThrottle

# Who comes in by a code is an admin without a name; a day is enough to add somebody with one.
CODE_SESSION = timedelta(days=1)
CODE_NAME = "first sign-in"


@dataclass(frozen=True, slots=True)
class Opened:
    """A session just opened; `text` is what the cookie holds."""

    text: str = field(repr=False)
    csrf: str = field(repr=False)
    role: Role
    name: str
    good_for: timedelta
    is_https: bool


class SignIn:
    """Checks what is shown, slowly for who guesses, and opens sessions."""

    def __init__(
        self,
        *,
        database: Database,
        journal: Journal,
        callers: Callers,
        passwords: Passwords,
        clock: Clock,
        auth: AuthSettings,
    ) -> None:
        self._database = database
        self._journal = journal
        self._callers = callers
        self._passwords = passwords
        self._clock = clock
        self._throttle = SignInThrottle(clock)
        self._good_for = timedelta(days=auth.session_days)

    async def by_password(self, scope: Scope, name: str, password: str) -> Opened:
        """Sign in somebody with a name and a password.

        Raises:
            Rejected: 401, one of them is wrong, and nothing tells which; 403, a page of another
                origin asks; 429, too many tries.
            StoreDown: nobody can be signed in now.
        """
        self._callers.check_origin(scope)
        address = self._callers.address_of(scope)
        self._throttle.take(address, name)
        async with self._database.read() as conn:
            known = await people.with_password(conn, name)
        stored = None if known is None else known[1]
        is_right = await self._passwords.matches(stored, password)
        if known is None or not is_right:
            raise Rejected(401, Reason.BAD_CREDENTIALS, "Name or password is wrong.")
        person, stored = known
        opened = self._opened(scope, person.role, person.name, self._good_for)
        session, now = self._session(scope, opened, person.id), self._clock.now()
        await self._journal.append(
            [person_signed_in(person.name, "password", address, now)],
            lambda conn: sessions.open_by_password(conn, session, stored, now),
        )
        self._throttle.forgive(address, name)
        return opened

    async def by_code(self, scope: Scope, code: str) -> Opened:
        """Sign in whoever has the one-time code, and use it up.

        Raises:
            Rejected: 401, the code is unknown, used or too old; 403, a page of another origin
                asks; 429, too many tries.
            StoreDown: nobody can be signed in now.
        """
        self._callers.check_origin(scope)
        address = self._callers.address_of(scope)
        self._throttle.take(address, "")
        opened = self._opened(scope, Role.ADMIN, CODE_NAME, min(CODE_SESSION, self._good_for))
        session, now = self._session(scope, opened, None), self._clock.now()
        await self._journal.append(
            [person_signed_in(CODE_NAME, "code", address, now)],
            lambda conn: sessions.open_by_code(conn, session, code, now),
        )
        self._throttle.forgive(address, "")
        return opened

    async def change_password(self, scope: Scope, current: str, new: str) -> None:
        """Give the person of the session a new password; their other sessions end.

        Raises:
            Rejected: 401, `current` is not their password; 403, the session is nobody's who has
                one; 429, too many tries.
            StoreDown: nothing can be changed now.
        """
        digest, now = self._callers.session_digest(scope) or "", self._clock.now()
        async with self._database.read() as conn:
            known = await sessions.person_of(conn, digest, now)
        if known is None:
            message = "Only who signed in with a name and a password has one to change."
            raise Rejected(403, Reason.NOT_ALLOWED, message)
        person, stored = known
        address = self._callers.address_of(scope)
        self._throttle.take(address, person.name)
        if not await self._passwords.matches(stored, current):
            raise Rejected(401, Reason.BAD_CREDENTIALS, "The current password is wrong.")
        change = people.PersonChange(
            password_hash=await self._passwords.hash(new), kept_session=digest
        )

        event = setting_changed("person.password_changed", person.name, person.name, now)
        await self._journal.append(
            [event], lambda conn: people.change_by_password(conn, person.id, stored, change, now)
        )
        self._throttle.forgive(address, person.name)

    def _opened(self, scope: Scope, role: Role, name: str, good_for: timedelta) -> Opened:
        is_https = self._callers.is_https(scope)
        return Opened(new_secret(), new_secret(), role, name, good_for, is_https)

    def _session(self, scope: Scope, opened: Opened, person_id: str | None) -> NewSession:
        return NewSession(
            digest=digest_of(opened.text),
            person_id=person_id,
            role=opened.role,
            name=opened.name,
            csrf=opened.csrf,
            expires_at=self._clock.now() + opened.good_for,
            address=self._callers.address_of(scope),
            former=self._callers.session_digest(scope),
        )


def set_cookie(response: Response, opened: Opened) -> None:
    """Hand the session to the browser: no script reads it, no other site's page sends it."""
    response.set_cookie(
        SESSION_COOKIE,
        opened.text,
        max_age=int(opened.good_for.total_seconds()),
        path="/",
        secure=opened.is_https,
        httponly=True,
        samesite="lax",
    )


def clear_cookie(response: Response, *, is_https: bool) -> None:
    """Have the browser forget its session."""
    response.delete_cookie(SESSION_COOKIE, path="/", secure=is_https, httponly=True, samesite="lax")
