"""What a database's error is to a caller."""

import sqlite3

import psycopg
import pytest
from psycopg import errors as postgres
from sqlalchemy.exc import DBAPIError, OperationalError, ResourceClosedError, SQLAlchemyError

from tocsin.errors import Reason, Rejected, StoreDown
from tocsin.store.failures import translated, translated_errors

FULL = sqlite3.OperationalError("database or disk is full")
LOCKED = sqlite3.OperationalError("database is locked")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (FULL, Reason.STORE_FULL),
        (OperationalError("INSERT", None, FULL), Reason.STORE_FULL),
        (LOCKED, Reason.STORE_DOWN),
        (OperationalError("INSERT", None, LOCKED), Reason.STORE_DOWN),
        (DBAPIError("INSERT 'disk is full'", None, LOCKED), Reason.STORE_DOWN),
        (ResourceClosedError("closed"), Reason.STORE_DOWN),
        (sqlite3.DatabaseError("file is not a database"), Reason.STORE_DOWN),
    ],
)
def test_it_says_whether_there_is_no_room(error: SQLAlchemyError, reason: Reason) -> None:
    with pytest.raises(StoreDown) as refused, translated_errors():
        raise error

    assert refused.value.reason is translated(error).reason is reason
    assert refused.value.__cause__ is error
    assert refused.value.retry_after_s >= 1


@pytest.mark.parametrize("cause", [psycopg.DataError(), postgres.ProgramLimitExceeded()])
def test_a_value_that_does_not_fit_is_no_fault_of_the_stores(cause: psycopg.Error) -> None:
    """To try it again would fail for ever, and hold up what shares its commit."""
    told = translated(OperationalError("INSERT", None, cause))

    assert isinstance(told, Rejected)
    assert told.reason is Reason.BAD_FIELD


def test_what_is_not_the_databases_fault_goes_through() -> None:
    with pytest.raises(LookupError), translated_errors():
        raise LookupError
