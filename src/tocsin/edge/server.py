"""Listening sockets and the HTTP server on them; when to stop is the app's to say."""

import contextlib
import errno
import socket
from collections.abc import Generator, Sequence
from typing import Any, cast

import uvicorn

from tocsin.edge.arrival import Arrivals
from tocsin.edge.calls import App
from tocsin.edge.opening import Endpoint, Sockets
from tocsin.errors import ConfigError

BACKLOG = 2048
# In every answer: which instance gave it.
INSTANCE_HEADER = "X-Tocsin-Instance"

# A name may point to an address that this machine has not: containers often say that localhost
# is ::1 too, and have no IPv6. Its other addresses will do.
_NOT_HERE = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


class Server(uvicorn.Server):
    """uvicorn without signal handlers of its own: the app stops the parts in order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    def stop(self) -> None:
        """Take no new calls, finish those in hand; `serve` then returns."""
        self.should_exit = True


def make_server(
    app: App,
    endpoints: Sequence[Endpoint],
    *,
    grace_s: int,
    headers: Sequence[tuple[str, str]] = (),
) -> Server:
    """A server of HTTP and WebSockets, which finishes calls in hand within `grace_s` of `stop`.

    `headers` stand in every answer.
    """
    sockets = Sockets(endpoints)
    config = uvicorn.Config(
        app,
        # uvicorn names its own classes as the only ones that it takes.
        http=cast("Any", Arrivals(sockets).protocol),
        ws=cast("Any", sockets.protocol),
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=grace_s,
        headers=list(headers),
    )
    return Server(config)


def listening_sockets(addresses: Sequence[str]) -> list[socket.socket]:
    """A socket for each address, HOST:PORT, already listening.

    Raises:
        ConfigError: naming every address that cannot be listened on.
    """
    found: list[socket.socket] = []
    problems: list[str] = []
    for address in addresses:
        try:
            found.extend(_listen(address))
        except OSError as error:
            problems.append(f"listen: cannot listen on {address}: {error.strerror or error}")
    if problems:
        for one in found:
            one.close()
        raise ConfigError(problems)
    return found


def _listen(address: str) -> list[socket.socket]:
    host, _, port = address.rpartition(":")
    infos = socket.getaddrinfo(
        host.strip("[]") or None, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    made: list[socket.socket] = []
    missing: OSError | None = None
    for family, kind, protocol, _, where in dict.fromkeys(infos):
        try:
            made.append(_open(family, kind, protocol, where))
        except OSError as error:
            if error.errno not in _NOT_HERE:
                for one in made:
                    one.close()
                raise
            missing = error
    if missing is not None and not made:
        raise missing
    return made


def _open(family: int, kind: int, protocol: int, where: Any) -> socket.socket:
    one = socket.socket(family, kind, protocol)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind(where)
        one.listen(BACKLOG)
    except OSError:
        one.close()
        raise
    return one


def url_of(listening: socket.socket) -> str:
    """The address a person opens; a wildcard address is shown as this machine's own."""
    host, port = listening.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - shown, not bound
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
