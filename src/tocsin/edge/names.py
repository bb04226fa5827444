"""Look names up as the machine does, so that one whose servers do not answer holds up no other.

The event loop looks names up in a few threads that all share, uvloop in four. A name that hangs
keeps its thread until the system gives up, half a minute by default, whoever waits for it no
longer. So a name that is looked up has a thread to itself, and never two.
"""

import asyncio
import socket
from asyncio import Future
from concurrent import futures
from queue import SimpleQueue
from threading import Thread
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

# Names, and so threads. So many hang only where nothing can be looked up at all.
MAX_AT_ONCE = 256

_Found = list[tuple[Any, ...]]
# None ends the thread that takes it.
_Wishes = SimpleQueue[tuple[str, "futures.Future[_Found]"] | None]


class Names(AbstractResolver):
    """What is found is kept for nobody but those who ask while it is looked up."""

    def __init__(self) -> None:
        self._asked: dict[str, Future[_Found]] = {}
        self._wishes: _Wishes = SimpleQueue()
        # As many as ever were looked up at once; they wait for the next.
        self._threads = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name.

        Raises:
            OSError: it has none, or too many names hang.
        """
        asked = self._asked.get(host) or self._look_up(host)
        return [
            ResolveResult(
                hostname=host,
                host=_address(*place),
                port=port,
                family=of,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            # Who gives up does so for himself alone.
            for of, _, protocol, _, place in await asyncio.shield(asked)
            if family in (socket.AF_UNSPEC, of)
        ]

    def _look_up(self, host: str) -> Future[_Found]:
        if len(self._asked) >= MAX_AT_ONCE:
            raise OSError(f"{MAX_AT_ONCE} names are being looked up and none is found")
        answer: futures.Future[_Found] = futures.Future()
        # What is asked cannot be taken back.
        answer.set_running_or_notify_cancel()
        asked = self._asked[host] = asyncio.wrap_future(answer)
        asked.add_done_callback(lambda _: self._asked.pop(host))
        if self._threads < len(self._asked):
            self._threads += 1
            # Not one of a pool of the library's: a process waits for those at its end.
            Thread(target=_look_up_all, args=(self._wishes,), name="names", daemon=True).start()
        self._wishes.put((host, answer))
        return asked

    async def close(self) -> None:
        """End the threads; what hangs is left to itself."""
        for _ in range(self._threads):
            self._wishes.put(None)


def _look_up_all(wishes: _Wishes) -> None:
    while (wish := wishes.get()) is not None:
        host, answer = wish
        try:
            found = socket.getaddrinfo(
                host, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
            )
        except OSError as error:
            answer.set_exception(error)
        except ValueError as error:
            # It is no name, such as one with a part of more than 63 characters.
            answer.set_exception(socket.gaierror(socket.EAI_NONAME, str(error)))
        else:
            answer.set_result(found)


def _address(place: str, _port: int, _flow: int = 0, scope: int = 0) -> str:
    """An address within one network only is none without that network's number."""
    return f"{place}%{scope}" if scope else place
