"""Several instances on one database and one Redis, started and killed by tests."""

import signal
import socket
import subprocess
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.ending import end_with_us
from tests.redis_server import RedisServer, redis_in
from tests.system.server import LOOK_EVERY_S, START_LIMIT_S, Server, free_port


class Instances:
    """Servers named api-1, api-2 and so on, and the Redis between them."""

    def __init__(self, redis: RedisServer, servers: list[Server]) -> None:
        self.redis = redis
        self.servers = servers

    def start(self) -> None:
        """Have all of them run that do not."""
        for one in self.servers:
            if not one.is_running:
                one.start()


@contextmanager
def instances_in(
    folder: Path, count: int = 2, settings: Mapping[str, str] | None = None
) -> Generator[Instances, None, None]:
    """So many that are ready; ended at the end."""
    with redis_in(folder / "redis") as redis:
        servers = []
        for number in range(1, count + 1):
            own = folder / f"api-{number}"
            own.mkdir()
            made = Server(
                own,
                {
                    "TOCSIN_INGEST__RATE_LIMIT_PER_S": "0",
                    "TOCSIN_REDIS_URL": redis.url,
                    "TOCSIN_INSTANCE_ID": f"api-{number}",
                    **(settings or {}),
                },
                data_dir=folder / "data",
            )
            servers.append(made)
        try:
            for one in servers:
                one.start()
            yield Instances(redis, servers)
        finally:
            for one in servers:
                one.clean_up()


NGINX = """
daemon off;
worker_processes 1;
pid nginx.pid;
error_log error.log warn;
events {{ }}
http {{
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    map $http_upgrade $connection_upgrade {{ default ""; websocket upgrade; }}
    map $arg_sid $instance {{
        default any;
        "~^api-1\\." first;
        "~^api-2\\." second;
    }}
    upstream any {{ server 127.0.0.1:{0}; server 127.0.0.1:{1}; }}
    upstream first {{ server 127.0.0.1:{0}; server 127.0.0.1:{1} backup; }}
    upstream second {{ server 127.0.0.1:{1}; server 127.0.0.1:{0} backup; }}
    server {{
        listen 127.0.0.1:{2};
        location / {{
            proxy_pass http://$instance;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
        }}
    }}
}}
"""


@contextmanager
def nginx_before(folder: Path, servers: Sequence[Server]) -> Generator[int, None, None]:
    """An nginx that spreads calls, and has those of a Socket.IO session end up where it began."""
    folder.mkdir()
    port = free_port()
    ports = [one.port for one in servers]
    (folder / "nginx.conf").write_text(NGINX.format(*ports, port), "utf-8")
    command = ["nginx", "-p", str(folder), "-e", "error.log", "-c", "nginx.conf"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        end_with_us(process, signal.SIGTERM)
        try:
            deadline = time.monotonic() + START_LIMIT_S
            while not _answers(port):
                assert process.poll() is None, (folder / "error.log").read_text("utf-8")
                assert time.monotonic() < deadline
                time.sleep(LOOK_EVERY_S)
            yield port
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
