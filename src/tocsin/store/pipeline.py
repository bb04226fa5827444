"""Send the writer's statements without waiting for the answer to each.

A group of events takes a dozen statements, and at each answer the writer's thread would have to
win the interpreter back from a busy event loop. In pipeline mode (libpq's) they leave together:
BEGIN and all that is looked up, then all that is stored and COMMIT. The writer's connection stays
in that mode from one transaction to the next; a statement of SQLAlchemy's own, which wants its
answer at once, ends it for its transaction.

An error comes with a later answer, at the latest with that of COMMIT, which is then not done.
"""

from contextlib import ExitStack, suppress
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, event

_OPEN = "tocsin pipeline"


def keep_pipelined(engine: Engine) -> None:
    """Have transactions of this engine, whose connections commit by themselves, so begun."""
    event.listen(engine, "begin", _begin)
    event.listen(engine, "commit", _commit)
    event.listen(engine, "before_cursor_execute", _leave)
    event.listen(engine, "reset", _drop)
    event.listen(engine, "invalidate", _drop)


def _begin(conn: Connection) -> None:
    info = conn.connection.info
    driver: Any = conn.connection.driver_connection
    if _OPEN not in info:
        stack = ExitStack()
        info[_OPEN] = stack, stack.enter_context(driver.pipeline())
    driver.execute("BEGIN")


def _commit(conn: Connection) -> None:
    """Commit, and wait for what the server says to that.

    The driver's own commit does nothing where it has not been told yet that BEGIN was done, as
    after statements that were only asked.
    """
    opened = conn.connection.info.get(_OPEN)
    if opened is not None:
        driver: Any = conn.connection.driver_connection
        driver.execute("COMMIT")
        opened[1].sync()


def _leave(conn: Connection, *_others: object) -> None:
    opened = conn.connection.info.pop(_OPEN, None)
    if opened is not None:
        opened[0].close()


def _drop(_driver: object, record: Any, _why: object) -> None:
    """Leave it on a connection that is given up; what it may still have to say is not asked."""
    opened = record.info.pop(_OPEN, None)
    if opened is not None:
        with suppress(psycopg.Error):
            opened[0].close()
