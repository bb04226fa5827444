"""Access tokens of platforms, fetched once for all instances and renewed before they end."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from tocsin.clock import Clock
from tocsin.errors import ConfigError, Reason, StoreDown, TryLater
from tocsin.notify.channel import Token
from tocsin.store import channel_tokens
from tocsin.store.channel_tokens import KeptToken
from tocsin.store.database import Database
from tocsin.store.key import Vault

# Fetched anew so long before its end: a call that is under way must not outlive its token.
_LEFT = timedelta(minutes=5)
# How often and how long another instance's fetch is waited for.
_LOOK_S = 0.2
_WAIT = timedelta(seconds=25)


class Tokens:
    """All access tokens of this process."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._known: dict[str, KeptToken] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def token(
        self, key: str, fetch: Callable[[], Awaitable[Token]], *, refused: str = ""
    ) -> str:
        """The token of the credential `key`; as `notify.channel.Reach.token`."""
        known = self._good(self._known.get(key), refused)
        if known is not None:
            return known.text
        async with self._locks.setdefault(key, asyncio.Lock()):
            return (await self._found(key, fetch, refused)).text

    async def _found(
        self, key: str, fetch: Callable[[], Awaitable[Token]], refused: str
    ) -> KeptToken:
        """The one that is kept, or a new one."""
        until = self._clock.now() + _WAIT
        while self._clock.now() < until:
            kept = self._good(await self._kept(key), refused)
            if kept is not None:
                self._known[key] = kept
                return kept
            now = self._clock.now()
            if await self._database.write(lambda conn: channel_tokens.claim(conn, key, now)):  # noqa: B023 - awaited in this round
                return await self._fetch(key, fetch)
            await self._clock.sleep(_LOOK_S)
        raise TryLater("No access token came in time.", reason=Reason.TIMED_OUT)

    async def _kept(self, key: str) -> KeptToken | None:
        try:
            async with self._database.read() as conn:
                return await channel_tokens.read(conn, self._vault, key)
        except ConfigError as error:
            raise StoreDown("The secret key was changed while Tocsin ran; restart it.") from error

    async def _fetch(self, key: str, fetch: Callable[[], Awaitable[Token]]) -> KeptToken:
        new: KeptToken | None = None
        try:
            got = await fetch()
            new = KeptToken(got.text, self._clock.now() + _used_for(got))
        finally:
            now, vault = self._clock.now(), self._vault
            await self._database.write(lambda conn: channel_tokens.put(conn, vault, key, new, now))
        self._known[key] = new
        return new

    def _good(self, kept: KeptToken | None, refused: str) -> KeptToken | None:
        if kept is None or kept.text == refused or kept.expires_at <= self._clock.now():
            return None
        return kept


def _used_for(got: Token) -> timedelta:
    # WeCom gives the same one until it ends: what is that near its end is used up to it.
    good_for = timedelta(seconds=max(got.good_for_s, 0.0))
    return good_for - _LEFT if good_for > _LEFT else good_for
