"""A stage's tools on a real database, with callbacks that lead to a world on this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import orjson
from prometheus_client import CollectorRegistry

from tests.appending import Ground, ground_in, rows
from tests.notify.deliveries import callback
from tocsin.clock import Clock
from tocsin.edge.outbound import Outbound
from tocsin.model.callback import Callback
from tocsin.model.delivery import Delivery
from tocsin.notify.delivery.feed import Feed
from tocsin.notify.delivery.reach import Line
from tocsin.notify.delivery.tokens import Tokens
from tocsin.notify.delivery.tools import Figures, Tools
from tocsin.notify.known import Known, Target, make_target
from tocsin.notify.wording.standards import Standards
from tocsin.settings.schema import NotifySettings
from tocsin.store import callbacks
from tocsin.store.deliveries import DeliveryRows
from tocsin.store.key import SecretKey, Vault
from tocsin.testing.clock import HandClock

HERE = (ip_network("127.0.0.0/8"),)


@dataclass(frozen=True)
class Working:
    """The tools, and what they stand on."""

    ground: Ground
    clock: HandClock
    vault: Vault
    http: Outbound
    tools: Tools

    async def add(self, new: Callback) -> Target:
        """Store a callback and have it known; gives its first channel."""
        await self.ground.database.write(lambda conn: callbacks.add(conn, self.vault, new))
        await self.tools.known.load()
        target = self.tools.known.target(new.id, new.channels[0].id)
        assert target is not None, "the callback cannot be used"
        return target

    async def store(self, *new: Delivery) -> None:
        """Have these deliveries in the database."""
        await self.ground.database.write(lambda conn: self.tools.rows.add(conn, new))

    async def states(self) -> dict[str, str]:
        """Of each stored delivery where it stands, in the order of their ids."""
        found = await rows(self.ground.database, "SELECT id, state FROM deliveries ORDER BY id")
        return {row["id"]: row["state"] for row in found}

    async def told(self) -> list[tuple[str, str]]:
        """The events of the journal: type and subject, or what was changed and by whom."""
        found = await rows(
            self.ground.database, "SELECT type, subject, data FROM events ORDER BY seq"
        )
        return [_told(row["type"], row["subject"], orjson.loads(row["data"])) for row in found]


def _told(kind: str, subject: str, data: dict[str, str]) -> tuple[str, str]:
    if kind == "setting.changed":
        return data["what"], data["by"]
    return kind, subject


@asynccontextmanager
async def working(folder: Path, settings: NotifySettings) -> AsyncIterator[Working]:
    """Tools on an empty database in `folder`."""
    clock, vault, http = HandClock(), Vault([SecretKey.new()]), Outbound(HERE)
    async with ground_in(folder) as ground:
        known = Known(ground.database, vault)
        tokens = Tokens(ground.database, vault, clock)

        tools = Tools(
            database=ground.database,
            journal=ground.journal,
            clock=clock,
            known=known,
            feed=Feed(ground.database, 0, lambda: known.has_any),
            make_line=lambda target: line_to(target, http, tokens, clock),
            rows=DeliveryRows(ground.database.dialect),
            settings=settings,
            figures=Figures(CollectorRegistry()),
            standards=Standards(),
        )
        yield Working(ground, clock, vault, http, tools)
    await http.close()


def line_to(
    target: Target,
    http: Outbound,
    tokens: Tokens,
    clock: Clock,
    *,
    base_url: str = "",
    timeout_s: float = 5.0,
) -> Line:
    """How a target is reached, be it at its platform's own address or at `base_url`."""
    return Line(
        http,
        tokens,
        clock,
        secrets=target.secrets,
        public_url=target.extras.PUBLIC_URL,
        base_url=base_url,
        timeout_s=timeout_s,
    )


def target_of(kind: str, **config: Any) -> Target:
    """A target by these options, that nobody has stored."""
    made = callback((kind, config))
    return make_target(made, made.channels[0])
