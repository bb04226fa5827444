"""Decide who a caller is and what it may do, from what is known of its connection.

Pure. Two mistakes would open the door, and everything here is bent on not making them: to
believe a header that anybody can write, and to take a web page that somebody's browser
happens to show for the person at this machine. A doubt therefore always means "remote".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Literal, Self
from urllib.parse import urlsplit

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network
CallerKind = Literal["local", "token", "session", "nobody"]

# Stands for the address of a caller whose connection has none, such as a unix socket's.
UNKNOWN_ADDRESS = "unknown"

# Headers by which proxies and load balancers tell that a call is somebody else's. Whoever
# writes one of these forwards, so that a list too long costs nothing and a missing name costs all.
_FORWARDING = frozenset(
    {
        b"forwarded",
        b"via",
        b"x-real-ip",
        b"x-client-ip",
        b"x-cluster-client-ip",
        b"x-original-forwarded-for",
        b"x-envoy-external-address",
        b"x-azure-clientip",
        b"true-client-ip",
        b"client-ip",
        b"cf-connecting-ip",
        b"cf-ray",
        b"fastly-client-ip",
        b"fly-client-ip",
        b"cdn-loop",
    }
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Role(IntEnum):
    """What a caller may do; each role may all that the ones before it may.

    A sender is for CI jobs: it posts events and reads nothing, because its token lies in every
    job's environment.
    """

    NOBODY = 0
    SENDER = 1
    VIEWER = 2
    OPERATOR = 3
    ADMIN = 4

    @classmethod
    def parse(cls, word: str) -> Self:
        """The role of that name; `none` is NOBODY. ValueError names the possible words."""
        for role in cls:
            if role.word == word:
                return role
        known = ", ".join(role.word for role in cls)
        raise ValueError(f"expected one of {known}")

    @property
    def word(self) -> str:
        """Its name in settings, answers and on the command line."""
        return "none" if self is Role.NOBODY else self.name.lower()


@dataclass(frozen=True, slots=True)
class Credential:
    """What a shown token or session cookie stands for.

    `key` names it without giving it away (`token:…`, `session:…`). `csrf` is what a page has to
    send back with each change; only sessions have one.
    """

    role: Role
    name: str
    key: str
    csrf: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. `is_local` tells that nothing but this machine can have made the call.

    `key` names the credential, for limits and for ending what a withdrawn one holds open; ""
    without one.
    """

    role: Role
    name: str
    kind: CallerKind
    address: str
    is_local: bool
    key: str = ""

    @property
    def may_send(self) -> bool:
        return self.role >= Role.SENDER

    @property
    def may_read(self) -> bool:
        return self.role >= Role.VIEWER

    @property
    def may_operate(self) -> bool:
        return self.role >= Role.OPERATOR

    @property
    def may_administer(self) -> bool:
        return self.role >= Role.ADMIN


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection, by its address alone."""

    address: str
    is_loopback: bool
    is_trusted: bool


def peer_of(host: str | None, trusted: tuple[IPNetwork, ...]) -> Peer:
    """What the address of a connection tells; without one it is neither local nor trusted.

    A unix socket has no address, and what listens on one stands behind a proxy as a rule.
    """
    return Peer(UNKNOWN_ADDRESS, False, False) if host is None else _peer(host, trusted)


@lru_cache(maxsize=4096)
def _peer(host: str, trusted: tuple[IPNetwork, ...]) -> Peer:
    address = _parse_address(host)
    if address is None:
        return Peer(UNKNOWN_ADDRESS, False, False)
    return Peer(str(address), address.is_loopback, _is_in(address, trusted))


@lru_cache(maxsize=4096)
def is_forwarding_header(name: bytes) -> bool:
    """Whether the header `name`, in lower case, tells that the call was handed on."""
    return name in _FORWARDING or name.startswith(b"x-forwarded")


def client_address(
    peer: str | None, forwarded_for: Sequence[str], trusted: tuple[IPNetwork, ...]
) -> tuple[str, bool]:
    """The caller's address, and whether its call was handed on by somebody.

    `forwarded_for` are the values of all X-Forwarded-For lines in order. Only the end of that
    list was written by proxies we trust, so it is read from there: the first entry that is not
    itself a trusted proxy is the caller, and everything before it is what the caller says. An
    entry that is no address ends the reading at the proxy that wrote it.
    """
    known = peer_of(peer, trusted)
    if not forwarded_for:
        return known.address, False
    if not known.is_trusted:
        return known.address, True
    address = known.address
    for entry in reversed(",".join(forwarded_for).split(",")):
        parsed = _parse_entry(entry)
        if parsed is None:
            break
        address = str(parsed)
        if not _is_in(parsed, trusted):
            break
    return address, True


def is_allowed_origin(origin: str, host: str, scheme: str, allowed: Iterable[str]) -> bool:
    """Whether a page of `origin` may call: the page's own server is this one, or it is listed.

    `host` is the Host header and `scheme` http or https. "null" is what sandboxed frames and
    files send, anybody's, and is allowed only where it is listed.
    """
    normal = normal_origin(origin)
    if normal is None:
        return origin == "null" and "null" in allowed
    return normal == normal_origin(f"{scheme}://{host}") or any(
        normal == normal_origin(entry) for entry in allowed
    )


@lru_cache(maxsize=4096)
def normal_origin(origin: str) -> str | None:
    """`scheme://host:port` in lower case, the default port left out; None when it is no origin.

    Schemes of desktop shells (`tauri://localhost`) are origins too.
    """
    try:
        parts = urlsplit(origin.lower())
        port = parts.port
    except ValueError:
        return None
    is_bare = not (parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc)
    if not (parts.scheme and parts.hostname and is_bare):
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    is_default = port is None or port == _DEFAULT_PORTS.get(parts.scheme)
    return f"{parts.scheme}://{host}" + ("" if is_default else f":{port}")


@lru_cache(maxsize=4096)
def is_own_host(host: str, allowed: tuple[str, ...]) -> bool:
    """Whether a Host header names this machine in a way that no stranger's DNS entry can.

    A page of evil.example whose name suddenly resolves to 127.0.0.1 is of the same origin to
    the browser and sends no Origin when it reads, but it cannot help sending its own Host (DNS
    rebinding). Addresses, `localhost` and names without a dot are in nobody's DNS zone.
    """
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if "." not in name or name.endswith(".localhost") or _parse_address(name) is not None:
        return True
    return any(urlsplit(normal_origin(entry) or "").hostname == name for entry in allowed)


def network_key(address: str) -> str:
    """What limits for strangers count by: the address, of IPv6 its /64 (one subscriber's)."""
    parsed = _parse_address(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((int(parsed) >> 64 << 64, 64)))
    return address


def _is_in(address: IPAddress, networks: Iterable[IPNetwork]) -> bool:
    return any(address in network for network in networks)


def _parse_address(text: str) -> IPAddress | None:
    """An address without zone; an IPv4 one mapped into IPv6 counts as IPv4 (RFC 4291, 2.5.5.2)."""
    try:
        address = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _parse_entry(entry: str) -> IPAddress | None:
    """One X-Forwarded-For entry: an address, quoted or with a port as some proxies write it."""
    text = entry.strip().strip('"')
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        return _parse_address(host) if bracket and (not rest or _is_port(rest)) else None
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return _parse_address(host) if _is_port(f":{port}") else None
    return _parse_address(text)


def _is_port(text: str) -> bool:
    return text.startswith(":") and text[1:].isascii() and text[1:].isdigit()
