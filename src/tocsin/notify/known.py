"""The callbacks as they are stored, ready to be told by; each instance looks for changes."""

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any

import structlog
from pydantic import TypeAdapter, ValidationError

from tocsin.model.callback import ALL_PROJECTS, Callback, CallbackChannel, Template
from tocsin.notify.channel import (
    ALIASES,
    Account,
    Channel,
    Extras,
    Limits,
    extras_of,
    find_channels,
)
from tocsin.notify.exchange import secrets_in
from tocsin.store import callback_templates, callbacks
from tocsin.store.callbacks import Marks
from tocsin.store.database import Database
from tocsin.store.key import Vault

# Destinations are spread over the instances in so many parts.
SHARDS = 8
LOOK_EVERY_S = 1.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Target:
    """A channel of a callback, ready to be sent by; `secrets` are those of its options."""

    callback: Callback
    row: CallbackChannel
    type: str
    channel: Channel
    extras: Extras
    options: Any
    secrets: tuple[str, ...] = field(repr=False)
    limits: Limits
    destination: str
    # What may be shown of where it leads.
    label: str
    # What is counted together with other destinations, named as those are.
    account: Account | None = None

    @property
    def is_enabled(self) -> bool:
        """Whether anything is to be sent by it."""
        return self.callback.enabled and self.row.enabled

    @property
    def shard(self) -> int:
        return shard_of(self.destination if self.account is None else self.account.name)


def shard_of(name: str) -> int:
    """The part of the work that an account with all its destinations, or a lone one, is in."""
    return int(name[:8], 16) % SHARDS


@cache
def _adapter(owner: type) -> TypeAdapter[Any]:
    return TypeAdapter(owner)


def make_target(callback: Callback, row: CallbackChannel) -> Target:
    """The target that a channel is.

    Raises:
        ValidationError, ValueError: its options do not fit, with secrets in it.
        LookupError: there is no such kind of channel.
    """
    kind = ALIASES.get(row.type, row.type)
    channel = find_channels()[kind]
    extras = extras_of(channel)
    options = _adapter(channel.Options).validate_python(dict(row.config))
    extras.check(options)
    limits = extras.limits(options) if extras.limits is not None else channel.LIMITS
    account = extras.account(options)
    if account is not None:
        account = replace(account, name=destination_id(f"{kind} account", account.name))
    return Target(
        callback=callback,
        row=row,
        type=kind,
        channel=channel,
        extras=extras,
        options=options,
        secrets=secrets_in(options),
        limits=limits,
        destination=destination_id(kind, channel.destination(options)),
        label=extras.label(options),
        account=account,
    )


def lone_target(
    row: CallbackChannel,
    now: datetime,
    *,
    callback_id: str = "",
    project_id: str = "",
    language: str = "zh",
) -> Target:
    """A channel by itself, for what nobody has saved yet.

    Raises:
        ValidationError, ValueError, LookupError: as `make_target`.
    """
    callback = Callback(
        id=callback_id,
        project_id=project_id,
        name="",
        enabled=True,
        channels=(row,),
        events=(),
        language=language,
        created_at=now,
        updated_at=now,
    )
    return make_target(callback, row)


def destination_id(kind: str, credential: str) -> str:
    """The name of a destination or an account, which gives nothing of its credential away."""
    return hashlib.sha256(f"{kind}\n{credential}".encode()).hexdigest()[:32]


class Known:
    """Used from one event loop; `step` is the loop that looks for changes.

    `version` grows with each change that was read.
    """

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._marks: Marks = {}
        self._template_marks: Marks = {}
        self._targets: Mapping[tuple[str, str], Target] = {}
        self._by_shard: Mapping[int, Sequence[Target]] = {}
        self._templates: Mapping[str, Template] = {}
        self._woken = asyncio.Event()
        self._listeners: list[Callable[[], None]] = []
        self.version = 0

    def listen(self, changed: Callable[[], None]) -> None:
        """Have `changed` called whenever something else is known."""
        self._listeners.append(changed)

    @property
    def marks(self) -> Marks:
        """Of each callback when it was last changed, as far as was read."""
        return self._marks

    @property
    def has_any(self) -> bool:
        """Whether anybody is to be told of anything."""
        return bool(self._by_shard)

    @property
    def destinations(self) -> frozenset[str]:
        """Where anything may go, be its callback enabled or not."""
        return frozenset(one.destination for one in self._targets.values())

    def of_account(self, name: str) -> frozenset[str]:
        """The destinations of an account, be their callbacks enabled or not."""
        found = (one for one in self._targets.values() if one.account and one.account.name == name)
        return frozenset(one.destination for one in found)

    def of_shard(self, shard: int) -> Sequence[Target]:
        """All that is enabled and leads to a destination of that part."""
        return self._by_shard.get(shard, ())

    def target(self, config_id: str, channel_id: str) -> Target | None:
        """The channel of a callback, be it enabled or not."""
        return self._targets.get((config_id, channel_id))

    def template(self, template_id: str | None) -> Template | None:
        """A person's own words."""
        return self._templates.get(template_id or "")

    async def load(self) -> None:
        """Read what is stored.

        Raises:
            ConfigError: a secret is sealed with another key.
            StoreDown: it cannot be read now; what was known stays.
        """
        async with self._database.read() as conn:
            # In this order: what changes between the two is read again the next time.
            marks = await callbacks.marks(conn)
            template_marks = await callback_templates.marks(conn)
            stored = await callbacks.read_all(conn, self._vault)
            templates = await callback_templates.read_all(conn)
        targets = {(one.callback.id, one.row.id): one for each in stored for one in _targets(each)}
        by_shard: dict[int, list[Target]] = {}
        for one in targets.values():
            if one.is_enabled:
                by_shard.setdefault(one.shard, []).append(one)
        self._marks, self._template_marks = marks, template_marks
        self._targets, self._by_shard = targets, by_shard
        self._templates = {one.id: one for one in templates}
        self.version += 1
        for changed in self._listeners:
            changed()

    def wake(self) -> None:
        """Have `step` look at once."""
        self._woken.set()

    async def step(self) -> None:
        """Look for changes now and then, or when told to."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY_S):
                await self._woken.wait()
        self._woken.clear()
        await self.look()

    async def look(self) -> None:
        """Read what is stored if anything was changed.

        Raises:
            ConfigError, StoreDown: as `load`.
        """
        async with self._database.read() as conn:
            marks = await callbacks.marks(conn)
            template_marks = await callback_templates.marks(conn)
        if (marks, template_marks) != (self._marks, self._template_marks):
            await self.load()


def _targets(callback: Callback) -> Iterator[Target]:
    for row in callback.channels:
        try:
            yield make_target(callback, row)
        except (ValidationError, ValueError, LookupError) as error:
            # Stored by another version, or a kind that is not there any more.
            kind = type(error).__name__
            log.warning("callback_unusable", callback=callback.id, channel=row.type, cause=kind)


def is_for(callback: Callback, project: str) -> bool:
    """Whether a callback is about that project at all."""
    return callback.project_id in (ALL_PROJECTS, project)
