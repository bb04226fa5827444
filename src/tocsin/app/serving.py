"""Run the server in this process, from its settings to its last word."""

import asyncio
import contextlib
import socket

import structlog

from tocsin import __version__
from tocsin.app.building import build
from tocsin.app.process import calm_collector, raise_file_limit, stop_on_signals
from tocsin.clock import SystemClock
from tocsin.edge.server import INSTANCE_HEADER, listening_sockets, make_server, url_of
from tocsin.settings import Loaded, Settings, explain, instance_of, stages_of

# The whole stop; the documents' service managers kill after 10 s.
STOP_S = 10
# Of these, how long calls in hand may go on.
GRACE_S = 5

log = structlog.get_logger(__name__)


async def serve(loaded: Loaded) -> int:
    """Run until SIGTERM or SIGINT; gives the exit code. A second signal ends it at once.

    Raises:
        ConfigError: an address is taken, the database is of a newer version, or a key is wrong.
        StoreDown: the database cannot be opened.
    """
    stop = stop_on_signals()
    raise_file_limit()
    for one in explain(loaded):
        log.info("setting", key=one.key, value=one.value, origin=one.origin)
    sockets = listening_sockets(loaded.settings.listen)
    try:
        await _run(loaded, sockets, stop)
    finally:
        for listening in sockets:
            listening.close()
    log.info("stopped")
    return 0


async def _run(loaded: Loaded, sockets: list[socket.socket], stop: "asyncio.Future[None]") -> None:
    headers = [(INSTANCE_HEADER, instance_of(loaded.settings))]
    async with build(loaded, SystemClock()) as tocsin:
        server = make_server(tocsin.front, tocsin.endpoints, grace_s=GRACE_S, headers=headers)
        loops = [
            asyncio.create_task(tocsin.supervisor.keep_going(name, step), name=name)
            for name, step in tocsin.loops
        ]
        serving = asyncio.create_task(server.serve(sockets), name="http")
        calm_collector()
        _announce(sockets, tocsin.sign_in_code, loaded.settings)
        await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
        log.info("stopping")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_S - 2):
                await tocsin.wind_down()
                server.stop()
                await serving
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)


def _announce(sockets: list[socket.socket], code: str | None, settings: Settings) -> None:
    urls = [url_of(one) for one in sockets]
    log.info(
        "listening",
        addresses=urls,
        stages=stages_of(settings),
        data_dir=str(settings.data_dir),
        version=__version__,
    )
    if code is not None:
        # Not a log line: the code opens the door, and logs are read by many.
        minutes = settings.auth.sign_in_minutes
        text = f"First sign-in (once, within {minutes} minutes): {urls[0]}/sign-in?code={code}"
        print(text, flush=True)  # noqa: T201 - for the person who started it
