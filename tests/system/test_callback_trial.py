"""Callbacks under a steady load, to which the worst happens: all arrive, once, and in order.

Eight destinations: four fine ones, a slow one, two that are away at first, and a chat that takes
one message a second. The server is killed three times; with PostgreSQL two instances share the
work, and are killed in turns.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.system.cluster import SECRET_KEY, Cluster
from tests.system.receivers import Receiver, receivers
from tests.system.server import Server
from tests.system.trial import Senders
from tocsin.clock import SystemClock
from tocsin.store.leases import RENEW_EVERY_S
from tocsin.testing.platform import Running, platform

SECRET = "known to all senders"
SETTINGS = {
    "TOCSIN_SOURCES__DEPLOYMENT__SECRET": SECRET,
    "TOCSIN_NOTIFY__ALLOWED_NETWORKS": '["127.0.0.0/8"]',
    "TOCSIN_INGEST__RATE_LIMIT_PER_S": "0",
    "TOCSIN_SECRET_KEY": SECRET_KEY,
}
RATE_PER_S = 150
EVENTS, EVENTS_OF_SOAK = 500, 5_000
KILLS = 3
LIMIT_S, LIMIT_OF_SOAK_S = 75.0, 400.0
# Both look at their leases twice within this: one gives parts back, then the other takes them.
RATE_OF_SHARES_PER_S, SHARED_WITHIN_S = 20, 4.0 * RENEW_EVERY_S
CALLBACKS = "/api/v1/release/projects/*/callbacks"
HISTORY = "/api/v1/release/callbacks/history"
DESTINATIONS = "/api/v1/release/callbacks/destinations"

Ask = Callable[..., Awaitable[Any]]


class Destinations:
    """The eight of them."""

    def __init__(self, chat: Running) -> None:
        self.fine = [Receiver(f"fine-{number}") for number in range(4)]
        self.slow = Receiver("slow", takes_s=0.03)
        self.away = [Receiver(f"away-{number}") for number in range(2)]
        self.chat = chat

    @property
    def channels(self) -> list[dict[str, Any]]:
        ours = [*self.fine, self.slow, *self.away]
        return [
            *({"type": "custom", "config": one.config} for one in ours),
            {"type": "slack", "config": dict(self.chat.config)},
        ]


async def try_out(
    urls: Sequence[str],
    token: str,
    kill: Callable[[int], Awaitable[None]],
    *,
    are_sharing: Callable[[], Awaitable[bool]] | None = None,
    is_soak: bool,
) -> None:
    """The whole of it; `kill` ends an instance as a power cut would, and starts it anew."""
    count = EVENTS_OF_SOAK if is_soak else EVENTS
    async with platform("slack", SystemClock()) as chat:
        told = Destinations(chat)
        async with receivers(*told.fine, told.slow), client(urls, token) as ask:
            await ask("POST", CALLBACKS, json={"events": ["log_entry"], "channels": told.channels})
            senders = Senders(urls[-1], SECRET, RATE_PER_S, most=count)
            sending = asyncio.create_task(senders.run())
            for number in range(KILLS):
                await senders.reach(count * (number + 1) // (KILLS + 1))
                await kill(number)
            await sending
            for one in told.away:
                await one.open()
            if not is_soak:
                # Else it may be left alone for some minutes still.
                await resume_all(ask)
            try:
                limit_s = LIMIT_OF_SOAK_S if is_soak else LIMIT_S
                await until_all_is_told(ask, count * len(told.channels), limit_s)
            finally:
                for one in told.away:
                    await one.close()
            seqs = dict(senders.receipts.values())
            for one in (*told.fine, told.slow, *told.away):
                check_all_came(one, seqs)
            await check_chat(ask, chat, len(seqs))
            if are_sharing is not None:
                await until_shared(are_sharing, Senders(urls[-1], SECRET, RATE_OF_SHARES_PER_S))


def check_all_came(receiver: Receiver, seqs: dict[str, int]) -> None:
    """Each event came under one id, and those of one deployment in order."""
    first = receiver.first_arrivals()

    assert sorted(one.event_id for one in first.values()) == sorted(seqs), receiver.name
    by_subject: dict[str, list[int]] = {}
    for one in first.values():
        by_subject.setdefault(one.subject, []).append(seqs[one.event_id])
    out_of_order = [name for name, some in by_subject.items() if some != sorted(some)]
    assert out_of_order == [], receiver.name


async def check_chat(ask: Ask, chat: Running, count: int) -> None:
    """Every event was told of, most of them together, and no message was refused."""
    of_chat = {"channel": "slack", "page_size": "1"}
    sent = (await ask("GET", HISTORY, params={**of_chat, "kind": "event"}))["total"]
    good = await ask("GET", HISTORY, params={**of_chat, "status": "success", "kind": "event"})
    digests = (await ask("GET", HISTORY, params={**of_chat, "kind": "digest"}))["total"]

    assert sent == good["total"] == count
    assert 0 < digests <= len(chat.taken) < count / 4


async def resume_all(ask: Ask) -> None:
    """Have each destination that fails tried at once."""
    for one in (await ask("GET", DESTINATIONS))["items"]:
        if one["failures"]:
            await ask("POST", f"{DESTINATIONS}/{one['id']}/resume")


async def until_all_is_told(ask: Ask, count: int, limit_s: float) -> None:
    """Until so many deliveries of events are made, and all there are have ended.

    While nobody has a part of the work yet, what belongs to it is not made, so it does not wait.

    Raises:
        TimeoutError: some are missing, or wait still.
    """
    ends_at = time.monotonic() + limit_s
    while True:
        made = await ask("GET", HISTORY, params={"kind": "event", "page_size": "1"})
        waiting = await ask("GET", HISTORY, params={"status": "pending", "page_size": "5"})
        if made["total"] == count and waiting["total"] == 0:
            return
        if time.monotonic() > ends_at:
            raise TimeoutError(f"{made['total']} of {count} are made; there wait {waiting}")
        await asyncio.sleep(0.5)


async def until_shared(are_sharing: Callable[[], Awaitable[bool]], senders: Senders) -> None:
    """Until each instance has sent some of what comes meanwhile.

    One that was just started has its parts once the other has given them back.

    Raises:
        TimeoutError: one has nothing to do.
    """
    sending = asyncio.create_task(senders.run())
    try:
        async with asyncio.timeout(SHARED_WITHIN_S):
            while not await are_sharing():  # noqa: ASYNC110 - nobody tells of it
                await asyncio.sleep(0.5)
    finally:
        senders.stop()
        await sending


class client:  # noqa: N801 - used as a function
    """Asks any instance that answers; gives the `data` of the answer."""

    def __init__(self, urls: Sequence[str], token: str) -> None:
        self._urls = list(urls)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def __aenter__(self) -> Ask:
        self._session = aiohttp.ClientSession(headers=self._headers)
        return self._ask

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def _ask(self, method: str, path: str, **more: Any) -> Any:
        async with self._session.request(method, self._urls[-1] + path, **more) as response:
            told = await response.json()
            assert response.status == 200, told
            return told["data"]


@pytest.mark.alone
async def test_one_instance_loses_nothing_and_keeps_the_order(
    tmp_path: Path, is_soak: bool
) -> None:
    server = Server(tmp_path, {**SETTINGS, "TOCSIN_AUTH__LOCAL_ROLE": "admin"}).start()

    async def kill(_number: int) -> None:
        server.kill()
        await asyncio.to_thread(server.start)

    try:
        await try_out([server.url], "", kill, is_soak=is_soak)
    finally:
        server.clean_up()


@pytest.mark.alone
async def test_two_instances_share_the_work_and_take_it_over(tmp_path: Path, is_soak: bool) -> None:
    with Cluster(tmp_path, settings=SETTINGS) as cluster:
        token = cluster.token("admin")

        async def kill(number: int) -> None:
            cluster.kill(number % 2)
            await asyncio.to_thread(cluster.restart, number % 2)

        async def are_sharing() -> bool:
            return all([await sent_by(one.url, token) for one in cluster.instances])

        await try_out([cluster.url], token, kill, are_sharing=are_sharing, is_soak=is_soak)


async def sent_by(url: str, token: str) -> float:
    """How many tries an instance has made since its start."""
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{url}/metrics") as response,
    ):
        lines = (await response.text()).splitlines()
    name = "tocsin_notify_attempts_total{"
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))
