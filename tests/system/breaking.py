"""A thousand messages to a server while a client follows over a line that breaks and breaks."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from tests.cutting import CutLine
from tests.system.reading import RECEIVER, receipt_of, sample
from tests.system.wire import connected

# How often the client has to come back at least, however quick the machine and its senders are.
BREAKS = 10
SENDERS = 4
OF_EACH = 25
# What is posted between two breaks that are waited for.
OF_A_ROUND = SENDERS * OF_EACH + 1
# A line breaks within this of what is new, about as much as a round is.
MAX_BYTES_A_LINE = 60_000
# The next one breaks in the handshake, or in what is made up for, if that is as long.
MAX_BYTES_OF_A_RETURN = 20_000


async def post_and_break(
    port: int,
    line: CutLine,
    project: str,
    seed: int,
    until_got: Callable[[int], Awaitable[object]],
) -> list[int]:
    """Post all messages; gives their numbers, in order.

    `until_got` waits until the client has so many. It is asked after each round, whose last
    message is posted to a broken line: so the client comes back once a round at least.
    """
    chance = random.Random(seed)  # noqa: S311 - where a line breaks is no secret
    seqs: list[int] = []
    for _ in range(BREAKS):
        before = line.breaks
        line.cut_after(
            chance.randrange(1, MAX_BYTES_A_LINE), chance.randrange(1, MAX_BYTES_OF_A_RETURN)
        )
        posted = await asyncio.gather(*(post(port, project, OF_EACH) for _ in range(SENDERS)))
        seqs += sorted(seq for part in posted for seq in part)
        if line.breaks == before:
            line.break_off()
        seqs += await post(port, project, 1)
        await until_got(len(seqs))
    return seqs


async def post(port: int, project: str, count: int) -> list[int]:
    """Post so many log lines; gives their numbers."""
    async with connected(port) as sender:
        seqs = []
        for number in range(count):
            line = sample("log_entry", project=project, message=f"line {number}")
            seqs.append(receipt_of(await sender.post(RECEIVER, line))[1])
        return seqs
