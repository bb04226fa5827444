"""A real nginx in front of a server, on a free port, with its files in a folder of the test."""

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from bench.ending import end_with_us
from tests.system.server import free_port

NGINX = "/usr/sbin/nginx"
START_LIMIT_S = 20.0

# Where it writes must be said for each kind of file, or it is /var/lib/nginx.
CONFIGURATION = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    map $http_upgrade $upgrade {{ websocket websocket; default ""; }}
    map $upgrade $connection_or_not {{ websocket upgrade; default ""; }}
    server {{
        listen 127.0.0.1:{port};
        {locations}
    }}
}}
"""
# What each location needs; one that sets a header of its own inherits none from above.
HEADERS = """
proxy_http_version 1.1;
proxy_buffering off;
proxy_set_header Host $http_host;
proxy_set_header Upgrade $upgrade;
proxy_set_header Connection $connection_or_not;
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Proto $scheme;
"""


@contextmanager
def nginx(folder: Path, locations: str) -> Generator[str, None, None]:
    """Run it with these `location` blocks, which include `headers.conf`; gives its address."""
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, port=port, locations=locations))
    (folder / "headers.conf").write_text(HEADERS)
    # The folder of a test can be entered by its owner only, so the workers are that one, too.
    user = "root" if os.geteuid() == 0 else None
    directives = [] if user is None else ["-g", f"user {user};"]
    process = subprocess.Popen(
        [NGINX, "-p", folder, "-c", configuration, "-e", folder / "error.log", *directives]
    )
    end_with_us(process, signal.SIGTERM)
    try:
        wait_for(port, folder)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGQUIT)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            # It waits for its sockets, which browsers hold open.
            process.terminate()
            process.wait(5)


def wait_for(port: int, folder: Path) -> None:
    """Until it answers.

    Raises:
        AssertionError: it did not; the text holds what it logged.
    """
    until = time.monotonic() + START_LIMIT_S
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/")
            connection.getresponse()
        except OSError:
            assert time.monotonic() < until, (folder / "error.log").read_text()
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()
