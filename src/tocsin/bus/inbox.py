"""The list that producers push to, and the lists in which messages lie until they are stored.

A message moves from the list into the processing list of whoever takes it and leaves that once it
is stored. Owners give a sign of life; what one has that gave none for a while goes, ids and all,
to the next who takes: so a message is dealt with at least once, and by its id stored once.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final
from uuid import uuid4

import orjson

from tocsin.bus.connection import ANSWER_LIMIT_S, Connection
from tocsin.errors import BusDown
from tocsin.settings.schema import InboxSettings

# So long after its last sign of life an owner counts as gone; signs are given each `ALIVE_EVERY_S`.
GONE_AFTER_S: Final = 15.0
ALIVE_EVERY_S: Final = 5.0
# How long a call waits for a message.
WAIT_S: Final = 1.0
# What is taken together has this much at most, and the message that exceeds it.
MAX_BYTES: Final = 4 * 1024 * 1024
# Of an unreadable message so much is kept.
MAX_KEPT_CHARS: Final = 65_536


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `id` stays the same however often it is taken."""

    id: str
    text: bytes

    @property
    def whole(self) -> bytes:
        """As it stands in the processing list."""
        return b"%b\n%b" % (self.id.encode(), self.text)


@dataclass(frozen=True, slots=True)
class Taken:
    """What is to be dealt with, oldest first; `left_by` is whose it was, if its owner is gone."""

    messages: Sequence[Message]
    left_by: str = ""


@dataclass(frozen=True, slots=True)
class Lengths:
    """How many messages lie where."""

    waiting: int
    taken: int
    dead: int


class InboxLists:
    """The lists as one owner sees them."""

    def __init__(self, connection: Connection, settings: InboxSettings, owner: str) -> None:
        self._connection = connection
        self._list = settings.list
        self._owner = owner
        self._owners = f"{settings.list}:owners"
        self._prefix = f"{settings.list}:processing:"
        self._mine = self._prefix + owner
        self._alive = f"{settings.list}:alive:"
        self._dead = f"{settings.list}:dead"
        self._max_messages = settings.batch_max_messages
        self._max_dead = settings.dead_max_messages
        folder = resources.files("tocsin.bus")
        self._take = folder.joinpath("take.lua").read_text("utf-8")
        self._bury = folder.joinpath("bury.lua").read_text("utf-8")

    async def wait(self) -> None:
        """Return once there is a message, or after a while.

        Raises:
            BusDown: Redis is away, or refuses.
        """
        # Moving the oldest message to where it is changes nothing, and waits until there is one.
        limit_s = WAIT_S + ANSWER_LIMIT_S
        async with self._connection.commands(limit_s) as redis:
            await redis.blmove(self._list, self._list, WAIT_S, "RIGHT", "RIGHT")  # type: ignore[arg-type]  # a float is fine since Redis 6

    async def take(self) -> Taken:
        """What to deal with next: what was taken before and is not `done`, else what is new.

        Raises:
            BusDown: Redis is away, or refuses.
        """
        async with self._connection.commands() as redis:
            left_by, found = await redis.register_script(self._take)(
                keys=[self._list, self._mine, self._owners],
                args=[
                    self._owner,
                    self._prefix,
                    self._alive,
                    round(GONE_AFTER_S * 1000),
                    f"{uuid4()}-",
                    self._max_messages,
                    MAX_BYTES,
                ],
            )
        return Taken([_message(one) for one in found], left_by.decode())

    async def done(self) -> None:
        """All that was taken is stored, or buried.

        Raises:
            BusDown: Redis is away, or refuses; it will be given again.
        """
        async with self._connection.commands() as redis:
            await redis.delete(self._mine)

    async def bury(self, message: Message, facts: dict[str, Any]) -> None:
        """Keep a message that cannot be stored among those, with `facts` about it.

        Raises:
            BusDown: Redis is away, or refuses; it will be given again.
        """
        text = message.text.decode("utf-8", errors="replace")[:MAX_KEPT_CHARS]
        kept = orjson.dumps({**facts, "id": message.id, "text": text})
        async with self._connection.commands() as redis:
            await redis.register_script(self._bury)(
                keys=[self._mine, self._dead], args=[message.whole, kept, self._max_dead]
            )

    async def lengths(self) -> Lengths:
        """How many messages lie where.

        Raises:
            BusDown: Redis is away, or refuses.
        """
        async with self._connection.commands() as redis, redis.pipeline(transaction=False) as pipe:
            for name in (self._list, self._mine, self._dead):
                pipe.llen(name)
            waiting, taken, dead = await pipe.execute()
        return Lengths(waiting, taken, dead)

    async def stay_alive(self) -> None:
        """Give a sign of life.

        Raises:
            BusDown: Redis is away, or refuses.
        """
        async with self._connection.commands() as redis:
            await redis.set(self._alive + self._owner, b"1", px=round(GONE_AFTER_S * 1000))

    async def leave(self) -> None:
        """Have others take over at once what is not done; else they do so after a while."""
        with suppress(BusDown):
            async with self._connection.commands() as redis:
                await redis.delete(self._alive + self._owner)


def _message(whole: bytes) -> Message:
    id_, _, text = whole.partition(b"\n")
    return Message(id_.decode(), text)
