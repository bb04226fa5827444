"""The receivers stand in the OpenAPI document as they are."""

from typing import Any

import pytest

from tocsin.ingest.openapi import entrance_paths
from tocsin.ingest.source import Envelope, find_sources

PATHS = entrance_paths(find_sources())


def test_every_address_of_every_source_is_there() -> None:
    assert set(PATHS) == {
        "/api/v1/avatar/status_update",
        "/api/v1/avatar/test_webhook",
        "/api/v1/events",
        "/api/webhooks/deployment",
        "/hooks/alertmanager",
        "/hooks/cloudevents",
        "/hooks/deployment",
        "/hooks/fal",
        "/hooks/generic",
        "/hooks/gitea",
        "/hooks/github",
        "/hooks/gitlab",
        "/hooks/grafana",
        "/hooks/sentry",
        "/hooks/slack",
        "/hooks/standard",
        "/hooks/stripe",
    }


def test_every_operation_has_an_id_of_its_own() -> None:
    ids = [path["post"]["operationId"] for path in PATHS.values()]

    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", find_sources())
def test_a_source_is_described_by_its_own_schemas_and_envelope(name: str) -> None:
    source = find_sources()[name]
    operation: Any = PATHS[f"/hooks/{name}"]["post"]
    refusal = operation["responses"]["400"]["content"]

    bodies = operation["requestBody"]["content"]
    assert {kind: body["schema"] for kind, body in bodies.items()} == dict(source.OPENAPI)
    is_plain = source.ENVELOPE in (Envelope.WEBHOOK, Envelope.AVATAR)
    assert [*refusal] == ["application/json" if is_plain else "application/problem+json"]
    assert {"200", "400", "401", "403", "413", "415", "422", "429", "503"} <= set(
        operation["responses"]
    )


def test_a_source_names_the_parameters_it_takes_beside_the_key() -> None:
    def named(path: str) -> list[str]:
        return [one["name"] for one in PATHS[path]["post"]["parameters"]]

    assert named("/hooks/fal") == ["Idempotency-Key", "training_type"]
    assert named("/hooks/github") == ["Idempotency-Key"]
