"""The reference in Python: python-socketio on uvicorn. `python -m bench.live_reference PORT`."""

import asyncio
import sys
from typing import Any

import socketio  # type: ignore[import-untyped]  # its makers ship no types
import uvicorn

from bench.live_publisher import SOCKETIO_CHARS, Publisher, message
from tocsin.app.process import calm_collector


async def _ready(_scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ready"})


def server() -> Any:
    """The ASGI application."""
    sio = socketio.AsyncServer(
        async_mode="asgi", transports=["websocket"], ping_interval=3600, cors_allowed_origins=[]
    )
    emits: set[asyncio.Task[None]] = set()

    def publish(seq: int) -> None:
        emit = asyncio.create_task(sio.emit("event", message(seq, SOCKETIO_CHARS), room="bench"))
        emits.add(emit)
        emit.add_done_callback(emits.discard)

    publisher = Publisher(publish)

    async def subscribe(sid: str, project: str) -> None:
        await sio.enter_room(sid, project)
        await sio.emit("subscription:confirmed", {"type": "project", "id": project}, to=sid)

    async def start(_sid: str, wanted: dict[str, int]) -> None:
        publisher.start(wanted["outstanding"], wanted["burst"])

    async def received(_sid: str, count: int) -> None:
        publisher.received(count)

    sio.on("subscribe_project", subscribe)
    sio.on("publish", start)
    sio.on("received", received)
    return socketio.ASGIApp(sio, _ready)


def main() -> None:
    """Serve until the process is ended."""
    app = server()
    calm_collector()
    uvicorn.run(
        app,
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        # It has its own heartbeat.
        ws_ping_interval=None,
    )


if __name__ == "__main__":
    main()
