"""The one thread that writes: it runs one piece of work after the other, each a transaction.

Measured against an asynchronous engine, which changes threads at every statement, this is
twice as fast a batch; against one lock for many threads it never makes anybody wait in the
database.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Engine

from tocsin.errors import Reason, StoreDown, TocsinError
from tocsin.store.failures import DATABASE_ERRORS, translated

T = TypeVar("T")
Then = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work; `future` waits for it since `submitted_at` on the monotonic clock."""

    work: Callable[[Connection], Any]
    then: Then | None
    future: "Future[Any]"
    submitted_at: float


log = structlog.get_logger(__name__)


class Writer:
    """Owns the writing connection; work is taken in the order in which it was submitted."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._is_closed = False
        self._failed_for: Reason | None = None
        self._failures = 0
        self._failing: StoreDown | None = None
        # When the database could not be reached last; before the clock began, as long as it could.
        self._unreached_at = -1.0
        # Nothing may be put behind the end: its future would never end.
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._thread.start()

    @property
    def failing(self) -> StoreDown | None:
        """Why nothing could be stored the last time; None once something was."""
        return self._failing

    def submit(self, work: Callable[[Connection], T], then: Then | None = None) -> "Future[T]":
        """Have `work` done in a transaction of its own, and `then` once it is committed.

        The future ends after that, or with `StoreDown`, or with what `work` raised; in both
        cases nothing of it is stored.
        """
        future: Future[T] = Future()
        with self._lock:
            if not self._is_closed:
                self._jobs.put(Job(work, then, future, time.monotonic()))
                return future
        message = "Tocsin is stopping; nothing was stored."
        future.set_exception(StoreDown(message, reason=Reason.STOPPING))
        return future

    def close(self) -> None:
        """Finish all work submitted so far, then end the thread."""
        with self._lock:
            self._is_closed = True
            self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        conn: Connection | None = None
        while (job := self._jobs.get()) is not None:
            if job.future.set_running_or_notify_cancel():
                conn = self._run(conn, job)
        if conn is not None:
            conn.close()

    def _run(self, conn: Connection | None, job: Job) -> Connection | None:
        """Do one job; gives the connection to use for the next, None after a fault of it."""
        try:
            conn = conn or self._connect(job)
            with conn.begin():
                result = job.work(conn)
            if job.then is not None:
                job.then()
        except DATABASE_ERRORS as error:
            told = translated(error)
            self._note(told, error)
            told.__cause__ = error
            job.future.set_exception(told)
            if conn is not None:
                _abandon(conn)
            return None
        except Exception as error:  # noqa: BLE001 - whatever the work raised is its caller's
            job.future.set_exception(error)
        else:
            self._note_success()
            job.future.set_result(result)
        return conn

    def _note(self, told: TocsinError, error: Exception) -> None:
        """Log a fault; of a row of the same one only the first, for there may be thousands."""
        self._failures += 1
        if isinstance(told, StoreDown):
            self._failing = told
        if told.reason != self._failed_for:
            self._failed_for = told.reason
            log.error("write_failed", reason=told.reason, cause=str(error))

    def _note_success(self) -> None:
        self._failing = None
        if self._failed_for is not None:
            log.info("write_works_again", failures=self._failures)
            self._failed_for, self._failures = None, 0

    def _connect(self, job: Job) -> Connection:
        # To find out that nobody answers takes seconds. Whoever has waited meanwhile need not
        # wait for that again, each after the other.
        if job.submitted_at <= self._unreached_at:
            raise StoreDown("The database does not answer; nothing was stored.")
        try:
            return self._engine.connect()
        except DATABASE_ERRORS:
            self._unreached_at = time.monotonic()
            raise


def _abandon(conn: Connection) -> None:
    """Drop a connection after a fault; the next job gets a new one."""
    # It may fail once more where what the server says last comes only now.
    with suppress(*DATABASE_ERRORS):
        conn.invalidate()
    with suppress(*DATABASE_ERRORS):
        conn.close()
