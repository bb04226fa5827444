"""Many senders at once, each message with a key of its own, and what was answered to whom."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.system.reading import RECEIVER, Json, Reader, receipt_of, sample
from tests.system.wire import Answer, ClosedError, Connection, connected

SENDERS = 24


@dataclass
class Load:
    """Messages sent in one trial; a key is the message's text and its Idempotency-Key."""

    name: str
    port: int
    sent: dict[str, Json] = field(default_factory=dict)
    receipts: dict[str, tuple[str, int]] = field(default_factory=dict)
    refused: list[Answer] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def pour(self, senders: int = SENDERS) -> None:
        """Send until the server is gone, or refuses."""
        async with asyncio.TaskGroup() as group:
            for number in range(senders):
                group.create_task(self._pour(f"{self.name}-{number}"))

    async def until(self, answered: int) -> None:
        """Come back when so many are answered."""
        async with asyncio.timeout(60):
            while len(self.receipts) < answered:
                self._news.clear()
                await self._news.wait()

    async def _pour(self, deployment_id: str) -> None:
        try:
            sender = await Connection.open(self.port)
        except OSError:
            return
        try:
            for number in itertools.count():
                key = f"{deployment_id}-{number}"
                self.sent[key] = message(deployment_id, key, is_step=number % 5 == 0)
                answer = await self.send(sender, key)
                if answer.status != 200:
                    self.refused.append(answer)
                    return
                self.receipts[key] = receipt_of(answer)
                self._news.set()
        except ClosedError:
            # The server is gone; this last message was not answered.
            return
        finally:
            await sender.close()

    async def send(self, sender: Connection, key: str) -> Answer:
        return await sender.post(RECEIVER, self.sent[key], [("Idempotency-Key", key)])

    async def repeat_all(self) -> None:
        """Send everything again with the same keys; who was answered gets the same again."""
        async with asyncio.TaskGroup() as group:
            for part in range(8):
                group.create_task(self._repeat(list(self.sent)[part::8]))

    async def _repeat(self, keys: Sequence[str]) -> None:
        async with connected(self.port) as sender:
            for key in keys:
                receipt = receipt_of(await self.send(sender, key))
                assert self.receipts.setdefault(key, receipt) == receipt

    async def check(self, reader: Reader) -> None:
        """Every answered message is there once, every other one at most once, and nothing else."""
        events = [
            one for one in await reader.events() if one["subject"].startswith(f"{self.name}-")
        ]
        kept = Counter(key_of(one["data"]) for one in events)
        places = {key_of(one["data"]): (one["id"], one["seq"]) for one in events}
        seqs = [one["seq"] for one in events]

        lost = [key for key in self.receipts if not kept[key]]
        assert not lost, f"{len(lost)} of {len(self.receipts)} answered are lost: {lost[:9]}"
        assert not [key for key, count in kept.items() if count > 1]
        assert kept.keys() <= self.sent.keys()
        assert {key: places[key] for key in self.receipts} == self.receipts
        assert seqs == sorted(set(seqs))
        await self._check_deployments(reader, kept)

    async def _check_deployments(self, reader: Reader, kept: Counter[str]) -> None:
        """What the events add up to holds each of them, too."""
        for deployment_id in sorted({self.sent[key]["deployment_id"] for key in kept}):
            keys = {key for key in kept if self.sent[key]["deployment_id"] == deployment_id}
            steps = {key for key in keys if self.sent[key]["type"] == "step_completed"}
            lines = Counter(line["text"] for line in await reader.lines(deployment_id))
            names = [step["name"] for step in await reader.steps(deployment_id)]
            assert lines == Counter(keys - steps)
            assert sorted(names) == sorted(steps)


def message(deployment_id: str, key: str, *, is_step: bool) -> Json:
    if is_step:
        return sample("step_completed", deployment_id=deployment_id, step_name=key, logs="")
    return sample("log_entry", deployment_id=deployment_id, message=key)


def key_of(data: Json) -> str:
    return str(data["step_name"] if data["type"] == "step_completed" else data["message"])
