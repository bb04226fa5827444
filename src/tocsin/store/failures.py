"""Turn the database's errors into Tocsin's own, so that a sender is told to try again."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tocsin.errors import Reason, StoreDown

# What is compiled for the writer's hot path goes past SQLAlchemy, so its errors do too.
DATABASE_ERRORS = (SQLAlchemyError, sqlite3.Error)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise `StoreDown` for whatever the database raises inside."""
    try:
        yield
    except DATABASE_ERRORS as error:
        raise store_down(error) from error


def store_down(error: Exception) -> StoreDown:
    """What one of `DATABASE_ERRORS` means to a caller."""
    cause = str(error.orig if isinstance(error, DBAPIError) else error)
    if "disk is full" in cause:
        return StoreDown("The disk is full; nothing was stored.", reason=Reason.STORE_FULL)
    return StoreDown("The database does not answer; nothing was stored.")
