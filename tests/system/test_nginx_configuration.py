"""The kit's nginx in every form it can be set up in, asked by nginx itself, and TLS on the wire."""

import http.client
import json
import ssl
from collections.abc import Generator, Mapping
from pathlib import Path

import pytest

from tests.system.balancer import Balancer, Certificate
from tests.system.certificates import self_signed

# Nobody listens there.
NOBODY = {"api-1": 9, "api-2": 10}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def alone(
    tmp_path_factory: pytest.TempPathFactory, certificate: Certificate
) -> Generator[Balancer, None, None]:
    """An nginx with a certificate, whose instances are all away."""
    folder = tmp_path_factory.mktemp("alone")
    with Balancer(folder, NOBODY, certificate=certificate) as balancer:
        yield balancer


@pytest.mark.parametrize(
    ("ports", "settings"),
    [
        pytest.param({"api-1": 8001}, {}, id="one_instance"),
        pytest.param(NOBODY, {}, id="two"),
        pytest.param({f"api-{one}": 8000 + one for one in range(9)}, {}, id="nine"),
        pytest.param({"aisha-webhook-api-1": 8001, "node.b": 8002}, {}, id="long_and_dotted_names"),
        pytest.param(NOBODY, {"NGINX_HTTP": "127.0.0.1:80 [::1]:80"}, id="ipv6"),
        pytest.param(NOBODY, {"NGINX_REDIRECT_PORT": "no"}, id="no_redirect"),
        pytest.param(NOBODY, {"NGINX_PROXIES": "10.0.0.5,fd00::/8, 10.1.0.0/16"}, id="proxies"),
    ],
)
@pytest.mark.parametrize("has_tls", [False, True], ids=["plain", "tls"])
def test_nginx_takes_every_variant(
    tmp_path: Path,
    certificate: Certificate,
    ports: Mapping[str, int],
    settings: Mapping[str, str],
    has_tls: bool,
) -> None:
    shown = certificate if has_tls else None
    balancer = Balancer(tmp_path, ports, certificate=shown, settings=settings)

    done = balancer.run("check")

    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"TOCSIN_INSTANCES": ""}, "TOCSIN_INSTANCES is missing"),
        ({"TOCSIN_INSTANCES": "127.0.0.1:8001"}, "'127.0.0.1:8001' is not NAME=HOST:PORT"),
        ({"TOCSIN_INSTANCES": "a=b:1 c=d:2;}"}, "'c=d:2;}' is not NAME=HOST:PORT"),
        ({"NGINX_PROXIES": "10.0.0.5; }"}, "'10.0.0.5; }' is no list of networks"),
        ({"TLS_KEY": "missing.pem"}, "missing.pem cannot be read"),
    ],
)
def test_what_is_missing_is_named(
    tmp_path: Path, certificate: Certificate, settings: Mapping[str, str], told: str
) -> None:
    balancer = Balancer(tmp_path, NOBODY, certificate=certificate, settings=settings)

    done = balancer.run("check")

    assert done.returncode == 2
    assert told in done.stderr


def test_a_reload_with_a_mistake_changes_nothing(tmp_path: Path) -> None:
    with Balancer(tmp_path, NOBODY) as balancer:
        balancer.environment["NGINX_HTTP"] = "127.0.0.1:nowhere"
        done = balancer.run("reload")

        assert done.returncode != 0
        assert "nowhere" in done.stderr
        assert ask(balancer, "GET", "/health/proxy").status == 200


@pytest.mark.parametrize("offered", [["h2", "http/1.1"], ["http/1.1"]])
def test_https_speaks_what_is_offered(
    alone: Balancer, certificate: Certificate, offered: list[str]
) -> None:
    context = ssl.create_default_context(cafile=str(certificate.chain))
    context.set_alpn_protocols(offered)
    connection = http.client.HTTPSConnection("127.0.0.1", alone.https_port, context=context)
    connection.connect()

    assert isinstance(connection.sock, ssl.SSLSocket)
    assert connection.sock.version() == "TLSv1.3"
    assert connection.sock.selected_alpn_protocol() == offered[0]
    connection.close()


def test_a_sender_of_tls_1_2_is_let_in_and_an_older_one_is_not(
    alone: Balancer, certificate: Certificate
) -> None:
    context = ssl.create_default_context(cafile=str(certificate.chain))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    connection = http.client.HTTPSConnection("127.0.0.1", alone.https_port, context=context)
    connection.request("GET", "/health/proxy")

    assert connection.getresponse().status == 200
    connection.close()
    written = (Path(alone.environment["NGINX_RUN"]) / "listen.conf").read_text()
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in written


@pytest.mark.parametrize("path", ["/", "/deployments/1?project=shop", "/project-dashboard/events"])
def test_pages_asked_for_by_http_are_shown_by_https(alone: Balancer, path: str) -> None:
    answer = ask(alone, "GET", path)

    assert answer.status == 308
    assert answer.headers["location"] == f"https://127.0.0.1:{alone.https_port}{path}"


@pytest.mark.parametrize(("proxies", "status"), [("127.0.0.0/8", 503), ("10.0.0.5", 308)])
def test_only_a_proxy_in_front_is_believed_that_it_ended_tls(
    tmp_path: Path, certificate: Certificate, proxies: str, status: int
) -> None:
    settings = {"NGINX_PROXIES": proxies}
    with Balancer(tmp_path, NOBODY, certificate=certificate, settings=settings) as balancer:
        answer = ask(balancer, "GET", "/", {"X-Forwarded-Proto": "https"})

    assert answer.status == status


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/health"),
        ("GET", "/health/ready"),
        ("POST", "/hooks/github"),
        ("POST", "/api/webhooks/deployment"),
        ("POST", "/project-dashboard/api/webhooks/deployment"),
        ("POST", "/api/v1/avatar/status_update?training_type=style"),
        ("POST", "/api/v1/events"),
        ("GET", "/api/v1/events/stream"),
        ("GET", "/socket.io/?EIO=4&transport=polling"),
        ("GET", "/project-dashboard/ws/"),
        ("GET", "/ws"),
    ],
)
def test_hooks_and_sockets_are_never_redirected(alone: Balancer, method: str, path: str) -> None:
    answer = ask(alone, method, path)

    # Handed on, and there is nobody: that is told in a form that every sender's envelope has.
    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
    told = json.loads(answer.body)
    if path == "/health":
        assert told == {"status": "down"}
    else:
        assert (told["status"], told["status_code"], told["success"]) == (503, 503, False)
        assert told["detail"] == told["message"]
        assert told["errors"] == []


def test_what_is_far_too_large_is_refused_by_nginx(alone: Balancer) -> None:
    answer = ask(alone, "POST", "/hooks/github", {"Content-Length": str(27 << 20)})

    assert answer.status == 413
    assert json.loads(answer.body)["success"] is False


def test_nothing_of_a_query_is_logged(alone: Balancer) -> None:
    ask(alone, "GET", "/ws?token=very-secret")

    assert '"path":"/ws"' in alone.log()
    assert "very-secret" not in alone.log()


class Answered:
    """An answer, read to its end."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()


def ask(
    balancer: Balancer, method: str, path: str, headers: Mapping[str, str] | None = None
) -> Answered:
    connection = http.client.HTTPConnection("127.0.0.1", balancer.port, timeout=10)
    try:
        connection.putrequest(method, path)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        connection.endheaders()
        return Answered(connection.getresponse())
    finally:
        connection.close()
