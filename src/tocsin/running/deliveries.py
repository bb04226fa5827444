"""Messages on their way to the server: tried for as long as the command runs, then for a little.

While the command runs nothing is given up because the server is away; once it has ended the
time is short, and is told to everybody who waits here.
"""

import asyncio
import time
from math import inf

from tocsin.client.client import Client, Waiting
from tocsin.client.command import advice
from tocsin.client.errors import ClientError, NotTocsin, Refused
from tocsin.client.messages import Message
from tocsin.running.brief import Ended

# What these say of one message they would say of every other one.
_HOPELESS = frozenset({401, 403, 404, 405})


class Ending:
    """The end of the command, for which one can wait, and the times that follow from it."""

    def __init__(self) -> None:
        self._ended: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self._came_at = 0.0

    def comes(self, ended: Ended) -> None:
        # The process that sends may have started only now; the wait has begun at the end.
        ago_s = max(0.0, time.time() - ended.at)
        self._came_at = asyncio.get_running_loop().time() - ago_s
        self._ended.set_result(ended)

    @property
    def has_come(self) -> bool:
        return self._ended.done()

    async def wait(self) -> Ended:
        # Who waits may be cancelled; the future is for all.
        return await asyncio.shield(self._ended)

    def time_after(self, share: float) -> float:
        """The loop's time when this share of the last wait is over."""
        return self._came_at + self._ended.result().wait_s * share


class Deliveries:
    """Hands messages to the server. `fault` says what was in the way last."""

    def __init__(self, url: str, token: str, ending: Ending) -> None:
        """Raises BadAddress."""
        self.fault = ""
        self._client = Client(url, token or None, patience_s=inf, on_wait=self._note_waiting)
        self._ending = ending
        self._is_hopeless = False

    @property
    def client(self) -> Client:
        """To be entered before the first message."""
        return self._client

    async def get_in(self, message: Message, key: str, share: float = 1.0) -> bool:
        """Whether the server took `message` before `share` of the last wait was over.

        A message that did not get in is tried again under the same key.
        """
        if self._is_hopeless:
            return False
        try:
            if self._ending.has_come or not await self._before_the_end(message, key):
                # A long pause between two tries may just have begun; there is no time for it.
                async with asyncio.timeout_at(self._ending.time_after(share)):
                    await self._client.send(message, key)
        except TimeoutError:
            self.note_no_answer()
            return False
        except ClientError as error:
            self.fault = advice(error)
            is_refusal = isinstance(error, Refused) and error.status in _HOPELESS
            self._is_hopeless = is_refusal or isinstance(error, NotTocsin)
            return False
        return True

    def note_no_answer(self) -> None:
        """The time is up; what was in the way before says more than that."""
        self.fault = self.fault or f"{self._client.url} gives no answer in time"

    async def _before_the_end(self, message: Message, key: str) -> bool:
        """Try until it works; False when the command ended first."""
        sending = asyncio.ensure_future(self._client.send(message, key))
        ending = asyncio.ensure_future(self._ending.wait())
        try:
            await asyncio.wait({sending, ending}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                return False
            sending.result()
            return True
        finally:
            ending.cancel()
            sending.cancel()

    def _note_waiting(self, waiting: Waiting) -> None:
        self.fault = waiting.detail
