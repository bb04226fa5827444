"""Why a call got no answer is told in few words."""

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from tocsin.client.answers import reason_of


def refused(number: int | None, text: str) -> aiohttp.ClientConnectorError:
    key = ConnectionKey("tocsin.example", 80, False, True, None, None, None, None)
    return aiohttp.ClientConnectorError(
        key, OSError(text) if number is None else OSError(number, text)
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TimeoutError(), "no answer in time"),
        (aiohttp.ServerDisconnectedError(), "connection closed"),
        (aiohttp.ClientPayloadError("Response payload is not completed"), "connection closed"),
        (OSError(104, "Connection reset by peer"), "connection reset by peer"),
        (OSError(), "no connection"),
        (refused(111, "Connect call failed ('127.0.0.1', 8000)"), "connection refused"),
        (refused(-2, "Name or service not known"), "name or service not known"),
        (refused(None, "Multiple exceptions: …"), "multiple exceptions: …"),
    ],
)
def test_an_error_has_words(error: Exception, expected: str) -> None:
    assert reason_of(error) == expected
