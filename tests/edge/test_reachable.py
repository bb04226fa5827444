"""Which addresses may be called: nothing inside, however it is written."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.edge.reachable import is_host_named, is_reachable

INSIDE_4 = [
    ip_network(one)
    for one in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "168.63.129.16/32",
    )
]
INSIDE_6 = [
    ip_network(one)
    for one in ("::/127", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "2001:db8::/32")
]
PUBLIC = ("1.1.1.1", "8.8.8.8", "151.101.1.69", "2606:4700::1111", "2a00:1450:4001::1")

_inside_4 = st.sampled_from(INSIDE_4).flatmap(
    lambda network: st.integers(int(network[0]), int(network[-1])).map(IPv4Address)
)
_inside_6 = st.sampled_from(INSIDE_6).flatmap(
    lambda network: st.integers(int(network[0]), int(network[-1])).map(IPv6Address)
)


def in_ipv6(inner: IPv4Address) -> list[IPv6Address]:
    """Every way in which an IPv6 address can stand for, or lead to, an IPv4 one."""
    number = int(inner)
    return [
        IPv6Address((0xFFFF << 32) | number),
        IPv6Address(number),
        IPv6Address((0x64FF9B << 96) | number),
        IPv6Address((0x2002 << 112) | (number << 80)),
        # Teredo has its client's address with all bits turned.
        IPv6Address((0x20010000 << 96) | (0x01010101 << 64) | (number ^ 0xFFFFFFFF)),
    ]


@given(_inside_4 | _inside_6)
def test_nothing_inside_is_reachable(address: IPv4Address | IPv6Address) -> None:
    assert not is_reachable(str(address))


@given(_inside_4)
def test_nothing_inside_is_reachable_in_any_other_form(address: IPv4Address) -> None:
    for form in in_ipv6(address):
        assert not is_reachable(str(form)), form
        assert not is_reachable(form.exploded), form


@given(st.integers(0, 2**32 - 1).map(IPv4Address) | st.integers(0, 2**128 - 1).map(IPv6Address))
def test_what_is_reachable_is_global_for_the_library_too(
    address: IPv4Address | IPv6Address,
) -> None:
    if is_reachable(str(address)):
        mapped = getattr(address, "ipv4_mapped", None) or address
        last = ip_address(int(address) & 0xFFFFFFFF)
        is_translated = address in ip_network("64:ff9b::/96")
        assert mapped.is_global or is_translated or last.is_global
        assert not address.is_multicast
        assert not address.is_loopback


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_reachable(address: str) -> None:
    assert is_reachable(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "localhost",
        "127.1",
        "0x7f000001",
        "2130706433",
        "169.254.169.254",
        "fd00:ec2::254",
        "100.100.100.200",
        "192.0.0.192",
        "::ffff:169.254.169.254",
        "fe80::1%eth0",
        "1.1.1.1.1",
    ],
)
def test_what_leads_to_the_clouds_own_services_or_is_no_address_is_not(address: str) -> None:
    assert not is_reachable(address)


def test_what_is_allowed_is_reachable_and_nothing_beside_it() -> None:
    allowed = (ip_network("10.1.0.0/16"), ip_network("fd00:1::/32"))

    assert is_reachable("10.1.2.3", allowed)
    assert is_reachable("::ffff:10.1.2.3", allowed)
    assert is_reachable("fd00:1::7", allowed)
    assert not is_reachable("10.2.0.1", allowed)
    assert not is_reachable("127.0.0.1", allowed)


@pytest.mark.parametrize(
    ("host", "is_named"),
    [
        ("v3.fal.media", True),
        ("V3B.FAL.media.", True),
        ("fal.media", True),
        ("files.example.org", True),
        ("notfal.media", False),
        ("fal.media.example.org", False),
        ("x.files.example.org", False),
        ("", False),
    ],
)
def test_a_host_is_named_by_itself_or_by_a_star(host: str, is_named: bool) -> None:
    assert is_host_named(host, ("*.fal.media", "files.example.org")) is is_named
