"""What must hold whenever a piece of work writes, wherever in it the writing is done.

Whatever the piece of work hands to the writer, itself or by tasks that it begins, is done behind
its check and in the same transaction: when the check raises, nothing of it is stored.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from sqlalchemy import Connection

T = TypeVar("T")
Check = Callable[[Connection], object]

_check: ContextVar[Check | None] = ContextVar("check", default=None)


@contextmanager
def fence(check: Check) -> Iterator[None]:
    """Have `check` stand before whatever the work inside writes."""
    before = _check.set(check)
    try:
        yield
    finally:
        _check.reset(before)


def fenced(work: Callable[[Connection], T]) -> Callable[[Connection], T]:
    """`work` behind the check of the present piece of work, if that has one."""
    check = _check.get()
    if check is None:
        return work

    def behind(conn: Connection) -> T:
        check(conn)
        return work(conn)

    return behind


def fenced_also(also: Check | None) -> Check | None:
    """The same for what is done in somebody else's transaction, and may be nothing so far."""
    return _check.get() if also is None else fenced(also)
