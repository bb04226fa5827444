"""The windows of a shard's destinations and accounts, which know what was sent before the start."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from tocsin.notify.channel import Rate
from tocsin.notify.delivery.tools import Tools
from tocsin.notify.delivery.window import Pace, Window
from tocsin.notify.known import Target
from tocsin.store import deliveries


@dataclass(slots=True)
class Paces:
    """All of an account is in one shard, so that one place has its pace."""

    tools: Tools
    _accounts: dict[str, Pace] = field(default_factory=dict)

    async def window(self, destinations: Collection[str], rates: Sequence[Rate]) -> Window:
        """What counts of what was sent to all of these destinations.

        Raises:
            StoreDown: it cannot be read.
        """
        if not rates:
            return Window(())
        since = self.tools.clock.now() - Window.looks_back(rates)
        async with self.tools.database.read() as conn:
            return Window(rates, await deliveries.sent_since(conn, destinations, since))

    async def of(self, target: Target | None) -> Pace | None:
        """What the lane of a target shares with others of its account.

        Raises:
            StoreDown: it cannot be read.
        """
        account = None if target is None else target.account
        if account is None:
            return None
        found = self._accounts.get(account.name)
        if found is None:
            its = self.tools.known.of_account(account.name)
            window = await self.window(its, account.rates)
            found = self._accounts.setdefault(account.name, Pace(window))
        return found
