"""The stage that brings the files of trainings into the file store.

After the answer, and beside everything else: a file may take minutes. It is taken on lease, so
that what a killed instance had in hand is taken up by another, or by itself when it is back.
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from prometheus_client import CollectorRegistry, Counter

from tocsin.clock import Clock
from tocsin.edge.outbound import Arriving, Outbound, limited
from tocsin.errors import DeliveryFailed, GiveUp, Reason, StoreDown, TryLater
from tocsin.store import training_files
from tocsin.store.database import Database
from tocsin.store.files import FileStore
from tocsin.store.training_files import StoredFile

# A killed instance's file waits so long; who holds it says so three times meanwhile.
LEASE = timedelta(seconds=15)
HOLD_EVERY_S = 5.0
POLL_S = 2.0
# After the first try, the second … and the last but one.
PAUSES_S = (10, 30, 60, 300, 900, 3600, 3600)
# The largest gives 2 GiB time at 1 MB/s; a server that trickles must not hold a place for ever.
TIMEOUT_S = 3600.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Seen:
    """What has come of a file so far."""

    size: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)


class ResultFiles:
    """One step takes the file that has waited longest, or waits a little for one."""

    def __init__(
        self,
        database: Database,
        files: FileStore,
        http: Outbound,
        clock: Clock,
        registry: CollectorRegistry,
        *,
        hosts: Sequence[str],
        max_bytes: int,
    ) -> None:
        self._database = database
        self._files = files
        self._http = http
        self._clock = clock
        self._hosts = tuple(hosts)
        self._max_bytes = max_bytes
        self._fetched = Counter(
            "tocsin_training_files",
            "Tries to take over a file of a training, by what came of them.",
            ("outcome",),
            registry=registry,
        )

    async def step(self) -> None:
        lease, now = secrets.token_hex(16), self._clock.now()
        file = await self._database.write(lambda conn: training_files.take(conn, lease, now, LEASE))
        if file is None:
            await self._clock.sleep(POLL_S)
            return
        holding = asyncio.create_task(self._hold(file, lease), name="holding a file")
        try:
            await self._fetch(file, lease)
        finally:
            holding.cancel()
            await asyncio.gather(holding, return_exceptions=True)

    async def _hold(self, file: StoredFile, lease: str) -> None:
        """Keep the lease while the file comes; without it the file comes twice, to no harm."""
        while True:
            await self._clock.sleep(HOLD_EVERY_S)
            until = self._clock.now() + LEASE
            await self._database.write(
                lambda conn: training_files.hold(conn, file.id, lease, until)  # noqa: B023
            )

    async def _fetch(self, file: StoredFile, lease: str) -> None:
        try:
            seen = await self._store(file)
        except (DeliveryFailed, StoreDown) as error:
            await self._failed(file, lease, error)
            return
        self._fetched.labels("stored").inc()
        log.info("file_stored", training=file.training_id, file=file.id, bytes=seen.size)
        await self._database.write(
            lambda conn: training_files.mark_stored(
                conn, file.id, lease, seen.size, seen.digest.hexdigest()
            )
        )

    async def _store(self, file: StoredFile) -> _Seen:
        seen = _Seen()
        opened = self._http.open("GET", file.url, hosts=self._hosts, timeout_s=TIMEOUT_S)
        async with opened as arriving:
            _check_status(arriving)
            await self._files.write(file.key, self._counted(arriving, seen))
        return seen

    async def _counted(self, arriving: Arriving, seen: _Seen) -> AsyncIterator[bytes]:
        async for chunk in limited(arriving, self._max_bytes):
            seen.size += len(chunk)
            seen.digest.update(chunk)
            yield chunk
        if arriving.size not in (None, seen.size):
            message = f"{seen.size} bytes came of {arriving.size}."
            raise TryLater(message, reason=Reason.BAD_ANSWER)

    async def _failed(
        self, file: StoredFile, lease: str, error: DeliveryFailed | StoreDown
    ) -> None:
        is_over = isinstance(error, GiveUp) or file.attempts > len(PAUSES_S)
        again_at = None
        if not is_over:
            pause_s = PAUSES_S[file.attempts - 1]
            again_at = self._clock.now() + timedelta(seconds=pause_s)
        reason = error.reason.value
        self._fetched.labels("given_up" if is_over else "later").inc()
        log.warning(
            "file_not_fetched",
            training=file.training_id,
            file=file.id,
            attempt=file.attempts,
            is_last=is_over,
            reason=reason,
            cause=error.message,
        )
        await self._database.write(
            lambda conn: training_files.mark_failed(conn, file.id, lease, reason, again_at)
        )


def _check_status(arriving: Arriving) -> None:
    """Take 200 alone.

    Raises:
        TryLater: the server may give the file later.
        GiveUp: it will not; redirects are none of its answers either.
    """
    status = arriving.status
    if status == 200:
        return
    message = f"The server of the file answers {status}."
    if status in (404, 408, 425, 429) or status >= 500:
        raise TryLater(message, reason=Reason.BAD_ANSWER)
    raise GiveUp(message, reason=Reason.BAD_ANSWER)
