"""The reference of deliveries: the same client without a queue, that posts and forgets.

`python -m bench.deliveries_client COUNT CONCURRENCY URL…`, with the body on its standard input;
prints the processor time that it took, in seconds.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from ipaddress import ip_network

import uvloop

from tocsin.edge.outbound import Outbound

HEADERS = {
    "Content-Type": "application/json",
    "webhook-id": "0199c0de-0000-7000-8000-000000000000",
    "webhook-timestamp": "1767268800",
}


async def post(urls: Sequence[str], count: int, concurrency: int, body: bytes) -> None:
    """Post `count` times to each, with so many calls at a time there."""
    http = Outbound([ip_network("127.0.0.0/8")], max_connections=concurrency * len(urls))

    async def one_after_the_other(url: str, times: int) -> None:
        for _ in range(times):
            answer = await http.call("POST", url, headers=HEADERS, body=body)
            if answer.status != 200:
                raise ValueError(f"{url} answers {answer.status}")

    async with asyncio.TaskGroup() as tasks:
        for url in urls:
            for number in range(concurrency):
                share = len(range(number, count, concurrency))
                tasks.create_task(one_after_the_other(url, share))
    await http.close()


if __name__ == "__main__":
    times, calls, *addresses = sys.argv[1:]
    text = sys.stdin.buffer.read()
    before_s = time.process_time()
    uvloop.run(post(addresses, int(times), int(calls), text))
    print(time.process_time() - before_s)
