"""The connection to Redis: its limits of time, and whether it is there at present.

redis-py's errors end here. What uses the connection is told `BusDown`, waits for a while by its
own `Pause`, and tries again; nobody's answer hangs on it.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Lost
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as Late
from redis.maint_notifications import MaintNotificationsConfig

from tocsin.bus.figures import Figures
from tocsin.clock import Clock
from tocsin.errors import BusDown, ConfigError, Reason

# A Redis that is there answers within a millisecond; one that hangs must not be waited for long.
ANSWER_LIMIT_S: Final = 3.0
CONNECT_LIMIT_S: Final = 2.0
PING_LIMIT_S: Final = 1.0
MAX_CONNECTIONS: Final = 8
# Between two tries, at most: Redis back means that everything goes on this much later.
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 2.0

log = structlog.get_logger(__name__)


class Connection:
    """Redis, as long as the process lives. Used from one event loop."""

    def __init__(self, url: str, figures: Figures) -> None:
        """Nothing is connected yet.

        Raises:
            ConfigError: the address cannot be read.
        """
        try:
            pool = self._pool(url)
            # It tells now what is wrong with options behind a question mark.
            pool.make_connection()  # type: ignore[no-untyped-call]  # it gives a connection
        except (TypeError, ValueError, RedisError):
            # Without what the library says: it quotes a part, which may be of the password.
            message = "redis_url: expected redis://USER:PASSWORD@HOST:PORT/NUMBER"
            raise ConfigError([message]) from None
        self._redis = Redis.from_pool(pool)
        self._figures = figures
        self._is_up: bool | None = None

    @staticmethod
    def _pool(url: str) -> BlockingConnectionPool:
        return BlockingConnectionPool.from_url(
            url,
            # Two read all the time. What asks beyond this many waits: a flood of questions about
            # our health is no failure of Redis'.
            max_connections=MAX_CONNECTIONS,
            timeout=None,
            # `commands` has the limit. With the library's own, Python 3.11 loses a cancellation
            # that comes in the moment in which a command was sent (python/cpython#86296).
            socket_timeout=None,
            socket_connect_timeout=CONNECT_LIMIT_S,
            # A command that fails may have been done. Whoever sent it knows whether to send it
            # again; the library does not.
            retry=Retry(NoBackoff(), 0),
            legacy_responses=False,
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )

    @property
    def is_up(self) -> bool:
        """Whether the last command was answered."""
        return self._is_up is True

    @asynccontextmanager
    async def commands(self, limit_s: float = ANSWER_LIMIT_S) -> AsyncIterator[Redis]:
        """redis-py's commands, which are done within `limit_s`, and whose errors come out as ours.

        Raises:
            BusDown: Redis is away, or refuses; whether the command was done is not known.
        """
        try:
            async with asyncio.timeout(limit_s):
                yield self._redis
        except (Lost, Late, OSError) as error:
            self._see_down(error)
            raise BusDown(f"Redis is away: {_said(error)}") from error
        except RedisError as error:
            message = f"Redis refuses: {_said(error)}"
            raise BusDown(message, reason=Reason.BUS_REFUSED) from error
        if self._is_up is not True:
            self._is_up = True
            self._figures.up.set(1)
            log.info("bus_up")

    async def ping(self) -> None:
        """Ask whether it is there.

        Raises:
            BusDown: it is not.
        """
        async with self.commands(PING_LIMIT_S) as redis:
            await redis.ping()

    async def close(self) -> None:
        """End it."""
        await self._redis.aclose()

    def _see_down(self, error: Exception) -> None:
        if self._is_up is not False:
            self._is_up = False
            self._figures.up.set(0)
            log.warning("bus_down", reason=Reason.BUS_DOWN.value, cause=_said(error))


class Pause:
    """How long to wait after a failure: longer each time, and never as long as all others."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0

    def reset(self) -> None:
        """It went well."""
        self._failures = 0

    async def after_failure(self) -> None:
        """Let the pause pass."""
        pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**self._failures)
        self._failures = min(self._failures + 1, 10)
        await self._clock.sleep(pause_s * random.uniform(0.5, 1))  # noqa: S311 - jitter


def _said(error: Exception) -> str:
    """What the library says, in one short line; an address in it has no password."""
    if isinstance(error, TimeoutError) and not str(error):
        return "no answer in time"
    return " ".join(str(error).split())[:200] or type(error).__name__
