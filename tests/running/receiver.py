"""A server that keeps what is posted and answers from a script."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


class Receiver(ThreadingHTTPServer):
    """Answers with `answers` (status, headers) in turn, then with receipts; -1 is no answer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.posts: list[tuple[float, str, Any]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.is_closed = Event()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def taken(self) -> list[Any]:
        """What it was given, each key once."""
        return list({key: message for _, key, message in self.posts}.values())

    def lines(self) -> list[str]:
        batches = [message for message in self.taken() if message["type"] == "log_batch"]
        return [line["message"] for batch in batches for line in batch["logs"]]

    def types(self) -> list[str]:
        return [message["type"] for message in self.taken()]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.posts.append((time.monotonic(), self.headers["Idempotency-Key"], body))
        status, headers = self.server.answers.pop(0) if self.server.answers else (200, {})
        if status < 0:
            self.server.is_closed.wait(30)
            return
        receipt = {"success": status == 200, "message": "said", "event_id": "e", "seq": 1}
        answer = json.dumps(receipt).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(answer))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        pass


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver, closed at the end."""
    with Receiver() as receiver:
        # It looks that often whether it is to end.
        thread = Thread(target=receiver.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield receiver
        finally:
            receiver.is_closed.set()
            receiver.shutdown()
            thread.join()
