"""What every shard works with, and the figures it counts by."""

from dataclasses import dataclass
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from tocsin.clock import Clock
from tocsin.notify.delivery.attempt import MakeLine
from tocsin.notify.delivery.feed import Feed
from tocsin.notify.known import Known
from tocsin.notify.wording.standards import Standards
from tocsin.settings.schema import NotifySettings
from tocsin.store.database import Database
from tocsin.store.deliveries import DeliveryRows
from tocsin.store.journal import Journal


class Figures:
    """Counted over all shards of this process.

    What is counted at each try is a function of its labels, which looks a series up once.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        attempts = Counter(
            "tocsin_notify_attempts",
            "Tries of deliveries, by what came of them.",
            ("channel", "outcome", "reason"),
            registry=registry,
        )
        attempt_s = Histogram(
            "tocsin_notify_attempt_seconds",
            "How long a try took.",
            ("channel",),
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 30),
            registry=registry,
        )
        delay_s = Histogram(
            "tocsin_notify_delay_seconds",
            "From the commit of an event to its arrival at a destination, tries included.",
            ("channel",),
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3600),
            registry=registry,
        )
        self.attempts = cache(attempts.labels)
        self.attempt_s = cache(attempt_s.labels)
        self.delay_s = cache(delay_s.labels)
        self.folded = Counter(
            "tocsin_notify_folded",
            "Deliveries that went out as a part of a digest.",
            ("channel",),
            registry=registry,
        )
        self.waiting = Gauge(
            "tocsin_notify_waiting",
            "Deliveries that wait at this instance.",
            ("shard",),
            registry=registry,
        )
        self.held = Gauge(
            "tocsin_notify_held_destinations",
            "Failing destinations that are left alone for now or paused, at this instance.",
            ("shard",),
            registry=registry,
        )
        self.paused = Gauge(
            "tocsin_notify_paused_destinations",
            "Destinations that a person has paused, at this instance.",
            ("shard",),
            registry=registry,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Handed to each shard."""

    database: Database
    journal: Journal
    clock: Clock
    known: Known
    feed: Feed
    make_line: MakeLine
    rows: DeliveryRows
    settings: NotifySettings
    figures: Figures
    standards: Standards
