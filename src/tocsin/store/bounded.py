"""Connections to PostgreSQL on which no answer is awaited for longer than `LIMIT_S`.

The server ends a statement that takes too long, and the system notices when the server's machine
is gone. This is for a server that is there and does nothing: one that was halted, or whose disk
hangs in the midst of a commit.
"""

import asyncio
from typing import Any, TypeVar

import psycopg
from psycopg import waiting
from psycopg.abc import PQGen

T = TypeVar("T")

# A little longer than the server is given for a statement.
LIMIT_S = 25.0
# How often the driver wakes up to look at the time while it waits.
LOOK_EVERY_S = 0.5


class BoundedConnection(psycopg.Connection[Any]):
    """For the writer."""

    def wait(
        self, gen: PQGen[T], interval: float = LOOK_EVERY_S, timeout: float | None = None
    ) -> T:
        try:
            return waiting.wait(gen, self.pgconn.socket, interval, timeout or LIMIT_S)
        except psycopg.OperationalError:
            _give_up(self)
            raise


class BoundedAsyncConnection(psycopg.AsyncConnection[Any]):
    """For readers. One that is cancelled gives its connection up, and waits for nothing more.

    The driver would open another connection to have the statement cancelled, and wait for that;
    the server notices by itself that nobody listens any more.
    """

    async def wait(
        self,
        gen: PQGen[T],
        interval: float = LOOK_EVERY_S,
        timeout: float | None = None,  # noqa: ASYNC109 - the driver's own parameter
    ) -> T:
        try:
            return await waiting.wait_async(gen, self.pgconn.socket, interval, timeout or LIMIT_S)
        except (psycopg.OperationalError, asyncio.CancelledError):
            _give_up(self)
            raise


def _give_up(conn: "BoundedConnection | BoundedAsyncConnection") -> None:
    """Close a connection whose answer is still to come: nothing else can be asked on it."""
    if conn.pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
        conn.pgconn.finish()
