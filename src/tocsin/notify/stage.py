"""The stage that tells people, out of what it works with."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from tocsin.clock import Clock
from tocsin.edge.outbound import Outbound
from tocsin.model.entry import Entry
from tocsin.model.event import OWN_SOURCE
from tocsin.notify.again import Again
from tocsin.notify.channel import extras_of, find_channels
from tocsin.notify.delivery.feed import Feed
from tocsin.notify.delivery.reach import Line
from tocsin.notify.delivery.shard import Shard
from tocsin.notify.delivery.tokens import Tokens
from tocsin.notify.delivery.tools import Figures, Tools
from tocsin.notify.desk import Desk
from tocsin.notify.known import SHARDS, Known, Target
from tocsin.notify.trial import Trials
from tocsin.notify.wording.standards import Standards
from tocsin.settings.schema import NotifySettings, PlatformSettings
from tocsin.store.database import Database
from tocsin.store.deliveries import DeliveryRows
from tocsin.store.journal import Journal
from tocsin.store.key import Vault
from tocsin.store.spread import Spread

# Sockets of this process to destinations: more than may be at work at once.
MAX_CONNECTIONS = 256
# Of the time that a stop may take.
LEAVE_WITHIN_S = 5.0
# Anybody may change these; it is heard of at once by who hears of the commit.
_CHANGES = "setting.changed"
# By the first of them also deliveries are begun anew.
_TO_LOOK_AT = frozenset({_CHANGES, "destination.paused", "destination.resumed"})

Step = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the stage stands on."""

    database: Database
    journal: Journal
    vault: Vault
    clock: Clock
    settings: NotifySettings
    registry: CollectorRegistry
    owner: str


class Notify:
    """The stage: its loops, what `web` asks of it, and its end."""

    def __init__(self, ground: Ground, newest: int) -> None:
        """`newest` is the journal's newest seq."""
        self.http = Outbound(ground.settings.allowed_networks, max_connections=MAX_CONNECTIONS)
        self._clock = ground.clock
        self._base_urls = base_urls(ground.settings)
        self._tokens = Tokens(ground.database, ground.vault, ground.clock)
        self.known = Known(ground.database, ground.vault)
        self._feed = Feed(ground.database, newest, lambda: self.known.has_any)
        tools = Tools(
            database=ground.database,
            journal=ground.journal,
            clock=ground.clock,
            known=self.known,
            feed=self._feed,
            make_line=self._line,
            rows=DeliveryRows(ground.database.dialect),
            settings=ground.settings,
            figures=Figures(ground.registry),
            standards=Standards(),
        )
        self._shards = [Shard(number, tools) for number in range(SHARDS)]
        self._spread = Spread("notify", ground.database, ground.clock, ground.owner)
        self.desk = Desk(tools, self.http, Trials(tools), Again(tools, self._wake), self._base_urls)

    async def load(self) -> None:
        """Read the callbacks that are stored.

        Raises:
            ConfigError: a secret is sealed with another key.
            StoreDown: they cannot be read.
        """
        await self.known.load()

    @property
    def loops(self) -> Sequence[tuple[str, Step]]:
        """What is to be kept going. The callbacks are known wherever people change them."""
        return (
            ("notify.known", self.known.step),
            ("notify.feed", self._feed.step),
            ("notify.spread", self._spread.step),
            *(
                (name, self._spread.part(name, one.work))
                for name, one in ((f"notify.{at}", one) for at, one in enumerate(self._shards))
            ),
        )

    def told(self, entries: Sequence[Entry]) -> None:
        """Take events that were just committed, here or elsewhere."""
        own = {one.event.type for one in entries if one.event.source == OWN_SOURCE}
        if _CHANGES in own:
            self.known.wake()
        if not own.isdisjoint(_TO_LOOK_AT):
            self._wake()
        self._feed.told(entries)

    async def leave(self) -> None:
        """Finish what is under way, and begin nothing more."""
        await self._spread.leave(LEAVE_WITHIN_S)

    def _wake(self) -> None:
        for one in self._shards:
            one.wake()

    def _line(self, target: Target) -> Line:
        return Line(
            self.http,
            self._tokens,
            self._clock,
            secrets=target.secrets,
            public_url=target.extras.PUBLIC_URL,
            base_url=self._base_urls.get(target.type, ""),
            timeout_s=target.limits.timeout_s,
        )


def base_urls(settings: NotifySettings) -> Mapping[str, str]:
    """Where each platform is reached: by the settings, else at its own address."""
    found = {}
    for name, channel in find_channels().items():
        given = getattr(settings, name, None)
        public = extras_of(channel).PUBLIC_URL
        found[name] = (given.base_url if isinstance(given, PlatformSettings) else "") or public
    return found
