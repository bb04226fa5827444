"""What a channel is: a kind of destination, with its options, its limits and its way of sending.

A file in `channels/` is a channel; it has what `Channel` names as its module's members.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cache
from socket import socket
from typing import Any, Protocol, cast

from tocsin.discover import discover
from tocsin.edge.outbound import Answer
from tocsin.model.message import Outgoing
from tocsin.notify import channels

# After the first try, the second … and the last but one: five tries in all.
CHAT_PAUSES_S = (5.0, 10.0, 20.0, 40.0)
# The same for what doubles on: no pause is longer.
MAX_PAUSE_S = 600.0


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` messages within any `per_s` seconds."""

    count: int
    per_s: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What a destination of this kind takes.

    `rates` hold for one credential over all instances. What exceeds them is folded into one
    digest where `can_fold`, else it waits. `max_size` is in what the channel's own `measure` of a
    drawn text gives: bytes or characters.
    """

    max_size: int
    rates: tuple[Rate, ...] = ()
    concurrency: int = 1
    can_fold: bool = True
    timeout_s: float = 15.0


@dataclass(frozen=True, slots=True)
class Account:
    """What a platform counts together although it is many destinations: a bot in many chats.

    `name` tells accounts of a channel apart and may hold secrets; `rates` are beside those of
    each destination, and hold over all instances.
    """

    name: str
    rates: tuple[Rate, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A platform took a message.

    `handle` is by what it can be replaced later, in the channel's own form; `note` what is to be
    known about it, such as recipients that were left out. For `pause_s` the platform wants to be
    left alone: what comes earlier it would refuse.
    """

    handle: str | None = None
    note: str = ""
    pause_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Token:
    """An access token that a platform gave, and how long it is good."""

    text: str
    good_for_s: float


class Reach(Protocol):
    """How a channel reaches the world. All calls are recorded, with the options' secrets masked.

    All raise `TryLater` when nobody answers, and `GiveUp` when the address may not be called.
    """

    @property
    def base_url(self) -> str:
        """The platform's address by the settings, without a slash at its end; "" for none."""
        ...

    def now(self) -> datetime:
        """The present instant; what is signed is signed at the moment of sending."""
        ...

    async def call(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """Call `url` and read the answer, whatever its status; redirects are not followed.

        `json` is written as UTF-8 with no escapes, with its content type unless `headers` have
        one; else `body` as it is.
        An address that begins with the platform's public one goes to `base_url` instead.
        """
        ...

    async def token(
        self, key: str, fetch: Callable[[], Awaitable[Token]], *, refused: str = ""
    ) -> str:
        """The access token of a credential, fetched once for all instances and kept sealed.

        `key` tells credentials apart; it holds nothing secret in plain. With `refused`, a token
        that the platform does not take any more, another one is fetched unless that was done
        already. What `fetch` raises is raised.
        """
        ...

    async def connect(self, host: str, port: int) -> socket:
        """An open socket to an address of `host` that was looked at, as calls do."""
        ...

    def record(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        status: int | None,
        answer: bytes,
    ) -> None:
        """Record what went by such a socket, in the form of a call; `call` records by itself."""
        ...

    def hide(self, secret: str) -> None:
        """Mask this too in what is recorded: a signature, or something made of a secret."""
        ...


class Channel(Protocol):
    """The members of a channel's module. A module may have what `Extras` names as well."""

    # A frozen dataclass, secrets typed `Secret`; each field is an `Annotated` with pydantic's
    # `Field(title=…, description=…)`, of which the form on the screens and the docs are made.
    Options: type
    LIMITS: Limits

    def destination(self, options: Any) -> str:
        """Pure. The credential by which messages go and are counted; it may hold secrets."""
        ...

    async def send(self, outgoing: Outgoing, options: Any, reach: Reach) -> Receipt:
        """Tell the platform, in as many messages as its limits ask for.

        The message is one that `bounds` made: it has a title, and no more than can be drawn. With
        `outgoing.handle` that message is replaced, where the module says `CAN_UPDATE`.

        Raises:
            TryLater: `after_s` when the platform says it. RATE_LIMITED holds up the destination,
                and with `is_accounts` all of its account.
            GiveUp: this message will never be taken.
            Disable: no message will be.
        """
        ...


PausesOf = Callable[[Any], Sequence[float]]


def _no_measure(text: str) -> int:
    return len(text.encode())


@dataclass(frozen=True, slots=True)
class Extras:
    """What a channel's module may have beside the rest.

    `EXAMPLE` are options that could be somebody's, for previews and the docs.
    `PUBLIC_URL` is the platform's own address, which a setting can replace. `pauses_s` are the
    pauses between tries by the options, exact and without jitter where `has_exact_pauses`.
    `check` refuses options that do not fit together (ValueError). `CAN_UPDATE` may be a function
    of the options. Without `HAS_MESSAGE` it sends the standard message alone, so that no other is
    drawn. `label` is what may be shown of the options' destination, `account` to which one it
    belongs, if to any; it follows from what `destination` gives. `addresses` are those that a
    person gave, to be checked when they are saved.
    """

    EXAMPLE: Mapping[str, Any] = field(default_factory=dict)
    PUBLIC_URL: str = ""
    CAN_UPDATE: Callable[[Any], bool] | bool = False
    HAS_MESSAGE: bool = True
    pauses_s: PausesOf = lambda _options: CHAT_PAUSES_S
    has_exact_pauses: Callable[[Any], bool] = lambda _options: False
    limits: Callable[[Any], Limits] | None = None
    account: Callable[[Any], Account | None] = lambda _options: None
    check: Callable[[Any], None] = lambda _options: None
    label: Callable[[Any], str] = lambda _options: ""
    addresses: Callable[[Any], Sequence[str]] = lambda _options: ()
    measure: Callable[[str], int] = _no_measure


def extras_of(channel: Channel) -> Extras:
    """The members that `channel` has of those it may have."""
    names = [one.name for one in fields(Extras)]
    return Extras(**{name: getattr(channel, name) for name in names if hasattr(channel, name)})


# People's other names for a channel.
ALIASES: Mapping[str, str] = {"generic": "custom", "webhook": "custom", "lark": "feishu"}


@cache
def find_channels() -> Mapping[str, Channel]:
    """Every channel by its name."""
    found = discover(channels, ("Options", "LIMITS", "destination", "send"))
    return cast("Mapping[str, Channel]", found)
