"""Decide which addresses Tocsin may call when somebody else has named them.

Pure. An address out of a message may lead back inside: to this machine, to its network, to the
cloud's own services. Only public addresses are let through, and what is allowed by a setting.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Public by the registry, and yet a cloud's own service on every machine of it.
_WIRE_SERVER = ip_network("168.63.129.16/32")
# Beside what the library knows as not public: 6to4's relay, and the benchmark's, by older releases.
_NOT_PUBLIC_4 = (
    _WIRE_SERVER,
    ip_network("0.0.0.0/8"),
    ip_network("100.64.0.0/10"),
    ip_network("192.0.0.0/24"),
    ip_network("192.88.99.0/24"),
    ip_network("198.18.0.0/15"),
    ip_network("240.0.0.0/4"),
)
# IPv4 written as IPv6: mapped, compatible, and translated (RFC 6052) with the address at the end.
_LAST_32 = (ip_network("::ffff:0:0/96"), ip_network("::/96"), ip_network("64:ff9b::/96"))
# Globally routed unicast; nothing else is anybody's server (RFC 4291, 2.4; IANA's registry).
_UNICAST_6 = ip_network("2000::/3")


def is_reachable(text: str, allowed: Iterable[Network] = ()) -> bool:
    """Whether the address `text` may be called: it is public, or in an allowed network.

    What stands inside an IPv6 address has to be so too. No address is none that may be called.
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    networks = tuple(allowed)
    forms = tuple(_forms(address))
    if any(form in network for form in forms[:1] for network in networks):
        return True
    return all(_is_public(form) or any(form in one for one in networks) for form in forms)


def _forms(address: Address) -> Iterator[Address]:
    """The address, or the IPv4 addresses that it stands for."""
    if isinstance(address, IPv4Address):
        yield address
        return
    if any(address in network for network in _LAST_32) and int(address) > 1:
        yield IPv4Address(int(address) & 0xFFFFFFFF)
        return
    yield address
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo


def _is_public(address: Address) -> bool:
    is_special = (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
    )
    if is_special:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    return address in _UNICAST_6


def is_host_named(host: str, patterns: Iterable[str]) -> bool:
    """Whether `host` is one of those named; `*.fal.media` is fal.media and what is below it."""
    said = host.rstrip(".").lower()
    for pattern in patterns:
        name = pattern.rstrip(".").lower()
        if name.startswith("*."):
            if said == name[2:] or said.endswith(name[1:]):
                return True
        elif said == name:
            return True
    return False
