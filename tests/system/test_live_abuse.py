"""Sockets that talk rubbish: each is answered or ended, nobody else notices, nothing is left."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import pytest

from tests.system.conftest import Launch
from tests.system.reading import RECEIVER, receipt_of, sample
from tests.system.rubbish import json_rubbish, socketio_rubbish
from tests.system.server import Server
from tests.system.socketio_wire import NAMESPACE, SocketIo, socketio
from tests.system.sockets import POLLING, WEBSOCKET, check_quiet, heard_to_the_end, rss_bytes
from tests.system.websocket_wire import TEXT, EndedError, WebSocket, frame
from tests.system.wire import connected
from tests.system.ws import Ws, ws

MIB = 1 << 20
MAX_GROWTH_BYTES = 10 * MIB
# The longest that a long trial takes.
LISTEN_LIMIT_S = 1800
WITHOUT_LIMITS = {
    "TOCSIN_LIVE__MAX_MESSAGES_PER_S": "1000000",
    "TOCSIN_LIVE__CONNECTS_PER_S": "100000",
}


async def test_rubbish_on_the_json_protocol_is_answered_and_costs_nothing(
    launch: Launch, is_soak: bool, chance: random.Random
) -> None:
    server = launch(WITHOUT_LIMITS)
    wrong = some(json_rubbish(chance), is_soak)
    codes: Counter[str] = Counter()
    async with ws(server.port) as client:
        grown = Growth(server, len(wrong))
        for number in range(0, len(wrong), 50):
            batch = wrong[number : number + 50]
            await client.socket.send_bytes(b"".join(frame(TEXT, one) for one in batch))
            codes += await codes_until_pong(client, str(number))
            grown.look(number)

        assert await client.answers()
    assert set(codes) <= {
        "INVALID_MESSAGE_FORMAT",
        "UNKNOWN_MESSAGE_TYPE",
        "PERMISSION_DENIED",
        "SERVICE_NOT_FOUND",
    }
    assert codes["INVALID_MESSAGE_FORMAT"] > len(wrong) // 4
    grown.check()
    check_quiet(server)


async def test_rubbish_on_socketio_ends_at_most_its_own_session(
    launch: Launch, is_soak: bool, chance: random.Random
) -> None:
    server = launch(WITHOUT_LIMITS)
    wrong = some(socketio_rubbish(chance), is_soak)
    async with socketio(server.port, namespace=NAMESPACE) as witness:
        await witness.subscribed("a-2")
        listening = asyncio.create_task(witness.until("event", LISTEN_LIMIT_S))
        grown = Growth(server, len(wrong))
        for number, one in enumerate(wrong):
            if number % 3:
                await thrown_at_a_socket(server, one)
            else:
                await thrown_at_polling(server, one)
            grown.look(number)

        async with connected(server.port) as sender:
            message = sample("log_entry", project="a-2")
            _, seq = receipt_of(await sender.post(RECEIVER, message))
        assert (await listening)["seq"] == seq
        assert (await witness.acked("heartbeat"))["ok"] is True
    grown.check()
    check_quiet(server)


@pytest.mark.parametrize("path", ["/ws", WEBSOCKET])
async def test_random_bytes_after_the_handshake_end_only_that_socket(
    path: str, launch: Launch, is_soak: bool, chance: random.Random
) -> None:
    server = launch(WITHOUT_LIMITS)
    for _ in range(2_000 if is_soak else 200):
        socket = await WebSocket.open(server.port, path, first=chance.randbytes(300))
        # Some of it is the beginning of a frame that would be waited for.
        socket.finish()
        ended, _ = await heard_to_the_end(socket, 20)
        assert ended.code in {1002, 1006, 1007, 1009, 1000, 1005, 4001}, ended
        await socket.abort()
    async with ws(server.port) as client:
        assert await client.answers()
    check_quiet(server)


@pytest.mark.parametrize(
    "head",
    [
        "POST /ws HTTP/1.1\r\nContent-Length: 2\r\n",
        "GET /ws HTTP/1.1\r\nSec-WebSocket-Version: 12\r\n",
        "GET /ws HTTP/1.1\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGVzdA==\r\n",
        "GET /ws HTTP/1.1\r\nSec-WebSocket-Version: 13\r\n",
        "GET /ws HTTP/1.1\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \xff\r\n",
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nSec-WebSocket-Version: 12\r\n",
        "GET /socket.io/?EIO=4&transport=websocket&sid=nobody HTTP/1.1\r\n",
        "GET /socket.io/?EIO=4&transport=carrier-pigeon HTTP/1.1\r\n",
    ],
)
async def test_a_handshake_that_is_none_is_told(head: str, server: Server) -> None:
    async with connected(server.port) as asking:
        rest = "Host: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        await asking.send((head + rest).encode("latin-1") + (b"{}" if "POST" in head else b""))
        answer = await asking.answer()

        assert answer.status in {400, 403, 404, 405, 426}
        assert answer.body


@pytest.fixture
def chance() -> random.Random:
    """Rubbish that pytest-randomly's seed gives again."""
    return random.Random(random.getrandbits(64))  # noqa: S311 - no secret


def some(kinds: Iterator[bytes], is_soak: bool) -> list[bytes]:
    return list(islice(kinds, 100_000 if is_soak else 2_000))


async def codes_until_pong(client: Ws, mark: str) -> Counter[str]:
    """The error codes that come before a marked ping is answered."""
    await client.send("ping", client_time=f"mark {mark}")
    codes: Counter[str] = Counter()
    while True:
        message = await client.message()
        if message["type"] == "error":
            codes[message["data"]["error_code"]] += 1
        elif message["data"].get("client_time") == f"mark {mark}":
            return codes


async def thrown_at_a_socket(server: Server, text: bytes) -> None:
    """One wrong message; the server answers it, or ends the session for it."""
    client = await SocketIo.open(server.port)
    code = 1000
    try:
        await client.socket.send_bytes(frame(TEXT, text) + frame(TEXT, b'421["heartbeat"]'))
        while not (await client.packet()).startswith("31"):
            continue
    except EndedError as ended:
        code = ended.code
    except TimeoutError:
        pytest.fail(f"no answer after {text!r}")
    finally:
        await client.socket.abort()
    assert code != 1011, text


async def thrown_at_polling(server: Server, text: bytes) -> None:
    async with connected(server.port) as asking:
        sid = json.loads((await asking.get(POLLING)).body[1:])["sid"]
        here = f"{POLLING}&sid={sid}"
        for body in (b"40", text, b"1"):
            answer = await asking.ask("POST", here, body)
            assert answer.status in {200, 400, 413}, (text, answer)


class Growth:
    """How the memory of a server grows in the last quarter of a trial.

    A session that has ended is remembered for minutes, so memory grows at first by right.
    """

    def __init__(self, server: Server, count: int) -> None:
        self._server = server
        self._begin = count * 3 // 4
        self._before = 0

    def look(self, number: int) -> None:
        if not self._before and number >= self._begin:
            self._before = rss_bytes(self._server)

    def check(self) -> None:
        grown = rss_bytes(self._server) - self._before
        assert grown < MAX_GROWTH_BYTES, f"{grown / MIB:.1f} MiB"
