"""What an instance does not do, it says so that its callers come again."""

import pytest

from tests.call import called
from tests.edge.serving import nothing
from tocsin.edge.calls import Scope
from tocsin.edge.front import Part
from tocsin.edge.not_here import NoSockets, NotHere, not_here, parts_not_here
from tocsin.edge.opening import Make
from tocsin.errors import Reason, Rejected


async def test_a_call_is_answered_503_with_a_time_to_come_again() -> None:
    answer = await called(NotHere("live"), "GET", "/socket.io/?EIO=4")

    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.json["reason"] == "not_here"
    assert "stage live" in answer.json["detail"]


async def test_parts_keep_their_addresses() -> None:
    (part,) = parts_not_here([Part(lambda _method, path: path == "/x", nothing)], "live")

    assert part.takes("GET", "/x")
    assert not part.takes("GET", "/y")
    assert (await called(part.app, "GET", "/x")).status == 503


def test_sockets_are_refused_at_their_addresses() -> None:
    class Sockets:
        max_message_bytes = 7

        def takes(self, path: str) -> bool:
            return path == "/ws"

        def open(self, scope: Scope) -> Make:
            raise AssertionError

    endpoint = NoSockets(Sockets(), "live")

    assert (endpoint.max_message_bytes, endpoint.takes("/ws"), endpoint.takes("/")) == (
        7,
        True,
        False,
    )
    with pytest.raises(Rejected) as refused:
        endpoint.open({})
    assert (refused.value.status, refused.value.reason) == (503, Reason.NOT_HERE)


def test_nothing_was_done() -> None:
    assert "nothing was done" in not_here("ingest").message
