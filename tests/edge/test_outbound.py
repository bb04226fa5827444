"""Calls to the outside: never to the inside, however the address gets there."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Mapping
from ipaddress import ip_network
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from tocsin.edge.outbound import Outbound, limited
from tocsin.errors import GiveUp, Reason, TryLater
from tocsin.testing.outside import Outside, Reply, outside

HERE = (ip_network("127.0.0.0/8"),)
PUBLIC = "93.184.216.34"


class Names(AbstractResolver):
    """Names that a test makes up; each look-up gives the next of a name's answers."""

    def __init__(self, names: Mapping[str, list[list[str]]]) -> None:
        self._names = {name: list(answers) for name, answers in names.items()}
        self.looked_up: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        del family
        self.looked_up.append(host)
        answers = self._names[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=0,
            )
            for address in found
        ]

    async def close(self) -> None: ...


@pytest.fixture
async def world() -> AsyncIterator[Outside]:
    async with outside() as world:
        yield world


@pytest.fixture
async def http() -> AsyncIterator[Outbound]:
    """May call this machine, where the world of the tests is."""
    made = Outbound(HERE)
    yield made
    await made.close()


@pytest.fixture
async def strict() -> AsyncIterator[Outbound]:
    made = Outbound()
    yield made
    await made.close()


async def refused(http: Outbound, url: str, **more: object) -> GiveUp:
    with pytest.raises(GiveUp) as raised:
        await http.call("GET", url, **more)  # type: ignore[arg-type] # any of its options
    assert raised.value.reason is Reason.ADDRESS_REFUSED
    return raised.value


async def test_a_call_gives_the_whole_answer_whatever_its_status(
    world: Outside, http: Outbound
) -> None:
    world.answer("/a", Reply.of({"b": 1}, 418), method="POST")

    answer = await http.call("POST", f"{world.url}/a?q=1", headers={"X-C": "d"}, body=b"e")

    assert (answer.status, answer.body) == (418, b'{"b":1}')
    (asked,) = world.asked
    assert (asked.query["q"], asked.headers["x-c"], asked.body) == ("1", "d", b"e")
    assert asked.headers["accept-encoding"] == "identity"
    assert asked.headers["user-agent"].startswith("tocsin/")


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/a",
        "https://127.0.0.1./a",
        "https://[::1]/a",
        "https://[::ffff:127.0.0.1]/a",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1:8443/a",
        "http://93.184.216.34/a",
        "ftp://93.184.216.34/a",
        "file:///etc/passwd",
        "https:///a",
        "https://user:secret@93.184.216.34/a",
        "https://[bad/a",
        "nothing",
    ],
)
async def test_an_address_inside_or_of_another_kind_is_refused(url: str, strict: Outbound) -> None:
    error = await refused(strict, url)

    assert "secret" not in error.message
    assert "meta-data" not in error.message


@pytest.mark.parametrize("url", ["https://2130706433/a", "https://0x7f.1/a", "https://localhost/a"])
async def test_this_machine_by_any_other_name_is_refused(url: str) -> None:
    host = url.split("/")[2]
    http = Outbound(resolver=Names({host: [["127.0.0.1"]]}))

    await refused(http, url)
    await http.close()


async def test_a_name_with_a_dot_at_its_end_is_looked_at_too() -> None:
    http = Outbound(resolver=Names({"here.test": [["127.0.0.1"]]}))

    with pytest.raises(GiveUp):
        await http.check("https://here.test./a")
    await http.close()


async def test_a_name_that_leads_inside_by_one_of_its_addresses_is_refused() -> None:
    inside = {
        "aaaa.test": [[PUBLIC, "::1"]],
        "mapped.test": [[PUBLIC, "::ffff:10.0.0.1"]],
        "a.test": [["10.0.0.1", PUBLIC]],
    }
    http = Outbound(resolver=Names(inside))

    for name in inside:
        await refused(http, f"https://{name}/a")
    await http.close()


async def test_names_that_hang_hold_up_no_other_call(
    world: Outside, http: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The servers of forty destinations' names do not answer; the other names' do."""
    world.answer("/a", Reply())
    port, answered = int(world.url.rpartition(":")[2]), threading.Event()

    def look_up(host: str, *_args: Any, **_more: Any) -> list[tuple[Any, ...]]:
        if host != "a.test":
            answered.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    hanging = [
        asyncio.ensure_future(http.connect(f"{n}.test", port) if n % 2 else http.call("GET", url))
        for n, url in enumerate(f"http://{n}.test:{port}/a" for n in range(40))
    ]
    for _ in range(3):
        await asyncio.sleep(0)

    async with asyncio.timeout(5):
        answer = await http.call("GET", f"http://a.test:{port}/a")

    assert answer.status == 200
    for one in hanging:
        one.cancel()
    answered.set()
    await asyncio.gather(*hanging, return_exceptions=True)


async def test_a_name_that_changes_after_it_was_looked_at_gains_nothing(world: Outside) -> None:
    """DNS rebinding: public at the first look-up, this machine at the second."""
    port = int(world.url.rpartition(":")[2])
    names = Names({"turns.test": [[PUBLIC], ["127.0.0.1"]]})
    http = Outbound(resolver=names)
    connected: list[str] = []

    def no_connection(found: tuple[object, ...]) -> socket.socket:
        connected.append(str(found[4]))
        raise OSError("nobody is reached in a test")

    http._session.connector._socket_factory = no_connection  # type: ignore[union-attr] # watched
    with pytest.raises(TryLater):
        await http.call("GET", f"https://turns.test:{port}/a")
    await refused(http, f"https://turns.test:{port}/a")
    await http.close()

    assert names.looked_up == ["turns.test", "turns.test"]
    assert all(PUBLIC in place for place in connected)
    assert connected
    assert world.asked == []


async def test_the_last_look_is_at_the_address_that_is_connected_to(strict: Outbound) -> None:
    inside = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))

    with pytest.raises(OSError, match="not public"):
        strict._socket(inside)


INSIDE = [
    "127.0.0.1",
    "0.0.0.0",  # noqa: S104 - nothing is bound
    "10.0.0.1",
    "169.254.169.254",
    "168.63.129.16",
    "100.64.0.1",
    "::1",
    "::",
    "fd00::1",
    "fe80::1%eth0",
    # The metadata service, as IPv6 may have it: mapped, compatible, NAT64 (RFC 6052, 8215), 6to4.
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "::a9fe:a9fe",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "2001:0:5ef5:79fb:0:0:5601:5601",
]
# By what a look-up makes of them, as the C library does.
OTHER_FORMS = {
    "2852039166": "169.254.169.254",
    "0xa9fea9fe": "169.254.169.254",
    "0251.0376.0251.0376": "169.254.169.254",
    "0xa9.254.0251.254": "169.254.169.254",
    "169.254.43518": "169.254.169.254",
    "127.1": "127.0.0.1",
    "0": "0.0.0.0",  # noqa: S104 - nothing is bound
    "017700000001": "127.0.0.1",
    "localhost": "127.0.0.1",
    "metadata.google.internal": "169.254.169.254",
}


def in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


@pytest.mark.parametrize("host", INSIDE)
async def test_an_address_inside_is_told_before_anybody_calls_it(
    host: str, strict: Outbound
) -> None:
    for ask in (strict.check(f"https://{in_url(host)}/a"), strict.connect(host, 25)):
        with pytest.raises(GiveUp) as told:
            await ask
        assert told.value.reason is Reason.ADDRESS_REFUSED


@pytest.mark.parametrize(("written", "address"), OTHER_FORMS.items())
async def test_so_is_one_in_a_form_that_only_a_look_up_understands(
    written: str, address: str
) -> None:
    names = Names({written: [[address]]})
    http = Outbound(resolver=names)

    for ask in (http.check(f"https://{written}/a"), http.connect(written, 25)):
        with pytest.raises(GiveUp) as told:
            await ask
        assert told.value.reason is Reason.ADDRESS_REFUSED
    await http.close()


async def test_one_private_address_among_public_ones_is_enough() -> None:
    http = Outbound(resolver=Names({"a.test": [[PUBLIC, "2606:4700::1111", "10.0.0.1"]]}))

    for ask in (http.check("https://a.test/"), http.connect("a.test", 25)):
        with pytest.raises(GiveUp) as told:
            await ask
        assert told.value.message == "a.test leads to an address that is not public."
    await http.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://a.test/",
        "https://user:canary@a.test/",
        "https://user@a.test/",
        "gopher://a.test/canary",
        "https:///canary",
        "https://[canary/",
    ],
)
async def test_an_address_of_another_kind_is_told_without_what_is_secret(url: str) -> None:
    http = Outbound(resolver=Names({"a.test": [[PUBLIC]]}))

    with pytest.raises(GiveUp) as told:
        await http.check(url)
    await http.close()

    assert told.value.reason is Reason.ADDRESS_REFUSED
    assert "canary" not in told.value.message


@pytest.mark.parametrize(
    "url",
    [
        "https://a.test:0/",
        f"https://{PUBLIC}:0/",
        "https://a..test/",
        "https://.a.test/",
        f"https://{'a' * 64}.test/",
        f"https://{'a.' * 126}test/",
        f"https://{'é' * 64}.test/",
    ],
)
async def test_what_no_name_or_port_can_be_is_told_before_anybody_calls_it(url: str) -> None:
    http = Outbound(resolver=Names({}))

    with pytest.raises(GiveUp) as told:
        await http.check(url)
    await http.close()

    assert told.value.reason is Reason.ADDRESS_REFUSED


async def test_a_public_address_may_be_called_and_a_name_that_is_not_known_yet() -> None:
    class Nobody(Names):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            del host, port, family
            raise OSError("no such name")

    known, unknown = Outbound(resolver=Names({"a.test": [[PUBLIC]]})), Outbound(resolver=Nobody({}))

    await known.check("https://a.test/a?b=c")
    await known.check(f"https://{PUBLIC}:8443/")
    await unknown.check("https://a.test/")
    await unknown.check(f"https://{'a' * 63}.b_1.test./")
    with pytest.raises(TryLater) as told:
        await unknown.connect("a.test", 25)
    await known.close()
    await unknown.close()

    assert told.value.reason is Reason.UNREACHABLE


async def test_a_socket_leads_to_the_address_that_was_looked_at(world: Outside) -> None:
    port = int(world.url.rpartition(":")[2])
    names = Names({"a.test": [["127.0.0.1"], ["127.0.0.2"]]})
    http = Outbound(HERE, resolver=names)

    opened = await http.connect("a.test", port)
    place = opened.getpeername()
    opened.close()
    await http.close()

    assert place == ("127.0.0.1", port)
    assert names.looked_up == ["a.test"]


async def test_a_name_that_turns_inside_after_it_was_checked_is_not_connected_to() -> None:
    names = Names({"turns.test": [[PUBLIC], ["127.0.0.1"]]})
    http = Outbound(resolver=names)

    await http.check("https://turns.test/")
    with pytest.raises(GiveUp):
        await http.connect("turns.test", 25)
    await http.close()


async def test_the_next_address_is_taken_where_one_does_not_answer(world: Outside) -> None:
    port = int(world.url.rpartition(":")[2])
    http = Outbound(HERE, resolver=Names({"a.test": [["127.9.9.9", "127.0.0.1"]]}))

    opened = await http.connect("a.test", port)
    place = opened.getpeername()
    opened.close()
    with pytest.raises(TryLater) as told:
        await http.connect("a.test", 1)
    await http.close()

    assert place == ("127.0.0.1", port)
    assert told.value.reason is Reason.UNREACHABLE


async def test_a_redirect_is_an_answer_and_not_followed(world: Outside, http: Outbound) -> None:
    world.answer("/a", Reply(status=302, headers={"Location": "http://169.254.169.254/"}))

    answer = await http.call("GET", f"{world.url}/a")

    assert answer.status == 302
    assert [one.path for one in world.asked] == ["/a"]


async def test_a_host_that_is_not_named_is_not_called(world: Outside, http: Outbound) -> None:
    world.answer("/a", Reply())

    await refused(http, f"{world.url}/a", hosts=("*.fal.media",))
    answer = await http.call("GET", f"{world.url}/a", hosts=("*.fal.media", "127.0.0.1"))

    assert answer.status == 200
    assert len(world.asked) == 1


@pytest.mark.parametrize("is_announced", [True, False])
async def test_more_than_the_limit_is_not_read(
    is_announced: bool, world: Outside, http: Outbound
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b"x" * 65_536

    whole = Reply(body=b"x" * 2_000)
    world.answer("/a", whole if is_announced else Reply(chunks=chunks))

    with pytest.raises(GiveUp) as raised:
        await http.call("GET", f"{world.url}/a", max_bytes=1_999)

    assert raised.value.reason is Reason.TOO_LARGE


async def test_a_packed_answer_is_refused(world: Outside, http: Outbound) -> None:
    world.answer("/a", Reply(body=b"not even gzip", headers={"Content-Encoding": "gzip"}))

    with pytest.raises(GiveUp) as raised:
        await http.call("GET", f"{world.url}/a")

    assert raised.value.reason is Reason.BAD_ANSWER


async def test_of_a_packed_answer_status_and_headers_are_told(
    world: Outside, http: Outbound
) -> None:
    packed = {"Content-Encoding": "gzip", "Retry-After": "3"}
    world.answer("/a", Reply(status=429, body=b"not even gzip", headers=packed))

    async with http.open("GET", f"{world.url}/a") as arriving:
        said = [chunk async for chunk in arriving.chunks]

    assert (arriving.status, arriving.headers["retry-after"], said) == (429, "3", [])


@pytest.mark.parametrize("coding", ["identity", "utf-8", "UTF8", ""])
async def test_what_packs_nothing_is_read_as_it_is(
    coding: str, world: Outside, http: Outbound
) -> None:
    world.answer("/a", Reply(body=b"ok", headers={"Content-Encoding": coding}))

    answer = await http.call("GET", f"{world.url}/a")

    assert answer.body == b"ok"


async def test_who_does_not_answer_in_time_is_tried_later(world: Outside, http: Outbound) -> None:
    never = asyncio.Event()
    world.answer("/a", Reply(after=never))

    with pytest.raises(TryLater) as raised:
        await http.call("GET", f"{world.url}/a", timeout_s=0.05)
    never.set()

    assert raised.value.reason is Reason.TIMED_OUT


async def test_who_is_not_there_or_breaks_off_is_tried_later(
    world: Outside, http: Outbound
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"12345"

    world.answer("/a", Reply(chunks=chunks, announced=100))

    for url in (f"{world.url}/a", "http://127.0.0.1:1/a"):
        with pytest.raises(TryLater) as raised:
            await http.call("GET", url)
        assert raised.value.reason is Reason.UNREACHABLE


async def test_a_body_can_be_taken_as_it_comes(world: Outside, http: Outbound) -> None:
    world.answer("/a", Reply(body=b"x" * 1_000_000))

    async with http.open("GET", f"{world.url}/a") as arriving:
        sizes = [len(chunk) async for chunk in limited(arriving, 1_000_000)]

    assert (arriving.status, arriving.size, sum(sizes)) == (200, 1_000_000, 1_000_000)
    assert len(sizes) > 1


async def test_a_cookie_is_not_kept(world: Outside, http: Outbound) -> None:
    world.answer("/a", Reply(headers={"Set-Cookie": "a=b"}))

    for _ in range(2):
        await http.call("GET", f"{world.url}/a")

    assert "cookie" not in world.asked[1].headers
