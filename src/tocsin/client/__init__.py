"""The Python client: send deployment messages and events, follow events live.

async with Client("http://127.0.0.1:8000") as client:
    await client.send({"type": "step_started", "project": "shop", ...})
    async for event in client.events(Filters(project="shop")):
        print(event.seq, event.type)
    async with client.live(Wish(event_types=["posco_event", "alert"])) as live:
        async for message in live:
            print(message.type, message.data)
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
    SentAway,
    Unreachable,
)
from tocsin.client.follow import LinkChange, OnLink
from tocsin.client.live.live import Live
from tocsin.client.live.messages import (
    Alert,
    AlertAction,
    Authenticated,
    ConnectionStatus,
    DeploymentEvent,
    DeploymentStep,
    ErrorSaid,
    LogEntry,
    LogUpdate,
    Message,
    Offset,
    Other,
    Pong,
    Rubbish,
    ServiceEvent,
    StatusUpdate,
    Subscribed,
    WebhookEvent,
)
from tocsin.client.live.subscription import Wish
from tocsin.client.place import Back, Lost, Opened
from tocsin.client.retry import Pacing
from tocsin.client.transport import Filters, StreamEvent

__all__ = [
    "Alert",
    "AlertAction",
    "Answered",
    "Authenticated",
    "Back",
    "BadAddress",
    "Busy",
    "Client",
    "ClientError",
    "ConnectionStatus",
    "DeploymentEvent",
    "DeploymentStep",
    "ErrorSaid",
    "Fault",
    "Filters",
    "LinkChange",
    "Live",
    "LogEntry",
    "LogUpdate",
    "Lost",
    "Message",
    "NotTocsin",
    "Offset",
    "OnLink",
    "Opened",
    "Other",
    "Pacing",
    "Pong",
    "Refused",
    "Rubbish",
    "Sent",
    "SentAway",
    "ServiceEvent",
    "StatusUpdate",
    "StreamEvent",
    "Subscribed",
    "Unreachable",
    "Waiting",
    "WebhookEvent",
    "Wish",
    "read_address",
]
