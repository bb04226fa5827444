"""A thousand messages to a server while a client follows over a line that breaks and breaks."""

import asyncio
import random

from tests.cutting import CutLine
from tests.system.reading import RECEIVER, receipt_of, sample
from tests.system.wire import connected

SENDERS = 4
OF_EACH = 250
MESSAGES_A_LINE = 50
# A line breaks within this: in the handshake, in what is made up for, or in what is new.
MAX_BYTES_A_LINE = 60_000


async def post_and_break(port: int, line: CutLine, project: str, seed: int) -> list[int]:
    """Post all messages; gives their numbers, in order."""
    chance = random.Random(seed)  # noqa: S311 - where a line breaks is no secret
    seqs: list[int] = []

    async def post_some() -> None:
        async with connected(port) as sender:
            for number in range(OF_EACH):
                message = sample("log_entry", project=project, message=f"line {number}")
                seqs.append(receipt_of(await sender.post(RECEIVER, message))[1])
                if len(seqs) % MESSAGES_A_LINE == 0:
                    line.cut_after(chance.randrange(1, MAX_BYTES_A_LINE))

    async with asyncio.TaskGroup() as group:
        for _ in range(SENDERS):
            group.create_task(post_some())
    return sorted(seqs)


async def post(port: int, project: str, count: int) -> list[int]:
    """Post so many log lines; gives their numbers."""
    async with connected(port) as sender:
        seqs = []
        for number in range(count):
            line = sample("log_entry", project=project, message=f"line {number}")
            seqs.append(receipt_of(await sender.post(RECEIVER, line))[1])
        return seqs
