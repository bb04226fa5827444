"""A server that speaks S3, in a thread of the test's process."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import Request, urlopen

from moto.server import ThreadedMotoServer


@contextmanager
def s3_server(bucket: str) -> Iterator[str]:
    """Gives HOST:PORT of a server that has this bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        with urlopen(Request(f"http://{host}:{port}/{bucket}", method="PUT")) as made:
            assert made.status == 200
        yield f"{host}:{port}"
    finally:
        server.stop()
