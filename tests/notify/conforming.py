"""Every channel beside its fake platform: real calls, and what must hold after each of them."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from structlog.testing import capture_logs

from tests.appending import database_in
from tests.notify.reaching import drawing, outgoing
from tests.notify.working import HERE, line_to, target_of
from tocsin.edge.outbound import Outbound
from tocsin.errors import Reason
from tocsin.model.delivery import Outcome
from tocsin.model.event import Event
from tocsin.model.masks import forms_of
from tocsin.model.message import Message, Outgoing
from tocsin.model.standard_message import standard_of
from tocsin.notify.channel import find_channels
from tocsin.notify.delivery.attempt import Tried, tried
from tocsin.notify.delivery.reach import Line
from tocsin.notify.delivery.tokens import Tokens
from tocsin.notify.known import Target
from tocsin.store.key import SecretKey, Vault
from tocsin.testing.clock import HandClock
from tocsin.testing.platform import Running, find_platforms, platform
from tocsin.testing.shelf import Shelf

# With it those sign that can; it is one for every way of signing.
SIGNED_BY = "whsec_Q29uZm9ybWluZ0Nvbm5lY3Rpb25z"
# Longer than any limit of a rate, a penalty or a token lasts.
LONG_S = 7_300.0
# The fakes' options that open something.
_SECRETS = frozenset({"secret", "hook", "access_token", "bot_token", "app_secret"})
_GIVEN_TOKENS = ("access_token", "tenant_access_token")


@dataclass(frozen=True)
class Way:
    """One way to use a channel, such as Slack by a bot; `name` is the fake's word for it."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}-{self.name}"


@cache
def ways() -> tuple[Way, ...]:
    """All of them; a channel for which there is no fake has none, which a test complains of."""
    return tuple(Way(kind, name) for kind in find_platforms() for name in _configs_of(kind))


def _configs_of(kind: str) -> Mapping[str, Any]:
    found = find_platforms()[kind]
    made: Mapping[str, Any] = found.Platform(found.Options(), Shelf(HandClock())).configs()
    return made


@dataclass(frozen=True)
class Stand:
    """A channel at its platform; nothing that came before is counted any more."""

    way: Way
    fake: Running
    target: Target
    http: Outbound
    tokens: Tokens
    clock: HandClock
    secrets: tuple[str, ...]

    async def send(
        self, what: Message | Outgoing, *, base_url: str = "", timeout_s: float = 5.0
    ) -> Tried:
        """Try once, and see that nothing of it tells a secret."""
        told = what if isinstance(what, Outgoing) else outgoing(what)

        def line(target: Target) -> Line:
            url = base_url or self.fake.url
            return line_to(
                target, self.http, self.tokens, self.clock, base_url=url, timeout_s=timeout_s
            )

        with capture_logs() as logs:
            found = await tried(self.target, drawing(told), line)
        self._check(found, logs)
        return found

    def _check(self, found: Tried, logs: list[Any]) -> None:
        assert found.reason is not Reason.BROKEN, f"{found.error} {logs}"
        assert (found.reason is None) == (found.outcome is Outcome.DELIVERED)
        assert bool(found.error) == (found.outcome is not Outcome.DELIVERED)
        given = [one for each in self.fake.answered for one in _tokens_in(each.body)]
        forms = forms_of((*self.secrets, *given))
        seen = {"the try": repr(found), "the log": repr(logs), "the label": self.target.label}
        for place, text in {**seen, "the target": repr(self.target)}.items():
            leaked = [form for form in forms if form in text]
            assert not leaked, f"{place} tells {leaked}: {text}"

    @property
    def refusals(self) -> list[bytes]:
        """What the platform said to what broke its rules."""
        return [one.body for one in self.fake.answered if one.is_refusal]


def _tokens_in(body: bytes) -> Iterator[str]:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return
    if isinstance(said, dict):
        yield from (str(said[name]) for name in _GIVEN_TOKENS if said.get(name))


class Hall:
    """What all stands share; the clock is everybody's."""

    def __init__(self, tokens: Tokens, http: Outbound, clock: HandClock) -> None:
        self._tokens = tokens
        self._http = http
        self._clock = clock

    @asynccontextmanager
    async def stand(self, way: Way, **config: Any) -> AsyncIterator[Stand]:
        """A new one of them; with options of the channel's beside the usual."""
        self._clock.move(LONG_S)
        signing: dict[str, Any] = {"secret": SIGNED_BY} if _may_sign(way.kind) else {}
        async with platform(way.kind, self._clock, **signing) as fake:
            target = target_of(way.kind, **{**fake.configs[way.name], **config})
            given = repr(fake.configs[way.name])
            secrets = tuple(one for one in (SIGNED_BY, *_secrets_of(way.kind)) if one in given)
            yield Stand(way, fake, target, self._http, self._tokens, self._clock, secrets)


def _options_of(kind: str) -> Any:
    return find_platforms()[kind].Options()


def _may_sign(kind: str) -> bool:
    return getattr(_options_of(kind), "secret", None) == ""


def _secrets_of(kind: str) -> tuple[str, ...]:
    options = _options_of(kind)
    names = [one.name for one in fields(options) if one.name in _SECRETS]
    return tuple(filter(None, (getattr(options, name) for name in names)))


@asynccontextmanager
async def hall_in(folder: Path) -> AsyncIterator[Hall]:
    """The hall, with its tokens in a database of `folder`."""
    clock = HandClock()
    async with database_in(folder) as database:
        http = Outbound(HERE)
        try:
            yield Hall(Tokens(database, Vault([SecretKey.new()]), clock), http, clock)
        finally:
            await http.close()


def outgoing_of_event(event: Event, message: Message) -> Outgoing:
    """A message about an event, on its way."""
    return Outgoing(event.id, event.type, message, standard_of(event))


def channels_without_a_fake() -> set[str]:
    """Channels that nobody could try."""
    return set(find_channels()) - set(find_platforms())
