"""All that goes through Redis, built out of the settings; nothing of it without an address."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from secrets import token_hex

from prometheus_client import CollectorRegistry

from tocsin.bus.connection import Connection
from tocsin.bus.figures import Figures
from tocsin.bus.inbox import InboxLists
from tocsin.bus.message import Sender
from tocsin.bus.stream import Stream
from tocsin.clock import Clock
from tocsin.model.entry import Entry
from tocsin.settings.schema import Settings

Step = Callable[[], Awaitable[None]]
Tell = Callable[[Sequence[Entry]], None]


@dataclass(frozen=True, slots=True)
class Bus:
    """Redis, the stream in it, and the inbox unless it is switched off."""

    connection: Connection
    stream: Stream
    inbox: InboxLists | None

    @property
    def loops(self) -> Sequence[tuple[str, Step]]:
        """What is to be kept going."""
        return (("bus.send", self.stream.send_step), ("bus.hear", self.stream.hear_step))

    def telling(self, here: Tell) -> Tell:
        """What is to be told of commits: who is `here`, then the other instances."""

        def tell(entries: Sequence[Entry]) -> None:
            here(entries)
            self.stream.publish(entries)

        return tell


def make_bus(
    settings: Settings,
    clock: Clock,
    registry: CollectorRegistry,
    *,
    instance: str,
    epoch: str,
    heard: Tell,
    look: Callable[[], None],
) -> Bus | None:
    """The bus; None without an address. Its figures are there either way."""
    figures = Figures(registry)
    if not settings.redis_url:
        return None
    connection = Connection(settings.redis_url, figures)
    # Of each run another one: what an earlier one told is news to this one, and what it has taken
    # is not this one's.
    run = f"{instance}:{token_hex(8)}"
    sender = Sender(run, epoch)
    stream = Stream(connection, settings.bus, sender, clock, figures, heard=heard, look=look)
    inbox = InboxLists(connection, settings.inbox, run) if settings.inbox.list else None
    return Bus(connection, stream, inbox)
