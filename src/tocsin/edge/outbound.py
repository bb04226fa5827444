"""Calls that Tocsin makes itself, to addresses that somebody else may have named.

A name is resolved by `names.py`, anew for each connection, and each address it has is held against
`reachable.py`: one that leads inside refuses the name, and the socket is opened to an address
that was looked at, so a name that changes between two look-ups gains nothing. Redirects are not
followed, no proxy or cookie is used, time and size have limits. Nothing is unpacked: of an answer
that is packed all the same, only status and headers are told.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from aiohttp import (
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    InvalidURL,
    TCPConnector,
)
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.cookiejar import DummyCookieJar
from yarl import URL

from tocsin import __version__
from tocsin.edge.names import Names
from tocsin.edge.reachable import Network, is_host_named, is_reachable
from tocsin.errors import GiveUp, Reason, TryLater

CONNECT_S = 10.0
# Of silence in the midst of an answer.
READ_S = 30.0
CHUNK_BYTES = 262_144
# Of a name, and of what stands between two dots of it, in characters (RFC 1035, 2.3.4).
_MAX_NAME = 253
_MAX_PART = 63
_ANY_HOST = ("*",)
_REFUSED = Reason.ADDRESS_REFUSED
# Content-Encodings that pack nothing. The charset is there by mistake, and harmless.
_PLAIN = frozenset({"", "identity", "utf-8", "utf8"})


class _RefusedError(OSError):
    """An address that may not be called; an OSError, as connectors expect of their resolvers."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Arriving:
    """An answer whose body comes in chunks; `size` is what it announces, None when it does not.

    Of one that is packed, which was not asked for, no chunk comes.
    """

    status: int
    headers: Mapping[str, str]
    size: int | None
    chunks: AsyncIterator[bytes]

    @property
    def is_packed(self) -> bool:
        return _is_packed(self.headers)


class Outbound:
    """A client for one purpose; `allowed` are networks it may call although they are not public.

    With such networks plain HTTP may be spoken too; to anybody else only HTTPS is.
    """

    def __init__(
        self,
        allowed: Sequence[Network] = (),
        resolver: AbstractResolver | None = None,
        max_connections: int = 32,
    ) -> None:
        self._allowed = tuple(allowed)
        self._resolver = CheckedResolver(resolver or Names(), self._allowed)
        self._session = ClientSession(
            connector=TCPConnector(
                resolver=self._resolver,
                socket_factory=self._socket,
                # What was looked at is what is connected to, each time anew.
                use_dns_cache=False,
                limit=max_connections,
            ),
            cookie_jar=DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            headers={"User-Agent": f"tocsin/{__version__}", "Accept-Encoding": "identity"},
        )

    async def close(self) -> None:
        await self._session.close()
        await self._resolver.close()

    async def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        hosts: Sequence[str] = _ANY_HOST,
        max_bytes: int = 1_048_576,
        timeout_s: float = 30.0,
    ) -> Answer:
        """Call `url` and read the whole answer, whatever its status.

        Raises:
            GiveUp: the address may not be called, or the answer is packed, or larger than
                `max_bytes`.
            TryLater: it cannot be reached now, or not in time.
        """
        opened = self.open(
            method, url, headers=headers, body=body, hosts=hosts, timeout_s=timeout_s
        )
        async with opened as arriving:
            parts = [chunk async for chunk in limited(arriving, max_bytes)]
        return Answer(arriving.status, arriving.headers, b"".join(parts))

    @asynccontextmanager
    async def open(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        hosts: Sequence[str] = _ANY_HOST,
        timeout_s: float | None = None,
    ) -> AsyncIterator[Arriving]:
        """Call `url`; the body is read as it comes, which may take any time but no long silence.

        Raises:
            GiveUp: the address may not be called.
            TryLater: it cannot be reached now, or not in time.
        """
        target = self._checked(url, hosts)
        limits = ClientTimeout(timeout_s, sock_connect=CONNECT_S, sock_read=READ_S)
        try:
            async with self._session.request(
                method, target, headers=headers, data=body, allow_redirects=False, timeout=limits
            ) as response:
                named = {name.lower(): value for name, value in response.headers.items()}
                size = response.content_length
                yield Arriving(response.status, named, size, _chunks(response, named))
        except TimeoutError as error:
            raise TryLater(
                f"{target.host} did not answer in time.", reason=Reason.TIMED_OUT
            ) from error
        except InvalidURL as error:
            raise _refused(target, "is no address that can be called") from error
        except (ClientError, OSError) as error:
            if _is_refusal(error):
                raise _refused(target, "leads to an address that is not public") from error
            kind = type(error).__name__
            message = f"{target.host} cannot be reached ({kind})."
            raise TryLater(message, reason=Reason.UNREACHABLE) from error

    async def check(self, url: str) -> None:
        """Look at an address before anybody calls it; a name that is not known now may be later.

        Raises:
            GiveUp: it may not be called.
        """
        target = self._checked(url, _ANY_HOST)
        host = _named(target)
        if not _is_address(host):
            await self._resolved(host, target.port or 0)

    async def connect(self, host: str, port: int) -> socket.socket:
        """An open socket to `host`, for who speaks something else than HTTP.

        Raises:
            GiveUp: the host may not be called.
            TryLater: it cannot be reached now, or not in time.
        """
        if _is_address(host) and not is_reachable(host, self._allowed):
            raise GiveUp(f"{host} is an address that is not public.", reason=_REFUSED)
        places = [(host, port)]
        if not _is_address(host):
            places = [(one["host"], one["port"]) for one in await self._resolved(host, port)]
        for place in places:
            family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
            with ExitStack() as failing:
                opened = self._socket((family, socket.SOCK_STREAM, 0, "", place))
                failing.callback(opened.close)
                try:
                    async with asyncio.timeout(CONNECT_S):
                        await asyncio.get_running_loop().sock_connect(opened, place)
                except OSError:  # of which a time that is over is one
                    continue
                failing.pop_all()
                return opened
        raise TryLater(f"{host} cannot be reached.", reason=Reason.UNREACHABLE)

    async def _resolved(self, host: str, port: int) -> list[ResolveResult]:
        try:
            return await self._resolver.resolve(host, port)
        except _RefusedError as error:
            message = f"{host} leads to an address that is not public."
            raise GiveUp(message, reason=_REFUSED) from error
        except OSError:
            return []

    def _checked(self, url: str, hosts: Sequence[str]) -> URL:
        try:
            target = URL(url)
            host = _named(target)
        except ValueError as error:
            message = "This is no address that can be called."
            raise GiveUp(message, reason=Reason.ADDRESS_REFUSED) from error
        if target.scheme not in (("https", "http") if self._allowed else ("https",)) or not host:
            raise _refused(target, "is not an address with https")
        if target.user is not None or target.password is not None:
            raise _refused(target, "has a name or password in its address")
        if tuple(hosts) != _ANY_HOST and not is_host_named(host, hosts):
            raise _refused(target, "is none of the hosts that are allowed")
        # A host that is an address itself is asked of no resolver.
        if _is_address(host) and not is_reachable(host, self._allowed):
            raise _refused(target, "is an address that is not public")
        if target.port == 0 or not (_is_address(host) or _is_name(target.raw_host or "")):
            raise _refused(target, "is no address that can be called")
        return target

    def _socket(self, found: Any) -> socket.socket:
        """The last look: at the very address that a socket is made for."""
        family, kind, protocol, _, place = found
        if not is_reachable(str(place[0]), self._allowed):
            raise _RefusedError("the address is not public")
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made


class CheckedResolver(AbstractResolver):
    """Resolves by another resolver, and refuses a name of which any address leads inside.

    To leave out that address alone would be enough to be safe. But a name that leads inside as
    well is an attempt, or a mistake that should be seen.
    """

    def __init__(self, inner: AbstractResolver, allowed: Sequence[Network]) -> None:
        self._inner = inner
        self._allowed = tuple(allowed)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        # All families at all times: what is asked for one would hide the other's.
        async with asyncio.timeout(CONNECT_S):
            found = await self._inner.resolve(host, port, socket.AF_UNSPEC)
        if not all(is_reachable(one["host"], self._allowed) for one in found):
            raise _RefusedError(f"{host} leads to an address that is not public")
        return [one for one in found if family in (socket.AF_UNSPEC, one["family"])]

    async def close(self) -> None:
        await self._inner.close()


async def limited(arriving: Arriving, max_bytes: int) -> AsyncIterator[bytes]:
    """The chunks of an answer, which may be `max_bytes` in sum.

    Raises:
        GiveUp: it is larger, as it announces or as it turns out; or it is packed, and who needs it
            whole has nothing.
    """
    if arriving.is_packed:
        raise GiveUp("The answer is packed, which was not asked for.", reason=Reason.BAD_ANSWER)
    left = max_bytes
    if arriving.size is not None and arriving.size > left:
        raise _too_large(max_bytes)
    async for chunk in arriving.chunks:
        left -= len(chunk)
        if left < 0:
            raise _too_large(max_bytes)
        yield chunk


async def _chunks(response: ClientResponse, headers: Mapping[str, str]) -> AsyncIterator[bytes]:
    if _is_packed(headers):
        return
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        yield chunk


def _is_packed(headers: Mapping[str, str]) -> bool:
    return headers.get("content-encoding", "").strip().lower() not in _PLAIN


def _named(target: URL) -> str:
    """The host; a dot at its end only says that the name is whole."""
    return (target.host or "").rstrip(".")


def _is_address(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _is_name(host: str) -> bool:
    """Whether a look-up may find it (RFC 1035, 2.3.4); a part has one character at least."""
    name = host.rstrip(".")
    return len(name) <= _MAX_NAME and all(0 < len(one) <= _MAX_PART for one in name.split("."))


def _is_refusal(error: BaseException | None) -> bool:
    """Whether one of ours is behind what the library made of it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, _RefusedError):
            return True
        seen.add(id(error))
        error = getattr(error, "os_error", None) or error.__cause__ or error.__context__
    return False


def _refused(target: URL, why: str) -> GiveUp:
    # The address' path and query may hold a secret, its host does not.
    return GiveUp(f"{target.host or 'The address'} {why}.", reason=Reason.ADDRESS_REFUSED)


def _too_large(max_bytes: int) -> GiveUp:
    return GiveUp(f"The answer is larger than {max_bytes} bytes.", reason=Reason.TOO_LARGE)
