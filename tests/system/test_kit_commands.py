"""The commands of the guide for FAL's callbacks, as they are typed there, but for the ports."""

import subprocess
from collections.abc import Generator, Mapping

import orjson
import pytest

from tests.system.certificates import self_signed
from tests.system.cluster import Cluster

SECRET = "a-secret-of-fal"
POST = (
    "curl",
    *("-X", "POST", "http://localhost:{port}/api/v1/avatar/status_update"),
    *("-H", "Content-Type: application/json"),
    *("-d", '{{"status": "completed", "request_id": "test-123"}}'),
)
# As the kit's example of settings has it, for trying things out.
DEVELOPMENT: Mapping[str, str] = {
    "TOCSIN_SOURCES__FAL__UNSIGNED_NETWORKS": "127.0.0.0/8,::1/128,172.16.0.0/12"
}
PRODUCTION: Mapping[str, str] = {"ENVIRONMENT": "production", "FAL_WEBHOOK_SECRET": SECRET}


@pytest.fixture(scope="module")
def development(tmp_path_factory: pytest.TempPathFactory) -> Generator[Cluster, None, None]:
    folder = tmp_path_factory.mktemp("development")
    with Cluster(folder, count=1, settings=DEVELOPMENT) as made:
        yield made


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Generator[Cluster, None, None]:
    folder = tmp_path_factory.mktemp("production")
    with Cluster(folder, settings=PRODUCTION, certificate=self_signed(folder)) as made:
        yield made


def test_health_is_told_by_nginx_and_by_each_instance(production: Cluster) -> None:
    for port in addresses(production):
        status, told = curl("curl", "-f", "http://localhost:{port}/health", port=port)

        assert status == 200
        assert orjson.loads(told)["status"] == "ok"


def test_what_is_asked_at_an_instance_says_which_one_it_is(production: Cluster) -> None:
    # `docker exec` of the guide: from where the instance runs, everything is told.
    told = [
        orjson.loads(curl("curl", "http://localhost:{port}/health", port=one.port)[1])
        for one in production.instances
    ]

    assert [one["instance"] for one in told] == ["api-1", "api-2"]
    assert all(one["checks"]["store"]["status"] == "ok" for one in told)


def test_an_unsigned_call_passes_on_a_development_set_up(development: Cluster) -> None:
    status, told = curl(*POST, port=development.port)

    assert status == 200, told
    assert orjson.loads(told)["request_id"] == "test-123"


@pytest.mark.parametrize("number", range(3), ids=["nginx", "api-1", "api-2"])
def test_an_unsigned_call_is_refused_in_production(production: Cluster, number: int) -> None:
    status, told = curl(*POST, port=addresses(production)[number])

    assert status == 401
    assert set(orjson.loads(told)) == {"detail", "status_code"}


@pytest.mark.parametrize(
    "shown", [f"X-Webhook-Secret: {SECRET}", f"Authorization: Bearer {SECRET}"]
)
@pytest.mark.parametrize("number", range(3), ids=["nginx", "api-1", "api-2"])
def test_the_same_call_with_the_secret_passes(production: Cluster, shown: str, number: int) -> None:
    status, told = curl(*POST, "-H", shown, port=addresses(production)[number])

    assert status == 200, told
    assert orjson.loads(told)["status"] == "received"


def test_fal_reaches_its_address_by_https(production: Cluster) -> None:
    words = [word.replace("http://localhost", "https://127.0.0.1") for word in POST]
    trusted = production.nginx.environment["TLS_CERTIFICATE"]
    shown = (*words, "-H", f"X-Webhook-Secret: {SECRET}", "--cacert", trusted)
    status, told = curl(*shown, port=production.nginx.https_port)

    assert status == 200, told


def addresses(cluster: Cluster) -> list[int]:
    """The ports that the guide has as 80, 8001 and 8002."""
    return [cluster.port, *(one.port for one in cluster.instances)]


def curl(*words: str, port: int) -> tuple[int, bytes]:
    """Run a command with its port filled in; gives the status and the body of the answer."""
    shown = [word.format(port=port) for word in words]
    done = subprocess.run(
        [*shown, "--silent", "--noproxy", "*", "--write-out", "\n%{http_code}"],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        timeout=30,
        check=False,
    )
    body, _, status = done.stdout.rpartition(b"\n")
    return int(status), body
