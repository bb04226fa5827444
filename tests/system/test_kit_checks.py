"""The kit as those tools see it that read it: shellcheck, hadolint, docker-compose, promtool.

Compose needs no engine for this; scripts/compose.sh installs it where it is missing.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.docs.pages import first_cells, page

ROOT = Path(__file__).parents[2]
CLUSTER = "docker-compose.webhook.prod.yml"
ONE_NODE = "docker-compose.yml"
INSTANCES = ("aisha-webhook-api-1", "aisha-webhook-api-2")
SHELL = [
    *sorted((ROOT / "scripts").rglob("*.sh")),
    *sorted((ROOT / "docker").rglob("*.sh")),
    *sorted((ROOT / "tests" / "kit" / "bin").iterdir()),
]
PROMETHEUS = ROOT / "deploy" / "prometheus"
METRIC = re.compile(r"\btocsin_[a-z_]+")


def run(command: Sequence[str | Path], folder: Path = ROOT, **environment: str) -> str:
    """Run a tool to its end; gives what it printed, and fails with that when the tool does."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("script", SHELL, ids=lambda one: str(one.relative_to(ROOT)))
def test_shellcheck_finds_nothing(script: Path) -> None:
    run(["shellcheck", "--external-sources", script])


@pytest.mark.parametrize("file", ["docker/Dockerfile", "docker/nginx/Dockerfile"])
def test_hadolint_finds_nothing(file: str) -> None:
    run([Path(sys.executable).parent / "hadolint", file])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compose files with the example of settings filled in, as on a machine that runs them."""
    folder = tmp_path_factory.mktemp("project")
    for name in (CLUSTER, ONE_NODE):
        (folder / name).write_text((ROOT / name).read_text())
    shutil.copytree(ROOT / "docker", folder / "docker")
    example = (ROOT / "prod.env.example").read_text()
    (folder / "prod.env").write_text(example.replace("CHANGE_ME", "filled-in"))
    return folder


def services(project: Path, file: str = CLUSTER, **environment: str) -> dict[str, Any]:
    """The services as docker-compose 1.29 understands them, called as people do."""
    options = ["--env-file", "prod.env"] if file == CLUSTER else []
    shown = run(
        [ROOT / "scripts" / "compose.sh", "-f", file, *options, "config"], project, **environment
    )
    # Read by the library that Compose itself has.
    python = ROOT / ".venv" / "compose" / "bin" / "python"
    code = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)"
    read = subprocess.run(
        [python, "-c", code], input=shown.encode(), capture_output=True, check=True
    )
    found: dict[str, Any] = orjson.loads(read.stdout)["services"]
    return found


@pytest.fixture(scope="module")
def cluster(project: Path) -> dict[str, Any]:
    return services(project)


def test_the_cluster_has_the_names_of_the_document(cluster: dict[str, Any]) -> None:
    first, second = (cluster[name] for name in INSTANCES)
    nginx = cluster["aisha-nginx-webhook"]

    assert [first["container_name"], second["container_name"]] == list(INSTANCES)
    assert nginx["container_name"] == "aisha-nginx-webhook"
    assert first["image"] == second["image"] == "192.168.0.4:5000/webhook-api:latest"
    assert nginx["image"] == "192.168.0.4:5000/nginx-webhook:latest"
    assert first["ports"] == ["127.0.0.1:8001:8000/tcp"]
    assert second["ports"] == ["127.0.0.1:8002:8000/tcp"]
    published = [(one["published"], one["target"]) for one in nginx["ports"]]
    assert published == [(80, 80), (443, 443), (8443, 8443)]
    assert {name for one in cluster.values() for name in one["networks"]} == {
        "aisha_webhook_cluster"
    }


def test_the_instances_are_where_nginx_looks_for_them(cluster: dict[str, Any]) -> None:
    told = dict(
        one.split("=")
        for one in cluster["aisha-nginx-webhook"]["environment"]["TOCSIN_INSTANCES"].split()
    )
    nginx_at = cluster["aisha-nginx-webhook"]["networks"]["aisha_webhook_cluster"]["ipv4_address"]

    for name in INSTANCES:
        environment = cluster[name]["environment"]
        at = cluster[name]["networks"]["aisha_webhook_cluster"]["ipv4_address"]
        assert told[environment["TOCSIN_INSTANCE_ID"]] == f"{at}:8000"
        assert environment["TOCSIN_HTTP__TRUSTED_PROXIES"] == f"{nginx_at},"


def test_every_address_and_name_can_be_set(project: Path) -> None:
    found = services(
        project,
        REGISTRY="hub:1",
        TAG="v2",
        HTTP_PORT="8080",
        API_2_PORT="9002",
        NETWORK_PREFIX="10.1.2",
    )

    assert found[INSTANCES[0]]["image"] == "hub:1/webhook-api:v2"
    assert found[INSTANCES[1]]["ports"] == ["127.0.0.1:9002:8000/tcp"]
    nginx = found["aisha-nginx-webhook"]
    assert nginx["ports"][0]["published"] == 8080
    assert "10.1.2.12:8000" in nginx["environment"]["TOCSIN_INSTANCES"]


@pytest.mark.parametrize("file", [CLUSTER, ONE_NODE])
def test_no_container_may_more_than_it_needs(project: Path, file: str) -> None:
    for name, service in services(project, file).items():
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["logging"]["options"]["max-size"], name
        assert service["restart"] in {"unless-stopped", "on-failure"}, name
        assert "privileged" not in service, name
        if service.get("profiles") is None:
            assert service["read_only"] is True, name
            assert service["cap_drop"] == ["ALL"], name
            assert service["stop_grace_period"], name


def test_the_rest_is_started_when_it_is_asked_for(cluster: dict[str, Any]) -> None:
    optional = {name: one["profiles"] for name, one in cluster.items() if "profiles" in one}

    assert optional == {
        "postgres": ["postgres"],
        "redis": ["redis"],
        "minio": ["minio"],
        "minio-bucket": ["minio"],
    }
    assert all("healthcheck" in cluster[name] for name in ("postgres", "redis", "minio"))


def test_tocsin_understands_every_variable_of_the_example(project: Path) -> None:
    command = [sys.executable, "-m", "tocsin", "check-config", "--env-file", "prod.env"]
    told = run(command, project, COLUMNS="200")

    for name in ("DATABASE_URL", "REDIS_URL", "LOG_LEVEL", "ENVIRONMENT", "TOCSIN_SECRET_KEY"):
        assert f"{name} in prod.env" in told
    for name in ("MINIO_ENDPOINT", "MINIO_SECURE", "FAL_API_KEY", "FAL_WEBHOOK_SECRET"):
        assert f"{name} in prod.env" in told
    assert "filled-in" not in told


def test_every_variable_of_the_compose_file_is_in_the_example() -> None:
    used = set(re.findall(r"(?<!\$)\$\{([A-Z_0-9]+)", (ROOT / CLUSTER).read_text()))
    example = (ROOT / "prod.env.example").read_text()
    told = set(re.findall(r"^#?([A-Z_0-9]+)=", example, re.MULTILINE))

    # Where the settings are is told on the command line; others' images have a release each.
    assert used - told == {
        "ENV_FILE",
        "MINIO_CLIENT_IMAGE",
        "MINIO_IMAGE",
        "POSTGRES_IMAGE",
        "REDIS_IMAGE",
    }


# --- Prometheus and Grafana


@pytest.mark.parametrize(
    "words",
    [
        ["check", "rules", "tocsin-rules.yml"],
        ["test", "rules", "tocsin-rules-test.yml"],
        ["check", "config", "--syntax-only", "prometheus.yml"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_promtool_is_content(words: list[str]) -> None:
    run(["promtool", *words], PROMETHEUS)


@pytest.mark.parametrize("file", ["prometheus/tocsin-rules.yml", "grafana/tocsin.json"])
def test_every_metric_that_is_asked_for_exists(file: str) -> None:
    text = (ROOT / "deploy" / file).read_text()
    named = {re.sub(r"_(bucket|sum|count)$", "", one) for one in METRIC.findall(text)}

    # That page lists what the code has, which another test sees to.
    assert named <= set(first_cells(page("docs/operations.md").section("Metrics")))


def test_every_alarm_has_its_paragraph_and_its_trial() -> None:
    rules = (PROMETHEUS / "tocsin-rules.yml").read_text()
    tried = (PROMETHEUS / "tocsin-rules-test.yml").read_text()
    alarms = re.findall(r"- alert: (\w+)", rules)
    linked = re.findall(r"runbook: docs/operations\.md#(\w+)", rules)

    assert linked == [name.lower() for name in alarms]
    headings = re.findall(r"^#+ (Tocsin\w+)$", page("docs/operations.md").text, re.MULTILINE)
    assert headings == alarms
    assert {name for name in alarms if f"alertname: {name}" not in tried} == set()


def test_the_dashboard_can_be_read() -> None:
    board = orjson.loads((ROOT / "deploy" / "grafana" / "tocsin.json").read_bytes())
    panels = board["panels"]

    assert len({one["id"] for one in panels}) == len(panels)
    assert all(
        one["datasource"]["uid"] == "${datasource}" for one in panels if one["type"] != "row"
    )
    # Nothing lies upon anything else.
    cells = [
        (x, y)
        for place in (one["gridPos"] for one in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)


# --- systemd


def directives(unit: str) -> list[str]:
    text = (ROOT / "deploy" / "systemd" / unit).read_text()
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_both_units_of_tocsin_are_shut_in_alike() -> None:
    one, several = (
        {
            line
            for line in directives(unit)
            if re.match(r"(Protect|Private|Restrict|System|No)", line)
        }
        for unit in ("tocsin.service", "tocsin@.service")
    )

    assert one == several
    assert {"NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes"} <= one


def test_a_unit_sets_only_what_tocsin_has(tmp_path: Path) -> None:
    lines = [*directives("tocsin.service"), *directives("tocsin@.service")]
    named = {
        pair.partition("=")[0]: pair.partition("=")[2]
        for line in lines
        if line.startswith("Environment=")
        for pair in line.removeprefix("Environment=").split()
    }

    assert set(named) == {"TOCSIN_DATA_DIR", "TOCSIN_INSTANCE_ID", "TOCSIN_LOGS__FORMAT"}
    named["TOCSIN_INSTANCE_ID"] = "host-8001"
    run([sys.executable, "-m", "tocsin", "check-config"], tmp_path, **named)
