"""Turn the database's errors into Tocsin's own, so that a sender is told to try again."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors as postgres
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tocsin.errors import Reason, Rejected, StoreDown

# What is compiled for the writer's hot path goes past SQLAlchemy, so its errors do too.
DATABASE_ERRORS = (SQLAlchemyError, sqlite3.Error, psycopg.Error)

# Another instance was quicker, or held on to something for too long: a moment later it goes.
_COLLISIONS = (
    postgres.DeadlockDetected,
    postgres.SerializationFailure,
    postgres.LockNotAvailable,
    postgres.UniqueViolation,
)
# A value that no column takes, or that is too long for an index.
_UNFIT = (psycopg.DataError, postgres.ProgramLimitExceeded)
# The server ends the connection: 57P01 by its administrator, 57P02 and 57P03 for its own need.
_LOST = ("08000", "57P01", "57P02", "57P03")


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise one of Tocsin's errors for whatever the database raises inside."""
    try:
        yield
    except DATABASE_ERRORS as error:
        raise translated(error) from error


def translated(error: Exception) -> StoreDown | Rejected:
    """What one of `DATABASE_ERRORS` means to a caller."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, _UNFIT):
        # Foreseen is a check at the edge; should it lack one, repeating helps nobody.
        message = "A value in it can be neither stored nor looked for."
        return Rejected(422, Reason.BAD_FIELD, message)
    if isinstance(cause, postgres.DiskFull) or "disk is full" in str(cause):
        return StoreDown("The disk is full; nothing was stored.", reason=Reason.STORE_FULL)
    if isinstance(cause, _COLLISIONS):
        return StoreDown("Others write the same; nothing was stored.", retry_after_s=1)
    if isinstance(cause, psycopg.OperationalError) and (cause.sqlstate or _LOST[0]) in _LOST:
        # Whether a commit under way was done nobody knows; a repeat is told by its id.
        return StoreDown("The connection to the database was lost; send it again.")
    return StoreDown("The database does not answer; nothing was stored.")
