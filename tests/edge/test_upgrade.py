"""Calls for WebSockets as bytes: those that are whole are read, all else is somebody else's."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.edge.upgrade import read_upgrade

HEADERS = (
    b"Host: x\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def call(line: bytes = b"GET / HTTP/1.1", headers: bytes = HEADERS) -> bytes:
    return line + b"\r\n" + headers + b"\r\n"


def read(segment: bytes) -> dict[str, Any]:
    found = read_upgrade(segment)
    assert found is not None
    return dict(found[0])


def test_a_call_is_read_as_asgi_says_it() -> None:
    assert read(call(b"GET /a%20b?c=%64 HTTP/1.1")) == {
        "type": "websocket",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "ws",
        "path": "/a b",
        "query_string": b"c=%64",
        "headers": [
            (b"host", b"x"),
            (b"upgrade", b"WebSocket"),
            (b"connection", b"keep-alive, Upgrade"),
            (b"sec-websocket-version", b"13"),
            (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
        ],
        "client": None,
    }


@pytest.mark.parametrize(
    ("address", "path"),
    [(b"http://x/ws?a", "/ws"), (b"http://x", "/"), (b"/ws#part", "/ws"), (b"*", "*")],
)
def test_an_address_may_be_written_in_several_ways(address: bytes, path: str) -> None:
    assert read(call(b"GET " + address + b" HTTP/1.1"))["path"] == path


def test_a_call_of_an_old_version_is_told_as_one() -> None:
    assert read(call(b"GET / HTTP/1.0"))["http_version"] == "1.0"


@given(st.binary(max_size=100))
def test_what_comes_behind_the_call_is_given_back(behind: bytes) -> None:
    found = read_upgrade(call() + behind)

    assert found is not None
    assert found[1] == behind


@given(st.integers(0, len(call()) - 1))
def test_a_call_that_is_not_whole_is_not_read(size: int) -> None:
    assert read_upgrade(call()[:size]) is None


@pytest.mark.parametrize(
    "segment",
    [
        call(b"POST / HTTP/1.1"),
        call(headers=b"Host: x\r\n"),
        call(headers=b"Host: x\r\nUpgrade: websocket\r\n"),
        call(headers=b"Host: x\r\nConnection: Upgrade\r\n"),
        call(headers=b"Host: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"),
        call(headers=HEADERS + b"Upgrade: h2c\r\n"),
        call(headers=HEADERS + b"Bad\x00: x\r\n"),
        call(b"GET http:// HTTP/1.1"),
        call(b"GET /\xc3\xa9 HTTP/1.1"),
        call().replace(b"\r\n", b"\n"),
        b"\r\n" + call(),
    ],
)
def test_every_other_call_is_left_to_http(segment: bytes) -> None:
    assert read_upgrade(segment) is None


@given(st.binary(max_size=200))
def test_rubbish_is_left_to_http(segment: bytes) -> None:
    assert read_upgrade(segment) is None
    assert read_upgrade(b"GET " + segment) is None
