"""Who a caller is: no header that anybody can write ever makes a stranger local or trusted."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.access import (
    UNKNOWN_ADDRESS,
    Caller,
    IPNetwork,
    Role,
    client_address,
    is_allowed_origin,
    is_forwarding_header,
    is_own_host,
    network_key,
    normal_origin,
    peer_of,
)

PROXIES: tuple[IPNetwork, ...] = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize("role", Role)
def test_every_role_is_found_by_its_word(role: Role) -> None:
    assert Role.parse(role.word) is role


def test_an_unknown_role_is_told_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="none, sender, viewer, operator, admin"):
        Role.parse("boss")


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.NOBODY, (False, False, False, False)),
        (Role.SENDER, (True, False, False, False)),
        (Role.VIEWER, (True, True, False, False)),
        (Role.OPERATOR, (True, True, True, False)),
        (Role.ADMIN, (True, True, True, True)),
    ],
)
def test_each_role_may_what_the_one_before_it_may_and_more(
    role: Role, may: tuple[bool, ...]
) -> None:
    caller = Caller(role, "x", "token", "203.0.113.9", is_local=False)

    assert (caller.may_send, caller.may_read, caller.may_operate, caller.may_administer) == may


@pytest.mark.parametrize(
    ("host", "address", "is_loopback", "is_trusted"),
    [
        ("127.0.0.1", "127.0.0.1", True, False),
        ("127.8.9.1", "127.8.9.1", True, False),
        ("::1", "::1", True, False),
        ("::ffff:127.0.0.1", "127.0.0.1", True, False),
        ("::ffff:10.1.2.3", "10.1.2.3", False, True),
        ("fe80::1%eth0", "fe80::1", False, False),
        ("10.255.0.1", "10.255.0.1", False, True),
        ("fd12::9", "fd12::9", False, True),
        ("203.0.113.9", "203.0.113.9", False, False),
        ("testclient", UNKNOWN_ADDRESS, False, False),
        (None, UNKNOWN_ADDRESS, False, False),
        ("", UNKNOWN_ADDRESS, False, False),
    ],
)
def test_a_peer_is_what_its_address_says(
    host: str | None, address: str, is_loopback: bool, is_trusted: bool
) -> None:
    peer = peer_of(host, PROXIES)

    assert (peer.address, peer.is_loopback, peer.is_trusted) == (address, is_loopback, is_trusted)


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "address", "is_forwarded"),
    [
        ("203.0.113.9", [], "203.0.113.9", False),
        ("203.0.113.9", ["127.0.0.1"], "203.0.113.9", True),
        ("10.0.0.1", ["198.51.100.7"], "198.51.100.7", True),
        ("10.0.0.1", ["127.0.0.1, 198.51.100.7"], "198.51.100.7", True),
        ("10.0.0.1", ["127.0.0.1", "198.51.100.7, 10.2.0.1"], "198.51.100.7", True),
        ("10.0.0.1", ["198.51.100.7:4711"], "198.51.100.7", True),
        ("10.0.0.1", ['"[2001:db8::7]:443"'], "2001:db8::7", True),
        ("10.0.0.1", ["[2001:db8::7]"], "2001:db8::7", True),
        ("10.0.0.1", ["2001:db8::7"], "2001:db8::7", True),
        ("10.0.0.1", ["::ffff:198.51.100.7"], "198.51.100.7", True),
        ("10.0.0.1", ["10.0.0.9, 10.0.0.8"], "10.0.0.9", True),
        ("10.0.0.1", ["198.51.100.7, unknown"], "10.0.0.1", True),
        ("10.0.0.1", ["198.51.100.7, , 10.0.0.3"], "10.0.0.3", True),
        ("10.0.0.1", [""], "10.0.0.1", True),
        ("10.0.0.1", ["198.51.100.7:http"], "10.0.0.1", True),
        ("10.0.0.1", ["[2001:db8::7]x"], "10.0.0.1", True),
        ("10.0.0.1", ["[2001:db8::7"], "10.0.0.1", True),
        ("10.0.0.1", ["10.0.0.5:80:90"], "10.0.0.1", True),
        (None, ["127.0.0.1"], UNKNOWN_ADDRESS, True),
    ],
)
def test_the_caller_is_the_last_entry_that_is_no_proxy_of_ours(
    peer: str | None, forwarded_for: list[str], address: str, is_forwarded: bool
) -> None:
    assert client_address(peer, forwarded_for, PROXIES) == (address, is_forwarded)


entries = st.one_of(
    st.ip_addresses().map(str),
    st.sampled_from(["127.0.0.1", "::1", "localhost", "unknown", "", "10.0.0.1", "[::1]:80"]),
    st.text(max_size=20),
)


@given(st.ip_addresses(), st.lists(entries, min_size=1, max_size=6))
def test_a_header_of_a_stranger_changes_nothing_about_its_address(
    peer: object, forwarded_for: list[str]
) -> None:
    if peer_of(str(peer), PROXIES).is_trusted:
        return

    address, is_forwarded = client_address(str(peer), forwarded_for, PROXIES)

    assert is_forwarded
    assert address == peer_of(str(peer), PROXIES).address


@given(st.lists(entries, max_size=6), st.ip_addresses())
def test_what_a_caller_writes_before_the_proxys_entry_does_not_count(
    invented: list[str], caller: object
) -> None:
    if peer_of(str(caller), PROXIES).is_trusted:
        return

    address, _ = client_address("10.0.0.1", [*invented, str(caller)], PROXIES)

    assert address == peer_of(str(caller), PROXIES).address


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        (b"x-forwarded-for", True),
        (b"x-forwarded-port", True),
        (b"x-forwarded", True),
        (b"forwarded", True),
        (b"via", True),
        (b"x-real-ip", True),
        (b"cf-connecting-ip", True),
        (b"host", False),
        (b"x-request-id", False),
    ],
)
def test_a_header_that_tells_of_a_proxy_is_known(name: bytes, is_one: bool) -> None:
    assert is_forwarding_header(name) is is_one


@pytest.mark.parametrize(
    ("origin", "host", "scheme", "is_allowed"),
    [
        ("http://tocsin.example", "tocsin.example", "http", True),
        ("http://tocsin.example:80", "tocsin.example", "http", True),
        ("https://tocsin.example", "tocsin.example:443", "https", True),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", "http", True),
        ("http://[::1]:8000", "[::1]:8000", "http", True),
        ("HTTP://Tocsin.Example", "tocsin.example", "http", True),
        ("https://tocsin.example", "tocsin.example", "http", False),
        ("http://127.0.0.1:3000", "127.0.0.1:8000", "http", False),
        ("http://localhost:8000", "127.0.0.1:8000", "http", False),
        ("http://evil.example", "tocsin.example", "http", False),
        ("http://tocsin.example.evil.example", "tocsin.example", "http", False),
        ("http://tocsin.example@evil.example", "tocsin.example", "http", False),
        ("tauri://localhost", "127.0.0.1:8000", "http", True),
        ("https://ci.example", "127.0.0.1:8000", "http", True),
        ("https://ci.example:444", "127.0.0.1:8000", "http", False),
        ("null", "127.0.0.1:8000", "http", False),
        ("", "127.0.0.1:8000", "http", False),
        ("*", "127.0.0.1:8000", "http", False),
        ("http://[::1", "127.0.0.1:8000", "http", False),
        ("http://a:99999", "a:99999", "http", False),
    ],
)
def test_a_page_may_call_when_it_is_ours_or_listed(
    origin: str, host: str, scheme: str, is_allowed: bool
) -> None:
    allowed = ("tauri://localhost", "https://ci.example")

    assert is_allowed_origin(origin, host, scheme, allowed) is is_allowed


def test_null_is_allowed_only_where_it_is_listed() -> None:
    assert is_allowed_origin("null", "h", "http", ("null",))
    assert not is_allowed_origin("null", "null", "http", ())


@given(st.text(max_size=40))
def test_any_text_as_origin_has_an_answer(text: str) -> None:
    normal = normal_origin(text)

    assert normal is None or normal_origin(normal) == normal


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        ("localhost:8000", True),
        ("127.0.0.1:8000", True),
        ("[::1]:8000", True),
        ("tocsin:8000", True),
        ("app.localhost", True),
        ("", True),
        ("192.0.2.1", True),
        ("ci.example", True),
        ("evil.example:8000", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("evil.example.", False),
        ("[::1", False),
    ],
)
def test_a_name_out_of_a_strangers_zone_is_not_this_machine(host: str, is_own: bool) -> None:
    assert is_own_host(host, ("https://ci.example", "null")) is is_own


def test_limits_take_one_subscriber_of_ipv6_as_one() -> None:
    assert network_key("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64"
    assert network_key("198.51.100.7") == "198.51.100.7"
    assert network_key(UNKNOWN_ADDRESS) == UNKNOWN_ADDRESS


@given(st.ip_addresses(v=6))
def test_the_key_of_an_address_holds_it(address: object) -> None:
    key = network_key(str(address))

    assert "/" not in key or ip_address(str(address)) in ip_network(key)
