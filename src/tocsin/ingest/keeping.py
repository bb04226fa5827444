"""Write down the last calls at each set-up every few seconds, and tell of refusals.

Apart from the journal: what strangers send to no avail must not fill it. Of all that was refused
at a set-up within a minute the journal has one event, which counts it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tocsin.clock import Clock
from tocsin.errors import StoreDown
from tocsin.ingest.call_log import CallLog, Drained, Rejections, added, kept
from tocsin.ingest.set_ups import SetUps
from tocsin.ingest.stored_set_ups import label
from tocsin.model.audit import source_rejected
from tocsin.model.inbound_call import Counts, KeptCall, SetUpKey
from tocsin.store import inbound_calls
from tocsin.store.database import Database
from tocsin.store.journal import Journal

WRITE_EVERY_S = 2.0
TELL_EVERY_S = 60.0
# Beyond this, calls are kept without their bodies: anybody may send ones that take long to mask.
MAX_MASKING_S = 0.2
# What waits while the store is down.
MAX_WAITING_CALLS = 500


@dataclass(slots=True)
class _Refused:
    """What was refused at a set-up since `began_s`."""

    began_s: float
    address: str
    reasons: Counter[str] = field(default_factory=Counter)


class CallKeeping:
    """Used from one event loop; `step` is the loop of it."""

    def __init__(
        self,
        call_log: CallLog,
        set_ups: SetUps,
        database: Database,
        journal: Journal,
        clock: Clock,
        instance: str,
    ) -> None:
        self._call_log = call_log
        self._set_ups = set_ups
        self._database = database
        self._journal = journal
        self._clock = clock
        self._instance = instance
        self._calls: list[KeptCall] = []
        self._counts: dict[SetUpKey, Counts] = {}
        self._refused: dict[SetUpKey, _Refused] = {}

    async def step(self) -> None:
        """Let time pass, then write what came."""
        await self._clock.sleep(WRITE_EVERY_S)
        await self.write()
        await self._tell()

    async def write(self) -> None:
        """Write down what came since the last time.

        Raises:
            StoreDown: it waits for the next time; of much, the last.
        """
        await self._collect(self._call_log.take())
        if not self._counts:
            return
        calls, counts, keep = self._calls, self._counts, self._call_log.keep_calls
        self._calls, self._counts = [], {}
        try:
            await self._database.write(lambda conn: inbound_calls.record(conn, calls, counts, keep))
        except StoreDown:
            self._calls, self._counts = calls[-MAX_WAITING_CALLS:], counts
            raise

    async def _collect(self, drained: Drained) -> None:
        there = self._set_ups.all
        spent_s = 0.0
        for call in drained.calls:
            # One that was removed meanwhile leaves nothing behind.
            if call.set_up in there:
                one = call if spent_s < MAX_MASKING_S else call._replace(body=b"")
                began_s = self._clock.monotonic()
                self._calls.append(kept(one, there[call.set_up].known_secrets, self._instance))
                spent_s += self._clock.monotonic() - began_s
                # A large body takes a millisecond; others have their turn in between.
                await self._clock.sleep(0)
        for key, counts in drained.counts.items():
            if key in there:
                self._counts[key] = added(self._counts.get(key, Counts()), counts)
        self._note_refusals(drained.rejections)

    def _note_refusals(self, rejections: Mapping[SetUpKey, Rejections]) -> None:
        for key, one in rejections.items():
            if key not in self._refused:
                self._refused[key] = _Refused(self._clock.monotonic(), one.address)
            self._refused[key].reasons += one.reasons
            self._refused[key].address = one.address

    async def _tell(self) -> None:
        now_s = self._clock.monotonic()
        over = [key for key, one in self._refused.items() if now_s - one.began_s >= TELL_EVERY_S]
        if over:
            now = self._clock.now()
            told = [(label(key), self._refused[key]) for key in over]
            await self._journal.append(
                [source_rejected(name, one.reasons, one.address, now) for name, one in told]
            )
            for key in over:
                del self._refused[key]
