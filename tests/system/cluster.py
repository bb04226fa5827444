"""Several instances behind the kit's nginx, on PostgreSQL and Redis of their own.

Tests kill, stop, starve and upgrade them; whatever they do, `clean_up` leaves nothing behind.
"""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.postgres import Postgres
from tests.redis_server import RedisServer
from tests.system.balancer import Balancer, Certificate
from tests.system.server import Server, clean_environment, command, free_port

# One key for all, as all read the same secrets.
SECRET_KEY = "00112233445566778899aabbccddeeff" * 2
DATABASE = "tocsin"
SETTINGS: Mapping[str, str] = {
    "TOCSIN_INGEST__RATE_LIMIT_PER_S": "0",
    "TOCSIN_HTTP__TRUSTED_PROXIES": "127.0.0.1/32",
    "TOCSIN_SECRET_KEY": SECRET_KEY,
    # Through nginx nobody is local; here its senders need no token.
    "TOCSIN_SOURCES__DEPLOYMENT__UNSIGNED_NETWORKS": "127.0.0.0/8",
}


class Cluster:
    """`instances` are api-1, api-2 …, from 0 on; everybody outside calls nginx.

    `is_durable` is for who cuts the power of PostgreSQL; one that is not forked has each start
    take as long as it does.
    """

    def __init__(
        self,
        folder: Path,
        *,
        count: int = 2,
        settings: Mapping[str, str] | None = None,
        certificate: Certificate | None = None,
        is_durable: bool = False,
        is_forked: bool = True,
    ) -> None:
        self.postgres = Postgres(is_durable=is_durable, port=free_port())
        redis = folder / "redis"
        redis.mkdir()
        self.redis = RedisServer(redis)
        told = {
            **SETTINGS,
            "TOCSIN_DATABASE_URL": self.postgres.url(DATABASE),
            "TOCSIN_REDIS_URL": self.redis.url,
            **(settings or {}),
        }
        self.instances = [
            self._instance(folder / f"api-{number}", told, is_forked=is_forked)
            for number in range(1, count + 1)
        ]
        ports = {one.folder.name: one.port for one in self.instances}
        self.nginx = Balancer(folder, ports, certificate=certificate)

    def _instance(self, folder: Path, settings: Mapping[str, str], *, is_forked: bool) -> Server:
        folder.mkdir()
        named = {**settings, "TOCSIN_INSTANCE_ID": folder.name}
        return Server(folder, named, is_forked=is_forked)

    @property
    def port(self) -> int:
        """nginx's, for everybody outside."""
        return self.nginx.port

    @property
    def url(self) -> str:
        return self.nginx.url

    def start(self) -> Self:
        """Start everything; return once all instances are ready."""
        self.redis.start()
        self.postgres.start()
        self.postgres.create(DATABASE)
        for one in self.instances:
            one.launch()
        for one in self.instances:
            one.wait_ready()
        self.nginx.start()
        return self

    def token(self, role: str = "viewer") -> str:
        """A token that is good at each instance, for those who read."""
        one = self.instances[0]
        words = ("--role", role, "--name", role, "--data-dir", str(one.data_dir))
        made = subprocess.run(
            command("token", "create", *words),
            cwd=one.folder,
            env=clean_environment(one.folder, one.settings),
            capture_output=True,
            encoding="utf-8",
            check=True,
            timeout=30,
        )
        return made.stdout.strip()

    def kill(self, number: int) -> None:
        """End an instance as a power cut would."""
        self.instances[number].kill()

    def restart(self, number: int) -> None:
        """Start an instance that was killed or stopped, and wait until it is ready."""
        self.instances[number].start()

    def upgrade(self) -> None:
        """Stop each instance in order and start it anew, the next once it is ready."""
        for one in self.instances:
            one.stop()
            one.start()

    def reload_nginx(self) -> None:
        self.nginx.reload()

    def log(self) -> str:
        """What everybody said."""
        logs = [f"--- {one.folder.name}\n{one.log()}" for one in self.instances]
        return "\n".join([*logs, f"--- nginx\n{self.nginx.log()}"])

    def clean_up(self) -> None:
        """Leave nothing running, whatever state a failed test left it in."""
        self.nginx.stop()
        for one in self.instances:
            one.clean_up()
        self.redis.clean_up()
        self.postgres.close()

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.clean_up()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.clean_up()
