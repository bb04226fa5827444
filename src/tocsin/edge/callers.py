"""Tell who makes a call, from its ASGI scope.

Every entrance asks here: receivers, the API, event streams and sockets. Who shows nothing and
calls from this machine gets the local role; who shows something that is not known gets 401,
never the local role, so that a withdrawn token stops working at this machine too.
"""

import re
from dataclasses import dataclass
from hmac import compare_digest
from typing import Literal, Protocol
from urllib.parse import unquote_plus

from tocsin.edge.calls import Scope
from tocsin.errors import Reason, Rejected
from tocsin.model.access import (
    Caller,
    Credential,
    Peer,
    Role,
    client_address,
    is_allowed_origin,
    is_forwarding_header,
    is_own_host,
    peer_of,
)
from tocsin.model.tokens import digest_of, is_token
from tocsin.settings import AuthSettings, HttpSettings

CredentialKind = Literal["token", "session"]

SESSION_COOKIE = "tocsin_session"

# The scheme of the pages that open a socket, against which their Origin is held.
_PAGE_SCHEMES = {"ws": "http", "wss": "https"}
# Where a call's reading is kept in its own scope.
_SAID = "tocsin.said"

# As a prefix may be written; anything else would have to be escaped to go into addresses.
_PREFIX = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_READ = frozenset(
    {
        b"authorization",
        b"cookie",
        b"host",
        b"origin",
        b"sec-fetch-mode",
        b"sec-fetch-site",
        b"x-csrf-token",
        b"x-forwarded-for",
        b"x-forwarded-prefix",
        b"x-forwarded-proto",
        b"x-tocsin-token",
    }
)
_JOINED = {b"cookie": "; ", b"x-forwarded-for": ","}


class CredentialLookup(Protocol):
    """Where credentials are known; `store.access` has the one that asks the database."""

    def remembered(self, kind: CredentialKind, digest: str) -> Credential | None:
        """What is known without waiting; None when the store has to be asked."""
        ...

    async def find(self, kind: CredentialKind, digest: str) -> Credential | None:
        """The credential with this digest; None when unknown, expired or withdrawn."""
        ...


@dataclass(frozen=True, slots=True)
class _Said:
    """What a call says about its caller, and what its connection shows."""

    headers: dict[bytes, str]
    peer: Peer
    address: str
    is_forwarded: bool
    scheme: str
    method: str

    def get(self, name: bytes) -> str:
        return self.headers.get(name, "")


@dataclass(frozen=True, slots=True)
class _Shown:
    """A credential as shown; `text` stays out of every repr and log line."""

    kind: CredentialKind
    digest: str
    is_possible: bool


class Callers:
    """Answers who calls; `lookup` knows the tokens and sessions."""

    def __init__(self, lookup: CredentialLookup, auth: AuthSettings, http: HttpSettings) -> None:
        self._lookup = lookup
        self._local_role = Role.parse(auth.local_role)
        self._trusted = tuple(http.trusted_proxies)
        self._origins = tuple(auth.allowed_origins)

    def identify_now(self, scope: Scope, *, takes_query_token: bool = False) -> Caller | None:
        """The caller, when that can be told without the store; None: await `identify`.

        Raises:
            Rejected: as `identify`.
        """
        said = self._read(scope)
        shown = _shown(said, scope if takes_query_token else None)
        if shown is None:
            return self._without_credentials(said)
        credential = self._lookup.remembered(shown.kind, shown.digest)
        return None if credential is None else self._with(credential, shown.kind, said)

    async def identify(self, scope: Scope, *, takes_query_token: bool = False) -> Caller:
        """The caller; a role of NOBODY when it shows nothing and is not at this machine.

        Raises:
            Rejected: 401 for credentials that are not known (any more); 403 for a session used
                by a page of another origin, or for a change without the session's proof.
        """
        said = self._read(scope)
        shown = _shown(said, scope if takes_query_token else None)
        if shown is None:
            return self._without_credentials(said)
        return await self._by_shown(shown, said)

    async def identify_token(self, scope: Scope, token: str) -> Caller:
        """The caller of a socket that shows its token in a message of its own.

        Raises:
            Rejected: 401, when the token is not known.
        """
        return await self._by_shown(_token(token.strip()), self._read(scope))

    async def session(self, scope: Scope) -> Credential | None:
        """The session whose cookie is sent; None when there is none or it ended."""
        digest = self.session_digest(scope)
        if digest is None:
            return None
        remembered = self._lookup.remembered("session", digest)
        return remembered or await self._lookup.find("session", digest)

    def session_digest(self, scope: Scope) -> str | None:
        """The digest of the session cookie that is sent, known or not."""
        text = _cookie(self._read(scope).get(b"cookie"))
        return digest_of(text) if text else None

    def check_origin(self, scope: Scope) -> None:
        """Refuse a page of another origin. Calls without Origin do not come from such pages.

        Raises:
            Rejected: 403, when an Origin is sent and not allowed.
        """
        self._check_origin(self._read(scope))

    def address_of(self, scope: Scope) -> str:
        """The caller's address, behind trusted proxies the one they saw."""
        return self._read(scope).address

    def is_https(self, scope: Scope) -> bool:
        """Whether the caller's own connection is encrypted, at a trusted proxy as well."""
        return self._read(scope).scheme == "https"

    def forwarded_prefix(self, scope: Scope) -> str:
        """Under what a trusted proxy has put Tocsin, such as `/tools`; nothing when it says none.

        What is no plain path is passed over: it goes into a page.
        """
        said = self._read(scope)
        prefix = said.get(b"x-forwarded-prefix").rpartition(",")[2].strip().rstrip("/")
        return prefix if said.peer.is_trusted and _PREFIX.fullmatch(prefix) else ""

    def _read(self, scope: Scope) -> _Said:
        """What the call says; read once, however often it is asked for while it lasts."""
        said: _Said | None = scope.get(_SAID)
        if said is None:
            said = scope[_SAID] = self._read_anew(scope)
        return said

    def _read_anew(self, scope: Scope) -> _Said:
        headers: dict[bytes, str] = {}
        is_forwarded = False
        for name, value in scope["headers"]:
            if name in _READ:
                text = value.decode("latin-1")
                if name not in headers:
                    headers[name] = text
                elif name in _JOINED:
                    headers[name] += _JOINED[name] + text
            if is_forwarding_header(name):
                is_forwarded = True
        client = scope.get("client")
        peer = peer_of(client[0] if client else None, self._trusted)
        address = peer.address
        scheme: str = scope.get("scheme", "http")
        if is_forwarded:
            forwarded_for = headers.get(b"x-forwarded-for")
            entries = () if forwarded_for is None else (forwarded_for,)
            address, _ = client_address(peer.address, entries, self._trusted)
            if b"x-forwarded-proto" in headers and peer.is_trusted:
                scheme = headers[b"x-forwarded-proto"].rpartition(",")[2].strip().lower()
        return _Said(
            headers,
            peer,
            address,
            is_forwarded,
            _PAGE_SCHEMES.get(scheme, scheme),
            scope.get("method", "GET"),
        )

    async def _by_shown(self, shown: _Shown, said: _Said) -> Caller:
        credential = None
        if shown.is_possible:
            credential = self._lookup.remembered(shown.kind, shown.digest)
            if credential is None:
                credential = await self._lookup.find(shown.kind, shown.digest)
        if credential is None:
            message = "The token is unknown, expired or revoked."
            if shown.kind == "session":
                message = "The session has ended; sign in again."
            raise Rejected(401, Reason.BAD_CREDENTIALS, message)
        return self._with(credential, shown.kind, said)

    def _with(self, credential: Credential, kind: CredentialKind, said: _Said) -> Caller:
        if kind == "session":
            # The browser adds the cookie by itself, whoever wrote the page; a token is shown
            # on purpose.
            self._check_origin(said)
            if said.method not in _SAFE_METHODS and not compare_digest(
                said.get(b"x-csrf-token").encode("latin-1"), credential.csrf.encode("latin-1")
            ):
                raise Rejected(
                    403,
                    Reason.NOT_ALLOWED,
                    "A change made with the session cookie needs the header X-CSRF-Token with "
                    "the `csrf` of GET /api/v1/session.",
                )
        return Caller(
            credential.role,
            credential.name,
            kind,
            said.address,
            self._is_local(said),
            credential.key,
        )

    def _without_credentials(self, said: _Said) -> Caller:
        if not self._is_local(said):
            return Caller(Role.NOBODY, "", "nobody", said.address, is_local=False)
        if self._local_role is Role.NOBODY:
            return Caller(Role.NOBODY, "", "nobody", said.address, is_local=True)
        return Caller(self._local_role, "local", "local", said.address, is_local=True)

    def _is_local(self, said: _Said) -> bool:
        """Made at this machine, not handed on, and not by a page of somebody else's."""
        if said.is_forwarded or not said.peer.is_loopback:
            return False
        headers = said.headers
        if b"origin" in headers:
            if not self._is_allowed_origin(said):
                return False
        elif (
            # An image or script tag on a stranger's page sends no Origin. Following a link to
            # a page of ours is what a person does.
            headers.get(b"sec-fetch-site") in ("cross-site", "same-site")
            and headers.get(b"sec-fetch-mode") != "navigate"
        ):
            return False
        if b"authorization" in headers and _bearer(said) is None:
            # Basic and the like are checked by somebody in front of us, who speaks for others.
            return False
        return is_own_host(said.get(b"host"), self._origins)

    def _is_allowed_origin(self, said: _Said) -> bool:
        return is_allowed_origin(said.get(b"origin"), said.get(b"host"), said.scheme, self._origins)

    def _check_origin(self, said: _Said) -> None:
        if b"origin" in said.headers and not self._is_allowed_origin(said):
            raise Rejected(
                403,
                Reason.BAD_ORIGIN,
                "A page of this origin may not call; list it in auth.allowed_origins, or name the "
                "proxy in http.trusted_proxies.",
            )


def _shown(said: _Said, scope: Scope | None) -> _Shown | None:
    """The credential a call shows; `scope` is given where a query token counts."""
    if b"x-tocsin-token" in said.headers:
        return _token(said.get(b"x-tocsin-token").strip())
    if (bearer := _bearer(said)) is not None:
        return _token(bearer)
    if scope is not None and (token := _query_token(scope.get("query_string", b""))):
        return _token(token)
    if text := _cookie(said.get(b"cookie")):
        return _Shown("session", digest_of(text), is_possible=True)
    return None


def _bearer(said: _Said) -> str | None:
    scheme, _, token = said.get(b"authorization").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _token(text: str) -> _Shown:
    return _Shown("token", digest_of(text), is_token(text))


def _query_token(query: bytes) -> str:
    if b"token=" not in query:
        return ""
    for part in query.decode("latin-1").split("&"):
        name, _, value = part.partition("=")
        if name == "token":
            return unquote_plus(value).strip()
    return ""


def _cookie(header: str) -> str:
    if SESSION_COOKIE not in header:
        return ""
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == SESSION_COOKIE:
            return value.strip().strip('"')
    return ""
