"""What the screens' server has told whom: a chat that takes, one that refuses, one that is away."""

import json
import threading
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.system.screens.story import SHOP, post
from tests.system.server import Server

RELEASE = "/api/v1/release"
TASK = "release-task-of-the-day-20261122-0001"
BOT = "/open-apis/bot/v2/hook"
# So that the server may call this machine.
LOOPBACK = '["127.0.0.0/8"]'
# What is told at once, and some patience with a busy machine.
TOLD_LIMIT_S = 20.0
LOOK_EVERY_S = 0.05
TEMPLATE = {
    "name": "Short",
    "channel_type": "feishu",
    "event_type": "canary_*",
    "language": "en",
    "title": "{{project_name}} {{version_name}}",
    "body": "**{{project_name}}** goes out\n\n- hosts: {{hosts_string}}\n\n> {{task_status}}",
}


class _Chat(BaseHTTPRequestHandler):
    """A robot in a group that takes whatever comes, but at an address that is called `refusing`."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        is_refused = self.path.endswith("refusing")
        answer = {"code": 19024, "msg": "Key Words Not Found"} if is_refused else {"code": 0}
        body = json.dumps({"msg": "success", "data": {}, **answer}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the library names it
        """Nothing is said of calls."""


@contextmanager
def chat() -> Generator[str, None, None]:
    """Where the chat's robots are, without a slash at the end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Chat)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{BOT}"
    finally:
        server.shutdown()
        server.server_close()


def fill_callbacks(server: Server, robots: str) -> None:
    """A callback in each state, with what it told; a template; a destination that is paused."""
    post(server, f"{RELEASE}/templates", TEMPLATE)
    make(server, "Release news", {"webhook_url": f"{robots}/taking"})
    make(server, "Night shift", {"webhook_url": f"{robots}/refusing"})
    paused = make(server, "Paused", {"webhook_url": f"{robots}/paused"})
    away = {"url": "http://127.0.0.1:9/hook", "headers": {"Authorization": "Bearer secret-text"}}
    make(server, "Own system", away, kind="custom")
    make(server, "Off", {"webhook_url": f"{robots}/off"}, enabled=False)
    destination = paused["channels"][0]["destination_id"]
    tell_release(server, "canary_started")
    wait_for(server, "success", 2)
    post(server, f"{RELEASE}/callbacks/destinations/{destination}/pause", {})
    tell_release(server, "canary_completed")
    tell_release(server, "full_completed")
    wait_for(server, "success", 4)
    wait_for(server, "failed", 3)


def make(
    server: Server, name: str, config: dict[str, Any], *, kind: str = "feishu", enabled: bool = True
) -> Any:
    """A callback of the shop's releases by one channel."""
    wish = {
        "name": name,
        "enabled": enabled,
        "language": "en",
        "events": ["canary_*", "full_completed"],
        "channels": [{"type": kind, "config": config}],
    }
    return post(server, f"{RELEASE}/projects/{SHOP}/callbacks", wish)["data"]


def tell_release(server: Server, event_type: str, task: str = TASK) -> str:
    """Post the documents' standard message; the id of the event."""
    message = {
        "event_type": event_type,
        "project": {"id": SHOP, "name": SHOP, "description": ""},
        "version": {"id": "v-1", "name": "v1.2.3", "description": ""},
        "task": {"id": task, "type": "deploy", "strategy": "canary", "status": "running"},
        "deployment": {
            "total_count": 100,
            "canary_count": 10,
            "completed_count": 10,
            "failed_count": 0,
            "hosts": ["host-1", "host-2"],
        },
        "timestamp": "2026-01-06T20:00:00Z",
        "duration": "30s",
        "environment": "production",
    }
    return str(post(server, f"{RELEASE}/events", message)["data"]["event_id"])


def wait_for(server: Server, status: str, least: int) -> None:
    """Until so many deliveries stand so."""
    address = f"{server.url}{RELEASE}/callbacks/history?status={status}"
    deadline = time.monotonic() + TOLD_LIMIT_S
    while True:
        with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 - our own server
            total = json.loads(answer.read())["data"]["total"]
        if total >= least:
            return
        assert time.monotonic() < deadline, f"{total} deliveries are {status}"
        time.sleep(LOOK_EVERY_S)
