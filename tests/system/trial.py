"""A steady load on a cluster, and what each sender was answered and each client was given."""

import asyncio
import itertools
import math
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.system.node import Script, running
from tests.system.reading import RECEIVER, Json, sample
from tocsin.client import Client, DeploymentEvent, Wish

PROJECTS = [f"trial-{number}" for number in range(40)]
# A sender that hears nothing for this long asks again, with the same key.
ANSWER_LIMIT_S = 10.0
# Who is sent away comes back after this long, and up to as long again.
REPEAT_AFTER_S = 1.0
# An answer that takes longer than this is trouble, whatever it says.
SLOW_S = 2.0


@dataclass
class Senders:
    """Senders that post so many messages a second, and repeat each until it is answered 200.

    They leave off when they are told to, or after `most` messages.
    """

    url: str
    secret: str
    rate_per_s: int
    most: float = math.inf
    receipts: dict[str, tuple[str, int]] = field(default_factory=dict)
    # When an answer was none, a refusal, or late.
    trouble_s: list[float] = field(default_factory=list)
    took_s: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    sent: int = 0
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _more: asyncio.Condition = field(default_factory=asyncio.Condition)

    def stop(self) -> None:
        """Begin no further message."""
        self._stop.set()

    async def reach(self, count: int) -> None:
        """Return once so many messages are begun."""
        async with self._more:
            await self._more.wait_for(lambda: self.sent >= count)

    async def run(self) -> None:
        """Post until told to stop, and until each message begun has its answer."""
        numbers = itertools.count()
        began_s = time.monotonic()
        timeout = aiohttp.ClientTimeout(total=ANSWER_LIMIT_S)
        connector = aiohttp.TCPConnector(limit=0)
        async with (
            aiohttp.ClientSession(timeout=timeout, connector=connector) as session,
            asyncio.TaskGroup() as group,
        ):
            while not self._stop.is_set() and self.sent < self.most:
                number = next(numbers)
                group.create_task(self._deliver(session, number))
                self.sent += 1
                async with self._more:
                    self._more.notify_all()
                due_s = began_s + (number + 1) / self.rate_per_s
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), max(0, due_s - time.monotonic()))

    async def _deliver(self, session: aiohttp.ClientSession, number: int) -> None:
        key = f"trial-message-{number}"
        project = PROJECTS[number % len(PROJECTS)]
        message = sample("log_entry", project=project, deployment_id=f"{project}-1", message=key)
        while True:
            began_s = time.monotonic()
            answer = await self._ask(session, key, message)
            now_s = time.monotonic()
            self.took_s.append(now_s - began_s)
            if answer is None or now_s - began_s > SLOW_S:
                self.trouble_s.append(now_s)
            if answer is not None:
                self.receipts[key] = answer["event_id"], answer["seq"]
                return
            await asyncio.sleep(REPEAT_AFTER_S * random.uniform(1, 2))  # noqa: S311 - jitter

    async def _ask(self, session: aiohttp.ClientSession, key: str, message: Json) -> Json | None:
        """The answer; None when the message has to be sent again."""
        headers = {"Idempotency-Key": key, "X-Webhook-Secret": self.secret}
        try:
            async with session.post(self.url + RECEIVER, json=message, headers=headers) as response:
                self._count(str(response.status))
                if response.status == 200:
                    answer: Json = await response.json()
                    return answer
                # Whatever else is answered must be one of those that ask to come again.
                assert response.status in {502, 503, 504}, await response.text()
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            self._count(type(error).__name__)
        return None

    def _count(self, what: str) -> None:
        self.statuses[what] = self.statuses.get(what, 0) + 1

    def last_trouble_s(self, since_s: float) -> float:
        """For how long after `since_s` there was trouble."""
        return max((one - since_s for one in self.trouble_s if one >= since_s), default=0.0)


@dataclass
class JsonClients:
    """Clients of Tocsin's own Python package, on the JSON protocol."""

    url: str
    token: str
    seqs: dict[str, list[int]] = field(default_factory=dict)

    async def follow(self, name: str, ready: asyncio.Event) -> None:
        """Follow one project for as long as nobody cancels it."""
        seqs = self.seqs[name] = []
        async with (
            Client(self.url, self.token) as client,
            client.live(Wish(projects=[project_of(name)])) as live,
        ):
            ready.set()
            async for message in live:
                if isinstance(message, DeploymentEvent) and message.offset is not None:
                    # One by one: others look at the list meanwhile.
                    seqs.append(message.offset.seq)  # noqa: PERF401


def project_of(name: str) -> str:
    """The project that a client of this name follows."""
    return PROJECTS[int(name.rpartition("-")[2]) % len(PROJECTS)]


@asynccontextmanager
async def json_clients(url: str, token: str, count: int) -> AsyncIterator[JsonClients]:
    """So many clients on the JSON protocol, all of them subscribed."""
    clients = JsonClients(url, token)
    ready = [asyncio.Event() for _ in range(count)]
    tasks = [
        asyncio.create_task(clients.follow(f"json-{number}", one))
        for number, one in enumerate(ready)
    ]
    try:
        async with asyncio.timeout(30):
            for one in ready:
                await one.wait()
        yield clients
        for task in tasks:
            assert not task.done(), task.exception()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def stock_clients(url: str, token: str, count: int) -> AsyncIterator[Script]:
    """So many stock Socket.IO clients, all of them subscribed; some only by polling."""
    ways: Sequence[Mapping[str, Any]] = (
        {"transports": ["websocket"]},
        {},
        {"transports": ["websocket"]},
        {"transports": ["polling"]},
    )
    argument = [
        {
            "name": f"stock-{number}",
            "url": url,
            "options": {**ways[number % len(ways)], "auth": {"token": token}},
            "project": project_of(f"stock-{number}"),
        }
        for number in range(count)
    ]
    async with running("crowd.mjs", argument) as script:
        await script.until("subscribed", count)
        yield script
