"""The Python client: send deployment messages and events, follow events live.

async with Client("http://127.0.0.1:8000") as client:
    await client.send({"type": "step_started", "project": "shop", ...})
    async for event in client.events(Filters(project="shop")):
        print(event.seq, event.type)
"""

from tocsin.client.client import Client, Sent, Waiting, read_address
from tocsin.client.errors import (
    Answered,
    BadAddress,
    Busy,
    ClientError,
    Fault,
    NotTocsin,
    Refused,
    Unreachable,
)
from tocsin.client.follow import LinkChange, OnLink
from tocsin.client.place import Back, Lost, Opened
from tocsin.client.retry import Pacing
from tocsin.client.transport import Filters, StreamEvent

__all__ = [
    "Answered",
    "Back",
    "BadAddress",
    "Busy",
    "Client",
    "ClientError",
    "Fault",
    "Filters",
    "LinkChange",
    "Lost",
    "NotTocsin",
    "OnLink",
    "Opened",
    "Pacing",
    "Refused",
    "Sent",
    "StreamEvent",
    "Unreachable",
    "Waiting",
    "read_address",
]
