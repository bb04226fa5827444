"""Posts log lines at a steady rate, however long the answers take.

`python -m bench.live_posts PORT RATE SECONDS BYTES [DEPLOYMENTS]`. Each carries the time at which
it was sent, by the clock that all processes of the machine share.
"""

import select
import socket
import sys
import time
from collections import deque

import orjson

PATH = "/api/webhooks/deployment"
PROJECT = "bench"
# What stands before and after the time in a message, as readers find it.
MARK = "sent="


def request(port: int, message: str, deployment: int) -> bytes:
    """A call that posts one line."""
    body = orjson.dumps(
        {
            "type": "log_entry",
            "project": PROJECT,
            "deployment_id": f"run-{deployment}",
            "timestamp": "2026-01-01T12:00:00.000Z",
            "level": "info",
            "message": message,
        }
    )
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Posts:
    """Kept-alive connections; one is opened whenever none is free."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: deque[socket.socket] = deque()
        self._waiting: dict[int, tuple[socket.socket, bytearray]] = {}
        self._epoll = select.epoll()

    def post(self, message: str, deployment: int = 1) -> None:
        """Send a message, without waiting for the answer."""
        one = self._free.popleft() if self._free else self._open()
        one.sendall(request(self._port, message, deployment))
        self._waiting[one.fileno()] = (one, bytearray())

    def wait(self, timeout_s: float) -> None:
        """Take the answers that come within the time."""
        for number, _ in self._epoll.poll(timeout_s):
            one, answer = self._waiting[number]
            answer += one.recv(65536)
            if _is_whole(answer):
                del self._waiting[number]
                self._free.append(one)

    @property
    def is_idle(self) -> bool:
        """Whether everything was answered."""
        return not self._waiting

    def _open(self) -> socket.socket:
        one = socket.create_connection(("127.0.0.1", self._port))
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._epoll.register(one.fileno(), select.EPOLLIN)
        return one


def _is_whole(answer: bytearray) -> bool:
    head, end, body = bytes(answer).partition(b"\r\n\r\n")
    if not end:
        return False
    if not head.startswith(b"HTTP/1.1 200"):
        raise ValueError(f"refused: {bytes(answer).decode(errors='replace')}")
    size = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
    return len(body) >= int(size)


def post_steadily(
    port: int, rate_per_s: float, seconds: float, size: int, deployments: int = 1
) -> None:
    """Post so many messages a second, each with about `size` characters of text."""
    posts = Posts(port)
    began_s = time.monotonic()
    for number in range(int(rate_per_s * seconds)):
        due_s = began_s + number / rate_per_s
        while (left_s := due_s - time.monotonic()) > 0:
            posts.wait(left_s)
        text = f"{MARK}{time.monotonic_ns():020} {'x' * size}"
        posts.post(text, number % deployments + 1)
    while not posts.is_idle:
        posts.wait(1.0)


if __name__ == "__main__":
    post_steadily(
        int(sys.argv[1]),
        float(sys.argv[2]),
        float(sys.argv[3]),
        *(int(one) for one in sys.argv[4:]),
    )
