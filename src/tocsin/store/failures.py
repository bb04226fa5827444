"""Turn the database's errors into Tocsin's own, so that a sender is told to try again."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tocsin.errors import Reason, StoreDown


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise `StoreDown` for whatever the database raises inside."""
    try:
        yield
    except SQLAlchemyError as error:
        raise store_down(error) from error


def store_down(error: SQLAlchemyError) -> StoreDown:
    """What a database's error means to a caller."""
    cause = str(error.orig) if isinstance(error, DBAPIError) else ""
    if "disk is full" in cause:
        return StoreDown("The disk is full; nothing was stored.", reason=Reason.STORE_FULL)
    return StoreDown("The database does not answer; nothing was stored.")
