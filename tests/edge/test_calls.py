"""Reading a call: whole, within limits, or refused before it costs anything."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.edge import calls
from tocsin.edge.calls import Disconnected, body_of, headers_of, queries_of, query_of
from tocsin.errors import Reason, Rejected


class Caller:
    """Sends a body in these parts; then goes away, or keeps silent."""

    def __init__(self, *parts: bytes, then_gone: bool = False) -> None:
        self._messages: list[dict[str, Any]] = [
            {"type": "http.request", "body": part, "more_body": n < len(parts) - 1 or then_gone}
            for n, part in enumerate(parts)
        ]
        if then_gone:
            self._messages.append({"type": "http.disconnect"})
        self.asked = 0

    async def receive(self) -> dict[str, Any]:
        self.asked += 1
        return self._messages.pop(0)


async def read(caller: Caller, headers: dict[str, str] | None = None, limit: int = 10) -> bytes:
    return await body_of(headers or {}, caller.receive, limit)


@pytest.mark.parametrize(
    "parts", [[b""], [b"abc"], [b"a", b"bc"], [b"", b"", b"abc", b""], [b"0123456789"]]
)
async def test_a_body_is_put_together(parts: Sequence[bytes]) -> None:
    assert await read(Caller(*parts)) == b"".join(parts)


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=6), st.integers(0, 30))
async def test_a_body_is_read_exactly_if_it_is_not_too_large(
    parts: list[bytes], limit: int
) -> None:
    whole = b"".join(parts)
    if len(whole) <= limit:
        assert await read(Caller(*parts), {"content-length": str(len(whole))}, limit) == whole
        return
    with pytest.raises(Rejected) as refused:
        await read(Caller(*parts), None, limit)
    assert (refused.value.status, refused.value.reason) == (413, Reason.TOO_LARGE)


async def test_what_is_announced_too_large_is_not_even_read() -> None:
    caller = Caller(b"x" * 11)

    with pytest.raises(Rejected) as refused:
        await read(caller, {"content-length": "11"})

    assert refused.value.status == 413
    assert caller.asked == 0


async def test_what_becomes_too_large_is_not_read_on() -> None:
    caller = Caller(*[b"xxxx"] * 1_000)

    with pytest.raises(Rejected):
        await read(caller)

    assert caller.asked == 3


@pytest.mark.parametrize("announced", ["4", "2", "0"])
async def test_a_body_of_another_length_than_announced_is_refused(announced: str) -> None:
    # What `curl --http2` does to a POST: httptools loses its body at the upgrade.
    with pytest.raises(Rejected) as refused:
        await read(Caller(b"abc"), {"content-length": announced})

    assert (refused.value.status, refused.value.reason) == (400, Reason.UNREADABLE)
    assert announced in refused.value.message


@pytest.mark.parametrize("announced", ["", "x", "-1", "²", "3, 3", "+3"])
async def test_an_announcement_that_is_no_number_says_nothing(announced: str) -> None:
    assert await read(Caller(b"abc"), {"content-length": announced}) == b"abc"


@pytest.mark.parametrize("parts", [[], [b""], [b"abc"], [b"abc", b"def"]])
async def test_nobody_is_answered_who_has_gone(parts: list[bytes]) -> None:
    with pytest.raises(Disconnected):
        await read(Caller(*parts, then_gone=True))


async def test_a_body_that_stops_coming_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "BODY_LIMIT_S", 0.01)
    began = {"type": "http.request", "body": b"abc", "more_body": True}
    messages = [began]

    async def receive() -> dict[str, Any]:
        return messages.pop() if messages else await asyncio.get_running_loop().create_future()

    with pytest.raises(Rejected) as refused:
        await body_of({}, receive, 10)

    assert (refused.value.status, refused.value.reason) == (408, Reason.TIMED_OUT)


def test_repeated_headers_are_joined() -> None:
    scope: dict[str, Any] = {"headers": [(b"a", b"1"), (b"b", b"\xe9"), (b"a", b"2")]}

    assert headers_of(scope) == {"a": "1, 2", "b": "é"}


@pytest.mark.parametrize(
    ("raw", "last", "every"),
    [
        (b"", {}, {}),
        (b"a=1&b=2", {"a": "1", "b": "2"}, {"a": ["1"], "b": ["2"]}),
        (b"a=1&a=2", {"a": "2"}, {"a": ["1", "2"]}),
        (b"a=&b", {"a": "", "b": ""}, {"a": [""], "b": [""]}),
        (b"a=%E5%8C%97+x%2B", {"a": "北 x+"}, {"a": ["北 x+"]}),
        (b"a=%ff", {"a": "\ufffd"}, {"a": ["\ufffd"]}),
        (b"a=\xff", {"a": "ÿ"}, {"a": ["ÿ"]}),
        (b"%", {"%": ""}, {"%": [""]}),
    ],
)
def test_a_query_is_read(raw: bytes, last: dict[str, str], every: dict[str, list[str]]) -> None:
    scope: dict[str, Any] = {"query_string": raw}

    assert query_of(scope) == last
    assert queries_of(scope) == every


@given(st.binary())
def test_any_query_is_read(raw: bytes) -> None:
    scope: dict[str, Any] = {"query_string": raw}

    assert query_of(scope) == {name: values[-1] for name, values in queries_of(scope).items()}
