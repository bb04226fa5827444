"""The stage that takes in: sources in all their set-ups, at addresses and out of a Redis list."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from tocsin.app.ground import Ground
from tocsin.app.loops import Loops
from tocsin.edge.callers import Callers
from tocsin.edge.outbound import Outbound
from tocsin.ingest.body import BodyLimits
from tocsin.ingest.call_log import CallLog
from tocsin.ingest.inbox import SOURCE as INBOX_SOURCE
from tocsin.ingest.inbox import Inbox, InboxFigures
from tocsin.ingest.keeping import CallKeeping
from tocsin.ingest.rate import RateLimit
from tocsin.ingest.receiver import Receiver
from tocsin.ingest.remote_keys import PublishedKeys
from tocsin.ingest.set_ups import SetUps
from tocsin.ingest.source import RemoteKeys, SourceOptions, find_sources
from tocsin.ingest.sources import fal
from tocsin.ingest.stored_set_ups import StoredSetUps
from tocsin.settings import stages_of


@dataclass(frozen=True, slots=True)
class Inbound:
    """What takes calls, and what people see and change of it; no `inbox` without Redis."""

    set_ups: SetUps
    stored_set_ups: StoredSetUps
    receiver: Receiver
    keeping: CallKeeping
    inbox: Inbox | None

    @property
    def loops(self) -> Loops:
        return (
            *(self.inbox.loops if self.inbox else ()),
            ("ingest.set_ups", self.stored_set_ups.step),
            ("ingest.call_log", self.keeping.step),
        )


async def make_inbound(ground: Ground, callers: Callers, http: Outbound) -> Inbound:
    """All of it, with the set-ups that people have made.

    Raises:
        StoreDown: those cannot be read.
    """
    set_ups, call_log = _set_ups(ground, http), CallLog(ground.settings.ingest.keep_calls)
    database, journal, clock = ground.database, ground.journal, ground.clock
    stored = StoredSetUps(set_ups, database, journal, ground.vault, clock)
    await stored.load()
    limits = ground.settings.ingest
    body_limits = BodyLimits(limits.max_body_bytes, limits.max_depth)
    receiver = Receiver(
        set_ups,
        callers,
        journal,
        body_limits,
        RateLimit(limits.rate_limit_per_s, limits.rate_limit_burst),
        clock,
        ground.registry,
        call_log,
    )
    keeping = CallKeeping(call_log, set_ups, database, journal, clock, ground.instance)
    return Inbound(set_ups, stored, receiver, keeping, _inbox(ground, set_ups, body_limits))


def _set_ups(ground: Ground, http: Outbound) -> SetUps:
    settings = ground.settings

    def make_keys(_kind: str, options: SourceOptions) -> RemoteKeys | None:
        if isinstance(options, fal.Options) and options.verify != "secret":
            return PublishedKeys(options.jwks_url, http, ground.clock)
        return None

    return SetUps(
        find_sources(),
        cast("Mapping[str, SourceOptions]", settings.sources),
        cast("Mapping[str, Mapping[str, SourceOptions]]", settings.named_sources),
        make_keys,
        is_production=settings.environment == "production",
    )


def _inbox(ground: Ground, set_ups: SetUps, limits: BodyLimits) -> Inbox | None:
    figures = InboxFigures(ground.registry)
    lists = ground.bus.inbox if ground.bus else None
    entrance = set_ups.entrance_of(f"/hooks/{INBOX_SOURCE}")
    if lists is None or entrance is None or "ingest" not in stages_of(ground.settings):
        return None
    source, options = entrance[0].source, entrance[0].options
    return Inbox(lists, ground.journal, source, options, limits, ground.clock, figures)
