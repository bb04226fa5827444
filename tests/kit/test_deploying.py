"""What the deploy scripts do to a machine, in which order, and what when something fails."""

import re
from pathlib import Path

import pytest

from tests.kit.deploying import (
    API_1,
    API_2,
    COMPLETE,
    NGINX,
    REGISTRY,
    ROOT,
    SETTINGS,
    UPDATE,
    Machine,
    changes,
)

ALL = {API_1: "sha256:first", API_2: "sha256:first", NGINX: "sha256:first"}
AT_1 = "http://127.0.0.1:8001/health/ready"
AT_2 = "http://127.0.0.1:8002/health/ready"


@pytest.fixture
def fresh(tmp_path: Path) -> Machine:
    """Nothing runs yet."""
    return Machine(tmp_path)


@pytest.fixture
def deployed(fresh: Machine) -> Machine:
    """All runs with the image `first`; the next build gives `second`."""
    fresh.done(COMPLETE)
    fresh.next_image("second")
    return fresh


def test_a_first_deployment_goes_through_its_six_steps(fresh: Machine) -> None:
    calls = fresh.done(COMPLETE)

    names = [line.split()[0] for line in changes(calls)]
    assert names == ["build", "build", "push", "push", "push", "push", "network", "up"]
    assert fresh.running() == ALL
    asked = [call for call in calls if call.startswith("curl")]
    assert asked == [
        f"curl {AT_1}",
        f"curl {AT_2}",
        "curl http://127.0.0.1:80/health/proxy",
        "curl http://127.0.0.1:80/health",
    ]


def test_images_are_pushed_under_the_names_that_compose_reads(fresh: Machine) -> None:
    pushed = [line for line in changes(fresh.done(COMPLETE)) if line.startswith("push")]

    assert pushed[1::2] == [
        f"push {REGISTRY}/webhook-api:latest",
        f"push {REGISTRY}/nginx-webhook:latest",
    ]


def test_a_second_deployment_starts_all_anew_and_keeps_the_network(deployed: Machine) -> None:
    calls = changes(deployed.done(COMPLETE))

    assert "network" not in [line.split()[0] for line in calls]
    stopped = [line for line in calls if line.startswith(("stop", "rm"))]
    assert [line.split()[-1] for line in stopped] == [NGINX, NGINX, API_1, API_1, API_2, API_2]
    assert set(deployed.running().values()) == {"sha256:second"}


def test_a_registry_that_is_away_leaves_every_container_alone(deployed: Machine) -> None:
    deployed.note("fails-push")
    ended = deployed.run(COMPLETE)

    assert ended.returncode == 1
    assert "no container was touched" in ended.stderr
    assert f"curl -s http://{REGISTRY}/v2/_catalog" in ended.stderr
    assert deployed.running() == ALL


def test_a_network_with_other_addresses_is_told(fresh: Machine) -> None:
    fresh.note("network", "10.9.0.0/16 ")
    ended = fresh.run(COMPLETE)

    assert ended.returncode == 1
    assert "with other addresses: 10.9.0.0/16" in ended.stderr
    assert fresh.running() == {}


def test_an_instance_that_does_not_come_up_is_shown_with_its_log(fresh: Machine) -> None:
    fresh.note("broken-images", f"sha256:first {API_2}\n")
    ended = fresh.run(COMPLETE)

    assert ended.returncode == 1
    assert f"{API_2} is not ready" in ended.stderr
    assert f"what {API_2} said" in ended.stderr


def test_an_update_replaces_one_instance_after_the_other(deployed: Machine) -> None:
    calls = deployed.done(UPDATE)

    order = [call for call in calls if " up " in call or call.startswith(("docker rm", "curl"))]
    assert [call.split()[-1] for call in order[:6]] == [
        API_1,
        API_1,
        AT_1,
        API_2,
        API_2,
        AT_2,
    ]
    assert set(deployed.running().values()) == {"sha256:second"}


def test_an_image_that_does_not_come_up_is_taken_back_at_once(deployed: Machine) -> None:
    deployed.note("broken-images", "sha256:second\n")
    ended = deployed.run(UPDATE)

    assert ended.returncode == 1
    assert "all instances run the former one again" in ended.stderr
    assert f"what {API_1} said" in ended.stderr
    assert deployed.running() == ALL
    # The second one was not touched, and nobody pulls the bad one.
    assert f"docker rm {API_2}" not in deployed.calls()
    assert deployed.image("webhook-api:latest") == "sha256:first"
    assert deployed.calls()[-1] == f"docker push {REGISTRY}/webhook-api:latest"


def test_when_the_second_one_does_not_come_up_the_first_goes_back_too(deployed: Machine) -> None:
    deployed.note("broken-images", f"sha256:second {API_2}\n")
    ended = deployed.run(UPDATE)

    assert ended.returncode == 1
    assert deployed.running() == ALL


def test_when_the_former_image_fails_as_well_it_stops_there(deployed: Machine) -> None:
    deployed.note("broken-images", f"sha256:second {API_1}\nsha256:first {API_1}\n")
    ended = deployed.run(UPDATE)

    assert ended.returncode == 1
    assert "not ready with the former image either" in ended.stderr
    assert deployed.running()[API_2] == "sha256:first"
    assert f"docker rm {API_2}" not in deployed.calls()


def test_a_restart_builds_nothing_and_reloads_nginx(deployed: Machine) -> None:
    told = changes(deployed.done(UPDATE, "--restart-only"))

    assert [line.split()[0] for line in told] == ["stop", "rm", "up", "stop", "rm", "up", "exec"]
    assert told[-1] == f"exec {NGINX} sh /etc/nginx/tocsin/nginx.sh reload"
    assert deployed.running() == ALL


def test_settings_that_stop_the_start_cost_one_instance_only(deployed: Machine) -> None:
    deployed.note("broken-images", f"sha256:first {API_1}\n")
    ended = deployed.run(UPDATE, "--restart-only")

    assert ended.returncode == 1
    assert "its image is the one it had before" in ended.stderr
    assert f"docker rm {API_2}" not in deployed.calls()


def test_nginx_is_replaced_when_its_image_changed_and_taken_back_when_it_fails(
    deployed: Machine,
) -> None:
    deployed.note("broken-images", f"sha256:second {NGINX}\n")
    ended = deployed.run(UPDATE)

    assert ended.returncode == 1
    assert "the former one runs again" in ended.stderr
    assert deployed.running() == {**ALL, API_1: "sha256:second", API_2: "sha256:second"}


def test_a_mistake_in_nginx_conf_leaves_the_former_one_at_work(deployed: Machine) -> None:
    deployed.note("fails-reload")
    ended = deployed.run(UPDATE, "--restart-only")

    assert ended.returncode == 1
    assert "nginx goes on with its former configuration" in ended.stderr


def test_images_can_be_pulled_instead_of_built(deployed: Machine) -> None:
    told = changes(deployed.done(UPDATE, "--pull"))

    assert [line.split()[0] for line in told[:3]] == ["pull", "pull", "stop"]


@pytest.mark.parametrize("options", [[], ["--restart-only"], ["--pull"], ["--no-push"]])
@pytest.mark.parametrize("env_file", [True, False])
def test_a_dry_run_of_an_update_asks_nothing_of_docker(
    fresh: Machine, options: list[str], env_file: bool
) -> None:
    ended = fresh.run(UPDATE, "--dry-run", *options, env_file=env_file)

    assert ended.returncode == 0, ended.stderr
    assert fresh.calls() == []
    assert f"would run: docker stop -t 20 {API_1}" in ended.stdout


def test_a_dry_run_of_a_deployment_asks_nothing_of_docker(fresh: Machine) -> None:
    ended = fresh.run(COMPLETE, "--dry-run")

    assert ended.returncode == 0, ended.stderr
    assert fresh.calls() == []
    for part in ("docker build", f"docker push {REGISTRY}/", "docker network create", "up -d"):
        assert f"would run: {part}" in ended.stdout or part in ended.stdout


def test_both_forms_of_compose_will_do(fresh: Machine) -> None:
    fresh.forget("has-plugin")
    calls = fresh.done(COMPLETE)

    assert any(call.startswith("docker-compose -f docker-compose.webhook") for call in calls)
    assert fresh.running() == ALL


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "has no DATABASE_URL"),
        ({"DATABASE_URL": "x"}, "has no TOCSIN_SECRET_KEY"),
        ({**SETTINGS, "FAL_API_KEY": "CHANGE_ME"}, "still has CHANGE_ME"),
    ],
)
@pytest.mark.parametrize("script", [COMPLETE, UPDATE])
def test_what_is_missing_in_the_settings_is_named_before_anything(
    fresh: Machine, script: str, settings: dict[str, str], told: str
) -> None:
    fresh.write_settings(**settings)
    ended = fresh.run(script)

    assert ended.returncode == 1
    assert told in ended.stderr
    assert fresh.calls() == []


def test_the_example_of_settings_filled_in_is_taken(fresh: Machine) -> None:
    example = (ROOT / "prod.env.example").read_text()
    filled = re.sub(r"^([^#].*)CHANGE_ME", r"\1filled", example, flags=re.MULTILINE)
    fresh.env_file.write_text(filled.replace("192.168.0.4:5000", REGISTRY))

    fresh.done(COMPLETE)


def test_an_update_of_what_does_not_run_says_what_to_do(fresh: Machine) -> None:
    ended = fresh.run(UPDATE)

    assert ended.returncode == 1
    assert "webhook-complete.sh starts all of them" in ended.stderr


@pytest.mark.parametrize("script", [COMPLETE, UPDATE])
def test_help_is_given_and_a_slip_is_told(fresh: Machine, script: str) -> None:
    helped, slipped = fresh.run(script, "--help"), fresh.run(script, "--restrat-only")

    assert helped.returncode == 0
    assert f"usage: scripts/deploy/{script}" in helped.stdout
    assert slipped.returncode == 2
    assert "--dry-run" in slipped.stderr
